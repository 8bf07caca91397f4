"""Texts that say the same over and over, and texts that only look like it."""

from __future__ import annotations

import random

import pytest

from provenir.observability.hacking.response import HEAD_CHARS, ResponseText
from provenir.observability.hacking.text.repetition import (
    compression_ratio,
    find_repetition,
    longest_loop,
)

rng = random.Random(20240601)
SOLUTION = "Natalia sold 48/2 = 24 clips in May. Altogether she sold 48 + 24 = 72 clips. "

DEGENERATE = {
    "sentence": "The answer is 4. " * 20,
    "word": "yes " * 15,
    "letter": "Let me think. " + "I " * 60,
    "token loop": "the " * 14,
    "tail": SOLUTION + "so the answer is " * 16,
    "end of a long text": " ".join(f"Number {i} squared is {i * i}." for i in range(60))
    + " and so on and so forth" * 20,
    "numbered lines": "\n".join(f"{i}. The answer is therefore 42." for i in range(20)),
    "steps": "\n".join(f"Step {i}: We check again and find that it is 5." for i in range(12)),
    "paragraph": "We note that the apples are twelve because six and six make twelve. " * 4,
    "waiting": "First 3+4=7. " + "Wait, let me double check that. " * 12 + "So 7.",
    "no spaces": "我不知道答案是什么。" * 15,
    "cyrillic": "ответ равен четырём, " * 12,
    "characters": "a" * 200,
    "exclamation": "Answer: 4" + "!" * 150,
    "emoji": "😀" * 100,
    "hashes": "#### " * 60,
    "breaks": "<br>" * 80,
    "zeros": "0" * 300,
    "braces": "{}" * 100,
    "word salad": " ".join(rng.choice(["so", "the", "answer", "is", "four"]) for _ in range(200)),
    "shuffled sentences": " ".join(
        rng.choice(["The answer is four.", "So it is four.", "Hence four it is.", "We get four."])
        for _ in range(60)
    ),
}

HONEST = {
    "letter": "B",
    "yes": "YES",
    "empty": "",
    "number": "72",
    "solution": SOLUTION + "#### 72",
    "laughter": "Ha ha ha ha! That is a good one.",
    "table": "| n | square |\n|---|---|\n" + "\n".join(f"| {n} | {n * n} |" for n in range(40)),
    "trial division": "\n".join(f"{n} does not divide 391 without a rest" for n in range(2, 17)),
    "list": "\n".join(f"- item {n} costs {n * 3} dollars" for n in range(30)),
    "numbers": "\n".join(str(rng.random()) for _ in range(80)),
    "csv": "\n".join(f"{n},{rng.randrange(99)},ok,0,0" for n in range(60)),
    "log": "\n".join(f"12:00:{n:02} INFO worker {n % 4} took job {n}" for n in range(50)),
    "code": "\n".join(f"    def get_{c}(self):\n        return self._{c}\n" for c in "abcdefghij"),
    "asserts": "\n".join(f"    assert square({n}) == {n * n}" for n in range(25)),
    "rule": "Result\n" + "=" * 60 + "\nThe clips were 72.\n" + "-" * 60,
    "art": "   /\\_/\\\n  ( o.o )\n   > ^ <\n  /     \\\n (       )\n  \\_____/\n"
    + "  ||   ||\n" * 2,
    "refrain": "\n\n".join(
        f"{verse}\nAnd the river runs, and the river runs,\nDown to the sea below."
        for verse in (
            "The morning broke on hill and stone,\nA lonely bell began to ring,",
            "The miller walked the road alone\nAnd heard the blackbird sing,",
            "At night the lanterns lit the town,\nThe boats came slowly in,",
        )
    ),
    "json": "[" + ", ".join(f'{{"id": {n}, "name": "user{n}"}}' for n in range(30)) + "]",
    "multiplication": "\n".join(f"7 x {n} = {7 * n}" for n in range(1, 21)),
    "dna": "".join(rng.choice("ACGT") for _ in range(400)),
    "chinese": "娜塔莉亚在四月卖了四十八个夹子，五月卖了一半。两个月一共卖了七十二个。",
    "digits": "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899",
}


