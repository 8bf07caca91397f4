"""The signs of reward hacking that a report holds, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from provenir.cli.output import stdout, table
from provenir.core.findings import severity_rank

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["flags", "show_flags"]

MOST: Final = 10
_COLUMNS: Final = ("severity", "kind", "about", "detail")
_KNOWN: Final = ("warning", "critical")


def flags(signals: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the signals that are more than information, those about the run and grave ones first.

    Args:
        signals: Signals of a `hacking_report.json`, which somebody may have changed.
    """
    kept = [one for one in signals if isinstance(one, Mapping) and one.get("severity") in _KNOWN]
    kept.sort(key=lambda one: (_about(one) != "the run", -severity_rank(one["severity"])))
    return [dict(one) for one in kept]


def show_flags(found: list[dict[str, Any]]) -> None:
    """Print the first few of what `flags` returned; nothing where it is empty."""
    if not found:
        return
    rows = [[one["severity"], one.get("kind"), _about(one), one.get("detail")] for one in found]
    title = "signs of reward hacking"
    if len(rows) > MOST:
        title += f", {MOST} of {len(rows):,}"
    stdout().print(table(title, _COLUMNS, rows[:MOST]))


def _about(signal: Mapping[str, Any]) -> str:
    index, group = signal.get("index"), signal.get("group_id")
    if index is not None:
        return f"rollout {index}"
    return "the run" if group is None else f"group {group}"
