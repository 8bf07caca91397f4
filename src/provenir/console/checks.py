"""What was checked and what was not, gathered from everything in the folder.

Law of this page: a thing nobody looked at never appears as good. Every sensor, verdict and
component lists what it examined and what it did not; here the two lists stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import mapping, mappings, text, whole
from provenir.console.view import CheckItem, Tone
from provenir.console.wording import count
from provenir.governance.verdict import REASONS, Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LIMIT: Final = 120
_EVIDENCED: Final = "a report with its digest is attached"
_DECLARED: Final = "the user's word; no report stands behind it"
_NO_KEY: Final = "looked into only once the signature holds, and this page is given no key"
_OUTCOMES: Final[dict[str, tuple[str, Tone]]] = {
    "pass": ("pass", "good"),
    "fail": ("fail", "critical"),
    "undecided": ("undecided", "warning"),
    "not-checked": ("not checked", "plain"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The view of the two sections."""

    done: tuple[CheckItem, ...]
    open: tuple[CheckItem, ...]

    @property
    def num_done(self) -> int:
        """How many things were checked."""
        return sum(item.things for item in self.done)

    @property
    def num_open(self) -> int:
        """How many things were not."""
        return sum(item.things for item in self.open)


def gather(parts: Iterable[tuple[Sequence[CheckItem], Sequence[CheckItem]]]) -> Checks:
    """Join what each source says into the two lists, failures first."""
    done: list[CheckItem] = []
    open_: list[CheckItem] = []
    for checked, unchecked in parts:
        done.extend(checked)
        open_.extend(unchecked)
    rank = {"critical": 0, "warning": 1}
    done.sort(key=lambda item: rank.get(item.tone, 2))
    return Checks(done=_bounded(done), open=_bounded(open_))


def _bounded(items: list[CheckItem]) -> tuple[CheckItem, ...]:
    if len(items) <= _LIMIT:
        return tuple(items)
    hidden = len(items) - _LIMIT
    more = CheckItem("more", f"{hidden:,} further items are not shown", things=hidden)
    return (*items[:_LIMIT], more)


def from_verdict(subject: str, checks: Iterable[Check]) -> tuple[list[CheckItem], list[CheckItem]]:
    """Sort the rows of a verdict on a subject; what is undecided was not checked."""
    done: list[CheckItem] = []
    open_: list[CheckItem] = []
    for check in checks:
        outcome, tone = _OUTCOMES[check.status]
        why = check.detail or REASONS.get(check.reason or "", "")
        item = CheckItem(outcome, f"{subject}: {check.name.replace('_', ' ')}", why, tone)
        (done if check.status in ("pass", "fail") else open_).append(item)
    return done, open_


def without_key(checks: Iterable[Check]) -> list[Check]:
    """Say of what a signature keeps closed why it is: this page is given no key.

    The verification says that a check before it did not hold, which sounds like a failure.
    """
    rows = list(checks)
    if any(row.status == "fail" for row in rows):
        return rows
    return [
        replace(row, detail=_NO_KEY) if row.reason == "not-reached" and not row.detail else row
        for row in rows
    ]


def from_report(name: str, report: Mapping[str, Any]) -> tuple[list[CheckItem], list[CheckItem]]:
    """Sort what a report says it examined and did not examine."""
    findings = [*mappings(report.get("signals")), *mappings(report.get("findings"))]
    examined = {k: n for k, v in mapping(report.get("examined")).items() if (n := whole(v))}
    done: list[CheckItem] = []
    if examined:
        what = ", ".join(_counted(n, key.replace("_", " ")) for key, n in examined.items())
        counted = _counted_signals(report)
        outcome, tone = _outcome(findings, counted)
        kept = len(findings)
        why = f"{count(counted, 'signal')} counted, {kept:,} kept" if counted > kept else ""
        done.append(CheckItem(outcome, f"{name}: {what}", why, tone))
    return done, _unexamined(name, report.get("not_examined"))


