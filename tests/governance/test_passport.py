from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import fixed_clock
from provenir.attest.dsse import PAYLOAD_TYPE, Envelope
from provenir.attest.keys import Ed25519Signer, HmacKey, HmacSigner, P256Signer
from provenir.core.errors import EvidenceError, InputError, ProvenirError, UsageError
from provenir.governance.bom import EvalComponent, ModelBOM
from provenir.governance.passport import ModelPassport, PassportSigner
from provenir.provenance.artifact import identify_artifact
from strategies import json_objects, unicode_text

SECRET = b"team-signing-key"
SIGNER = Ed25519Signer.generate()


def test_the_code_of_the_guide(seed_bom):
    signer = PassportSigner(key=b"team-signing-key", key_id="team")
    passport = signer.sign(seed_bom)
    assert passport.verify(b"team-signing-key")
    assert passport.bom.risk_flags() == []
    assert passport.bom == seed_bom
    assert passport.envelope.signatures[0].keyid == "hmac-sha256:team"


@given(
    model_id=unicode_text.filter(bool),
    hyperparameters=json_objects,
    score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    assurance=st.sampled_from([None, "declared"]),
    version=st.integers(1, 3),
    expires=st.booleans(),
)
@settings(max_examples=60)
def test_good_passports_round_trip_and_verify(
    model_id, hyperparameters, score, assurance, version, expires
):
    bom = ModelBOM(
        model_id=model_id,
        evals=[EvalComponent(benchmark="b", score=score)],
        hyperparameters=hyperparameters,
    )
    signer = PassportSigner(SIGNER)
    passport = None
    for _ in range(version):
        passport = signer.sign(
            bom,
            assurance=assurance,
            previous=passport,
            expires_at=datetime(2027, 1, 1, tzinfo=UTC) if expires else None,
            clock=fixed_clock(),
        )
    again = ModelPassport.from_json(passport.to_json())
    assert again == passport
    assert again.to_json() == passport.to_json()
    assert again.bom == bom
    assert again.predicate.version == version
    assert again.verify(SIGNER.verification_key, at=datetime(2026, 6, 1, tzinfo=UTC))
    assert again.to_markdown().startswith("# Model Passport: `")
    assert json.loads(json.dumps(again.to_dict())) == again.to_dict()


def test_the_passport_reads_its_bom_out_of_the_signed_bytes(seed_bom):
    passport = PassportSigner(SIGNER).sign(seed_bom)
    passport.bom.hyperparameters["lr"] = 9.9
    assert passport.bom.hyperparameters == {"lr": 1e-5}


def test_several_signers_and_each_of_their_keys(seed_bom):
    second = Ed25519Signer.generate()
    stranger = Ed25519Signer.generate()
    passport = PassportSigner([SIGNER, second]).sign(seed_bom)
    keys = [SIGNER.verification_key, second.verification_key]
    assert passport.verify(keys)
    one = passport.verify(keys[0])
    assert one
    assert one.has_note("more_signatures")
    # Every key that is given is asked for: one that did not sign is a failure.
    verdict = passport.verify([*keys, stranger.verification_key])
    assert not verdict
    assert verdict.reasons == ("unknown-key",)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind_are_one_secret(seed_bom, kind):
    passport = PassportSigner(kind(SECRET), "team").sign(seed_bom)
    assert passport.envelope.signatures[0].keyid == "hmac-sha256:team"
    assert passport.verify(kind(SECRET))
    assert passport.verify(iter([kind(SECRET)]))


def test_a_pem_file_signs_and_its_public_half_verifies(tmp_path, seed_bom):
    for signer in (SIGNER, P256Signer.generate()):
        private, public = signer.write(tmp_path / signer.algorithm)
        for key in (private, str(private)):
            assert PassportSigner(key).sign(seed_bom).verify(public)