def found(text, **known):
    return list(find_repetition(ResponseText(text=text, **known)))


@pytest.mark.parametrize("text", DEGENERATE.values(), ids=DEGENERATE)
def test_a_degenerate_text_is_found(text):
    (signal,) = found(text)
    assert (signal.kind, signal.severity) == ("degenerate_repetition", "warning")
    assert signal.evidence == "statistical"
    (span,) = signal.spans
    assert 0 <= span.start < span.end <= len(text)


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_an_honest_text_passes(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "prompt",
    [
        "Write 'I will not be late' 50 times.",
        "Repeat the word yes as often as you can.",
        "Write the lyrics of a song with a refrain.",
        "Make up a DNA sequence of 200 bases.",
    ],
)
def test_what_the_prompt_asks_for_is_information(prompt):
    (signal,) = found("I will not be late. " * 50, prompt=prompt)
    assert signal.severity == "info"


def test_three_times_as_many_asks_for_nothing():
    prompt = "Ann has three times as many apples as Bob. How many has she?"
    (signal,) = found("The answer is 4. " * 20, prompt=prompt)
    assert signal.severity == "warning"


def test_the_tail_of_a_long_text_is_read():
    words = (str(number) for number in range(60_000))
    text = " ".join(words) + " and so it goes" * 400
    assert len(text) > HEAD_CHARS
    (signal,) = found(text)
    assert text[signal.spans[0].start : signal.spans[0].end].startswith("and so it goes")


def test_the_period_of_a_loop_is_exact():
    text = "x y z " * 5 + "end"
    places = [(i, i + 1) for i in range(0, 30, 2)]
    loop = longest_loop(places, text)
    assert (loop.start, loop.end, loop.times, loop.period) == (0, 29, 5.0, 3)
    assert longest_loop(places[:4], text) is None


def test_what_is_new_does_not_compress():
    assert compression_ratio("a" * 500) < 0.1 < 0.4 < compression_ratio(HONEST["numbers"])


AGAIN = {
    "numbered": " ".join(
        f"In part {n} we look at the amount with care and we find that it is of note."
        for n in range(9)
    ),
    "connectives": " ".join(
        f"{word}, the lamp of the tower guides the ships at night."
        for word in ("In short", "To conclude", "All in all", "Finally", "In sum", "Again", "Thus")
    ),
    "two in turn": "\n".join(
        f"At point {n} it holds that the claim is well supported.\n"
        f"From point {n} on we see that the claim is of great weight."
        for n in range(6)
    ),
}
NEW_EACH_TIME = {
    "cases": " ".join(
        f"For n = {n} the remainder of {7**n} divided by 10 is {7**n % 10}, as before."
        for n in range(9)
    ),
    "days": "\n".join(
        f"On day {n} the ferry left the harbour {what} and the crew was glad."
        for n, what in enumerate(("late", "in fog", "with mail", "at noon", "empty", "full"))
    ),
    "numbers at random": " ".join(
        f"A rough estimate is somewhere near the number {n * n * 7 % 101} that was given."
        for n in range(9)
    ),
}


@pytest.mark.parametrize("text", AGAIN.values(), ids=AGAIN)
def test_sentences_under_other_numbers_and_connectives_are_repeated(text):
    (signal,) = find_repetition(ResponseText(text=text))
    assert signal.severity == "warning"


@pytest.mark.parametrize("text", NEW_EACH_TIME.values(), ids=NEW_EACH_TIME)
def test_cases_days_and_tables_are_no_repetition(text):
    assert [s for s in find_repetition(ResponseText(text=text)) if s.severity != "info"] == []
