"""Signed notes: the bytes of the specification, and nothing but InputError for anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.attest.keys import Ed25519Signer, PublicKey
from provenir.attest.note import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    NoteSignature,
    SignedNote,
    check_key_name,
    format_vkey,
    key_hash,
    parse_vkey,
)
from provenir.core.errors import InputError, UsageError

# The example of c2sp.org/tlog-cosignature.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()  # noqa: E501


def test_the_example_of_the_specification_is_read() -> None:
    note = SignedNote.parse(EXAMPLE)
    assert [each.name for each in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    assert [len(each.signature) for each in note.signatures] == [64, 72]
    assert note.signatures[0].key_hash.hex() == "033de0ae"
    assert note.to_bytes() == EXAMPLE


def test_a_text_may_hold_empty_lines() -> None:
    data = b"one\n\ntwo\n\n" + EXAMPLE.partition(b"\n\n")[2]
    assert SignedNote.parse(data).text == "one\n\ntwo\n"


LINE = NoteSignature("k", b"\x01\x02\x03\x04", b"s" * 64).line.encode() + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        b"text\n\n\n",
        b"text\n" + LINE,
        b"text\n\n" + LINE[:-1],
        b"text\n\n" + LINE + b"\n",
        b"text\n\n" + LINE + b"more\n",
        b"text\r\n\n" + LINE,
        b"te\x00xt\n\n" + LINE,
        b"te\x1bxt\n\n" + LINE,
        b"te\xffxt\n\n" + LINE,
        b"te\xed\xa0\x80xt\n\n" + LINE,
        b"text\n\n" + LINE.replace(b" k ", b" k+k "),
        b"text\n\n" + LINE.replace(b" k ", b"  "),
        b"text\n\n" + LINE.replace(b" k ", "\u2003k ".encode()),
        b"text\n\n" + LINE.replace(b" k ", "k\u00a0k ".encode()),
        b"text\n\n" + LINE.replace("—".encode(), b"-"),
        b"text\n\n" + LINE.replace(b"=", b""),
        b"text\n\n" + LINE.replace(b"AQ", b"A Q"),
        b"text\n\n" + "— k AQIDBA==\n".encode(),
        b"text\n\n" + "— k AQI=\n".encode(),
        b"text\n\n" + "— k AQIDBP__\n".encode(),
        b"text\n\n" + LINE * (MAX_SIGNATURES + 1),
        b"x" * MAX_NOTE_BYTES + b"\n\n" + LINE,
    ],
)
def test_whatever_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        SignedNote.parse(data, where="x")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=40).map(lambda b: EXAMPLE[:150] + b)))
def test_any_bytes_are_a_note_or_an_input_error(data: bytes) -> None:
    try:
        note = SignedNote.parse(data)
    except InputError:
        return
    assert note.to_bytes() == data


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(EXAMPLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_kept(at: int, change: int) -> None:
    data = bytearray(EXAMPLE)
    data[at] ^= change
    with contextlib.suppress(InputError):
        assert SignedNote.parse(bytes(data)).to_bytes() == bytes(data)


def test_a_signature_is_added_once() -> None:
    note = SignedNote("text\n")
    one = NoteSignature("k", b"1234", b"s")
    assert note.with_signature(one).with_signature(one).signatures == (one,)
    full = SignedNote(
        "text\n", tuple(NoteSignature(f"k{n}", b"1234", b"s") for n in range(MAX_SIGNATURES))
    )
    with pytest.raises(InputError):
        full.with_signature(one)
    with pytest.raises(UsageError):
        SignedNote("text")


def test_a_vkey_is_the_one_of_the_go_package(signer: Ed25519Signer) -> None:
    key = signer.verification_key
    text = format_vkey("example.org/log", key)
    assert text.startswith(f"example.org/log+{key_hash('example.org/log', 1, key.raw).hex()}+A")
    assert parse_vkey(text) == ("example.org/log", key, ED25519)
    witness = format_vkey("example.org/log", key, algorithm=COSIGNATURE)
    assert parse_vkey(witness) == ("example.org/log", key, COSIGNATURE)
    assert witness != text
    # The published key of the Go checksum database.
    name, known, _ = parse_vkey(
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    )
    assert (name, type(known)) == ("sum.golang.org", PublicKey)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        "a+00000000+",
        "a+00000000+AQ==",
        "a+00000000+" + "A" * 44,
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.com+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        " a+00000000+AQ==",
    ],
)
def test_whatever_is_no_vkey_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_vkey(text)


@pytest.mark.parametrize(
    "name",
    [
        *("", "a b", "a+b", "a\u2003b", "a\nb", "\x1b", "x" * 201, "\ud800"),
        *("a\x9b8mb", "a\u202eb", "a\u200bb", "a\u2066b", "\ufeffa"),
    ],
)
def test_whatever_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        check_key_name(name)
