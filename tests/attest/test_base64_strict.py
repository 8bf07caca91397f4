from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.attest import base64_strict
from provenir.core.errors import InputError


@given(st.binary(max_size=200))
def test_both_alphabets_round_trip(data: bytes) -> None:
    assert base64_strict.decode(base64_strict.encode(data)) == data
    assert base64_strict.decode(base64.urlsafe_b64encode(data).decode()) == data


@pytest.mark.parametrize(
    "text",
    [
        "aGk",  # no padding
        "aGk=\n",
        " aGk=",
        "aG k=",
        "aGl=",  # stray bits under the padding: decodes to "hi" elsewhere
        "aR==",
        "=",
        "====",
        "aGk==",
        "aGk=aGk=",
        "a",
        "+-+-",  # two alphabets in one text
        "_/8=",
        "aGk\u2060=",
        "ａGk=",  # a full-width letter
        "aG*k",
    ],
)
def test_what_no_encoder_writes_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        base64_strict.decode(text)


@given(st.text(alphabet="aAgQ+/-_=\n \u00e4", max_size=12))
def test_accepted_text_has_one_spelling_per_alphabet(text: str) -> None:
    try:
        data = base64_strict.decode(text)
    except InputError:
        return
    spellings = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()}
    assert text in spellings
