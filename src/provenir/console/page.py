"""The whole page as values: every section, built from one run folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console import checks as checking
from provenir.console.alarm import raise_alarm
from provenir.console.badge import read_badge
from provenir.console.channels import Channels, read_channels
from provenir.console.coverage import Coverage, read_coverage
from provenir.console.extras_scan import read_extras
from provenir.console.file_check import FileCheck, compare_files
from provenir.console.files_section import FileList, read_files
from provenir.console.folder import RunSource, attached_reports
from provenir.console.governed_section import read_governed
from provenir.console.health import Episode, Health, read_episodes, read_health
from provenir.console.identity import Identity, read_evals, read_identity
from provenir.console.lineage_section import Lineage, read_lineage
from provenir.console.masthead import Masthead, read_masthead
from provenir.console.passport_view import PassportView, read_passport
from provenir.console.recording import (
    read_recording,
    recorder_notices,
    rollout_notices,
    state_notices,
)
from provenir.console.rollouts import Rollouts, read_rollouts
from provenir.console.series import Series, broken, read_all
from provenir.console.signed_bom import with_signed_bom
from provenir.console.view import CheckItem, Notice, Table
from provenir.console.wording import count, instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from provenir.console.alarm import Alarm
    from provenir.console.checks import Checks
    from provenir.console.governed_section import Governed
    from provenir.governance.verdict import Check

_PASSPORT_ROWS: Final = ("passport", "signature")
CONTENTS: Final[tuple[tuple[str, str], ...]] = (
    ("health", "Health"),
    ("channels", "Channels"),
    ("rollouts", "Rollouts"),
    ("evals", "Evals"),
    ("governed", "Governed"),
    ("watched", "Watched"),
    ("checked", "Checked"),
    ("not-checked", "Not checked"),
    ("passport", "Passport"),
    ("lineage", "Lineage"),
    ("identity", "Data and code"),
    ("files", "Files"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the template reads; ``doubts`` holds what a section's files give reason to."""

    masthead: Masthead
    alarm: Alarm
    notices: tuple[Notice, ...]
    doubts: Mapping[str, tuple[Notice, ...]]
    contents: tuple[tuple[str, str], ...]
    health: Health
    recording: Table
    channels: Channels
    rollouts: Rollouts
    evals: Table
    governed: Governed | None
    coverage: Coverage
    checks: Checks
    passport: PassportView
    lineage: Lineage
    identity: Identity
    files: FileList
    written_at: str


def build(source: RunSource, *, now: datetime) -> Page:
    """Build every section of the page.

    Args:
        source: The run folder as it was read.
        now: When the page is written, with a time zone.

    Raises:
        MissingExtraError: There is a channel to draw and the extra ``report`` is missing.
    """
    episodes = read_episodes(source.recorder)
    health = read_health(source.recorder, episodes, recorder_notices(source))
    passport = read_passport(source.record)
    compared = compare_files(source.record)
    extras, unfollowed = read_extras(source.record.steps())
    run_rows = _run_rows(source, compared, passport)
    alarm = raise_alarm([*run_rows, *passport.checks])
    checks = _checks(source, run_rows, passport, len(extras) + unfollowed)
    badge = read_badge(source.state, health, alarm)
    manifest = source.record.manifest
    governed = read_governed(source.record.path)
    return Page(
        masthead=read_masthead(source, badge, health, passport.tile, checks, alarm),
        alarm=alarm,
        notices=(*alarm.notices, *state_notices(source, said=alarm.missing)),
        doubts=alarm.doubts(source),
        contents=tuple(one for one in CONTENTS if governed or one[0] != "governed"),
        health=health,
        recording=read_recording(source),
        channels=read_channels([*_watched(source, episodes), *extras], episodes),
        rollouts=read_rollouts(source.rollouts(), source.hacking, rollout_notices(source)),
        evals=read_evals(source.bom),
        governed=governed,
        coverage=read_coverage(source),
        checks=checks,
        passport=passport,
        lineage=read_lineage(source.documents.get("lineage.json", {})),
        identity=read_identity(source.bom, manifest),
        files=read_files(source.record.path, manifest, compared.states, compared.others),
        written_at=instant(now),
    )


def _run_rows(source: RunSource, compared: FileCheck, passport: PassportView) -> list[Check]:
    """Return the rows about the folder, without those that the passport's own say better."""
    said = {check.name for check in passport.checks}
    rows = [c for c in compared.checks if not (c.name in _PASSPORT_ROWS and c.name in said)]
    return with_signed_bom(source.record.path, rows)


def _checks(
    source: RunSource, rows: Sequence[Check], passport: PassportView, unwatched: int
) -> Checks:
    return checking.gather(
        [
            checking.from_verdict("run folder", rows),
            checking.from_verdict("passport", checking.without_key(passport.checks)),
            checking.from_recorder(source.recorder),
            checking.from_report("reward hacking", source.hacking),
            *(checking.from_report(name, body) for name, body in attached_reports(source)),
            checking.from_bom(source.bom),
            ([], _unwatched(unwatched)),
            checking.standing(),
        ]
    )


def _unwatched(n: int) -> list[CheckItem]:
    if not n:
        return []
    what = count(n, "recorded value without a detector", "recorded values without a detector")
    return [CheckItem("not checked", what, "kept and drawn, judged by nothing")]


def _watched(source: RunSource, episodes: Sequence[Episode]) -> Iterator[Series]:
    """Yield the recorder's series, broken where a value was not finite."""
    for one in read_all(source.recorder.get("series")):
        spans = [
            (e.step, e.last_step)
            for e in episodes
            if e.kind == "nonfinite" and e.channel == one.channel
        ]
        yield broken(one, spans)
