from __future__ import annotations

import contextlib
import os
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies import key_table, policy_text
from provenir.attest.dsse import PAYLOAD_TYPE, Envelope, Signature
from provenir.attest.keys import Ed25519Signer, HmacSigner, P256Signer
from provenir.attest.trust_chain import (
    MAX_VERSIONS,
    ROTATION_TYPE,
    load_trust,
    missing_signatures,
    rotation_envelope,
    rotation_name,
)
from provenir.attest.trust_policy import TrustPolicy
from provenir.attest.verifier_state import VerifierState
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.governance.bom import ModelBOM
from provenir.governance.signing import PassportSigner
from provenir.governance.verification import verify_passport

ALICE = Ed25519Signer.generate()
ONE, TWO, THREE = Ed25519Signer.generate(), P256Signer.generate(), Ed25519Signer.generate()
NOW = datetime(2026, 6, 1, tzinfo=UTC)
OPERATOR = key_table(ALICE, "operator", id="alice")


def root(signer, **fields):
    names = {ONE: "one", TWO: "two", THREE: "three"}
    return key_table(signer, "root", **{"id": names[signer], **fields})


def version(number, *roots, needed=1, name="acme"):
    """A version of the policy with these root keys."""
    keys = [OPERATOR, *(key if isinstance(key, str) else root(key) for key in roots)]
    return policy_text(keys, name=name, version=number, thresholds={"root": needed})


@pytest.fixture
def chain(tmp_path):
    """Write `trust.toml` and the envelopes after it; return the policy's path."""

    def write(anchor: bytes, *rotations: tuple[bytes, list] | bytes | Envelope) -> Path:
        path = tmp_path / "trust.toml"
        path.write_bytes(anchor)
        first = TrustPolicy.parse(anchor, where="x").version + 1
        for number, made in enumerate(rotations, start=first):
            envelope = rotation_envelope(*made) if isinstance(made, tuple) else made
            data = envelope if isinstance(envelope, bytes) else envelope.to_bytes()
            (tmp_path / rotation_name(number)).write_bytes(data)
        return path

    return write


def refusal(path: Path, reason: str = "bad-rotation", **fields) -> str:
    with pytest.raises(EvidenceError) as caught:
        load_trust(path, **{"at": NOW, **fields})
    assert caught.value.reason == reason
    assert caught.value.exit_code == 1
    assert str(path.parent) in str(caught.value)
    return str(caught.value)


def test_without_a_newer_version_it_is_the_policy_itself(chain):
    path = chain(version(1))
    assert load_trust(path) == TrustPolicy.read(path)


def test_a_chain_is_followed_to_its_end(chain):
    second, third = version(2, TWO), version(3, THREE)
    path = chain(version(1, ONE), (second, [ONE, TWO]), (third, [TWO, THREE]))
    found = load_trust(path, at=NOW)
    assert found == TrustPolicy.parse(third, where="x")


def test_a_later_version_can_be_held(chain):
    path = chain(version(2, TWO), (version(3, TWO), [TWO]))
    (path.parent / rotation_name(1)).write_bytes(b"older than what is held: not looked at")
    (path.parent / rotation_name(2)).write_bytes(b"the same")
    (path.parent / "trust.03.dsse.json").write_bytes(b"no name of ours")
    assert load_trust(path, at=NOW).version == 3


def test_both_thresholds_must_sign(chain):
    old, new = version(1, ONE, TWO, needed=2), version(2, TWO, THREE, needed=2)
    for signers, missing in (
        ([ONE, TWO], "1 of the 2 root signatures that version 2"),
        ([TWO, THREE], "1 of the 2 root signatures that version 1"),
        ([TWO], "version 1"),
        ([ALICE], "2 of the 2 root signatures that version 1"),
        ([], "version 1"),
    ):
        assert missing in refusal(chain(old, (new, signers)))
    assert load_trust(chain(old, (new, [ONE, TWO, THREE])), at=NOW).version == 2


def test_old_root_alone_and_new_root_alone(chain):
    assert "version 2" in refusal(chain(version(1, ONE), (version(2, TWO), [ONE])))
    assert "version 1" in refusal(chain(version(1, ONE), (version(2, TWO), [TWO])))


