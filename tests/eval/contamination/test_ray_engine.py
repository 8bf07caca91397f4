"""A local Ray of two processes finds what threads find, and says what went wrong in a worker."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import time
from itertools import pairwise

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.core.errors import InputError, UsageError
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
from provenir.eval.contamination.corpus import open_corpus
from provenir.eval.contamination.gathering import Gathering
from provenir.eval.contamination.scanner import KeepAll
from provenir.eval.contamination.scanners import make_scanner

ray = pytest.importorskip("ray", reason="needs the extra ray")
from provenir.eval.contamination import ray_engine  # noqa: E402
from provenir.eval.contamination.ray_engine import scan_by_ray  # noqa: E402

pytestmark = pytest.mark.slow

WORDS = [
    f"{first}{second}" for first in ("ka", "lo", "mi", "ne") for second in ("ran", "tus", "vel")
]


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Two processes, whose logs go nowhere."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()
    patch.undo()


def sentence(dice, length=40):
    return " ".join(f"{word}{dice.randrange(90)}" for word in dice.choices(WORDS, k=length))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Several files with damaged rows, and the eval set that is in them."""
    dice, folder = random.Random(2), tmp_path_factory.mktemp("train")
    evals = [{"question": sentence(dice), "answer": f"{n}"} for n in range(40)]
    for name in ("a.jsonl", "b.jsonl", "c.jsonl.gz"):
        lines = []
        for number in range(9_000):
            leak = dice.choice(evals)["question"] if number % 700 == 0 else ""
            lines.append(json.dumps({"text": f"{sentence(dice)} {leak}"}))
        lines.insert(4_000, '{"text": "torn')
        text = "\n".join(lines).encode()
        (folder / name).write_bytes(gzip.compress(text, 1) if name.endswith(".gz") else text)
    return folder, evals


@pytest.mark.parametrize("method", ["ngram", "exact"])
def test_the_report_is_that_of_threads(data, method):
    folder, evals = data
    reports, told = {}, {}
    for engine in ("threads", "ray"):
        checker = ContaminationChecker(ContaminationConfig(method=method, engine=engine, workers=2))
        told[engine] = []
        reports[engine] = checker.check_datasets(
            folder, {"set": evals}, progress=told[engine].append
        )
    assert reports["ray"].hits == reports["threads"].hits
    assert reports["ray"].to_dict() == reports["threads"].to_dict()
    assert sum(told["ray"]) == sum(told["threads"])
    assert reports["ray"].skips.count == 3
    if method == "ngram":
        assert reports["ray"].contaminated == 3 * 13


