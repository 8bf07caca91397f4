"""The door: minting, tagging and scanning as a user does it."""

from __future__ import annotations

import json

import pytest

import provenir
from provenir.core.errors import UsageError
from provenir.eval.canary import Canary, CanaryGuard

EVAL = [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(5)]
TRAIN = [{"prompt": f"{n}"} for n in range(20)]


def test_a_leak_is_found_and_attributed():
    guard = CanaryGuard(key=b"k" * 32)
    minted = [guard.mint("private", f"lab {n}") for n in range(100)]
    copies = [guard.tag(EVAL, canary) for canary in minted]
    report = guard.scan_many([*TRAIN, *copies[37][:2]], minted)
    assert {hit.recipient for hit in report} == {"lab 37"}
    assert report.rows_by_recipient == {"lab 37": 2}
    assert guard.scan([*TRAIN, *copies[37]], minted[37]) == [20, 21, 22, 23, 24]


def test_another_key_finds_nothing():
    copy = CanaryGuard(b"one").tag(EVAL, CanaryGuard(b"one").mint("private"))
    assert CanaryGuard(b"two").scan(copy, CanaryGuard(b"two").mint("private")) == []
    assert CanaryGuard().scan(copy, CanaryGuard().mint("private")) == []


def test_text_is_taken_for_a_canary():
    guard = CanaryGuard()
    text = str(guard.mint("x")).upper()
    assert guard.scan(guard.tag(EVAL, text), text) == list(range(5))
    with pytest.raises(UsageError, match="is no canary"):
        guard.scan(TRAIN, "x")


def test_names_may_be_of_any_script():
    guard = CanaryGuard("ключ")
    canary = guard.mint("評価 \u202e set", "客户 🚀\x1b[31m")
    (hit,) = guard.scan_many(guard.tag(EVAL[:1], canary), [canary])
    assert hit.recipient == "客户 🚀\x1b[31m"


def test_the_key_is_not_shown_and_an_empty_one_is_refused():
    assert "secret" not in repr(CanaryGuard(b"secret"))
    for key in (b"", "", 7):
        with pytest.raises(UsageError):
            CanaryGuard(key)


def test_a_report_is_kept_by_a_run_and_holds_no_canary(tmp_path):
    guard = CanaryGuard(b"k" * 32)
    canary = guard.mint("private", "acme")
    report = guard.scan_many(guard.tag(EVAL, canary), [canary])
    with provenir.track("leak", output_dir=tmp_path / "run", workspace=tmp_path) as run:
        run.attach(report)
    (file,) = (run.output_dir / "reports").iterdir()
    kept = json.loads(file.read_text())
    assert [one["data"]["row"] for one in kept["findings"]] == list(range(5))
    assert kept["findings"][0]["data"]["commitment"] == canary.commitment()
    for stored in run.output_dir.rglob("*"):
        if stored.is_file():
            assert Canary(canary).digits not in stored.read_text().replace("-", "")
