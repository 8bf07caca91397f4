"""Model signing: the statement. OpenSSF's own verifier judges the signature in tests/interop."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from provenir.attest.dsse import Envelope, Signature
from provenir.attest.p256 import P256Signer
from provenir.core.errors import UsageError
from provenir.governance.components import ArtifactComponent
from provenir.governance.exports import export_passport
from provenir.governance.exports.oms import IGNORED, oms_statement
from provenir.governance.passport import PassportSigner
from provenir.provenance.artifact import identify_artifact


def artifact(*names):
    files = [
        {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "size": 1}
        for name in names
    ]
    return ArtifactComponent(name="model", dir_hash="0" * 64, files=files)


def test_the_subject_is_the_digest_over_the_files_digests():
    statement = oms_statement(artifact("b.bin", "a/z.bin", "a.json"))
    resources = statement.predicate["resources"]
    # Part by part: the folder `a` comes before the file `a.json`.
    assert [entry["name"] for entry in resources] == ["a/z.bin", "a.json", "b.bin"]
    over = b"".join(bytes.fromhex(entry["digest"]) for entry in resources)
    (subject,) = statement.subjects
    assert subject.digest == {"sha256": hashlib.sha256(over).hexdigest()}
    assert statement.predicate_type == "https://model_signing/signature/v1.0"


def test_what_the_verifier_leaves_out_is_left_out_and_named():
    statement = oms_statement(artifact(".gitattributes", ".git/HEAD", "x/.gitattributes", "w"))
    assert [entry["name"] for entry in statement.predicate["resources"]] == [
        "w",
        "x/.gitattributes",
    ]
    assert statement.predicate["serialization"]["ignore_paths"] == list(IGNORED)


def test_an_artifact_of_ignored_files_cannot_be_signed():
    with pytest.raises(UsageError, match="no file"):
        oms_statement(artifact(".gitattributes"))


def test_another_kind_of_key_is_refused_with_the_line_that_makes_one(passport, ed25519):
    with pytest.raises(UsageError, match="provenir key new --alg p256 --out NAME"):
        export_passport(passport.envelope, "oms", signer=ed25519)


def test_a_p256_key_signs_the_statement_in_a_bundle(passport):
    key = P256Signer.generate()
    bundle = json.loads(export_passport(passport.envelope, "oms", signer=key))
    hint = bundle["verificationMaterial"]["publicKey"]["hint"]
    assert hint == hashlib.sha256(key.public_pem()).hexdigest()
    inner = bundle["dsseEnvelope"]
    payload = base64.b64decode(inner["payload"])
    assert payload == oms_statement(passport.bom.artifacts[0]).to_bytes()
    signatures = [Signature("", base64.b64decode(one["sig"])) for one in inner["signatures"]]
    envelope = Envelope(payload, inner["payloadType"], signatures)
    assert envelope.verified_by([key.verification_key]) == (key.verification_key,)


def test_without_one_model_there_is_nothing_to_sign(bare):
    with pytest.raises(UsageError, match="this passport names none: log one"):
        export_passport(bare.envelope, "oms", signer=P256Signer.generate())


def test_of_several_artifacts_one_is_named(seed_bom, model, ed25519):
    made = [identify_artifact(model), identify_artifact(model / "config.json")]
    passport = PassportSigner(ed25519).sign(seed_bom, artifacts=made)
    key = P256Signer.generate()
    with pytest.raises(UsageError, match="2 to choose from: give --artifact MODEL"):
        export_passport(passport.envelope, "oms", signer=key)
    signed = json.loads(
        export_passport(passport.envelope, "oms", signer=key, artifact="config.json")
    )
    payload = json.loads(base64.b64decode(signed["dsseEnvelope"]["payload"]))
    assert payload["subject"][0]["name"] == "config.json"
