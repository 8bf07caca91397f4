"""The head of the page: which run, how it ended, and the figures at a glance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import mapping, mappings, number, text, whole
from provenir.console.view import Pair, Tile, Tone
from provenir.console.wording import count, duration, instant, share, shorten
from provenir.core.clock import parse_utc
from provenir.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.console.alarm import Alarm
    from provenir.console.badge import Badge
    from provenir.console.checks import Checks
    from provenir.console.folder import RunSource
    from provenir.console.health import Health

_NAME_CHARS: Final = 160
_STATUS: Final[dict[str, Tone]] = {
    "completed": "good",
    "failed": "critical",
    "interrupted": "warning",
    "running": "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """The view of the head."""

    name: str
    run_id: str
    badge: Badge
    facts: tuple[Pair, ...]
    tiles: tuple[Tile, ...]


def read_masthead(
    source: RunSource, badge: Badge, health: Health, passport: Tile, checks: Checks, alarm: Alarm
) -> Masthead:
    """Build the head of the page; a figure from a file that does not fit the record says so."""
    record, manifest = source.record, source.record.manifest
    name = text(manifest.get("name")) or record.run_id or record.path.resolve().name
    steps = Tile("Steps", f"{health.num_steps:,}", _last_step(source.recorder))
    return Masthead(
        name=shorten(name, _NAME_CHARS),
        run_id=record.run_id or "no run id",
        badge=badge,
        facts=tuple(_facts(source)),
        tiles=(
            _doubted(steps, "flight_recorder.json", alarm),
            _doubted(_anomalies(health), "flight_recorder.json", alarm),
            _doubted(hacking_tile(source.hacking), "hacking_report.json", alarm),
            _doubted(_evals(source.bom), "bom.json", alarm),
            passport,
            _checked(checks, len(alarm.failures)),
        ),
    )


def _doubted(tile: Tile, file: str, alarm: Alarm) -> Tile:
    why = alarm.files.get(file)
    return tile if why is None else replace(tile, note=f"{file} {why}", tone="critical")


def _checked(checks: Checks, failed: int) -> Tile:
    made = f"{count(checks.num_done, 'check')} made"
    if failed:
        return Tile("Checks", f"{failed:,} failed", f"{made}, {checks.num_open:,} not", "critical")
    return Tile("Not checked", f"{checks.num_open:,}", made)


def _last_step(recorder: Mapping[str, Any]) -> str:
    last = whole(mapping(recorder.get("summary")).get("last_step"))
    return "none recorded" if last is None else f"the last is step {last:,}"


def _facts(source: RunSource) -> list[Pair]:
    status, record = source.state, source.record
    started, ended = (_moment(record.manifest.get(k)) for k in ("started_at", "ended_at"))
    facts = [Pair("Status", status, tone=_STATUS.get(status, "warning"))]
    facts.append(Pair("Started", instant(started)))
    if ended is not None:
        facts.append(Pair("Ended", instant(ended)))
        if started is not None:
            facts.append(Pair("Took", duration((ended - started).total_seconds())))
    if len(record.ranks) > 1:
        facts.append(Pair("Ranks", f"{len(record.ranks)}; rank 0 is shown"))
    return facts


def _moment(value: object) -> Any:
    try:
        return parse_utc(value) if isinstance(value, str) else None
    except InputError:
        return None


def _anomalies(health: Health) -> Tile:
    total = sum(health.counts.values())
    if health.verdict == "UNKNOWN" and total == 0:
        return Tile("Anomalies", "unknown", "nothing was watched")
    worst = next((s for s in ("critical", "warning") if health.counts.get(s)), None)
    note = ", ".join(f"{n} {s}" for s, n in health.counts.items() if n) or "none found"
    tone: Tone = "critical" if worst == "critical" else "warning" if worst else "good"
    return Tile("Anomalies", f"{total:,}", note, tone)


def hacking_tile(hacking: Mapping[str, Any]) -> Tile:
    """Return the figure on reward hacking: a rate of 0 is good only where all was examined."""
    rate = number(hacking.get("hacking_rate"))
    if rate is None:
        grave = _of_the_run(hacking)
        tone: Tone = "plain" if grave is None else "critical" if grave == "critical" else "warning"
        return Tile(
            "Reward hacking", "unknown" if grave is None else "signs", _unrated(hacking), tone
        )
    logged = whole(hacking.get("num_trajectories"))
    rollouts = "rollouts" if logged is None else count(logged, "rollout")
    note = f"{count(_signals(hacking), 'signal')}, {rollouts}"
    if hacking.get("is_clean") is True:
        return Tile("Reward hacking", share(rate), note, "good")
    if rate or any(s.get("severity") != "info" for s in mappings(hacking.get("signals"))):
        return Tile("Reward hacking", share(rate), note, "critical")
    return Tile("Reward hacking", share(rate), f"{note}, not all examined", "warning")


def _signals(hacking: Mapping[str, Any]) -> int:
    """Count the signals as the report did; it may have kept fewer."""
    counted = sum(n for v in mapping(hacking.get("by_kind")).values() if (n := whole(v)))
    return max(counted, len(mappings(hacking.get("signals"))))


def _of_the_run(hacking: Mapping[str, Any]) -> str | None:
    """Return the gravest severity of what was found about the whole run, more than information."""
    of_run = [
        signal.get("severity")
        for signal in mappings(hacking.get("signals"))
        if signal.get("index") is None and signal.get("group_id") is None
    ]
    return next((severity for severity in ("critical", "warning") if severity in of_run), None)


def _unrated(hacking: Mapping[str, Any]) -> str:
    """Say what was looked at where no rollout was."""
    if (grave := _of_the_run(hacking)) is not None:
        return f"{grave} about the whole run; single rollouts were not examined"
    groups = whole(mapping(hacking.get("examined")).get("groups"))
    if not groups:
        return "no rollout was examined"
    found = count(_signals(hacking), "signal")
    return f"{found} in {count(groups, 'group')}; single rollouts were not examined"


def _evals(bom: Mapping[str, Any]) -> Tile:
    evals = mappings(bom.get("evals"))
    if not evals:
        return Tile("Evals", "none", "quality was not measured")
    bad = sum(1 for e in evals if e.get("contaminated") is True)
    unchecked = sum(1 for e in evals if e.get("contaminated") is None)
    if bad:
        return Tile("Evals", f"{len(evals)}", f"{bad} contaminated", "critical")
    note = f"{unchecked} not checked for leaks" if unchecked else "no leak is known"
    return Tile("Evals", f"{len(evals)}", note)