def test_one_key_under_two_ids_signs_once(chain):
    twice = (root(ONE, id="a"), root(ONE, id="b"))
    new = version(2, *twice, needed=2)
    message = rotation_envelope(new, [ONE])
    again = Signature("another id", message.signatures[0].sig)
    doubled = replace(message, signatures=(*message.signatures, again))
    assert "1 of the 2" in refusal(chain(version(1, *twice, needed=2), doubled))


def test_one_key_respelled_signs_once(chain):
    # Every P-256 signature is another one, and PEM is another spelling of the same key.
    twice = (root(TWO, id="a"), root(TWO, id="b", public=TWO.public_pem().decode()))
    new = version(2, *twice, needed=2)
    signatures = [rotation_envelope(new, [TWO]).signatures[0] for _ in range(3)]
    tripled = Envelope(new, ROTATION_TYPE, tuple(signatures))
    assert "1 of the 2" in refusal(chain(version(1, *twice, needed=2), tripled))


def test_a_shared_secret_never_counts(chain):
    new = version(2, ONE)
    secret = HmacSigner(ONE.verification_key.raw, "one")
    with pytest.raises(UsageError, match="shared secret"):
        rotation_envelope(new, [secret])
    forged = Envelope.sign(new, [secret], payload_type=ROTATION_TYPE)
    renamed = replace(forged, signatures=(Signature(ONE.keyid, forged.signatures[0].sig),))
    for envelope in (forged, renamed):
        assert "1 of the 1" in refusal(chain(version(1, ONE), envelope))


def test_only_root_keys_replace_a_policy(chain):
    assert "root signatures" in refusal(chain(version(1), (version(2, ONE), [ALICE, ONE])))
    assert "root signatures" in refusal(chain(version(1, ONE), (version(2), [ALICE, ONE])))


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_version_follows_its_own(chain, number):
    said = refusal(chain(version(1, ONE), (version(number, ONE), [ONE])))
    assert f"version {number} cannot follow version 1" in said


def test_a_gap_is_refused(chain):
    path = chain(version(1, ONE), (version(2, ONE), [ONE]), (version(3, ONE), [ONE]))
    (path.parent / rotation_name(2)).unlink()
    assert "version 2 is not there, version 3 is" in refusal(path)
    (path.parent / rotation_name(3)).rename(path.parent / rotation_name(10**12))
    assert f"more than {MAX_VERSIONS} versions" in refusal(path)


def test_a_policy_keeps_its_name(chain):
    said = refusal(chain(version(1, ONE), (version(2, ONE, name="other"), [ONE])))
    assert "'other', not 'acme'" in said


@pytest.mark.parametrize("kind", [PAYLOAD_TYPE, ROTATION_TYPE + " ", "text/plain"])
def test_another_payload_type_is_no_rotation(chain, kind):
    signed = Envelope.sign(version(2, ONE), [ONE], payload_type=kind)
    assert "holds no trust policy" in refusal(chain(version(1, ONE), signed))
    # The type is part of what is signed: writing the right one over it breaks the signature.
    relabelled = replace(signed, payload_type=ROTATION_TYPE)
    assert "1 of the 1" in refusal(chain(version(1, ONE), relabelled))


def test_a_passport_is_no_rotation(chain):
    signed = PassportSigner(ONE).sign(ModelBOM(model_id="m")).envelope
    assert "holds no trust policy" in refusal(chain(version(1, ONE), signed))
    relabelled = replace(signed, payload_type=ROTATION_TYPE)
    assert "cannot be read" in refusal(chain(version(1, ONE), relabelled))


def test_a_rotation_is_no_passport():
    rotation = rotation_envelope(version(2, ONE), [ONE])
    for envelope in (rotation, replace(rotation, payload_type=PAYLOAD_TYPE)):
        verdict = verify_passport(envelope, keys=[ONE.verification_key], at=NOW)
        assert not verdict


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"compromised_at": "2026-05-31T00:00:00Z"}, False),
        ({"compromised_at": "2026-06-01T00:00:00Z"}, False),
        ({"compromised_at": "2026-06-02T00:00:00Z"}, True),
        ({"not_before": "2026-06-02T00:00:00Z"}, False),
        ({"not_before": "2026-06-01T00:00:00Z"}, True),
    ],
    ids=str,
)
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_root_key_counts_by_the_verifiers_clock(chain, fields, counts, side):
    dated = root(ONE, **fields)
    old, new = (dated, ONE) if side == "old" else (ONE, dated)
    path = chain(version(1, old), (version(2, new), [ONE]))
    if counts:
        assert load_trust(path, at=NOW).version == 2
    else:
        assert f"version {1 if side == 'old' else 2} asks" in refusal(path)