def _counted(n: int, plural: str) -> str:
    """Write a counted noun that is known in its plural only."""
    stem = plural.removesuffix("s")
    return count(n, f"{stem.removesuffix('ie')}y" if stem.endswith("ie") else stem, plural)


def _counted_signals(report: Mapping[str, Any]) -> int:
    return sum(n for v in mapping(report.get("by_kind")).values() if (n := whole(v)))


def _outcome(findings: Sequence[Mapping[str, Any]], counted: int) -> tuple[str, Tone]:
    """Say what a report found; one that kept fewer findings than it counted says ``+``."""
    bad = sum(1 for f in findings if f.get("severity") != "info")
    more = "+" if counted > len(findings) else ""
    if bad:
        return f"{bad:,}{more} found", "warning"
    if findings:
        return f"{len(findings):,}{more} noted", "info"
    return "none found", "good"


def _unexamined(name: str, not_examined: object) -> list[CheckItem]:
    """Return one item per reason, naming everything that was not examined for it."""
    by_reason: dict[str, list[str]] = {}
    for what, why in mapping(not_examined).items():
        by_reason.setdefault(str(why), []).append(str(what).replace("_", " "))
    return [
        CheckItem("not checked", f"{name}: {', '.join(names)}", why, things=len(names))
        for why, names in by_reason.items()
    ]


def from_recorder(recorder: Mapping[str, Any]) -> tuple[list[CheckItem], list[CheckItem]]:
    """Sort the recorder's detectors into those that saw values and those that did not."""
    summary = mapping(recorder.get("summary"))
    found = mapping(summary.get("by_kind"))
    done: list[CheckItem] = []
    for kind, seen in mapping(summary.get("examined")).items():
        outcome, tone = _found(whole(found.get(kind)) or 0)
        values = whole(seen)
        why = "" if values is None else f"watched over {count(values, 'value')}"
        done.append(CheckItem(outcome, f"anomaly: {kind.replace('_', ' ')}", why, tone))
    return done, _unexamined("anomaly", summary.get("not_examined"))


def _found(bad: int) -> tuple[str, Tone]:
    return (f"{bad:,} found", "warning") if bad else ("none found", "good")


def from_bom(bom: Mapping[str, Any]) -> tuple[list[CheckItem], list[CheckItem]]:
    """Sort the scans that data sets and evals went through, or did not."""
    done: list[CheckItem] = []
    open_: list[CheckItem] = []
    for part in mappings(bom.get("data")):
        name = text(part.get("name")) or "unnamed"
        for key, proof, what in (
            ("pii_scanned", "pii_report", "personal data"),
            ("contamination_checked", "contamination_report", "contamination with eval items"),
        ):
            subject = f"{what} in {name}"
            if part.get(key) is not True:
                why = "nobody said that it was looked for"
                open_.append(CheckItem("not checked", subject, why))
            elif text(part.get(proof)):
                done.append(CheckItem("report", subject, _EVIDENCED, "good"))
            else:
                open_.append(CheckItem("declared", subject, _DECLARED, "info"))
    for part in mappings(bom.get("evals")):
        name = text(part.get("benchmark")) or "unnamed"
        subject = f"whether {name} leaked into the training data"
        found = part.get("contaminated")
        if found is None:
            open_.append(CheckItem("not checked", subject, "no contamination check covers it"))
        elif found:
            done.append(CheckItem("found", subject, "its score is not to be trusted", "critical"))
        elif text(part.get("report")):
            done.append(CheckItem("none found", subject, _EVIDENCED, "good"))
        else:
            open_.append(CheckItem("declared", subject, _DECLARED, "info"))
    return done, open_


def standing() -> tuple[list[CheckItem], list[CheckItem]]:
    """Return what no page of this kind ever checks."""
    return [], [
        CheckItem(
            "not checked",
            "whether the run can be repeated",
            "nothing was run again to draw this page",
        ),
        CheckItem(
            "not checked",
            "how the model behaves",
            "records show how it was made, never that its behaviour is clean",
        ),
    ]