@pytest.mark.parametrize(
    ("key", "key_id"),
    [
        (b"", "default"),
        ([], "default"),
        (None, "default"),
        (42, "default"),
        ("no-such-file.pem", "default"),
        (SIGNER.public_pem(), "default"),
        (SIGNER, "team"),
        (b"secret", ""),
        ([b"one", b"two"], "team"),
    ],
    ids=["empty", "none", "None", "int", "missing", "public", "id-of-ed25519", "no-id", "twice"],
)
def test_what_cannot_sign_is_refused(key, key_id, seed_bom):
    with pytest.raises(ProvenirError) as caught:
        PassportSigner(key, key_id).sign(seed_bom)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", [None, 42, b"", SIGNER.public_pem(), SIGNER, [None], object()])
def test_what_cannot_verify_is_refused(key, seed_bom):
    passport = PassportSigner(SECRET).sign(seed_bom)
    with pytest.raises(UsageError):
        passport.verify(key)


def test_a_claim_above_what_is_bound_is_refused(seed_bom, make_run):
    with pytest.raises(UsageError, match="cannot be claimed"):
        PassportSigner(SIGNER).sign(seed_bom, assurance="L0")
    with pytest.raises(UsageError, match="assurance"):
        PassportSigner(SIGNER).sign(seed_bom, assurance="L3")
    run = make_run()
    assert run.passport.predicate.assurance == "L0"
    with pytest.raises(UsageError, match="cannot be claimed"):
        PassportSigner(SIGNER).sign(run.bom, manifest=run.manifest, assurance="L2")
    ledger = {"manifest": run.manifest, "ledger_root": "sha256:" + "0" * 64, "assurance": "L2"}
    assert PassportSigner(SIGNER).sign(run.bom, **ledger).predicate.assurance == "L2"
    with pytest.raises(UsageError, match="cannot be claimed"):
        PassportSigner(SECRET).sign(run.bom, **ledger)


def test_parts_that_do_not_fit_together_are_refused(seed_bom, make_run, model):
    run = make_run(model=model)
    signer = PassportSigner(SIGNER)
    other = ModelBOM(**{**dict(run.bom), "run_id": "another"})
    with pytest.raises(UsageError, match="another run"):
        signer.sign(other, manifest=run.manifest)
    with pytest.raises(UsageError, match="another model"):
        signer.sign(ModelBOM(model_id="x"), previous=signer.sign(seed_bom))
    with pytest.raises(UsageError, match="has not ended"):
        signer.sign(run.bom, manifest=run.manifest.with_changes(status="running"))
    with pytest.raises(UsageError, match="inside the run folder"):
        signer.sign(seed_bom, reports={"../x": "sha256:" + "0" * 64})
    with pytest.raises(UsageError, match="digest"):
        signer.sign(seed_bom, reports={"x.json": "abc"})
    with pytest.raises(UsageError, match="before it is issued"):
        signer.sign(seed_bom, expires_at=datetime(2000, 1, 1, tzinfo=UTC))
    with pytest.raises(UsageError, match="time zone"):
        signer.sign(seed_bom, expires_at=datetime(2100, 1, 1))  # noqa: DTZ001
    with pytest.raises(UsageError, match="not the subjects"):
        signer.sign(seed_bom, subjects=run.passport.statement.subjects)
    changed = run.bom.artifacts[0].model_copy(update={"dir_hash": "0" * 64})
    with pytest.raises(UsageError, match="file list"):
        signer.sign(ModelBOM(**{**dict(run.bom), "artifacts": [changed]}))


def test_expected_subjects_are_accepted_when_they_follow(make_run, model):
    run = make_run(model=model)
    expected = run.passport.statement.subjects
    again = PassportSigner(SIGNER).sign(run.bom, manifest=run.manifest, subjects=expected)
    assert again.statement.subjects == expected


def test_artifacts_given_beside_the_bom_are_listed_once(seed_bom, model):
    identity = identify_artifact(model)
    signer = PassportSigner(SIGNER)
    passport = signer.sign(seed_bom, artifacts=[identity])
    assert [part.name for part in passport.bom.artifacts] == ["model"]
    assert signer.sign(passport.bom, artifacts=[identity]).bom == passport.bom
    (model / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="two artifacts"):
        signer.sign(passport.bom, artifacts=[identify_artifact(model)])


