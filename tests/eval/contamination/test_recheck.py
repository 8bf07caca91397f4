"""A report that was forged in one place is caught; an honest one passes every step."""

from __future__ import annotations

import copy
import gzip
import json

import pytest

pytest.importorskip("numpy", reason="a check needs the extra data")

from provenir.core.errors import InputError, UsageError
from provenir.eval.contamination import (
    ContaminationChecker,
    ContaminationConfig,
    ContaminationReport,
    ContaminationReportDocument,
)
from provenir.eval.contamination.recheck import recheck

ITEMS = [
    {
        "question": "Natalia sold clips to 48 of her friends in April, and then she sold half as "
        "many clips in May. How many clips did Natalia sell altogether in April and May?",
        "answer": "72",
    },
    {
        "question": "Weng earns $12 an hour for babysitting. Yesterday, she just did 50 minutes "
        "of babysitting. How much did she earn for all of it?",
        "answer": "10",
    },
    {"question": "Why?"},
]
FRUIT = "Nothing of interest stands in row {}, only the usual words about apples and pears."
LEAKS = {7: "Solve: " + ITEMS[0]["question"].upper(), 31: ITEMS[1]["question"] + " Think."}


def make_lines():
    rows = [{"text": FRUIT.format(k)} for k in range(60)]
    for at, text in LEAKS.items():
        rows[at] = {"chat": [{"role": "user", "content": text}]}
    lines = [json.dumps(row) for row in rows]
    lines[3] = "{broken"
    lines.insert(5, "")
    return "".join(f"{line}\r\n" for line in lines).encode()


@pytest.fixture
def train(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(make_lines())
    return path


def evals():
    return {"eval": ITEMS}


def stored(train, **settings):
    report = ContaminationChecker(ContaminationConfig(**settings)).check_datasets(train, evals())
    return ContaminationReportDocument.from_bytes(report.to_document().to_bytes(), where="report")


def statuses(outcome):
    return {check.name: check.status for check in outcome.checks}


def detail(outcome, name):
    return next(check.detail for check in outcome.checks if check.name == name)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"method": "exact"},
        {"method": "minhash", "threshold": 0.7},
        {"method": "embedding"},
        {"rule": "gpt3-13gram"},
        {"rule": "palm-8gram", "n": 6, "threshold": 0.5},
        {"fields": ("chat", "text"), "eval_fields": ("question",), "exhaustive": True},
    ],
)
def test_an_honest_report_passes(train, settings):
    outcome = recheck(stored(train, **settings), train=train, evals=evals())
    assert set(statuses(outcome).values()) == {"pass"}, outcome.checks
    assert outcome.exit_code == 0
    assert outcome.sampled > 50


def test_other_containers_pass_too(tmp_path, train):
    packed = tmp_path / "train.jsonl.gz"
    packed.write_bytes(gzip.compress(make_lines()))
    assert recheck(stored(packed), train=packed, evals=evals()).exit_code == 0
    lines = make_lines().splitlines()
    rows = [json.loads(line) for line in lines if line.startswith(b'{"')]
    assert recheck(stored(rows), train=rows, evals=evals()).exit_code == 0


def test_rows_that_readers_differ_over_pass_as_skipped(tmp_path):
    question = ITEMS[0]["question"].encode()
    odd = [
        b'{"a": "' + question + b'", "a": "x"}',
        b'{"a": "x", "a": "' + question + b'"}',
        b'{"a": "\xff ' + question + b'"}',
        b'["' + question + b'"]',
        b'{"text": "\\ud800 ' + question + b'"}',
        b'{"text": NaN, "a": "' + question + b'"}',
    ]
    path = tmp_path / "odd.jsonl"
    path.write_bytes(make_lines() + b"\n".join(odd))
    report = stored(path)
    assert report.skips.rows == "3,60,62-63"
    outcome = recheck(report, train=path, evals=evals())
    assert outcome.exit_code == 0, outcome.checks


def test_what_is_not_at_hand_is_not_checked(train):
    report = stored(train)
    alone = recheck(report)
    assert alone.exit_code == 3
    assert set(statuses(alone).values()) == {"pass", "not-checked"}
    by_train = statuses(recheck(report, train=train))
    assert by_train["training data"] == "pass"
    assert by_train["hits"] == "not-checked"
    assert statuses(recheck(report, evals=evals()))["eval items"] == "pass"


