"""The rules: what each of them calls a leak."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from provenir.data.overlap.engine import scan_block, unexamined
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.rules import RULES, AlignedRule

PASSAGE = (
    "The lighthouse on the skerry was built of granite blocks that oxen dragged over the ice in "
    "one bitter winter, and its keeper wrote down every ship that passed for forty years."
)
QUESTION = "Who noted all vessels that went by the tower on the rock?"
TEXT = " ".join(f"w{n}" for n in range(40))


def scan(index, rule, *texts, fields=None):
    data = b"".join(orjson.dumps({"text": text, "more": "none"}) + b"\n" for text in texts)
    buf = np.frombuffer(data + bytes(256), np.uint8)
    return scan_block(SimpleNamespace(buf=buf, size=len(data)), index, rule, fields=fields).hits


def part(first, count):
    return " ".join(TEXT.split()[first : first + count])


@pytest.mark.parametrize(
    ("name", "leak", "no_leak"),
    [
        ("gpt3-13gram", part(5, 13), f"{part(5, 12)} x {part(17, 12)}"),
        ("palm-8gram", part(2, 35), part(2, 25)),
        ("llama3", f"{part(0, 10)} x {part(20, 10)}", f"{part(0, 10)} x {part(20, 9)}"),
        ("idf-aligned", part(0, 20), part(0, 16)),
    ],
)
def test_each_rule_draws_its_line(name, leak, no_leak):
    index = EvalIndex.build({"e": [{"text": TEXT}]})
    found = scan(index, RULES[name], leak, no_leak)
    assert [hit.row for hit in found] == [0]


def test_a_passage_alone_is_told_apart_from_its_question():
    index = EvalIndex.build({"e": [{"context": PASSAGE, "question": QUESTION}]})
    alone, both = scan(index, AlignedRule(), PASSAGE, f"{PASSAGE} {QUESTION}")
    assert (alone.score.role, alone.score.severity) == ("passage", "info")
    assert (both.score.role, both.score.severity) == ("item", "critical")


def test_beside_its_passage_a_question_needs_less():
    index = EvalIndex.build({"e": [{"context": PASSAGE, "question": QUESTION}]})
    some = "Who noted all vessels that went around"
    alone, both = scan(index, AlignedRule(), PASSAGE, f"{PASSAGE} {some}")
    assert (alone.score.severity, both.score.severity) == ("info", "critical")
    assert scan(index, AlignedRule(), some) == ()


ANSWER = "It melts once the sun has been up for a while and then it freezes again at night"


@pytest.mark.parametrize(
    ("leaked", "severity"),
    [
        (" ".join(ANSWER.split()[:8]), "info"),
        (ANSWER, "critical"),
    ],
)
def test_an_answer_of_a_few_words_says_nothing_alone(leaked, severity):
    index = EvalIndex.build({"e": [{"question": QUESTION, "answer": leaked}]})
    alone, both = scan(index, AlignedRule(), f"So. {leaked}", f"{QUESTION} {leaked}")
    assert (alone.score.role, alone.score.severity) == ("answer", severity)
    assert (both.score.role, both.score.severity) == ("item", "critical")


SHORT = "What can this function be used for"


def severities(text):
    """What a row with a text says of an item that begins with `SHORT`, and of `SHORT` alone."""
    others = [{"question": f"{SHORT} in case {n}", "answer": f"see {n}"} for n in range(4)]
    rows = [*others, {"question": SHORT, "answer": ANSWER}, {"question": f"{SHORT} "}]
    index = EvalIndex.build({"e": rows})
    hits = {hit.item: hit.score for hit in scan(index, AlignedRule(), text)}
    return hits[4].severity, hits[5].severity


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (f"You ask me. {SHORT}? Tell me.", "info"),
        (f"You ask me.\nQuestion 1: {SHORT}?\nTell me.", "critical"),
        (f"You ask me. {SHORT}? Freezes, then melts again at night once sun is up.", "critical"),
        (
            f"You ask me. {SHORT}? {'Or not? ' * 30} Night: it freezes, sun: melts.",
            "info",
        ),
    ],
)
def test_a_question_of_a_few_common_words_must_stand_as_one(text, severity):
    assert severities(text) == (severity, "critical")


def test_what_says_enough_is_named_before_what_does_not():
    answer = "a few words that are here"
    index = EvalIndex.build({"e": [{"question": TEXT, "answer": answer}]})
    (hit,) = scan(index, AlignedRule(), f"{part(0, 28)} and {answer}")
    assert (hit.score.role, hit.score.severity) == ("item", "critical")


def test_short_texts_must_be_there_whole():
    index = EvalIndex.build({"e": [{"question": "Name the deepest lake of Siberia"}]})
    found = scan(
        index, AlignedRule(), "Name the deepest lake of Siberia!", "Name the deepest lake of Peru"
    )
    assert [hit.row for hit in found] == [0]


def test_a_shared_instruction_is_no_leak():
    instruction = "Read the following problem with care and give only the final number as answer"
    rows = [{"question": f"{instruction}: {n} plus {n + 7} minus {n * 3}"} for n in range(60)]
    index = EvalIndex.build({"e": rows})
    assert scan(index, AlignedRule(), f"{instruction}: what is love?") == ()


def test_an_item_that_stands_thirty_times_is_found_once_and_has_twins():
    index = EvalIndex.build({"e": [{"text": TEXT}] * 30, "f": [{"text": TEXT}]})
    (hit,) = scan(index, AlignedRule(), TEXT)
    assert len(index.twins(hit.item)) == 31
    assert hit.score.value == 1.0


def test_an_item_that_is_part_of_another_is_found():
    index = EvalIndex.build({"e": [{"text": TEXT}, {"text": f"{TEXT} {PASSAGE}"}]})
    assert 0 in {hit.item for hit in scan(index, AlignedRule(), TEXT)}


def test_what_a_rule_cannot_find_is_named():
    index = EvalIndex.build({"e": [{"text": TEXT}, {"text": "too few words"}, {"id": 3}]})
    assert unexamined(index, AlignedRule()) == (1, 2)
    assert unexamined(index, RULES["gpt3-13gram"]) == (1, 2)


def test_only_the_wanted_fields_are_examined():
    index = EvalIndex.build({"e": [{"text": TEXT}]})
    assert len(scan(index, AlignedRule(), TEXT, fields=["text"])) == 1
    assert scan(index, AlignedRule(), TEXT, fields=["more"]) == ()