def test_subjects_say_what_the_passport_is_about(seed_bom, make_run, model):
    lone = PassportSigner(SIGNER).sign(seed_bom).statement.subjects
    assert [subject.name for subject in lone] == ["bom:my-model"]
    assert lone[0].digest["sha256"] == seed_bom.digest().partition(":")[2]
    run = make_run()
    (subject,) = run.passport.statement.subjects
    assert subject.name == f"run:{run.manifest.run_id}"
    assert subject.digest["sha256"] == run.manifest.digest().partition(":")[2]
    made = PassportSigner(SIGNER).sign(
        run.bom, artifacts=[identify_artifact(model)], manifest=run.manifest
    )
    names = [subject.name for subject in made.statement.subjects]
    assert names == ["model/tensors", "model/files"]


@pytest.mark.parametrize(
    "model_id", ["a\x00b", "../../etc", "x" * 5000, "🚀", "a\nb", "`|<script>", " "]
)
def test_any_name_can_be_signed_and_read(model_id):
    passport = PassportSigner(SIGNER).sign(ModelBOM(model_id=model_id))
    assert passport.verify(SIGNER.verification_key)
    assert ModelPassport.from_json(passport.to_json()).bom.model_id == model_id


def test_the_deepest_settings_that_are_accepted_can_be_signed():
    value: dict = {}
    for _ in range(55):
        value = {"a": value}
    bom = ModelBOM(model_id="m", evals=[EvalComponent(benchmark="b", score=1.0, meta=value)])
    assert PassportSigner(SIGNER).sign(bom).verify(SIGNER.verification_key)


# Hostile bytes -----------------------------------------------------------------------------------

HOSTILE = [
    b"",
    b"{}",
    b"null",
    b"[]",
    b"\xff",
    b'{"payload":"","payloadType":"","signatures":[]}',
    b"[" * 100_000,
    b'{"payload":' * 1000,
    b'{"payload":"e30=","payloadType":"x","signatures":"no"}',
    b'{"payload":"e30","payloadType":"application/vnd.in-toto+json","signatures":[]}',
]


@pytest.mark.parametrize("data", HOSTILE)
def test_bytes_that_are_no_envelope_are_input_errors(data):
    with pytest.raises(InputError) as caught:
        ModelPassport.from_json(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [None, 5, ["x"], object()])
def test_what_is_neither_text_nor_bytes_is_misuse(data):
    with pytest.raises(UsageError):
        ModelPassport.from_json(data)


@pytest.mark.parametrize("bom", [None, {}, "bom"])
def test_only_a_bill_of_materials_is_signed(bom):
    with pytest.raises(UsageError, match="ModelBOM"):
        PassportSigner(SIGNER).sign(bom)


def test_text_that_has_no_bytes_is_an_input_error():
    with pytest.raises(InputError):
        ModelPassport.from_json("\ud800")


@given(st.binary(max_size=200) | json_objects.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=80)
def test_any_payload_is_read_or_refused_by_name(payload):
    passport = ModelPassport(Envelope.sign(payload, [SIGNER]))
    with pytest.raises((InputError, EvidenceError)):
        _ = passport.bom
    verdict = passport.verify(SIGNER.verification_key)
    assert not verdict
    assert verdict.reasons in (("malformed",), ("wrong-predicate",))
    assert json.dumps(verdict.to_dict(), ensure_ascii=False).isprintable()


def test_byte_flips_are_refused_and_never_a_traceback(seed_bom):
    good = PassportSigner(SIGNER).sign(seed_bom)
    signed = good.to_json().encode()
    generator = random.Random(7)
    refused = 0
    for _ in range(1000):
        place, bit = generator.randrange(len(signed)), 1 << generator.randrange(8)
        flipped = bytearray(signed)
        flipped[place] ^= bit
        try:
            passport = ModelPassport.from_json(bytes(flipped))
        except InputError:
            refused += 1
            continue
        if passport.verify(SIGNER.verification_key):
            # The key id is a hint outside of what is signed; nothing else may change unnoticed.
            (found,), (was,) = passport.envelope.signatures, good.envelope.signatures
            assert found.keyid != was.keyid
            assert (passport.envelope.payload, found.sig) == (good.envelope.payload, was.sig)
        else:
            refused += 1
    assert refused > 900


