from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from policies import key_table, policy_text
from provenir.attest.dsse import Envelope, Signature
from provenir.attest.keys import Ed25519Signer, P256Signer
from provenir.attest.trust_chain import accept_rotation, rotation_envelope
from provenir.attest.trust_policy import TrustPolicy
from provenir.attest.trust_writing import NamedKey, first_policy, revoked, sign_rotation
from provenir.core.errors import InputError, UsageError

ALICE, ONE, TWO, STRANGER = (Ed25519Signer.generate() for _ in range(4))
TOKEN = P256Signer.generate()
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def named(signer, *roles, label="key"):
    return NamedKey(id=label, key=signer.verification_key, roles=roles)


def parse(data: bytes) -> TrustPolicy:
    return TrustPolicy.parse(data, where="trust.toml")


def first(*keys, thresholds=None, require=None, name="acme"):
    return first_policy(
        name, keys, thresholds=thresholds or {}, require=require or {}, where="trust.toml"
    )


def version(number, *signers, needed=1, more=""):
    keys = [key_table(one, "root", id=f"root-{n}") for n, one in enumerate(signers)]
    return policy_text(keys, version=number, thresholds={"root": needed}, more=more)


def test_the_first_policy_says_what_was_given():
    data = first(
        named(ALICE, "operator", "data-source", label="alice"),
        named(TOKEN, "governance", label='the "token" \\ é'),
        named(ONE, "root", label="one"),
        named(TWO, "root", label="two"),
        thresholds={"root": 2},
        require={"L1": ["governance"], "declared": ["operator"]},
    )
    read = parse(data)
    assert (read.name, read.version, read.thresholds) == ("acme", 1, {"root": 2})
    assert read.require == {"declared": ("operator",), "L1": ("governance",)}
    assert [(key.id, key.alg, key.roles) for key in read.keys] == [
        ("alice", "ed25519", ("operator", "data-source")),
        ('the "token" \\ é', "p256", ("governance",)),
        ("one", "ed25519", ("root",)),
        ("two", "ed25519", ("root",)),
    ]
    assert [key.key for key in read.keys_of("operator")] == [ALICE.verification_key]


def test_a_policy_that_nobody_could_use_is_not_written():
    with pytest.raises(UsageError, match="distinct keys that root needs: 2, here: 1"):
        first(named(ONE, "root"), named(ONE, "root", label="again"), thresholds={"root": 2})
    with pytest.raises(InputError, match="witness is required"):
        first(named(ONE, "root"), require={"L0": ["witness"]})
    with pytest.raises(InputError, match="no such role"):
        first(named(ONE, "boss"))
    for role in ("log", "witness"):
        with pytest.raises(UsageError, match="notes are signed with Ed25519, not p256"):
            first(named(ONE, "root"), named(TOKEN, role, label="lea"))
    with pytest.raises(InputError, match="keys"):
        first()
    with pytest.raises(UsageError, match="no text"):
        first(named(ONE, "root"), name="\udcff")
    for name in ("", "a\nb", 'a"\n[require]', "\x7f"):
        with pytest.raises(InputError, match=r"trust\.toml"):
            first(named(ONE, "root"), name=name)


WHOLE = policy_text(
    [
        key_table(ALICE, "operator", id="alice", not_before="2026-01-01T00:00:00+01:00"),
        key_table(ONE, "auditor", id="one", predicate_types=["https://example.org/x/v1"]),
        key_table(ALICE, "governance", id="alice-2", public=ALICE.public_pem().decode()),
        key_table(TWO, "log", id="log.example"),
        key_table(STRANGER, "log", id="log.example"),
        key_table(TOKEN, "operator", id="token").replace(
            "[[keys]]", "[[keys]]\ncompromised_at = 2026-05-01T00:00:00Z # a comment"
        ),
    ],
    version=7,
    require={"L2": ["log"], "declared": ["operator", "governance"]},
    thresholds={"log": 2},
    more="[evidence]\nreports = true\n",
)