def test_a_file_of_many_ranges_is_shared_by_the_tasks(data, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_engine, "PIECES_A_TASK", 1)
    folder, evals = data
    lines = (folder / "b.jsonl").read_bytes() + b"\n"
    path, told = tmp_path / "many.jsonl", []
    path.write_bytes(lines * 5)
    config = ContaminationConfig(engine="ray", workers=2)
    assert path.stat().st_size > 3 * open_corpus(path).piece_bytes
    report = ContaminationChecker(config).check_datasets(path, {"set": evals}, progress=told.append)
    local = ContaminationChecker(ContaminationConfig()).check_datasets(path, {"set": evals})
    assert report.to_dict() == local.to_dict()
    assert report.hits == local.hits
    assert [hit.train_index for hit in report.hits] == [
        copy * 9_001 + row for copy in range(5) for row in leaked_rows()
    ]
    assert len(told) == -(-path.stat().st_size // open_corpus(path).piece_bytes)
    assert sum(told) == path.stat().st_size


def leaked_rows():
    """Rows of a file of `data` with an item: every 700th line, behind the torn one as well."""
    return [row + (row > 4_000) for row in range(0, 9_000, 700)]


def test_nothing_is_left_on_a_cluster_that_was_there(data):
    checker = ContaminationChecker(ContaminationConfig(engine="ray"))
    checker.check_datasets(data[0] / "a.jsonl", {"set": data[1]})
    assert ray.is_initialized()
    assert ray.util.list_named_actors(all_namespaces=True) == []


def test_rows_from_memory_are_sent(data):
    _, evals = data
    train = [{"text": "nothing of it"}, {"text": evals[7]["question"]}]
    checker = ContaminationChecker(ContaminationConfig(engine="ray"))
    assert [hit.train_index for hit in checker.check_datasets(train, {"set": evals}).hits] == [1]


class Watched:
    """The exact method's scanner, which notes when each block begins and ends."""

    def __init__(self, scanner, folder):
        self.scanner, self.folder = scanner, folder

    def __getattr__(self, name):
        if name in ("scanner", "folder"):
            raise AttributeError(name)
        return getattr(self.scanner, name)

    def scan(self, block):
        begun = time.time_ns()
        found = self.scanner.scan(block)
        (self.folder / f"{begun}-{time.time_ns()}").touch()
        return found


def test_workers_bound_the_tasks_on_a_cluster_that_was_there(data, tmp_path):
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    folder, evals = data
    config = ContaminationConfig(method="exact", engine="ray", workers=1)
    corpus = open_corpus(folder)
    scanner = Watched(make_scanner({"set": evals}, config), tmp_path)
    scan_by_ray(
        corpus, scanner, Gathering(scanner, config, [f.file.name for f in corpus.files]), config
    )
    spans = sorted(tuple(map(int, path.name.split("-"))) for path in tmp_path.iterdir())
    assert len(spans) >= 3  # one a file at least
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


class Failing:
    """A scanner in whose place a worker does something else."""

    def __init__(self, act):
        self.scan = act

    def second_look(self):
        return KeepAll()


@pytest.mark.parametrize(
    ("act", "said"),
    [(lambda _: 1 / 0, "(ZeroDivisionError"), (lambda _: os._exit(9), "(")],
    ids=["raises", "dies"],
)
def test_a_worker_that_fails_is_one_line(data, act, said):
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    config = ContaminationConfig(engine="ray")
    corpus, scanner = open_corpus(data[0]), Failing(act)
    gathering = Gathering(scanner, config, [one.file.name for one in corpus.files])
    with pytest.raises(InputError) as caught:
        scan_by_ray(corpus, scanner, gathering, config)
    assert f"a Ray worker failed {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_of_ours_stays_what_it_is(data, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes((data[0] / "a.jsonl").read_bytes())
    config = ContaminationConfig(engine="ray")
    corpus, scanner = open_corpus(path), Failing(len)
    path.write_text("{}\n")
    with pytest.raises(InputError, match="changed while it was read") as caught:
        scan_by_ray(corpus, scanner, Gathering(scanner, config, ["a.jsonl"]), config)
    assert caught.value.where == str(path)


OWN = """
import sys, ray
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
checker = ContaminationChecker(ContaminationConfig(engine="ray", workers=1))
report = checker.check_datasets(sys.argv[1], {"set": [{"question": sys.argv[2]}]})
print(len(report.hits), ray.is_initialized())
"""


def test_a_cluster_of_its_own_is_gone_afterwards(data):
    folder, evals = data
    words = [sys.executable, "-c", OWN, str(folder / "a.jsonl"), evals[0]["question"]]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    hits, still_there = told.stdout.split()
    assert (int(hits) > 0, still_there) == (True, "False")


def test_an_address_where_nobody_answers_is_one_line(data):
    folder, evals = data
    words = [sys.executable, "-c", OWN, str(folder / "a.jsonl"), evals[0]["question"]]
    env = {**os.environ, "RAY_ADDRESS": "127.0.0.1:1"}
    told = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    assert told.returncode == 1
    assert "InputError: no Ray cluster: " in told.stderr
    assert "127.0.0.1:1" in told.stderr


def test_without_ray_the_install_line_is_said(monkeypatch, data):
    monkeypatch.setitem(sys.modules, "ray", None)
    checker = ContaminationChecker(ContaminationConfig(engine="ray"))
    with pytest.raises(ImportError, match=r"\[ray\]"):
        checker.check_datasets(data[0], {"set": data[1]})


def test_an_engine_that_is_none_is_refused():
    with pytest.raises(UsageError, match="engine"):
        ContaminationConfig(engine="spark")