def _changed(value):
    """Every value of the same JSON type that is not the value, and one of another type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case None:
            return 0
        case list():
            return [*value, value[0] if value else 0]
        case _:
            return {**value, "x": 1}


def _paths(value, prefix=()):
    yield prefix
    if isinstance(value, dict):
        for key in value:
            yield from _paths(value[key], (*prefix, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from _paths(value[index], (*prefix, index))


def _with_change(statement, path):
    if not path:
        return _changed(statement)
    copy = json.loads(json.dumps(statement))
    target = copy
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = _changed(target[path[-1]])
    return copy


def test_every_field_that_is_changed_without_signing_again_is_refused(make_run, model, public):
    passport = make_run(model=model).passport
    statement = passport.to_dict()
    paths = list(_paths(statement))
    assert len(paths) > 100
    for path in paths:
        payload = json.dumps(_with_change(statement, path)).encode()
        forged = ModelPassport(Envelope(payload, PAYLOAD_TYPE, passport.envelope.signatures))
        assert forged.verify(public).reasons == ("bad-signature",), path


def test_removed_and_swapped_signatures(seed_bom):
    passport = PassportSigner(SIGNER).sign(seed_bom)
    key = SIGNER.verification_key
    stripped = ModelPassport(Envelope(passport.envelope.payload, PAYLOAD_TYPE, ()))
    verdict = stripped.verify(key)
    assert verdict.reasons == ("bad-signature",)
    assert verdict.has_note("unsigned")
    other = PassportSigner(SIGNER).sign(ModelBOM(model_id="other"))
    swapped = ModelPassport(
        Envelope(passport.envelope.payload, PAYLOAD_TYPE, other.envelope.signatures)
    )
    assert swapped.verify(key).reasons == ("bad-signature",)
    retyped = ModelPassport(
        Envelope(passport.envelope.payload, "text/plain", passport.envelope.signatures)
    )
    assert retyped.verify(key).reasons == ("bad-signature",)


def test_signed_again_by_another_key(seed_bom):
    passport = PassportSigner(SIGNER).sign(seed_bom)
    stranger = Ed25519Signer.generate()
    again = ModelPassport(Envelope.sign(passport.envelope.payload, [stranger]))
    assert again.verify(SIGNER.verification_key).reasons == ("unknown-key",)
    # A forger may write any key id: it helps nothing.
    (signature,) = again.envelope.signatures
    named = type(signature)(SIGNER.keyid, signature.sig)
    renamed = ModelPassport(Envelope(again.envelope.payload, PAYLOAD_TYPE, (named,)))
    assert renamed.verify(SIGNER.verification_key).reasons == ("bad-signature",)


def test_the_shared_secret_does_not_stand_in_for_a_key_pair(seed_bom):
    public = SIGNER.verification_key
    # Signed with the public key's own bytes as secret: the classic confusion of algorithms.
    forged = ModelPassport(
        Envelope.sign(
            PassportSigner(SIGNER).sign(seed_bom).envelope.payload, [HmacSigner(public.raw)]
        )
    )
    assert forged.verify(public).reasons == ("unknown-key",)
    with pytest.raises(UsageError):
        forged.verify(SIGNER.public_pem())
    hmac = PassportSigner(SECRET).sign(seed_bom)
    assert hmac.verify(public).reasons == ("unknown-key",)
    signed = PassportSigner(SIGNER).sign(seed_bom)
    assert signed.verify(SECRET).reasons == ("unknown-key",)


def test_hmac_is_called_what_it_is(seed_bom):
    passport = PassportSigner(SECRET, key_id="team").sign(seed_bom)
    for key in (SECRET, SECRET.decode(), HmacKey(SECRET)):
        verdict = passport.verify(key)
        assert verdict
        assert "team-internal: whoever can verify it can forge it" in verdict.notes
    assert passport.verify(b"wrong").reasons == ("bad-signature",)
    assert "whoever can verify it can forge it" in passport.to_markdown()


def test_without_a_key_nothing_is_decided(seed_bom):
    verdict = PassportSigner(SIGNER).sign(seed_bom).verify([])
    assert verdict.exit_code == 3
    assert verdict.reasons == ("no-key",)
    assert verdict.assurance_established is None
