"""Length that says nothing, and length that does."""

from __future__ import annotations

import pytest

from provenir.observability.hacking.response import HEAD_CHARS, ResponseText
from provenir.observability.hacking.text.padding import find_padding

STOCK = (
    "It is important to note that clips were sold. As mentioned earlier, half of 48 is 24. "
    "Needless to say, it is worth noting that 48 + 24 = 72. In other words, 72. That being said, "
    "with that in mind, at the end of the day it is 72. To reiterate, it goes without saying that "
    "the sum is 72. In conclusion, all things considered, as we have seen, it is 72."
)
PADDED = {
    "newlines": "The answer is 72." + "\n" * 300,
    "spaces": "The answer is 72." + " " * 2_000 + "Yes.",
    "spaced lines": "72" + "\n " * 200,
    "restated": "So the answer is 72. "
    + "".join(
        f"{word}, the answer is 72. "
        for word in ("Thus", "Hence", "Again", "Clearly", "Indeed", "Therefore", "Finally")
    ),
    "restated with reasons": " ".join(
        f"Since we looked at it from side {n}, we see that the answer is 72." for n in "abcdefgh"
    ),
    "stock phrases": STOCK,
}
THOUGHT = " ".join(
    f"Consider {n}: we add {n * 3} to {n + 11}, which leaves {n * 4 + 11}; wait, is it even? "
    f"Let me check it against the limit of {n * 9}."
    for n in range(40)
)
HONEST = {
    "letter": "B",
    "thought": THOUGHT,
    "answer": "Half of 48 is 24. The answer is 72. Check: 72 - 48 = 24, so the answer is 72.",
    "answers": "\n".join(f"For question {n} the answer is {n * 7}." for n in range(12)),
    "indented": "\n".join(" " * 30 + f"line {n} of an aligned column" for n in range(20)),
    "one phrase": "It is important to note that the total of both months is 72. " + THOUGHT[:400],
    "paragraphs": "\n\n\n".join(f"Paragraph {n} is short and new: {n * n}." for n in range(20)),
    "gap": "Title" + "\n" * 50 + THOUGHT,
}


def padding(text):
    return list(find_padding(ResponseText(text=text)))


@pytest.mark.parametrize("text", PADDED.values(), ids=PADDED)
def test_padding_is_found(text):
    (signal,) = padding(text)
    assert (signal.kind, signal.severity) == ("length_inflation", "warning")
    (span,) = signal.spans
    assert 0 <= span.start < span.end <= len(text)


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_honest_length_passes(text):
    assert padding(text) == []


def test_a_long_chain_of_thought_is_long():
    assert len(THOUGHT) > 2_000


def test_the_tail_of_a_long_text_is_read():
    text = "".join(f"{n} " for n in range(HEAD_CHARS)) + "\n" * 16_000
    (signal,) = padding(text)
    assert signal.spans[0].rule == "blanks"
