"""The detectors of texts, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.observability.hacking.text.answer_table import find_answer_table
from provenir.observability.hacking.text.format import find_format_exploits
from provenir.observability.hacking.text.injection import find_injection
from provenir.observability.hacking.text.padding import find_padding
from provenir.observability.hacking.text.reference import find_reference_copy
from provenir.observability.hacking.text.repetition import find_repetition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from provenir.observability.hacking.response import ResponseText
    from provenir.observability.hacking.signal import HackingSignal

TEXT_DETECTORS: Final[tuple[Callable[[ResponseText], Iterable[HackingSignal]], ...]] = (
    find_injection,
    find_format_exploits,
    find_repetition,
    find_padding,
    find_answer_table,
    find_reference_copy,
)
"""Each takes a response and yields signals without an index; none raises on any text."""


def examine_text(response: ResponseText) -> list[HackingSignal]:
    """Ask every detector about a response; never raises.

    Cost: linear in what is read of the text, of which `ResponseText.windows` bounds the length.
    """
    return [signal for detector in TEXT_DETECTORS for signal in detector(response)]
