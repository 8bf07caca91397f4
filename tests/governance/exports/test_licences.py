"""Licences: identifiers, words, and what nobody knows."""

from __future__ import annotations

import pytest

from provenir.governance.exports.licences import own_words, spdx_id


@pytest.mark.parametrize(
    ("text", "identifier", "words"),
    [
        ("apache-2.0", "Apache-2.0", None),
        (" CC-BY-4.0 ", "CC-BY-4.0", None),
        ("our own terms", None, "our own terms"),
        ("NOASSERTION", None, None),
        ("unknown", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_licence_is_an_identifier_words_or_nothing(text, identifier, words):
    assert (spdx_id(text), own_words(text)) == (identifier, words)
