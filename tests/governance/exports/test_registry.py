"""What holds for every format."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import fixed_clock
from provenir.attest.dsse import Envelope
from provenir.attest.keys import Ed25519Signer, HmacSigner
from provenir.cli.export import Format
from provenir.core.errors import EvidenceError, UsageError
from provenir.governance.bom import DataComponent, EvalComponent, ModelBOM
from provenir.governance.exports import FORMATS, export_passport
from provenir.governance.passport import PassportSigner

UNSIGNED = sorted(name for name, entry in FORMATS.items() if entry.signs != "must")
SIGNER = Ed25519Signer.generate()


def test_the_command_line_offers_every_format():
    assert {form.value for form in Format} == set(FORMATS)
    assert list(FORMATS) == sorted(FORMATS)


@pytest.mark.parametrize("form", UNSIGNED)
def test_the_same_passport_gives_the_same_bytes(passport, form):
    assert export_passport(passport.envelope, form) == export_passport(passport.envelope, form)


@pytest.mark.parametrize("form", UNSIGNED)
def test_no_name_acts_on_a_terminal(hostile, form):
    written = export_passport(hostile.envelope, form).decode("utf-8")
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", written) is None


@pytest.mark.parametrize("form", [f for f in UNSIGNED if f not in ("hf-card", "intoto")])
def test_json_keeps_every_name_as_it_was(hostile, form):
    document = json.loads(export_passport(hostile.envelope, form))
    if form != "sigstore-bundle":
        assert hostile.bom.model_id in _texts(document)


def _texts(value):
    if isinstance(value, dict):
        return {text for item in value.values() for text in _texts(item)}
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    return {value} if isinstance(value, str) else set()


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    score=st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
)
def test_every_passport_can_be_written_in_every_unsigned_format(name, score):
    bom = ModelBOM(
        model_id=name,
        base_model=name,
        data=[DataComponent(name=name, license=name)],
        evals=[EvalComponent(benchmark=name, score=score)],
    )
    envelope = PassportSigner(SIGNER).sign(bom, clock=fixed_clock()).envelope
    for form in UNSIGNED:
        assert export_passport(envelope, form)


def test_a_format_that_is_none_is_refused_by_name(passport):
    with pytest.raises(UsageError, match="cyclonedx, hf-card, intoto"):
        export_passport(passport.envelope, "pdf")


def test_a_version_that_is_not_written_is_refused(passport):
    with pytest.raises(UsageError, match=r"1\.6, 1\.7"):
        export_passport(passport.envelope, "cyclonedx", spec_version="1.5")


def test_a_key_for_a_format_without_a_signature_is_misuse(passport, ed25519):
    with pytest.raises(UsageError, match="carries no signature"):
        export_passport(passport.envelope, "spdx3", signer=ed25519)


@pytest.mark.parametrize("form", ["oms", "sshsig"])
def test_a_format_that_is_a_signature_wants_a_key(passport, form):
    with pytest.raises(UsageError, match="--signing-key"):
        export_passport(passport.envelope, form)


def test_a_shared_secret_signs_for_no_stranger(passport):
    with pytest.raises(UsageError, match="no public half"):
        export_passport(passport.envelope, "intoto", signer=HmacSigner(b"s" * 32, "team"))


def test_a_passport_that_contradicts_itself_is_not_exported(passport, forge):
    def change(statement):
        statement["subject"][0]["digest"]["sha256"] = "0" * 64

    with pytest.raises(EvidenceError) as caught:
        export_passport(forge(passport, change).envelope, "cyclonedx")
    assert caught.value.reason == "subject-mismatch"


def test_another_statement_is_not_exported(ed25519):
    other = Envelope.sign(b'{"_type":"https://in-toto.io/Statement/v1"}', [ed25519])
    with pytest.raises(EvidenceError):
        export_passport(other, "cyclonedx")