def test_an_embedder_of_the_writers_own_accuses_nobody(train):
    def vectors(texts):
        return [[1.0, float(len(text))] for text in texts]

    report = stored(train, method="embedding", embedder=vectors, threshold=0.5)
    outcome = recheck(report, train=train, evals=evals())
    assert outcome.exit_code == 3
    assert statuses(outcome)["rule"] == "not-checked"
    assert "embedder callable:" in detail(outcome, "rule")


def without_hit(value):
    value["hits"].pop()


def without_hit_anywhere(value):
    """Consistent in itself, so that only the data tells."""
    (hit,) = [one for one in value["hits"] if one["train_index"] == 31]
    value["hits"].remove(hit)
    value["hits_total"] -= 1
    value["contaminated"] -= 1
    value["contaminated_rows"] = "7"
    value["contamination_rate"] = 1 / value["rows_examined"]
    (part,) = value["evals"]
    part["leaked"], part["leaked_items"] = "0", 1
    part["eval_leak_rate"] = 1 / part["examined"]


def hidden_among_skips(value):
    without_hit_anywhere(value)
    value["skips"] |= {"count": 2, "rows": "3,31"}
    value["rows_examined"] -= 1
    value["examined"]["rows"] -= 1
    value["contamination_rate"] = 1 / value["rows_examined"]


def other_score(value):
    value["hits"][-1]["score"] = 0.5


def other_detail(value):
    value["hits"][0]["detail"] = "nothing to see"


def other_excerpt(value):
    value["hits"][0]["train_excerpt"]["text"] = "harmless"


def other_span(value):
    value["hits"][0]["spans"][0]["train_end"] -= 1


def moved_row(value):
    value["hits"][0]["place"]["offset"] += 100


def other_line(value):
    value["hits"][0]["place"]["line"] += 1


def other_row_digest(value):
    value["hits"][0]["place"]["digest"] = "sha256:" + "0" * 64


def other_index(value):
    value["index"] = "sha256:" + "0" * 64


def other_eval_digest(value):
    value["evals"][0]["digest"] = "sha256:" + "0" * 64


def other_version(value):
    value["config"]["rule_version"] += 1


def unknown_rule(value):
    value["config"]["rule"] = "mine"


def other_root(value):
    value["corpus"]["merkle_root"] = "sha256:" + "0" * 64


def other_leaf(value):
    value["corpus"]["files"][0]["leaves"] = "0" * 64


def vast_chunks(value):
    """A reader that believed it would ask for a pebibyte of memory."""
    value["corpus"]["chunk_bytes"] = 1 << 50


def called_clean(value):
    value["is_clean"] = True


def fewer_short(value):
    value["evals"][0]["too_short"] = "1"


def silent_clean(value):
    """Clean by its hits, though a row was skipped and an item is too short."""
    without_hit_anywhere(value)
    value |= {"hits": [], "hits_total": 0, "contaminated": 0, "contaminated_rows": ""}
    value |= {"contamination_rate": 0.0, "not_examined": {}, "is_clean": True}
    value["evals"][0] |= {"leaked": "", "leaked_items": 0, "eval_leak_rate": 0.0}


def other_rate(value):
    value["contamination_rate"] = 0.0


FORGERIES = {
    without_hit: "report",
    without_hit_anywhere: "other rows",
    hidden_among_skips: "skipped rows",
    other_score: "hits",
    other_detail: "hits",
    other_excerpt: "hits",
    other_span: "hits",
    moved_row: "hits",
    other_line: "hits",
    other_row_digest: "hits",
    other_index: "eval items",
    other_eval_digest: "eval items",
    other_version: "rule",
    unknown_rule: "rule",
    other_root: "report",
    other_leaf: "report",
    vast_chunks: "report",
    called_clean: "report",
    fewer_short: "report",
    other_rate: "report",
    silent_clean: "report",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda one: one.__name__)
def test_a_forged_report_is_caught(train, forge):
    value = json.loads(stored(train).to_bytes())
    forge(value)
    forged = ContaminationReportDocument.from_value(value, where="forged")
    outcome = recheck(forged, train=train, evals=evals())
    assert outcome.exit_code == 1
    assert statuses(outcome).get(FORGERIES[forge]) == "fail", outcome.checks


