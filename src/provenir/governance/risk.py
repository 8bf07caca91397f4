"""Risk flags: one small rule per flag, listed in one table.

A flag is decided by the bill of materials alone, so that a verifier who holds nothing else arrives
at the same list as the signer. What depends on the signature or on evidence beside the passport
(`unsigned`, `no_model_artifact`, `self_declared_evidence`) is a note of a verdict instead.

Adding a flag = a rule, its row in `RISK_RULES` with the next `since`, its test. A passport states
the version of the rules that its flags follow, so that later rules do not turn it into a forgery.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from provenir.governance.components import (
        CodeComponent,
        DataComponent,
        EvalComponent,
        FlightSummary,
        HackingSummary,
        RunSummary,
    )

__all__ = [
    "RISK_RULES",
    "RULES_VERSION",
    "Inventory",
    "RiskFlag",
    "RiskRule",
    "licence_is_known",
    "risks_of",
]

# What people write where a licence should stand when they do not know it; NOASSERTION and NONE
# are SPDX's own words for it (SPDX 2.3, section 7.13 and 7.15).
_NO_LICENSE: Final = frozenset({"", "unknown", "noassertion", "none", "n/a", "na", "null", "?"})


class Inventory(Protocol):
    """The fields of a bill of materials that the rules read."""

    @property
    def data(self) -> Sequence[DataComponent]:
        """Datasets that went in."""

    @property
    def code(self) -> CodeComponent | None:
        """The code that ran."""

    @property
    def evals(self) -> Sequence[EvalComponent]:
        """Scores."""

    @property
    def run(self) -> RunSummary | None:
        """How the run went."""

    @property
    def flight(self) -> FlightSummary | None:
        """What the flight recorder saw."""

    @property
    def hacking(self) -> HackingSummary | None:
        """What the hacking report says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFlag:
    """One raised flag: its name, the component that raised it, and why in one sentence."""

    name: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """One rule.

    Attributes:
        name: The flag.
        meaning: What it means, in half a sentence.
        subjects: Names the components that raise it.
        since: The version of the rules that brought it.
    """

    name: str
    meaning: str
    subjects: Callable[[Inventory], Iterator[str]]
    since: int = 1


def licence_is_known(text: str | None) -> bool:
    """Whether a dataset's licence says more than that nobody knows it."""
    return text is not None and text.strip().lower() not in _NO_LICENSE


def _unscanned_pii(bom: Inventory) -> Iterator[str]:
    return (part.name for part in bom.data if not part.pii_scanned)


def _unchecked_contamination(bom: Inventory) -> Iterator[str]:
    return (part.name for part in bom.data if not part.contamination_checked)


def _contaminated_eval(bom: Inventory) -> Iterator[str]:
    return (part.benchmark for part in bom.evals if part.contaminated)


def _unknown_license(bom: Inventory) -> Iterator[str]:
    return (part.name for part in bom.data if not licence_is_known(part.license))


def _incomplete_run(bom: Inventory) -> Iterator[str]:
    if bom.run is not None and bom.run.status != "completed":
        yield bom.run.name


def _dirty_code(bom: Inventory) -> Iterator[str]:
    if bom.code is not None and bom.code.dirty:
        yield bom.code.git_sha or "code"


def _unknown_code(bom: Inventory) -> Iterator[str]:
    if bom.code is None or bom.code.git_sha is None or bom.code.dependencies_hash is None:
        yield "code"


def _unknown_data(bom: Inventory) -> Iterator[str]:
    if not any(part.role == "train" for part in bom.data):
        yield "no training data is named"
    yield from (part.name for part in bom.data if part.content_hash is None)


def _reward_hacking(bom: Inventory) -> Iterator[str]:
    report = bom.hacking
    if report is None:
        return
    of_weight = any(report.by_severity.get(severity) for severity in ("warning", "critical"))
    # Unclean without any signal means "not examined", which the report itself says.
    of_unknown_weight = not report.by_severity and any(report.by_kind.values())
    if report.hacking_rate or of_weight or (of_unknown_weight and not report.is_clean):
        yield ", ".join(sorted(kind for kind, n in report.by_kind.items() if n)) or "rollouts"


def _unhealthy_run(bom: Inventory) -> Iterator[str]:
    if bom.flight is not None and bom.flight.verdict in ("DEGRADED", "CRITICAL"):
        yield ", ".join(sorted(bom.flight.by_kind)) or bom.flight.verdict


def _uncalibrated_judge(bom: Inventory) -> Iterator[str]:
    return (p.benchmark for p in bom.evals if p.judge is not None and not p.judge_calibrated)


RISK_RULES: Final = (
    RiskRule(
        name="unscanned_pii",
        meaning="a data component was not scanned for personal data",
        subjects=_unscanned_pii,
    ),
    RiskRule(
        name="unchecked_contamination",
        meaning="a data component was not contamination-checked",
        subjects=_unchecked_contamination,
    ),
    RiskRule(
        name="contaminated_eval",
        meaning="an eval was found in the training data, so its score is not to be trusted",
        subjects=_contaminated_eval,
    ),
    RiskRule(
        name="unknown_license",
        meaning="a data component has no known licence",
        subjects=_unknown_license,
    ),
    RiskRule(
        name="incomplete_run",
        meaning="the run did not complete",
        subjects=_incomplete_run,
    ),
    RiskRule(
        name="dirty_code",
        meaning="tracked files differed from the commit that is named",
        subjects=_dirty_code,
    ),
    RiskRule(
        name="unknown_code",
        meaning="the commit or the installed package set is not known",
        subjects=_unknown_code,
    ),
    RiskRule(
        name="unknown_data",
        meaning="training data is not named, or a data component has no content hash",
        subjects=_unknown_data,
    ),
    RiskRule(
        name="reward_hacking",
        meaning="rollouts show signs of reward hacking",
        subjects=_reward_hacking,
    ),
    RiskRule(
        name="unhealthy_run",
        meaning="the flight recorder found the run degraded or critical",
        subjects=_unhealthy_run,
    ),
    RiskRule(
        name="uncalibrated_judge",
        meaning="a score comes from a judge whose bias was not measured",
        subjects=_uncalibrated_judge,
    ),
)
"""All rules, in the order in which flags are listed."""


RULES_VERSION: Final = max(rule.since for rule in RISK_RULES)
"""The newest version of the rules."""


def risks_of(
    bom: Inventory, rules: int = RULES_VERSION, *, table: Sequence[RiskRule] = RISK_RULES
) -> tuple[RiskFlag, ...]:
    """Every raised flag with the component that raised it, in the order of the table.

    Args:
        bom: The bill of materials.
        rules: The version of the rules to follow.
        table: All rules that there are.
    """
    return tuple(
        RiskFlag(name=rule.name, subject=subject, detail=rule.meaning)
        for rule in table
        if rule.since <= rules
        for subject in rule.subjects(bom)
    )
