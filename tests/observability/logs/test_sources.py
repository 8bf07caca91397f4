"""Each kind of log is told by its content and read row by row, bad rows counted and located."""

from __future__ import annotations

import csv
import gzip
import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError, ProvenirError, UsageError
from provenir.observability.logs import SOURCES, RowFaults, find_log, read_log
from provenir.observability.logs.csv_logs import column_name
from provenir.observability.logs.row import read_cell

ENTRIES = [{"loss": 0.5, "kl": 0.01, "step": n} for n in range(1, 6)]
STATE = {"best_metric": None, "global_step": 5, "log_history": ENTRIES, "max_steps": 5}


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def lines(*objects):
    return "".join(json.dumps(one) + "\n" for one in objects)


def rows_of(*paths, **how):
    faults = RowFaults()
    found = find_log(paths, **how)
    return found.source, list(read_log(found, faults)), faults


def test_the_state_of_a_trainer_is_its_history(tmp_path):
    path = written(tmp_path / "trainer_state.json", json.dumps(STATE, indent=2))
    source, rows, faults = rows_of(path)
    assert (source, faults.counts) == ("trl", {})
    assert [row.step for row in rows] == [1, 2, 3, 4, 5]
    assert [dict(row.metrics) for row in rows] == [{"loss": 0.5, "kl": 0.01}] * 5
    assert rows[0].place == "trainer_state.json:5"


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_a_history_is_read_whatever_the_chunks(tmp_path, chunk):
    from provenir.observability.logs.json_logs import history_rows

    data = json.dumps({"a": ["log_history", {}], **STATE}, indent=2).encode()
    faults = RowFaults()
    pieces = (data[start : start + chunk] for start in range(0, len(data), chunk))
    rows = list(history_rows(pieces, "state", faults))
    assert [row.step for row in rows] == [1, 2, 3, 4, 5]
    assert faults.counts == {}


def test_the_newest_checkpoint_of_a_folder_counts(tmp_path):
    for step in (90, 100):
        state = {**STATE, "log_history": [{"loss": 0.5, "step": step}]}
        written(tmp_path / f"checkpoint-{step}" / "trainer_state.json", json.dumps(state))
    assert [row.step for row in rows_of(tmp_path)[1]] == [100]
    assert [row.step for row in rows_of(tmp_path / "checkpoint-90")[1]] == [90]


def test_a_torn_history_gives_what_stands_before_the_tear(tmp_path):
    text = json.dumps(STATE)
    path = written(tmp_path / "trainer_state.json", text[: text.index('"step": 4')])
    _, rows, faults = rows_of(path)
    assert [row.step for row in rows] == [1, 2, 3]
    assert sum(faults.counts.values()) == 1


def test_verls_file_logger(tmp_path):
    logged = [{"step": n, "data": {"actor/ppo_kl": 0.1, "critic/score/mean": 0.5}} for n in (1, 2)]
    path = written(tmp_path / "verl.jsonl", lines(*logged) + "{torn\n" + lines({"step": 3}))
    source, rows, faults = rows_of(path)
    assert source == "verl"
    assert [(row.step, row.metrics["actor/ppo_kl"]) for row in rows] == [(1, 0.1), (2, 0.1)]
    assert faults.places["lines are no JSON objects"] == ["verl.jsonl:3"]
    assert faults.places["lines have no object under `data`"] == ["verl.jsonl:4"]


def test_rows_of_weights_and_biases_keep_the_trainers_step(tmp_path):
    logged = {"_step": 7, "_runtime": 1.5, "train/global_step": 3, "train/kl": "NaN", "h": {"a": 1}}
    source, (row,), faults = rows_of(written(tmp_path / "history.jsonl", lines(logged)))
    assert (source, row.step) == ("wandb", 3)
    assert math.isnan(row.metrics["train/kl"])
    assert sum(faults.counts.values()) == 1


