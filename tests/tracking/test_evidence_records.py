"""What a loop says of an evaluation is recorded, and never costs the bill of materials."""

from __future__ import annotations

import pytest

import provenir
from provenir.tracking.evidence_records import eval_body

KEY = {"sign_passport": True, "signing_key": b"k"}


def nested(depth):
    value = inner = {}
    for _ in range(depth):
        inner["a"] = {}
        inner = inner["a"]
    return value


@pytest.mark.parametrize("n", [10**30, 2**53, -3, float("nan"), "many", [1, 2]])
def test_a_count_that_cannot_be_one_is_not_known_and_said(n):
    body, notes = eval_body("gsm8k", 0.5, None, n, {})
    assert body["n"] is None
    assert [note.kind for note in notes] == ["unreadable_n"]


@pytest.mark.parametrize(
    ("given", "kept"), [(True, True), (0, False), (None, None), ("no", None), ([1, 2], None)]
)
def test_contaminated_is_yes_no_or_not_known(given, kept):
    body, notes = eval_body("gsm8k", 0.5, given, 10, {})
    assert body["contaminated"] is kept
    assert bool(notes) is (given is not None and kept is None)


def test_odd_evaluations_leave_the_passport():
    with provenir.track("run", output_dir="out", **KEY) as run:
        run.record_eval("a", 0.5, n=10**30)
        run.record_eval("b", 0.5, deep=nested(300))
        run.record_eval("c", 0.5, deep=nested(60))
        run.record_eval(["d"], 0.5, contaminated=object())
    assert [part.benchmark for part in run.bom.evals] == ["a", "b", "c", "['d']"]
    assert run.passport.verify(b"k")


@pytest.mark.parametrize("config", [{"framework": 3}, {"framework": {"a": 1}}, nested(300)])
def test_odd_configurations_leave_the_passport(config):
    with provenir.track("run", output_dir="out", config=config, **KEY) as run:
        run.log_config(config)
    assert run.bom.hyperparameters
    assert run.passport.verify(b"k")
