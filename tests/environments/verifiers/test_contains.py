"""Texts that must be there, and texts that must not."""

from __future__ import annotations

import pytest

from provenir.core.errors import UsageError
from provenir.environments.verifiers.contains import ContainsVerifier


def reason(verifier, response, reference=None):
    result = verifier.verify(response, reference)
    assert result.passed == (result.reward > 0) == (result.metadata["reason"] == "ok")
    return result.metadata["reason"]


def test_all_required_and_none_forbidden():
    verifier = ContainsVerifier(required=["Paris", "France"], forbidden=["London"])
    assert reason(verifier, "Paris is in France.") == "ok"
    assert reason(verifier, "Paris is lovely.") == "missing_text"
    assert reason(verifier, "Paris, France, not London") == "forbidden_text"
    assert reason(verifier, "") == "missing_text"
    assert verifier.verify("Paris", None).metadata["missing"] == ["France"]
    assert verifier.verify("London", None).metadata["forbidden"] == ["London"]


def test_a_share_of_the_keywords_is_rewarded_nothing():
    verifier = ContainsVerifier(required=["a", "b", "c"])
    assert verifier.verify("a b", None).reward == 0.0


def test_case_and_words():
    assert reason(ContainsVerifier(["paris"]), "Paris") == "missing_text"
    assert reason(ContainsVerifier(["paris"], case_sensitive=False), "PARIS") == "ok"
    words = ContainsVerifier(["art"], whole_words=True)
    assert reason(words, "a party") == "missing_text"
    assert reason(words, "éart") == "missing_text"
    assert reason(words, "art_") == "missing_text"
    assert reason(words, "art, again") == "ok"
    assert reason(ContainsVerifier(["C++"], whole_words=True), "in C++!") == "ok"
    assert reason(ContainsVerifier(forbidden=["art"], whole_words=True), "a party") == "ok"


def test_look_alikes_are_other_texts():
    assert reason(ContainsVerifier(["Paris"]), "\u0420aris") == "missing_text"
    assert reason(ContainsVerifier(["Paris"]), "Pa\u200bris") == "missing_text"


@pytest.mark.parametrize("reference", ["a", ["a"], ("a",), {"required": ["a"]}])
def test_the_reference_gives_the_texts_where_nothing_else_does(reference):
    assert reason(ContainsVerifier(), "a", reference) == "ok"
    assert reason(ContainsVerifier(), "b", reference) == "missing_text"
    assert reason(ContainsVerifier(required=["b"]), "b", reference) == "ok"
    assert reason(ContainsVerifier(), "a b", {"required": ["a"], "forbidden": ["b"]}) == (
        "forbidden_text"
    )


@pytest.mark.parametrize(
    "reference",
    [None, "", [], [""], ["a", None], 3, b"a", {}, {"required": "a"}, {"wanted": ["a"]},
     {"required": []}, {"required": ["ab"], "forbidden": ["a"]}, [["a"]],
     "a" * 1_001, ["a"] * 1_001],
)  # fmt: skip
def test_a_reference_without_texts_is_named(reference):
    assert reason(ContainsVerifier(), "a", reference) == "bad_reference"


@pytest.mark.parametrize(
    "arguments",
    [{"required": "a"}, {"required": [""]}, {"forbidden": [1]}, {"required": None},
     {"required": ["ab"], "forbidden": ["a"]}],
)  # fmt: skip
def test_misuse_is_told_at_once(arguments):
    with pytest.raises(UsageError):
        ContainsVerifier(**arguments)