def chart(path, metric, run="my - run", values=(0.1, "NaN", 0.3)):
    with path.open("w", newline="") as out:
        table = csv.writer(out, quoting=csv.QUOTE_ALL)
        column = f"{run} - train/{metric}"
        table.writerow(["Step", column, f"{column}__MIN", f"{column}__MAX"])
        table.writerows([step, value, 0, 9] for step, value in enumerate(values))
    return path


def test_charts_of_weights_and_biases_are_merged_by_step(tmp_path):
    source, rows, _ = rows_of(chart(tmp_path / "a.csv", "kl"), chart(tmp_path / "b.csv", "reward"))
    assert source == "wandb"
    assert [row.step for row in rows] == [0, 0, 1, 1, 2, 2]
    assert {name for row in rows for name in row.metrics} == {"train/kl", "train/reward"}


def test_of_a_chart_of_several_runs_one_is_chosen(tmp_path):
    path = written(tmp_path / "chart.csv", '"Step","a - train/kl","b - train/kl"\n0,0.1,0.9\n')
    with pytest.raises(UsageError, match="several runs: a, b"):
        find_log([path])
    assert rows_of(path, run="b")[1][0].metrics == {"train/kl": 0.9}
    with pytest.raises(UsageError, match="no run is called 'c'"):
        find_log([path], run="c")


def test_tags_of_tensorboard_are_merged_part_by_part(tmp_path):
    heading = "Wall time,Step,Value\n"
    kl = "".join(f"1.0,{step},0.1\n" for step in (0, 1, 2, 1, 2))
    written(tmp_path / "run-.-tag-train_kl.csv", heading + kl)
    points = [[1.0, step, 5.0] for step in (0, 1, 2, 1, 2)]
    written(tmp_path / "run-.-tag-train_completions_mean_length.json", json.dumps(points))
    source, rows, faults = rows_of(*sorted(tmp_path.iterdir()))
    assert (source, faults.counts) == ("tensorboard", {})
    assert [row.step for row in rows] == [0, 0, 1, 1, 2, 2, 1, 1, 2, 2]
    assert {name for row in rows for name in row.metrics} == {"kl", "completions/mean_length"}


@pytest.mark.parametrize(
    ("file", "run", "tag"),
    [
        ("run-.-tag-train_loss.csv", ".", "loss"),
        ("run-a_b-tag-train_rewards_chosen.json", "a_b", "rewards/chosen"),
        ("run-x-tag-actor_ppo_kl.csv", "x", "actor/ppo_kl"),
        ("kl.csv", "", "kl"),
        ("run-x-tag-my_own.csv.gz", "x", "my_own"),
        ("run-x-tag-my_own.csv.zst", "x", "my_own"),
    ],
)
def test_the_name_of_an_export_tells_the_tag(file, run, tag):
    assert column_name(file) == (run, tag)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_table_with_a_heading(tmp_path, separator):
    cells = [["Step", "kl", "mine"], ["0", "0.1", "7"], ["1", "inf", ""], ["2"], ["3", "x", "8"]]
    path = written(tmp_path / "log.csv", "\r\n".join(separator.join(row) for row in cells))
    source, rows, faults = rows_of(path)
    assert source == "csv"
    assert [(row.step, dict(row.metrics)) for row in rows] == [
        (0, {"kl": 0.1, "mine": 7}),
        (1, {"kl": math.inf}),
        (3, {"kl": "x", "mine": 8}),
    ]
    assert list(faults.places.values()) == [["log.csv:4"], ["log.csv:5 (kl)"]]


def test_gzip_is_read_as_what_is_in_it(tmp_path):
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(lines(*ENTRIES).encode()))
    source, rows, _ = rows_of(path)
    assert (source, len(rows)) == ("jsonl", 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "a text",
        '{"question": "1+1", "answer": "2"}\n',
        "{",
        "\0\1\2",
        "question,answer\n1,2\n",
    ],
)
def test_what_is_no_log_is_refused_in_one_line(tmp_path, text):
    path = written(tmp_path / "file", text)
    with pytest.raises(InputError) as refused:
        find_log([path])
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


