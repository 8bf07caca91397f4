"""Canaries as text, and how they are derived."""

from __future__ import annotations

import copy
import hashlib
import hmac
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import UsageError
from provenir.eval.canary.token import Canary, derive

KEY = b"k" * 32
TEXT = "1db407-eb0c99b-0fb5f3-971840a-be9b99"


def test_the_canary_of_a_name_never_changes():
    """Whoever tagged an eval set years ago must be able to look for it today."""
    assert derive("mmlu-private", None, None) == TEXT
    assert derive("mmlu-private", None, KEY) == derive("mmlu-private", None, KEY)


def test_the_digits_are_those_of_sha256_and_hmac():
    message = b"provenir canary/1\n" + canonical_bytes({"eval_set_id": "e", "recipient": "r"})
    keyed = hmac.new(KEY, message, hashlib.sha256).hexdigest()[:32]
    assert derive("e", "r", KEY).digits == keyed
    message = b"provenir canary/1\n" + canonical_bytes({"eval_set_id": "e", "recipient": None})
    assert derive("e", None, None).digits == hashlib.sha256(message).hexdigest()[:32]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(names, names, st.binary(min_size=1, max_size=40))
def test_every_canary_has_five_groups_and_knows_whose_it_is(eval_set_id, recipient, key):
    canary = derive(eval_set_id, recipient, key)
    assert [len(group) for group in canary.split("-")] == [6, 7, 6, 7, 6]
    assert (canary.keyed, canary.recipient is not None) == (True, True)
    assert canary != derive(eval_set_id, None, key) != derive(eval_set_id, None, None)


def test_names_and_keys_are_not_run_together():
    made = {
        derive("ab", "c", KEY),
        derive("a", "bc", KEY),
        derive('a","recipient":"bc', None, KEY),
        derive("ab", "c", b"other key"),
    }
    assert len(made) == 4


def test_a_name_is_the_same_in_either_composition():
    assert derive("caf\u00e9", None, None) == derive("cafe\u0301", None, None)


@pytest.mark.parametrize("name", ["", "  \n", None, 7, b"x", "\ud800"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UsageError, match="eval_set_id"):
        derive(name, None, None)
    if name is not None:
        with pytest.raises(UsageError, match="recipient"):
            derive("x", name, KEY)


def test_a_recipient_needs_a_key():
    with pytest.raises(UsageError, match="needs a key"):
        derive("x", "acme", None)


def test_a_canary_is_its_text_in_any_spelling():
    canary = Canary(f" {TEXT.upper().replace('-', '')}\n")
    assert canary == TEXT
    assert canary in f"some text {TEXT} here"
    assert Canary(derive("e", "r", KEY)).recipient == "r"


@pytest.mark.parametrize("text", ["", TEXT[:-1], TEXT + "0", TEXT.replace("1", "g"), None, 5])
def test_what_is_no_canary_is_refused(text):
    with pytest.raises(UsageError, match="is no canary"):
        Canary(text)


def test_copies_keep_what_is_known():
    canary = derive("e", "r", KEY)
    for again in (pickle.loads(pickle.dumps(canary)), copy.deepcopy(canary)):
        assert again == canary
        assert (again.eval_set_id, again.recipient, again.keyed) == ("e", "r", True)


def test_a_commitment_depends_on_all_that_it_fixes():
    salt = bytes(32)
    made = [
        derive("e", "r", KEY).commitment(),
        derive("e", "r", KEY).commitment(salt),
        derive("e", "s", KEY).commitment(),
        Canary(derive("e", "r", KEY).digits, eval_set_id="e", recipient="s").commitment(),
        Canary(derive("e", "r", KEY).digits, eval_set_id="f", recipient="r").commitment(),
    ]
    assert len(set(made)) == len(made)
