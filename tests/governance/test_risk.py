from __future__ import annotations

import pytest

from provenir.governance.bom import (
    CodeComponent,
    DataComponent,
    EvalComponent,
    FlightSummary,
    HackingSummary,
    ModelBOM,
    RunSummary,
)
from provenir.governance.risk import RISK_RULES, RiskRule, risks_of

SEED_FLAGS = ["unscanned_pii", "unchecked_contamination", "contaminated_eval", "unknown_license"]


def flags_with(bom: ModelBOM, **changes) -> list[str]:
    fields = {name: getattr(bom, name) for name in ModelBOM.model_fields}
    return ModelBOM(**{**fields, **changes}).risk_flags()


def data_with(bom: ModelBOM, **changes) -> dict:
    return {"data": [DataComponent(**{**dict(bom.data[0]), **changes})]}


def code_with(bom: ModelBOM, **changes) -> dict:
    return {"code": CodeComponent(**{**dict(bom.code), **changes})}


def hacking(**fields) -> dict:
    stated = {"num_trajectories": 4, "hacking_rate": 0.0, "is_clean": True, **fields}
    return {"hacking": HackingSummary(**stated)}


def flight(verdict: str) -> dict:
    return {"flight": FlightSummary(num_steps=3, verdict=verdict)}


def score(**fields) -> dict:
    return {"evals": [EvalComponent(**{"benchmark": "gsm8k", "score": 0.7, **fields})]}


def test_the_bom_of_the_guide_raises_nothing(seed_bom):
    assert seed_bom.risk_flags() == []


def test_the_rules_are_the_published_flags():
    names = [rule.name for rule in RISK_RULES]
    assert names[:4] == SEED_FLAGS
    assert len(set(names)) == len(names) == 11


@pytest.mark.parametrize(
    ("flag", "change"),
    [
        ("unscanned_pii", lambda b: data_with(b, pii_scanned=False)),
        ("unchecked_contamination", lambda b: data_with(b, contamination_checked=False)),
        ("contaminated_eval", lambda _: score(contaminated=True)),
        ("unknown_license", lambda b: data_with(b, license=None)),
        ("unknown_license", lambda b: data_with(b, license="  NOASSERTION ")),
        ("unknown_license", lambda b: data_with(b, license="")),
        ("incomplete_run", lambda _: {"run": RunSummary(name="r", status="failed")}),
        ("incomplete_run", lambda _: {"run": RunSummary(name="r", status="running")}),
        ("dirty_code", lambda b: code_with(b, dirty=True)),
        ("unknown_code", lambda b: code_with(b, git_sha=None)),
        ("unknown_code", lambda b: code_with(b, dependencies_hash=None)),
        ("unknown_code", lambda _: {"code": None}),
        ("unknown_data", lambda b: data_with(b, content_hash=None)),
        ("unknown_data", lambda _: {"data": []}),
        ("unknown_data", lambda b: data_with(b, role="eval")),
        ("reward_hacking", lambda _: hacking(hacking_rate=0.25, is_clean=False)),
        ("reward_hacking", lambda _: hacking(is_clean=False, by_kind={"advantage_collapse": 1})),
        ("reward_hacking", lambda _: hacking(hacking_rate=None, by_severity={"warning": 1})),
        # A rate above zero counts whatever the report calls itself.
        ("reward_hacking", lambda _: hacking(hacking_rate=0.25, is_clean=True)),
        ("unhealthy_run", lambda _: flight("DEGRADED")),
        ("unhealthy_run", lambda _: flight("CRITICAL")),
        ("uncalibrated_judge", lambda _: score(judge="gpt")),
        ("uncalibrated_judge", lambda _: score(judge="gpt", judge_calibrated=False)),
    ],
)
def test_each_flag_is_raised_by_its_own_field(seed_bom, flag, change):
    assert flags_with(seed_bom, **change(seed_bom)) == [flag]


@pytest.mark.parametrize(
    "change",
    [
        lambda _: score(contaminated=False),
        lambda _: score(contaminated=None),
        lambda _: score(judge="gpt", judge_calibrated=True),
        lambda _: {"run": RunSummary(name="r", status="completed")},
        lambda b: code_with(b, dirty=False),
        lambda b: code_with(b, dirty=None),
        lambda _: flight("HEALTHY"),
        lambda _: flight("UNKNOWN"),
        lambda _: hacking(),
        # Not examined is said by the report; it is no sign of hacking.
        lambda _: hacking(hacking_rate=None, is_clean=False),
        lambda _: hacking(by_kind={"solved_group": 3}),
        # Nothing was examined, and what was seen is for information.
        lambda _: hacking(
            hacking_rate=None,
            is_clean=False,
            by_kind={"solved_group": 3},
            by_severity={"info": 3},
        ),
    ],
)
def test_nothing_is_raised_without_a_reason(seed_bom, change):
    assert flags_with(seed_bom, **change(seed_bom)) == []


def test_a_passport_keeps_the_rules_it_was_signed_under(seed_bom):
    later = RiskRule(name="later", meaning="x", subjects=lambda bom: iter(["x"]), since=2)
    table = (*RISK_RULES, later)
    assert risks_of(seed_bom, 1, table=table) == ()
    assert [risk.name for risk in risks_of(seed_bom, 2, table=table)] == ["later"]


def test_a_flag_is_listed_once_and_every_cause_is_named(seed_bom):
    parts = [DataComponent(**{**dict(seed_bom.data[0]), "name": n, "license": None}) for n in "ab"]
    bom = ModelBOM(**{**dict(seed_bom), "data": parts})
    assert bom.risk_flags() == ["unknown_license"]
    assert [risk.subject for risk in bom.risks()] == ["a", "b"]
