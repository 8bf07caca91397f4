"""What does not fit the record, said where nobody can overlook it.

A check that failed stands in three places: as a red notice under the head, as a mark on every
section and figure that was read from the file, and in the list of checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console.signed_bom import BOM
from provenir.console.view import Notice
from provenir.console.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from provenir.console.folder import RunSource
    from provenir.governance.verdict import Check

_SHOWN: Final = 6
_FILE: Final = "file:"
_RECORDER: Final = "flight_recorder.json"
_HACKING: Final = "hacking_report.json"
_STEPS: Final = "steps.jsonl"
_ROLLOUTS: Final = "trajectories.jsonl"
_JOURNAL: Final = "journal.jsonl"
_MISSING: Final = "missing-report"
_TELLS: Final = {
    BOM: "The evals, the data, the code and the settings on this page are read from it",
    _RECORDER: "The health, the anomalies and the charts on this page are read from it",
    _HACKING: "The signals of reward hacking on this page are read from it",
    _STEPS: "The logged steps are in it, and the charts of values without a detector",
    _ROLLOUTS: "The rollouts on this page are read from it",
    _JOURNAL: "What the run noted and attached is read from it",
    "lineage.json": "The lineage on this page is read from it",
}
_UNMANIFESTED: Final = (
    "The manifest says which files belong to the run; without one that holds, no file can be told"
    " from a forged one."
)
_PASSPORT: Final = (
    "The passport binds the manifest, and the manifest every file: as it is, it binds nothing in"
    " this folder."
)
_LOST: Final = "not in the folder, although the manifest lists it. What it said is not known here."
_FORGED: Final = "What stands here is read from it and may be forged."
_REPLACED: Final = "What stands here is what other files say."


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Everything that failed.

    Attributes:
        failures: The rows that failed.
        files: File name to what is wrong with it, as a clause without its subject.
    """

    failures: tuple[Check, ...]
    files: Mapping[str, str]

    @property
    def headlines(self) -> tuple[str, ...]:
        """One clause for each failure."""
        return tuple(_headline(check) for check in self.failures)

    @property
    def missing(self) -> frozenset[str]:
        """Names of the files that are not there."""
        return frozenset(
            check.name.removeprefix(_FILE) for check in self.failures if check.reason == _MISSING
        )

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What stands under the head of the page."""
        shown = [_notice(check) for check in self.failures[:_SHOWN]]
        more = len(self.failures) - _SHOWN
        if more > 0:
            title = f"{count(more, 'more check')} failed."
            shown.append(Notice(title, "They are listed under “What was checked”.", "critical"))
        return tuple(shown)

    def doubts(self, source: RunSource) -> dict[str, tuple[Notice, ...]]:
        """Return for each section what it was read from and does not fit the record."""
        return {
            section: tuple(self._doubt(name) for name in names if name in self.files)
            for section, names in _sources(source).items()
        }

    def _doubt(self, name: str) -> Notice:
        rest = _REPLACED if name in self.missing else _FORGED
        return Notice(f"{name} {self.files[name]}.", rest, "critical")


def raise_alarm(rows: Iterable[Check]) -> Alarm:
    """Collect the rows that failed."""
    failures = tuple(row for row in rows if row.status == "fail")
    files = {
        row.name.removeprefix(_FILE): _fault(row)
        for row in failures
        if row.name.startswith(_FILE) or row.name == BOM
    }
    return Alarm(failures=failures, files=files)


def _fault(check: Check) -> str:
    if check.reason == _MISSING:
        return "is missing"
    if check.name == BOM:
        return "is not the one in the passport"
    return "was changed after it was recorded"


def _headline(check: Check) -> str:
    if check.name.startswith(_FILE) or check.name == BOM:
        return f"{check.name.removeprefix(_FILE)} {_fault(check)}"
    if check.name == "files":
        return check.detail
    named = {
        "manifest": "the run's manifest does not hold",
        "passport": "passport.json does not hold",
    }
    return named.get(check.name, f"{check.name} does not hold")


def _notice(check: Check) -> Notice:
    file = check.name.removeprefix(_FILE)
    detail = _sentence(check.detail)
    if check.reason == _MISSING and file != check.name:
        return Notice(f"{file}:", _LOST, "critical")
    if file != check.name or file == BOM:
        tells = _TELLS.get(file, "It belongs to the record of this run")
        meaning = f"{tells}: do not rely on what it says."
        if check.detail != f"{file} is not the file that was recorded":
            meaning += f" {detail}"
    elif check.name == "files":
        meaning = "They are listed by: provenir run verify."
    else:
        rest = {"manifest": _UNMANIFESTED, "passport": _PASSPORT}.get(check.name, "")
        meaning = f"{detail} {rest}"
    return Notice(f"{_sentence(_headline(check))}", meaning.strip(), "critical")


def _sentence(words: str) -> str:
    """Write a clause as a sentence; a file's name keeps its case."""
    starts_with_file = ".json" in words.partition(" ")[0]
    start = words[:1] if starts_with_file else words[:1].upper()
    return f"{start}{words[1:]}." if words else ""


def _sources(source: RunSource) -> dict[str, Sequence[str]]:
    """Name the files that each section was read from."""
    bom = (BOM,) if BOM in source.documents else (BOM, _JOURNAL)
    course = (_RECORDER, _STEPS) if _RECORDER in source.rebuilt else (_RECORDER,)
    return {
        "health": (*course, _JOURNAL),
        "channels": (_RECORDER, _STEPS),
        "rollouts": (_ROLLOUTS, _HACKING),
        "watched": (_RECORDER, _HACKING),
        "evals": bom,
        "lineage": ("lineage.json",),
        "identity": bom,
    }