@pytest.mark.parametrize("name", ["alice", "alice-2", ALICE.keyid], ids=["name", "other", "key id"])
def test_revoking_changes_the_date_of_that_key_and_nothing_else(name):
    before, after = parse(WHOLE), parse(revoked(WHOLE, name, NOW, where="trust.toml"))
    expected = [
        replace(key, compromised_at=NOW) if key.key == ALICE.verification_key else key
        for key in before.keys
    ]
    assert list(after.keys) == expected
    assert after == replace(before, version=8, keys=tuple(expected), digest=after.digest)


def test_revoking_again_never_brings_signatures_back():
    earlier = datetime(2026, 4, 1, tzinfo=UTC)
    moved = parse(revoked(WHOLE, "token", earlier, where="x"))
    assert moved.keys_of("operator")[1].compromised_at == earlier
    for at in (NOW, datetime(2026, 5, 1, tzinfo=UTC)):
        with pytest.raises(UsageError, match=r"since 2026-05-01.*give an earlier time"):
            revoked(WHOLE, "token", at, where="x")


def test_a_key_that_is_not_there_or_not_the_only_one_is_not_revoked():
    with pytest.raises(UsageError, match="no key of the policy called 'bob'"):
        revoked(WHOLE, "bob", NOW, where="x")
    with pytest.raises(UsageError, match="several keys of the policy called"):
        revoked(WHOLE, "log.example", NOW, where="x")
    assert revoked(WHOLE, TWO.keyid, NOW, where="x")
    with pytest.raises(InputError):
        revoked(b"x = 1", "bob", NOW, where="x")


def sign(old, new, *signers, before=None):
    return sign_rotation(parse(old), new, signers, before=before, at=NOW, where="new.toml")


def test_people_sign_one_after_another():
    old, new = version(1, ONE, TWO, needed=2), version(2, TWO, TOKEN, needed=2)
    step = sign(old, new, ONE)
    assert (step.missing_old, step.missing_new, step.complete) == (1, 2, False)
    step = sign(old, new, TOKEN, before=Envelope.parse(step.envelope.to_bytes()))
    assert (step.missing_old, step.missing_new, step.complete) == (1, 1, False)
    step = sign(old, new, TWO, before=step.envelope)
    assert step.complete
    assert accept_rotation(parse(old), step.envelope, at=NOW, where="x") == parse(new)
    again = sign(old, new, TOKEN, before=step.envelope)
    assert len(again.envelope.signatures) == 3
    assert again.complete


def test_foreign_signatures_are_dropped():
    old, new = version(1, ONE), version(2, ONE, TWO, needed=2)
    message = rotation_envelope(new, [STRANGER])
    junk = tuple(Signature(ONE.keyid, bytes([n]) * 64) for n in range(31))
    before = replace(message, signatures=(*message.signatures, *junk))
    step = sign(old, new, TWO, before=before)
    assert [one.keyid for one in step.envelope.signatures] == [TWO.keyid]
    assert sign(old, new, ONE, before=step.envelope).complete


def test_what_could_never_be_accepted_is_not_signed():
    old, new = version(1, ONE), version(2, ONE)
    with pytest.raises(UsageError, match="root key of neither version"):
        sign(old, new, STRANGER)
    for other in (version(1, ONE), version(3, ONE)):
        with pytest.raises(UsageError, match=r"new\.toml.*version = 2"):
            sign(old, other, ONE)
    with pytest.raises(UsageError, match="'acme' version 1 is not followed by 'x' 2"):
        sign(old, new.replace(b'"acme"', b'"x"'), ONE)
    with pytest.raises(UsageError, match="other bytes"):
        sign(old, new, ONE, before=rotation_envelope(new + b"# changed\n", [ONE]))
    with pytest.raises(UsageError, match="other bytes"):
        sign(old, new, ONE, before=Envelope.sign(new, [ONE]))
