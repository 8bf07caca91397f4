"""The channels that somebody gives to the names of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.errors import UsageError
from provenir.observability.logs import LogRow
from provenir.observability.metrics import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Renaming"]


class Renaming:
    """Gives the names of a log the channels that were asked for.

    Args:
        channels: Name in the log to channel.

    Attributes:
        channels: The same.
        unmet: Names that no row has had so far.

    Raises:
        UsageError: There is no such channel.
    """

    def __init__(self, channels: Mapping[str, str]) -> None:
        if unknown := sorted(set(channels.values()) - set(CHANNELS)):
            raise UsageError(
                f"no channel is called {unknown[0]!r}", mend=f"one of {', '.join(sorted(CHANNELS))}"
            )
        self.channels = dict(channels)
        self.unmet = dict.fromkeys(self.channels)

    def row(self, row: LogRow) -> LogRow:
        """Return a row under the names that were asked for, which win over a name of the log."""
        met = [name for name in self.channels if name in row.metrics]
        if not met:
            return row
        for name in met:
            self.unmet.pop(name, None)
        rest = {name: value for name, value in row.metrics.items() if name not in met}
        chosen = {self.channels[name]: row.metrics[name] for name in met}
        return LogRow(row.place, row.step, rest | chosen)