VERL_CONSOLE = "".join(
    f"(TaskRunner pid=7) step:{n} - actor/pg_loss:0.01 - critic/score/mean:0.4 - timing_s/gen:3\n"
    for n in range(3)
)


@pytest.mark.parametrize("source", [None, "verl", "csv", "wandb"])
def test_what_verl_prints_is_refused_under_any_name(tmp_path, source):
    path = written(tmp_path / "train.log", VERL_CONSOLE)
    with pytest.raises(InputError, match=r"console.*trainer.logger"):
        find_log([path], source=source)


def test_a_sentence_with_a_dash_is_no_chart(tmp_path):
    with pytest.raises(InputError, match="no log of a known kind"):
        find_log([written(tmp_path / "a.txt", "dear all, this - that\nis - no, log\n")])
    assert find_log([written(tmp_path / "a.csv", "Step,a - mine\n1,2\n")]).source == "wandb"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_wide_text_is_refused(tmp_path, encoding):
    path = tmp_path / "log.jsonl"
    path.write_bytes(lines(*ENTRIES).encode(encoding))
    with pytest.raises(InputError, match=r"UTF-16 text|binary"):
        find_log([path])


def test_json_is_no_table_and_a_run_folder_no_log(tmp_path):
    with pytest.raises(InputError, match="JSON and no table"):
        rows_of(written(tmp_path / "log.jsonl", lines(*ENTRIES)), source="csv")
    step = {"step": 1, "time": "2026-01-01T00:00:00Z", "metrics": {"kl": 0.1}, "nonfinite": {}}
    with pytest.raises(InputError, match=r"a run already.*provenir report"):
        find_log([written(tmp_path / "steps.jsonl", lines(step))])


def test_steps_and_values_that_are_no_numbers_are_said(tmp_path):
    odd = [{"step": step, "kl": 0.1} for step in (1, "x", 2.5, None)]
    path = written(tmp_path / "log.jsonl", lines(*odd, {"step": 5, "kl": "high", "note": "a"}))
    _, rows, faults = rows_of(path)
    assert [row.step for row in rows] == [1, None, None, None, 5]
    assert faults.places == {
        "texts stand in the place of numbers": ["log.jsonl:2 (step)", "log.jsonl:5 (kl)"],
        "steps are no whole numbers, so the rows were counted on": ["log.jsonl:2", "log.jsonl:3"],
    }


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    paths = [tmp_path / end for end in ("a/x/log.jsonl", "b/x/log.jsonl", "b/log.jsonl")]
    found = find_log([written(path, lines(*ENTRIES)) for path in paths])
    assert [found.name_of(path) for path in paths] == [
        "a/x/log.jsonl",
        "b/x/log.jsonl",
        "b/log.jsonl",
    ]


def test_misuse_is_refused(tmp_path):
    log = written(tmp_path / "log.jsonl", lines(*ENTRIES))
    state = written(tmp_path / "trainer_state.json", json.dumps(STATE))
    with pytest.raises(InputError, match="no such file"):
        find_log([tmp_path / "gone"])
    with pytest.raises(UsageError, match="no source is called"):
        find_log([log], source="mlflow")
    with pytest.raises(UsageError, match="different kinds"):
        find_log([log, state])
    with pytest.raises(UsageError, match="several trainer states"):
        find_log([state, state])
    with pytest.raises(UsageError, match="twice"):
        find_log([log, tmp_path / "." / "log.jsonl"])
    with pytest.raises(UsageError, match=r"names no runs.*leave --run out"):
        find_log([log], run="x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="neither"):
        find_log([tmp_path / "empty"])


@pytest.mark.parametrize("source", SOURCES)
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_break_a_reader(tmp_path_factory, source, data):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(data)
    faults = RowFaults()
    with suppress(ProvenirError):
        for row in read_log(find_log([path], source=source), faults):
            assert row.step is None or isinstance(row.step, int)


@given(st.text(max_size=40))
def test_a_cell_is_a_number_a_text_or_nothing(text):
    value = read_cell(text)
    assert value is None or isinstance(value, int | float | str)