def test_a_compromised_root_is_replaced_by_the_others(chain):
    new = version(2, root(ONE, compromised_at="2026-01-01T00:00:00Z"), TWO, THREE, needed=2)
    old = version(1, ONE, TWO, needed=2)
    assert "version 2" in refusal(chain(old, (new, [ONE, TWO])))
    assert load_trust(chain(old, (new, [ONE, TWO, THREE])), at=NOW).version == 2


def test_what_was_remembered_is_not_taken_back(chain):
    second, third = version(2, ONE), version(3, ONE)
    path = chain(version(1, ONE), (second, [ONE]), (third, [ONE]))
    found = load_trust(path, at=NOW)
    state = VerifierState().remember_policy(found.name, found.version, found.digest)
    assert load_trust(path, at=NOW, state=state) == found
    (path.parent / rotation_name(3)).unlink()
    said = refusal(path, "rolled-back", state=state)
    assert "version 2, seen was 3" in said


def test_other_bytes_with_a_remembered_version_are_refused(chain):
    state = VerifierState().remember_policy("acme", 2, "sha256:" + "0" * 64)
    path = chain(version(1, ONE), (version(2, ONE), [ONE]))
    assert "other bytes than the version 2" in refusal(path, "rolled-back", state=state)
    # A fork is not mended by going on.
    path = chain(version(1, ONE), (version(2, ONE), [ONE]), (version(3, ONE), [ONE]))
    assert "other bytes than the version 2" in refusal(path, "rolled-back", state=state)
    other = VerifierState().remember_policy("other", 9, "sha256:" + "0" * 64)
    assert load_trust(path, at=NOW, state=other).version == 3


def put_a_link(file: Path) -> None:
    target = file.with_name("elsewhere")
    file.rename(target)
    file.symlink_to(target)


def put_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def put_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def put_a_dangling_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


def put_much(file: Path) -> None:
    file.write_bytes(b" " * 3_000_000)


def put_nothing(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    "put",
    [put_a_link, put_a_pipe, put_a_folder, put_a_dangling_link, put_much, put_nothing],
    ids=lambda put: put.__name__,
)
def test_only_small_regular_files_are_versions(chain, put):
    path = chain(version(1, ONE), (version(2, ONE), [ONE]))
    put(path.parent / rotation_name(2))
    refusal(path)


def test_a_link_to_the_policy_is_refused_since_its_chain_lies_elsewhere(chain, tmp_path):
    path = chain(version(1, ONE))
    (link := tmp_path / "link.toml").symlink_to(path)
    with pytest.raises(InputError):
        load_trust(link)


def test_changed_bytes_of_a_rotation_are_never_a_version(chain):
    path = chain(version(1, ONE), (version(2, ONE), [ONE]))
    file = path.parent / rotation_name(2)
    good = file.read_bytes()
    wanted = load_trust(path, at=NOW)
    for seed in range(500):
        dice = random.Random(seed)
        data = bytearray(good)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        file.write_bytes(data)
        # What stands outside of the signature, such as the key id, may differ.
        with contextlib.suppress(EvidenceError):
            assert load_trust(path, at=NOW) == wanted


def test_signatures_are_counted_one_after_another():
    old, new = (
        TrustPolicy.parse(data, where="x")
        for data in (version(1, ONE, TWO, needed=2), version(2, TWO, THREE, needed=2))
    )
    data = version(2, TWO, THREE, needed=2)
    counted = []
    for signers in ([], [ONE], [ONE, TWO], [ONE, TWO, THREE]):
        counted.append(missing_signatures(old, new, rotation_envelope(data, signers), NOW))
    assert counted == [(2, 2), (1, 2), (0, 1), (0, 0)]


def test_what_is_no_policy_is_not_signed():
    with pytest.raises(InputError, match=r"new\.toml"):
        rotation_envelope(b"version = 2", [ONE], where="new.toml")
    with pytest.raises(UsageError, match="one key id"):
        rotation_envelope(version(2, ONE), [ONE, ONE])


def test_a_clock_has_a_zone(chain):
    with pytest.raises(UsageError, match="zone"):
        load_trust(chain(version(1, ONE)), at=datetime(2026, 1, 1))  # noqa: DTZ001
