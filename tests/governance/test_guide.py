from __future__ import annotations

import re
from pathlib import Path

from provenir.governance.risk import RISK_RULES
from provenir.governance.verdict import NOTES, REASONS

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = DOCS / "guide" / "governance.md"


def test_the_guide_runs_as_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    text = GUIDE.read_text("utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S))
    exec(compile(code, str(GUIDE), "exec"), {})
    assert (tmp_path / "artifacts" / "log" / "events-000000.jsonl").is_file()


def test_the_guide_explains_every_flag_reason_and_note():
    named = set(re.findall(r"`([a-zA-Z0-9_-]+)`", GUIDE.read_text("utf-8")))
    assert {rule.name for rule in RISK_RULES} <= named
    assert set(REASONS) <= named
    assert set(NOTES) <= named


def test_the_rules_say_when_each_reason_is_given():
    rules = (DOCS / "reference" / "verification.md").read_text("utf-8")
    assert set(REASONS) <= set(re.findall(r"`([a-z-]+)`", rules))


def test_the_guide_promises_nothing_that_only_a_lawyer_could():
    text = GUIDE.read_text("utf-8").lower()
    assert "helps with" in text
    for word in ("complies", "compliant", "guarantees", "tamper-proof", "certif"):
        assert word not in text
