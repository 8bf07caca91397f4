"""Who signed in which role: each way to fall short has its own reason."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from policies import key_table, policy
from provenir.attest.dsse import Envelope, Signature
from provenir.attest.keys import Ed25519Signer, HmacSigner, P256Signer
from provenir.attest.statement import PASSPORT_PREDICATE, PREDICATE_BASE
from provenir.core.digest import digest_bytes
from provenir.governance.handover import Handover
from provenir.governance.passport import ModelPassport, PassportSigner
from provenir.governance.statements import (
    DataSourceStatement,
    ExampleMetadataStatement,
    PolicyStatement,
    Revocation,
    sign_statement,
)
from provenir.governance.verification import verify_passport

AT = datetime(2026, 6, 1, tzinfo=UTC)
TIME = "2026-01-02T03:04:05.000Z"
KEYS = {
    name: Ed25519Signer.generate()
    for name in ("alice", "olga", "dan", "grace", "gus", "rob", "lea", "mallory")
}
RUNS_ONLY = PREDICATE_BASE + "/run/v1"
KEYS["paula"] = P256Signer.generate()
OPERATOR = key_table(KEYS["alice"], "operator", id="alice")
SOURCE = key_table(KEYS["dan"], "data-source", id="dan")
GOVERNANCE = key_table(KEYS["grace"], "governance", id="grace")
ALL = {"declared": ["operator", "data-source", "governance"]}


@pytest.fixture
def data_claim(seed_bom):
    part = seed_bom.data[0]
    return DataSourceStatement(
        name=part.name, records_root=part.content_hash, n=part.num_records, issued_at=TIME
    )


@pytest.fixture
def policy_claim():
    return PolicyStatement(name="rules", policy=digest_bytes(b"rules"), issued_at=TIME)


@pytest.fixture
def issue(seed_bom, data_claim, policy_claim):
    """Sign a passport with its statements: (role keys) -> passport, evidence."""

    def issue(*, passport=("alice",), data="dan", governance="grace", keep=None, **fields):
        signers = {"data": (data, data_claim), "governance": (governance, policy_claim)}
        statements = {
            name: sign_statement(claim, [KEYS[who]])
            for name, (who, claim) in signers.items()
            if who is not None
        }
        signed = PassportSigner([KEYS[name] for name in passport]).sign(
            fields.pop("bom", seed_bom),
            statements=[one.digest for one in statements.values()],
            **fields,
        )
        kept = statements if keep is None else {name: statements[name] for name in keep}
        handed = tuple((one.digest, one.envelope) for one in kept.values())
        return signed, Handover(statements=handed)

    return issue


def judge(issued, trust, **fields):
    passport, evidence = issued
    envelope = getattr(passport, "envelope", passport)
    return verify_passport(envelope, trust=trust, evidence=evidence, at=AT, **fields)


def reasons(verdict):
    return {row.name: row.reason for row in verdict.checks if row.status in ("fail", "undecided")}


def test_every_role_signed(issue):
    verdict = judge(issue(), policy(OPERATOR, SOURCE, GOVERNANCE, require=ALL))
    assert verdict
    passed = {row.name for row in verdict.checks if row.status == "pass"}
    assert {
        "trust policy",
        "signature",
        "role:operator",
        "role:data-source",
        "role:governance",
    } <= (passed)


def test_metadata_does_not_stand_for_the_identity_of_a_dataset(seed_bom, issue, data_claim):
    stated = data_claim.model_dump(include={"name", "records_root", "n", "issued_at"})
    claim = ExampleMetadataStatement(metadata_root=digest_bytes(b"m"), metadata_n=1, **stated)
    signed = sign_statement(claim, [KEYS["dan"]])
    passport = PassportSigner([KEYS["alice"]]).sign(seed_bom, statements=[signed.digest])
    evidence = Handover(statements=((signed.digest, signed.envelope),))
    trust = policy(OPERATOR, SOURCE, require={"declared": ["data-source"]})
    verdict = judge((passport, evidence), trust)
    assert reasons(verdict) == {"role:data-source": "missing-statement"}
    named = {row.name.partition(":")[0]: row.status for row in verdict.checks}
    assert named["statement"] == "pass"


def test_a_p256_key_counts_like_any_other(issue):
    trust = policy(key_table(KEYS["paula"], "operator"))
    assert judge(issue(passport=("paula",)), trust)


def test_without_a_requirement_the_operator_is_required(issue):
    trust = policy(key_table(KEYS["grace"], "governance", predicate_types=[PASSPORT_PREDICATE]))
    verdict = judge(issue(passport=("grace",)), trust)
    assert reasons(verdict) == {"role:operator": "no-key"}
    assert verdict.exit_code == 3


def test_the_passport_may_add_a_role_and_remove_none(issue):
    trust = policy(OPERATOR, GOVERNANCE)
    added = judge(issue(governance=None, required_roles=["governance"]), trust)
    assert reasons(added) == {"role:governance": "missing-statement"}
    trust = policy(OPERATOR, GOVERNANCE, require={"declared": ["governance"]})
    assert reasons(judge(issue(governance=None, required_roles=["operator"]), trust)) == {
        "role:governance": "missing-statement"
    }


@pytest.mark.parametrize("role", ["auditor", "pope", "root", "\x1b[31m"])
def test_a_role_that_nobody_holds_is_undecided(issue, role):
    verdict = judge(issue(required_roles=[role]), policy(OPERATOR))
    assert verdict.exit_code == 3
    assert verdict.reasons == ("no-key",)


@pytest.mark.parametrize(
    ("who", "entry", "reason"),
    [
        ("mallory", None, "unknown-key"),
        ("dan", SOURCE, "wrong-predicate"),
        ("lea", key_table(KEYS["lea"], "log", id="a.log"), "wrong-role"),
        ("rob", key_table(KEYS["rob"], "root"), "wrong-role"),
        (
            "gus",
            key_table(
                KEYS["gus"], "operator", predicate_types=[PREDICATE_BASE + "/run/v1"], id="g"
            ),
            "wrong-predicate",
        ),
        (
            "gus",
            key_table(KEYS["gus"], "operator", not_before="2026-06-02T00:00:00Z", id="g"),
            "not-yet-valid",
        ),
        (
            "gus",
            key_table(KEYS["gus"], "operator", compromised_at="2026-05-01T00:00:00Z", id="g"),
            "compromised-key",
        ),
    ],
)
def test_a_passport_that_no_key_may_sign_is_not_read(issue, who, entry, reason):
    trust = policy(OPERATOR, *([entry] if entry else []))
    verdict = judge(issue(passport=(who,)), trust)
    assert reasons(verdict) == {"signature": reason}
    assert verdict.exit_code == 1
    assert verdict.assurance_claimed is None


def test_a_compromise_in_the_verifiers_future_is_none_yet(issue):
    entry = key_table(KEYS["gus"], "operator", compromised_at="2026-06-02T00:00:00Z")
    assert judge(issue(passport=("gus",)), policy(entry))


def test_a_signature_of_the_wrong_role_is_told_from_a_missing_one(issue):
    trust = policy(OPERATOR, SOURCE, GOVERNANCE, require=ALL)
    assert reasons(judge(issue(governance="alice"), trust)) == {"role:governance": "wrong-role"}
    assert reasons(judge(issue(data="grace"), trust)) == {"role:data-source": "wrong-role"}
    assert reasons(judge(issue(governance="mallory"), trust)) == {"role:governance": "unknown-key"}
    assert reasons(judge(issue(keep=["data"]), trust)) == {"role:governance": "missing-statement"}
    assert reasons(judge(issue(data=None), trust)) == {"role:data-source": "missing-statement"}


def test_a_statement_that_the_passport_does_not_list_counts_for_nothing(issue, data_claim):
    trust = policy(OPERATOR, SOURCE, require={"declared": ["operator", "data-source"]})
    passport, _ = issue(data=None)
    foreign = sign_statement(data_claim, [KEYS["dan"]])
    handed = Handover(statements=((foreign.digest, foreign.envelope),))
    verdict = judge((passport, handed), trust)
    assert reasons(verdict) == {"role:data-source": "missing-statement"}


@pytest.mark.parametrize(("junk", "good"), [(7, True), (8, False)])
def test_the_envelopes_of_one_statement_are_bounded(issue, junk, good):
    """Whoever adds files to a folder costs the verifier no more than so much."""
    trust = policy(OPERATOR, GOVERNANCE, require={"declared": ["operator", "governance"]})
    passport, evidence = issue(data=None)
    ((digest, signed),) = evidence.statements
    copies = [
        Envelope(signed.payload, signed.payload_type, (Signature(str(number), b"none"),))
        for number in range(junk)
    ]
    handed = Handover(statements=tuple((digest, one) for one in (*copies, signed)))
    assert bool(judge((passport, handed), trust)) is good


def test_every_training_dataset_needs_its_own_statement(issue, seed_bom):
    second = seed_bom.data[0].model_copy(
        update={"name": "more", "content_hash": digest_bytes(b"more")}
    )
    bom = seed_bom.model_copy(update={"data": (*seed_bom.data, second)})
    trust = policy(OPERATOR, SOURCE, require={"declared": ["data-source"]})
    assert reasons(judge(issue(bom=bom), trust)) == {"role:data-source": "missing-statement"}
    held_out = second.model_copy(update={"role": "eval"})
    assert judge(issue(bom=bom.model_copy(update={"data": (*seed_bom.data, held_out)})), trust)


def test_a_threshold_counts_distinct_keys(issue):
    olga = key_table(KEYS["olga"], "operator", id="olga")
    trust = policy(OPERATOR, olga, thresholds={"operator": 2})
    assert judge(issue(passport=("alice", "olga")), trust)
    assert reasons(judge(issue(), trust)) == {"signature": "below-threshold"}
    passport, evidence = issue()
    (once,) = passport.envelope.signatures
    twice = Envelope(
        passport.envelope.payload,
        passport.envelope.payload_type,
        (once, Signature(KEYS["olga"].keyid, once.sig), Signature("", once.sig)),
    )
    assert reasons(judge((twice, evidence), trust)) == {"signature": "below-threshold"}


def test_the_order_of_signatures_changes_nothing(issue):
    olga = key_table(KEYS["olga"], "operator", id="olga")
    trust = policy(OPERATOR, olga, thresholds={"operator": 2})
    passport, evidence = issue(passport=("alice", "mallory", "olga"))
    whole = passport.envelope
    for order in permutations(whole.signatures):
        again = Envelope(whole.payload, whole.payload_type, order)
        assert judge((again, evidence), trust)


def test_a_shared_secret_counts_toward_no_role(seed_bom):
    signed = PassportSigner(HmacSigner(b"team secret", "team")).sign(seed_bom)
    verdict = judge((signed, Handover()), policy(OPERATOR))
    assert reasons(verdict) == {"signature": "shared-secret"}


def test_beside_a_counting_key_a_shared_secret_does_no_harm(seed_bom):
    both = PassportSigner([HmacSigner(b"team secret", "team"), KEYS["alice"]]).sign(seed_bom)
    verdict = judge((both, Handover()), policy(OPERATOR))
    assert verdict
    assert verdict.has_note("more_signatures")


def test_changed_bytes_are_told_from_an_unknown_key(issue):
    passport, evidence = issue()
    (one,) = passport.envelope.signatures
    broken = Envelope(
        passport.envelope.payload.replace(b"my-model", b"my-mudel"),
        passport.envelope.payload_type,
        (one,),
    )
    assert reasons(judge((broken, evidence), policy(OPERATOR))) == {"signature": "bad-signature"}
    unsigned = Envelope(passport.envelope.payload, passport.envelope.payload_type, ())
    verdict = judge((unsigned, evidence), policy(OPERATOR))
    assert reasons(verdict) == {"signature": "bad-signature"}
    assert verdict.has_note("unsigned")


def test_a_pinned_key_is_asked_for_beside_the_policy(issue):
    trust = policy(OPERATOR)
    assert judge(issue(), trust, keys=KEYS["alice"].verification_key)
    verdict = judge(issue(), trust, keys=KEYS["olga"].verification_key)
    assert verdict.reasons == ("unknown-key",)


def test_the_model_that_was_asked_about(issue):
    trust = policy(OPERATOR)
    assert judge(issue(), trust, model="my-model")
    assert reasons(judge(issue(), trust, model="other")) == {"model": "wrong-model"}


def revocation(passport, signer, **fields):
    claim = Revocation(
        revoked=passport.digest(), reason="leaked", revoked_at=TIME, issued_at=TIME, **fields
    )
    envelope = sign_statement(claim, [signer]).envelope
    return Handover(revocations=(("given", envelope.to_bytes()),))


def test_a_revoked_passport_is_refused(issue):
    trust = policy(OPERATOR, GOVERNANCE)
    passport, _ = issue()
    verdict = judge((passport, revocation(passport, KEYS["grace"])), trust)
    assert reasons(verdict) == {"revocation": "revoked"}
    other, _ = issue(passport=("alice",), required_roles=["operator"])
    assert judge((other, revocation(passport, KEYS["grace"])), trust)


@pytest.mark.parametrize(
    ("who", "reason"), [("alice", "wrong-role"), ("mallory", "unknown-key"), ("dan", "wrong-role")]
)
def test_a_revocation_by_somebody_else_leaves_a_doubt(issue, who, reason):
    trust = policy(OPERATOR, GOVERNANCE, SOURCE)
    passport, _ = issue()
    verdict = judge((passport, revocation(passport, KEYS[who])), trust)
    assert reasons(verdict) == {"revocation": reason}
    assert verdict.exit_code == 3


def test_a_revocation_where_nobody_may_revoke_leaves_a_doubt(issue):
    passport, _ = issue()
    for who in ("grace", "alice", "mallory"):
        verdict = judge((passport, revocation(passport, KEYS[who])), policy(OPERATOR))
        assert reasons(verdict) == {"revocation": "no-key"}
        assert verdict.exit_code == 3


def test_what_is_no_revocation_leaves_a_doubt(issue, policy_claim):
    trust = policy(OPERATOR, GOVERNANCE)
    passport, _ = issue()
    other = sign_statement(policy_claim, [KEYS["grace"]]).envelope.to_bytes()
    for data, reason in ((other, "wrong-predicate"), (b"{}", "malformed"), (b"\xff", "malformed")):
        verdict = judge((passport, Handover(revocations=(("given", data),))), trust)
        assert reasons(verdict) == {"revocation": reason}


def test_reports_that_the_policy_asks_for_are_missed(issue):
    trust = policy(OPERATOR, more="[evidence]\nreports = true\n")
    assert reasons(judge(issue(), trust)) == {"reports": "missing-report"}


def test_a_passport_is_read_as_before_without_a_policy(issue, seed_bom):
    passport, evidence = issue()
    assert isinstance(passport, ModelPassport)
    verdict = verify_passport(
        passport.envelope, keys=KEYS["alice"].verification_key, evidence=evidence, at=AT
    )
    assert verdict
    assert {row.reason for row in verdict.checks if row.name.startswith("statement:")} == {
        "no-trust-policy"
    }
