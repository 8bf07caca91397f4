"""The honest solutions are honest: pytest, with no wall and no proxy, lets every one pass."""

from __future__ import annotations

from environments.code_pairs import families, pairs
from environments.code_styles import STYLES
from environments.plain_judge import complaints


def test_the_honest_corpus_is_honest(tmp_path):
    rows = {pair.name: (pair.family.code, pair.reference) for pair in pairs()}
    assert complaints(rows, tmp_path) == {}


def test_the_plain_judge_tells_wrong_from_right(tmp_path):
    wrong = "def double(x):\n    return x\n"
    block = ["assert double(2) == 4"]
    rows = {style: (wrong, write(block, "double")) for style, write in STYLES.items()}
    rows["stdin"] = ("print(1)", {"test_code": {"input": "", "output": "2\n"}})
    rows["no test"] = (wrong, {"test_code": "from unittest import TestCase\n"})
    assert set(complaints(rows, tmp_path)) == set(rows)


def test_there_are_enough_of_every_kind():
    assert len({family.name for family in families()}) == len(families()) >= 150
    assert len(pairs()) >= 600
    objects = [family for family in families() if "object" in family.tags]
    assert len(objects) >= 80
    kinds = "class generator recursion exceptions callback stateful operators async decorator"
    for kind in kinds.split():
        assert sum(kind in family.tags for family in families()) >= 4, kind
