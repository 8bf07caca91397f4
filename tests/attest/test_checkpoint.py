"""Checkpoints: the format of the specification, and which signatures count."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.attest.checkpoint import (
    Checkpoint,
    cosign,
    cosignatures_by,
    read_checkpoint,
    sign_checkpoint,
    verify_note_signature,
)
from provenir.attest.keys import Ed25519Signer
from provenir.attest.note import NoteSignature, SignedNote, key_hash
from provenir.core.errors import InputError, UsageError

ROOT = bytes(range(32))
ORIGIN = "example.org/log"
WITNESS = "example.org/witness"


def _checkpoint(size: int = 7) -> Checkpoint:
    return Checkpoint(ORIGIN, size, ROOT)


def test_the_text_is_that_of_the_specification() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    read = Checkpoint.parse(text)
    assert (read.origin, read.size) == ("example.com/behind-the-sofa", 20852163)
    assert read.text == text
    assert Checkpoint.parse(text + "more\n").extensions == ("more",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n1\n",
        "a\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "a\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "a\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "a\n+1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "a\n1 \nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "a\n\u0661\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "a\n9999999999999999999\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "a\n" + "9" * 5000 + "\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "a\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n",
        "a\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "a\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n",
        "a\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\nmore\n",
    ],
)
def test_whatever_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Checkpoint.parse(text)


@settings(max_examples=100)
@given(st.text(max_size=120))
def test_any_text_is_a_checkpoint_or_an_input_error(text: str) -> None:
    with contextlib.suppress(InputError):
        assert Checkpoint.parse(text).text == text


def test_a_kept_checkpoint_is_a_note_or_its_text_alone(signer: Ed25519Signer) -> None:
    note = sign_checkpoint(_checkpoint(), signer, ORIGIN)
    assert read_checkpoint(note.to_bytes(), where="kept") == (_checkpoint(), note)
    assert read_checkpoint(_checkpoint().text.encode(), where="kept") == (_checkpoint(), None)
    for data in (b"", b"\xff", note.to_bytes()[:-9], note.text.encode() + b"\n", b"a\n\nb\n"):
        with pytest.raises(InputError) as refused:
            read_checkpoint(data, where="kept")
        assert refused.value.where == "kept"


def test_the_logs_signature_is_over_the_text(
    signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    note = sign_checkpoint(_checkpoint(), signer, ORIGIN)
    (line,) = note.signatures
    assert signer.verification_key.verify(note.text.encode(), line.signature)
    again = SignedNote.parse(note.to_bytes())
    assert again == note
    assert Checkpoint.of(again) == _checkpoint()
    assert verify_note_signature(again, ORIGIN, signer.verification_key)
    assert not verify_note_signature(again, WITNESS, signer.verification_key)
    assert not verify_note_signature(again, ORIGIN, other_signer.verification_key)
    larger = dataclasses.replace(note, text=_checkpoint(8).text)
    assert not verify_note_signature(larger, ORIGIN, signer.verification_key)


def test_a_signature_under_a_keys_name_that_does_not_verify_spoils_the_note(
    signer: Ed25519Signer,
) -> None:
    note = sign_checkpoint(_checkpoint(), signer, ORIGIN)
    hashed = key_hash(ORIGIN, 1, signer.verification_key.raw)
    spoiled = note.with_signature(NoteSignature(ORIGIN, hashed, b"\x00" * 64))
    assert not verify_note_signature(spoiled, ORIGIN, signer.verification_key)
    stranger = note.with_signature(NoteSignature(ORIGIN, b"\x00" * 4, b"\x00" * 64))
    assert verify_note_signature(stranger, ORIGIN, signer.verification_key)


def test_a_cosignature_says_when(signer: Ed25519Signer, other_signer: Ed25519Signer) -> None:
    note = sign_checkpoint(_checkpoint(), signer, ORIGIN)
    seen = SignedNote.parse(cosign(note, other_signer, WITNESS, 1_679_315_147).to_bytes())
    key = other_signer.verification_key
    assert cosignatures_by(seen, WITNESS, key) == 1_679_315_147
    assert verify_note_signature(seen, ORIGIN, signer.verification_key)
    stamped = seen.signatures[1].signature
    assert stamped[:8] == (1_679_315_147).to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1679315147\n" + note.text.encode()
    assert key.verify(message, stamped[8:])
    assert cosignatures_by(seen, ORIGIN, key) is None
    assert cosignatures_by(seen, WITNESS, signer.verification_key) is None
    assert cosignatures_by(note, WITNESS, key) is None
    later = cosign(seen, other_signer, WITNESS, 1_679_315_148)
    assert cosignatures_by(later, WITNESS, key) == 1_679_315_147
    moved = dataclasses.replace(seen, text=_checkpoint(8).text)
    assert cosignatures_by(moved, WITNESS, key) is None


def test_a_cosignature_and_a_logs_signature_are_no_substitute(signer: Ed25519Signer) -> None:
    note = SignedNote(_checkpoint().text)
    key = signer.verification_key
    assert not verify_note_signature(cosign(note, signer, ORIGIN, 5), ORIGIN, key)
    assert cosignatures_by(sign_checkpoint(_checkpoint(), signer, ORIGIN), ORIGIN, key) is None


def test_a_cosignature_changed_by_one_bit_counts_for_nothing(signer: Ed25519Signer) -> None:
    seen = cosign(SignedNote(_checkpoint().text), signer, WITNESS, 99)
    (line,) = seen.signatures
    for at in (0, 7, 8, 40, 71):
        changed = bytearray(line.signature)
        changed[at] ^= 1
        other = dataclasses.replace(line, signature=bytes(changed))
        note = SignedNote(seen.text, (other,))
        assert cosignatures_by(note, WITNESS, signer.verification_key) is None
    short = SignedNote(seen.text, (dataclasses.replace(line, signature=b"\x00"),))
    assert cosignatures_by(short, WITNESS, signer.verification_key) is None


def test_only_a_checkpoint_is_cosigned_and_at_a_time(signer: Ed25519Signer) -> None:
    with pytest.raises(InputError):
        cosign(SignedNote("hello\n"), signer, WITNESS, 5)
    for wrong in (0, -1, True, 2**63):
        with pytest.raises(UsageError):
            cosign(SignedNote(_checkpoint().text), signer, WITNESS, wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        ("", 1, ROOT),
        ("a b", 1, ROOT),
        (ORIGIN, -1, ROOT),
        (ORIGIN, True, ROOT),
        (ORIGIN, 2**63, ROOT),
        (ORIGIN, 1, ROOT[1:]),
        (ORIGIN, 1, ROOT, ("",)),
        (ORIGIN, 1, ROOT, ("a\nb",)),
    ],
)
def test_a_checkpoint_is_well_formed(wrong: tuple[object, ...]) -> None:
    with pytest.raises(InputError):
        Checkpoint(*wrong)  # type: ignore[arg-type]