@pytest.mark.parametrize("most", [1, 2, 999])
def test_a_report_with_fewer_hits_kept_passes(train, most):
    report = stored(train, max_hits=most)
    assert len(report.hits) == min(most, 2)
    outcome = recheck(report, train=train, evals=evals())
    assert outcome.exit_code == 0, outcome.checks
    if most == 1:
        assert detail(outcome, "other contaminated rows") == "1 hold an item"
    value = json.loads(report.to_bytes())
    value["hits"].pop()
    forged = ContaminationReportDocument.from_value(value, where="forged")
    assert statuses(recheck(forged))["report"] == "fail"


def test_a_stored_report_whose_counts_disagree_is_not_read(tmp_path, train):
    path = tmp_path / "report.json"
    ContaminationReport.from_document(stored(train)).write(path)
    value = json.loads(path.read_bytes())
    for change, told in (
        ({"hits_total": 1}, "hits_total is 1, 2 hits are kept"),
        ({"contaminated": 1}, "contaminated is 1, 2 rows are named"),
        ({"rows_examined": 60}, "rows_examined is 60, 59 were not skipped"),
        ({"skips": {**value["skips"], "count": 0}}, "skips.count is 0"),
        ({"skips": {**value["skips"], "rows": "4"}}, "row 3 is among skips.first"),
        ({"contaminated_rows": "7,60"}, "row 60 of 60"),
        ({"evals": [{**value["evals"][0], "eval_leak_rate": 0.5}]}, "leaked_items or the rate"),
        ({"examined": {**value["examined"], "set_aside": 2}}, "does not name hits set aside"),
        ({"not_examined": {}}, "rows were skipped"),
    ):
        path.write_text(json.dumps(value | change))
        with pytest.raises(InputError, match=told) as caught:
            ContaminationReport.read(path)
        assert str(caught.value).count("report.json") == 1


def test_changed_training_data_is_caught_with_its_bytes(train):
    report = stored(train)
    data = bytearray(train.read_bytes())
    data[data.index(b"apples")] ^= 1
    train.write_bytes(data)
    outcome = recheck(report, train=train, evals=evals())
    assert outcome.exit_code == 1
    assert "train.jsonl: bytes 0 to" in detail(outcome, "training data")


def test_moved_rows_are_caught(train):
    report = stored(train)
    lines = train.read_bytes().splitlines(keepends=True)
    train.write_bytes(b"".join([*lines[1:], lines[0]]))
    outcome = recheck(report, train=train, evals=evals())
    assert statuses(outcome)["training data"] == "fail"
    assert statuses(outcome)["hits"] == "fail"


def test_other_eval_records_are_caught(train):
    report = stored(train)
    others = copy.deepcopy(ITEMS)
    others[1]["answer"] = "11"
    outcome = recheck(report, train=train, evals={"eval": others})
    assert statuses(outcome)["eval items"] == "fail"
    assert "not given" in detail(recheck(report, train=train, evals={"e": ITEMS}), "eval items")


def test_samples_are_bounded_and_follow_the_seed(train):
    report = stored(train)
    outcome = recheck(report, train=train, evals=evals(), hits=1, sample=5)
    assert (outcome.hits, outcome.sampled, outcome.exit_code) == (1, 5, 0)
    assert outcome == recheck(report, train=train, evals=evals(), hits=1, sample=5)
    assert detail(outcome, "hits").startswith("1 of 2 gave the same")
    with pytest.raises(UsageError):
        recheck(report, sample=-1)
    with pytest.raises(InputError):
        recheck(report, train=train.parent / "nothing.jsonl")


def test_a_kind_of_which_nothing_is_drawn_is_not_checked(train):
    outcome = recheck(stored(train), train=train, evals=evals(), hits=0, sample=0)
    assert outcome.exit_code == 3
    undrawn = {check.name for check in outcome.checks if check.detail.startswith("none of ")}
    assert undrawn == {"hits", "skipped rows", "other rows"}
    assert statuses(outcome)["other contaminated rows"] == "pass"  # there is none
    assert {statuses(outcome)[name] for name in undrawn} == {"not-checked"}
