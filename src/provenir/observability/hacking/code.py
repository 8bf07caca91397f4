"""What the analysis of code in a response says, as signals of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.environments.code_analysis import analyse
from provenir.observability.hacking.signal import HackingSignal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.observability.hacking.response import ResponseText


def code_signals(response: ResponseText) -> tuple[list[HackingSignal], Mapping[str, int]]:
    """Read the code of a response.

    Returns:
        The signals, without an index; and why blocks of code were not analysed, counted.
    """
    analysis = analyse(response.text, prompt=response.prompt)
    signals = [
        HackingSignal(
            kind=finding.kind,
            severity=finding.severity,
            detail=finding.detail,
            subject=finding.subject,
            data=finding.data,
            evidence="static",
            spans=tuple(finding.spans),
        )
        for finding in analysis.findings
    ]
    return signals, analysis.skipped
