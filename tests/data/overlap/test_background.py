"""The second look at hits: boilerplate of the corpus falls away, a leak that recurs does not."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from provenir.data.overlap.background import Background
from provenir.data.overlap.engine import scan_block
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.rules import AlignedRule

NOTICE = (
    "This material may be copied and handed on in any medium as long as the notice of the "
    "publisher stays with every copy and no fee is asked for the copy itself"
)
SPECIFIC = (
    "Hedgehogs sleep through winter under leaf piles because beetles vanish when soil freezes, so "
    "gardeners should leave heaps untouched until spring warms their hollow nests again and "
    "every neighbour has been asked to look twice before any bonfire is lit"
)
RULE = AlignedRule(threshold=0.35)


WORDS = f"{NOTICE}. {SPECIFIC}".split()
PLAIN = [f"plain row {n} of other things than those" for n in range(200)]


def judged(rows, item=f"{NOTICE}. {SPECIFIC}."):
    """The rows that are hits, and those that still are once all is known."""
    index = EvalIndex.build({"garden": [{"text": item} if isinstance(item, str) else item]})
    data = b"".join(orjson.dumps({"text": row}) + b"\n" for row in rows)
    buf = np.frombuffer(data + bytes(256), np.uint8)
    result = scan_block(SimpleNamespace(buf=buf, size=len(data)), index, RULE)
    background = Background(index, RULE)
    background.add(result)
    hits = [hit.row for hit in result.hits]
    return hits, [hit.row for hit in result.hits if background.confirms(hit)]


def surrounded(text, count):
    """Different rows that hold a text."""
    return [f"{'early ' * n}words before {n}\n{text}\nbehind are {n} more" for n in range(count)]


def pieces(text, times):
    words = text.split()
    cut = [" ".join(words[n : n + 9]) for n in range(0, len(words) - 8, 4)]
    return [f"{part} number {n}" for n in range(times) for part in cut]


def test_a_hit_that_is_boilerplate_of_the_corpus_falls_away():
    rows = pieces(NOTICE, 200)
    hits, confirmed = judged([*rows, NOTICE, f"{NOTICE}. {SPECIFIC}."])
    assert hits == [len(rows), len(rows) + 1]
    assert confirmed == [len(rows) + 1]


@pytest.mark.parametrize("text", [SPECIFIC, NOTICE])
def test_a_leak_in_a_row_that_stands_a_thousand_times_stays_a_leak(text):
    hits, confirmed = judged([text] * 1000)
    assert len(hits) == len(confirmed) == 1000


@pytest.mark.parametrize("count", [3, 10, 50])
@pytest.mark.parametrize("share", [0.85, 0.6])
@pytest.mark.parametrize("from_end", [False, True])
def test_most_of_an_item_is_a_leak_in_however_many_rows(count, share, from_end):
    kept = round(share * len(WORDS))
    text = " ".join(WORDS[-kept:] if from_end else WORDS[:kept])
    hits, confirmed = judged([*PLAIN, *surrounded(text, count)])
    assert len(hits) == len(confirmed) == count


def test_most_of_an_item_of_paragraphs_is_a_leak_in_many_rows():
    lines = SPECIFIC.replace(", ", ",\n")
    item = f"{lines}\n{NOTICE}"
    text = f"{lines} {' '.join(NOTICE.split()[:8])}"
    hits, confirmed = judged([*PLAIN, *surrounded(text, 20)], item)
    assert len(hits) == len(confirmed) == 20


def test_a_part_that_the_corpus_knows_in_pieces_is_a_notice_once_it_recurs():
    rows = pieces(NOTICE, 1)
    two, three = surrounded(NOTICE, 2), surrounded(NOTICE, 3)
    assert len(judged([*PLAIN, *rows, *rows, *two])[1]) == 2
    hits, confirmed = judged([*PLAIN, *rows, *rows, *three, f"{NOTICE}. {SPECIFIC}."])
    assert len(hits) == 4
    assert confirmed == hits[-1:]


def test_a_part_of_an_item_that_is_known_in_pieces_all_over_is_a_leak():
    rows = pieces(f"{NOTICE} {SPECIFIC}", 2)
    hits, confirmed = judged([*PLAIN, *rows, *surrounded(NOTICE, 5)])
    assert len(hits) == len(confirmed) == 5


@pytest.mark.parametrize("shown", [NOTICE, "\n".join(NOTICE.split(" of ")) + "\n"])
def test_a_paragraph_at_the_head_that_many_rows_have_is_a_notice(shown):
    item = f"{shown}\n{SPECIFIC}"
    hits, confirmed = judged([*PLAIN, *surrounded(shown, 9)], item)
    assert len(confirmed) == len(hits) == 9
    hits, confirmed = judged([*PLAIN, *surrounded(shown, 15), item], item)
    assert len(hits) == 16
    assert confirmed == hits[-1:]


def test_a_paragraph_that_asks_is_a_leak():
    question = NOTICE + ", but who is it that pays for them?"
    item = f"{question}\n{SPECIFIC}"
    hits, confirmed = judged([*PLAIN, *surrounded(question, 15)], item)
    assert len(confirmed) == len(hits) == 15


def test_interleaved_leaks_recur_without_being_notices():
    words = [" ".join(WORDS[n : n + 12]) for n in range(0, len(WORDS), 12)]
    rows = [" ".join(f"{part} {'and now ' * n}else" for part in words) for n in range(1, 30, 5)]
    hits, confirmed = judged([*PLAIN, *pieces(NOTICE, 2), *rows])
    assert len(hits) == len(confirmed) == len(rows)


def test_a_question_without_its_answer_is_no_notice_however_well_it_is_known():
    words = NOTICE.split()
    marked = [" ".join(words[n : n + 7]) + f" line {n}" for n in range(0, len(words), 7)]
    rows = [f"{'early ' * n}\n" + "\n".join(marked) for n in range(5)]
    record = {"question": NOTICE, "answer": SPECIFIC}
    hits, confirmed = judged([*PLAIN, *pieces(NOTICE, 2), *rows], record)
    assert len(hits) == len(confirmed) == len(rows)
