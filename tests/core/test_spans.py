from __future__ import annotations

import pytest

from provenir.core.errors import UsageError
from provenir.core.spans import Span


def test_a_span_moves_with_its_text() -> None:
    text = "print(1)\nexit(0)"
    inner = Span(0, 7, "exit")
    assert text[9:][inner.start : inner.end] == "exit(0)"
    outer = inner.moved(9)
    assert text[outer.start : outer.end] == "exit(0)"
    assert outer.rule == "exit"


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_what_is_no_stretch_is_refused(start: int, end: int) -> None:
    with pytest.raises(UsageError, match="no stretch"):
        Span(start, end)
