"""Findings and reports: what they refuse, and when a report is clean."""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from provenir.core.digest import digest_value
from provenir.core.errors import UsageError
from provenir.core.findings import (
    SEVERITIES,
    Finding,
    Report,
    count_by_kind,
    severity_rank,
    worst_severity,
)


def finding(severity: Any = "warning", kind: str = "kl_blowup", **fields: Any) -> Finding:
    return Finding(kind=kind, severity=severity, detail="seen", **fields)


def test_to_dict_is_safe_whatever_is_inside() -> None:
    value = Finding(
        kind="nonfinite",
        severity="info",
        detail="text \ud800",
        subject="a\udfff",
        data={"value": math.nan, 1: {2}},
    )
    assert value.to_dict() == {
        "kind": "nonfinite",
        "severity": "info",
        "detail": "text \ufffd",
        "subject": "a\ufffd",
        "data": {"value": None, "1": [2]},
    }


@pytest.mark.parametrize("kind", ["", "KL", "1a", "a b", "a\n", "é", "a" * 65])
def test_a_kind_is_one_word(kind: str) -> None:
    with pytest.raises(UsageError, match="kind"):
        finding(kind=kind)


@pytest.mark.parametrize("severity", ["", "high", "Warning", None])
def test_severities_are_closed(severity: Any) -> None:
    with pytest.raises(UsageError, match="info, warning, critical"):
        finding(severity=severity)


def test_severities_are_ordered() -> None:
    assert SEVERITIES == ("info", "warning", "critical")
    assert [severity_rank(severity) for severity in SEVERITIES] == [0, 1, 2]
    assert worst_severity([finding("warning"), finding("critical"), finding("info")]) == "critical"
    assert worst_severity([]) is None


def test_findings_are_values() -> None:
    assert finding() == finding()
    assert pickle.loads(pickle.dumps(finding(data={"a": 1}))) == finding(data={"a": 1})
    with pytest.raises(FrozenInstanceError):
        finding().kind = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Finding("kl_blowup", "info", "positional")  # type: ignore[misc]


def test_a_report_that_examined_nothing_is_not_clean() -> None:
    assert not Report(name="x").is_clean
    assert not Report(name="x", examined={"rows": 0}).is_clean
    assert not Report(name="x", not_examined={"rows": "no file"}).is_clean
    assert Report(name="x", examined={"rows": 3}).is_clean


def test_only_info_is_clean() -> None:
    examined = {"rows": 3}
    assert Report(name="x", examined=examined, findings=(finding("info"),)).is_clean
    assert not Report(name="x", examined=examined, findings=(finding("warning"),)).is_clean
    assert not Report(name="x", examined=examined, findings=(finding("critical"),)).is_clean


def test_report_to_dict_and_digest() -> None:
    report = Report(
        name="contamination",
        findings=[finding("info"), finding("info"), finding("critical", "leak")],  # type: ignore[arg-type]
        examined={"rows": 2},
        not_examined={"judge": "no key"},
    )
    value = report.to_dict()
    assert isinstance(report.findings, tuple)
    assert value["examined"] == {"rows": 2}
    assert value["not_examined"] == {"judge": "no key"}
    assert value["is_clean"] is False
    assert [item["kind"] for item in value["findings"]] == ["kl_blowup", "kl_blowup", "leak"]
    assert report.by_kind() == {"kl_blowup": 2, "leak": 1} == count_by_kind(report.findings)
    assert report.digest() == digest_value(value)
    assert report.digest() != Report(name="contamination").digest()


def test_subclasses_add_fields() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Anomaly(Finding):
        step: int

        def __post_init__(self) -> None:
            Finding.__post_init__(self)
            if self.step < 0:
                raise UsageError("a step is not negative")

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Counted(Report):
        total: int = 0

    anomaly = Anomaly(kind="kl_blowup", severity="critical", detail="x", step=3)
    assert Counted(name="x", findings=(anomaly,), total=1).by_kind() == {"kl_blowup": 1}
    with pytest.raises(UsageError):
        Anomaly(kind="kl_blowup", severity="critical", detail="x", step=-1)
    with pytest.raises(UsageError):
        Anomaly(kind="No", severity="critical", detail="x", step=1)
