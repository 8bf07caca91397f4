"""Words, stems and concepts."""

from __future__ import annotations

import pytest
from hypothesis import given

from provenir.data.paraphrase.terms import content_terms, fold, poles_of, stem, words_of
from strategies import any_text


@pytest.mark.parametrize(
    "forms",
    [
        ("carry", "carries", "carried"),
        ("make", "making"),
        ("run", "runs", "running"),
        ("box", "boxes"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms):
    assert len({stem(form) for form in forms}) == 1


def test_possessives_and_compatibility_forms_are_folded():
    assert words_of(fold("Mira’s ﬁne FLAT, don't")) == ["mira", "fine", "flat", "dont"]


def test_scripts_without_spaces_give_one_word_a_character():
    assert words_of(fold("三个苹果 and Москва")) == [*"三个苹果", "and", "москва"]


def test_words_of_one_concept_are_one_term():
    assert content_terms(["purchased"]) == content_terms(["bought"])
    assert content_terms(["the", "of", "12"]) == []


def test_a_text_with_both_poles_takes_no_side():
    assert poles_of(["largest"]) == dict.fromkeys(poles_of(["largest"]), 1)
    assert set(poles_of(["largest", "smallest"])) == set()


@given(any_text)
def test_any_text_has_terms(text):
    words = words_of(fold(text))
    assert content_terms(words) == content_terms(words_of(fold(text)))
