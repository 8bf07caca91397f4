"""The tables of words: whoever changes one changes scores, and must say so in two versions."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")

from provenir.core.digest import digest_value
from provenir.data.paraphrase import lexicon
from provenir.data.paraphrase.hashed import HashedFeatures
from provenir.data.paraphrase.terms import stem


def tables():
    held = {name: getattr(lexicon, name) for name in sorted(lexicon.__all__)}
    plain = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in held.items()
    }
    plain["UNITS"] = {word: [kind, repr(scale)] for word, (kind, scale) in lexicon.UNITS.items()}
    plain["NUMBER_WORDS"] = {word: repr(value) for word, value in lexicon.NUMBER_WORDS.items()}
    return plain


def test_the_tables_are_those_of_the_embedders_version():
    assert (HashedFeatures.name, digest_value(tables())[7:23]) == (
        "hashed-features/1",
        "d8417046623d6464",
    )


def test_no_word_stands_on_both_sides_of_one_pair_of_opposites():
    for line in lexicon.POLES.strip().splitlines():
        one, other = ({stem(word) for word in side.split()} for side in line.split("/"))
        assert not one & other, line
