"""The second look at hits: boilerplate of the corpus falls away, a repeated leak does not."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import orjson

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


def judged(rows):
    index = EvalIndex.build({"garden": [{"text": f"{NOTICE}. {SPECIFIC}."}]})
    data = b"".join(orjson.dumps({"text": row}) + b"\n" for row in rows)
    buf = np.frombuffer(data + bytes(256), np.uint8)
    result = scan_block(SimpleNamespace(buf=buf, size=len(data)), index, RULE)
    background = Background(index, RULE)
    background.add(result)
    return result.hits, [hit.row for hit in result.hits if background.confirms(hit)]


def test_a_hit_that_is_boilerplate_of_the_corpus_falls_away():
    words = NOTICE.split()
    parts = [" ".join(words[n : n + 9]) for n in range(0, len(words) - 8, 4)]
    rows = [f"{part} number {n}" for n in range(200) for part in parts]
    hits, confirmed = judged([*rows, NOTICE, f"{NOTICE}. {SPECIFIC}."])
    assert [hit.row for hit in hits] == [len(rows), len(rows) + 1]
    assert confirmed == [len(rows) + 1]


def test_a_leak_that_stands_a_thousand_times_stays_a_leak():
    hits, confirmed = judged([SPECIFIC] * 1000)
    assert len(hits) == len(confirmed) == 1000


def test_a_part_that_recurs_in_different_rows_is_boilerplate():
    rows = [f"{word} {NOTICE}" for word in ("First", "Secondly", "Third of all")]
    hits, confirmed = judged([*rows, f"{NOTICE}. {SPECIFIC}."])
    assert [hit.row for hit in hits] == [0, 1, 2, 3]
    assert confirmed == [3]


def test_a_part_in_a_row_that_stands_a_thousand_times_stays_a_leak():
    hits, confirmed = judged([NOTICE] * 1000)
    assert len(hits) == len(confirmed) == 1000
