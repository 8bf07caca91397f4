"""The conformance cases about signatures, roles, trust policies and statements.

A case makes its files at a `Desk` and returns what is asked and what must come of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance_desk import (
    ALICE,
    AT,
    DAN,
    GRACE,
    OLGA,
    OTHER,
    ROB,
    RUN_ID,
    SECRET,
    THREE_ROLES,
    TIME,
    Desk,
    bom,
    data_source,
    entry,
    key,
    p256_key,
    policy,
    policy_statement,
    run_statement,
)

from provenir.attest.dsse import Envelope, Signature
from provenir.attest.keys import HmacSigner
from provenir.attest.statement import (
    DATA_SOURCE_PREDICATE,
    PASSPORT_PREDICATE,
    VERDICT_PREDICATE,
)
from provenir.attest.trust_chain import rotation_envelope
from provenir.core.clock import FixedClock
from provenir.core.digest import digest_bytes
from provenir.governance.bom import CodeComponent
from provenir.governance.passport import PassportSigner
from provenir.governance.statements import Claim, Revocation, RoleStatement, sign_statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.attest.keys import Signer
    from provenir.core.manifest import RunManifest

__all__ = ["CASES", "Asked", "base_arguments"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one case asks, and what must come of it.

    Attributes:
        says: The story of the case, for its README.
        arguments: Of `provenir verify` and of the single-file auditor.
        reasons: Of the rows that fail or stay undecided; empty for a good case.
        exit_code: 0 good, 1 refused, 2 unreadable, 3 undecided.
    """

    says: str
    arguments: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    exit_code: int = 0


def base_arguments(*more: str, target: str = "passport.json") -> list[str]:
    """The arguments of a case under its trust policy, judged at a fixed time."""
    return [target, "--trust", "trust.toml", "--at", AT, *more]


def _good(says: str, *more: str, target: str = "passport.json") -> Asked:
    return Asked(says, base_arguments(*more, target=target))


def _refused(reason: str, says: str, *more: str, target: str = "passport.json") -> Asked:
    return Asked(says, base_arguments(*more, target=target), [reason], 1)


def _doubted(reason: str, says: str, *more: str) -> Asked:
    return Asked(says, base_arguments(*more), [reason], 3)


# -- signatures and roles -----------------------------------------------------------------------


def operator(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")])
    return _good("The operator signed; nothing else is required.")


def p256(desk: Desk) -> Asked:
    desk.trust(entry(p256_key("paula"), "operator", id="paula"))
    desk.passport([p256_key("paula")])
    return _good("A P-256 key of the operator signed.")


def pinned_key(desk: Desk) -> Asked:
    desk.write("alice.pub.pem", key("alice").public_pem())
    desk.passport([key("alice")])
    return Asked(
        "No trust policy: the verifier pins one public key.",
        ["passport.json", "--public-key", "alice.pub.pem", "--at", AT],
    )


def pinned_key_fail(desk: Desk) -> Asked:
    desk.write("olga.pub.pem", key("olga").public_pem())
    desk.passport([key("alice")])
    return Asked(
        "The pinned key is not the one that signed.",
        ["passport.json", "--public-key", "olga.pub.pem", "--at", AT],
        ["unknown-key"],
        1,
    )


def three_roles(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN, GRACE, require=THREE_ROLES)
    desk.passport(
        [key("alice")],
        statements=[
            sign_statement(data_source(), [key("dan")]),
            sign_statement(policy_statement(), [key("grace")]),
        ],
    )
    return _good("Operator, data source and governance each signed what they answer for.")


def threshold(desk: Desk) -> Asked:
    desk.trust(ALICE, OLGA, thresholds={"operator": 2})
    desk.passport([key("alice"), key("olga")])
    return _good("Two operators are needed, and two signed.")


def foreign_signature_beside(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("mallory"), key("alice")])
    return _good("A stranger's signature beside the operator's does no harm.")


def threshold_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, OLGA, thresholds={"operator": 2})
    desk.passport([key("alice")])
    return _refused("below-threshold", "Two operators are needed, and one signed.")


def one_key_two_ids_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, OLGA, thresholds={"operator": 2})
    signed = desk.passport([key("alice")]).envelope
    (one,) = signed.signatures
    doubled = (one, Signature(key("olga").keyid, one.sig), Signature("somebody", one.sig))
    again = Envelope(signed.payload, signed.payload_type, doubled)
    desk.write("passport.json", again.to_bytes())
    return _refused("below-threshold", "One operator's signature is repeated under other key ids.")


def one_key_two_entries_fail(desk: Desk) -> Asked:
    again = entry(key("alice"), "operator", id="alice-again")
    desk.trust(ALICE, again, thresholds={"operator": 2})
    desk.passport([key("alice")])
    return _refused("below-threshold", "One public key stands in two entries of the policy.")


def split_threshold_fail(desk: Desk) -> Asked:
    both = entry(key("gus"), "governance", id="gus", predicate_types=[PASSPORT_PREDICATE])
    desk.trust(
        ALICE, GRACE, both, require={"declared": ["governance"]}, thresholds={"governance": 2}
    )
    desk.passport(
        [key("alice"), key("gus")],
        statements=[sign_statement(policy_statement(), [key("grace")])],
    )
    return _refused(
        "below-threshold",
        "Two governance keys are needed on one document; one signed the passport and the other "
        "the policy's statement.",
    )


def threshold_by_run_statement_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, OLGA, thresholds={"operator": 2})
    made: list[RoleStatement] = []

    def both(manifest: RunManifest) -> tuple[Claim, Signer]:
        claim, signer = run_statement(key("alice"))(manifest)
        made.append(sign_statement(claim, [signer, key("olga")]))
        return claim, signer

    desk.run([key("alice")], where="", claims=[both])
    desk.state(made[0])
    return _refused(
        "below-threshold",
        "Two operators signed what the run was; one of them alone makes a passport of it.",
    )


def unknown_key_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("mallory")])
    return _refused("unknown-key", "A key that the policy does not name signed.")


def unsigned_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    signed = desk.passport([key("alice")]).envelope
    desk.write("passport.json", Envelope(signed.payload, signed.payload_type, ()).to_bytes())
    return _refused("bad-signature", "The signatures were taken off.")


def changed_payload_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    signed = desk.passport([key("alice")]).envelope
    payload = signed.payload.replace(b'"score":0.71', b'"score":0.99')
    changed = Envelope(payload, signed.payload_type, signed.signatures)
    desk.write("passport.json", changed.to_bytes())
    return _refused("bad-signature", "A score was raised after signing.")


def borrowed_signature_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    other = PassportSigner(key("alice")).sign(bom(model_id="harmless"), clock=FixedClock(TIME))
    mine = desk.passport([key("mallory")]).envelope
    borrowed = Envelope(mine.payload, mine.payload_type, other.envelope.signatures)
    desk.write("passport.json", borrowed.to_bytes())
    return _refused("bad-signature", "The operator's signature was taken from another passport.")


def wrong_role_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN, GRACE, require=THREE_ROLES)
    desk.passport(
        [key("alice")],
        statements=[
            sign_statement(data_source(), [key("dan")]),
            sign_statement(policy_statement(), [key("alice")]),
        ],
    )
    return _refused("wrong-role", "The operator signed the policy in the place of governance.")


def wrong_role_passport_fail(desk: Desk) -> Asked:
    auditor = entry(key("ada"), "auditor", id="ada", predicate_types=[PASSPORT_PREDICATE])
    desk.trust(ALICE, auditor)
    desk.passport([key("ada")])
    return _refused("wrong-role", "An auditor signed the passport, and the operator did not.")


def log_key_signs_passport_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, entry(key("lea"), "log", id="example.org/log"))
    desk.passport([key("lea")])
    return _refused("wrong-role", "The key of the log signed a passport.")


def root_key_signs_passport_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, ROB)
    desk.passport([key("rob")])
    return _refused("wrong-role", "The key that rotates the policy signed a passport.")


def wrong_predicate_key_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN)
    desk.passport([key("dan")])
    return _refused("wrong-predicate", "A data source's key, which may not sign passports, did.")


def wrong_predicate_type_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)

    def renamed(statement: dict[str, Any]) -> None:
        statement["predicateType"] = VERDICT_PREDICATE

    desk.forge(desk.passport([key("alice")]), renamed, [key("alice")])
    return _refused("wrong-predicate", "A statement of another type is shown as a passport.")


def statement_as_passport_fail(desk: Desk) -> Asked:
    runs = [PASSPORT_PREDICATE, DATA_SOURCE_PREDICATE]
    desk.trust(entry(key("alice"), "operator", id="alice", predicate_types=runs))
    signed = sign_statement(data_source(), [key("alice")])
    desk.write("passport.json", signed.envelope.to_bytes())
    return _refused("wrong-predicate", "A data source's statement is shown as a passport.")


def other_payload_type_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    payload = desk.passport([key("alice")]).envelope.payload
    other = Envelope.sign(payload, [key("alice")], payload_type="application/json")
    desk.write("passport.json", other.to_bytes())
    return _refused("wrong-predicate", "The payload was signed as another type.")


def shared_secret_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([HmacSigner(SECRET, "alice")])
    return _refused("shared-secret", "An HMAC stands where the operator should have signed.")


def shared_secret(desk: Desk) -> Asked:
    desk.passport([HmacSigner(SECRET, "team")])
    return Asked(
        "Inside a team: the secret verifies the HMAC, and nobody else can tell anything from it.",
        ["passport.json", "--key", SECRET.decode(), "--at", AT],
    )


def shared_secret_other_fail(desk: Desk) -> Asked:
    desk.passport([HmacSigner(SECRET, "team")])
    return Asked(
        "Another secret.",
        ["passport.json", "--key", "another secret of a team", "--at", AT],
        ["bad-signature"],
        1,
    )


def public_key_as_secret_fail(desk: Desk) -> Asked:
    pem = key("alice").public_pem()
    envelope = desk.passport([key("mallory")]).envelope
    tag = hmac.new(pem, envelope.signed_bytes(), hashlib.sha256).digest()
    forged = Envelope(
        envelope.payload, envelope.payload_type, (Signature("hmac-sha256:team", tag),)
    )
    desk.write("passport.json", forged.to_bytes())
    return Asked(
        "Somebody made an HMAC with the operator's public key as the secret, which everybody has.",
        ["passport.json", "--key", pem.decode(), "--at", AT],
        [],
        2,
    )


def not_yet_valid_fail(desk: Desk) -> Asked:
    desk.trust(entry(key("alice"), "operator", id="alice", not_before="2026-07-01T00:00:00Z"))
    desk.passport([key("alice")])
    return _refused("not-yet-valid", "The key counts from a later day on.")


def backdated_after_compromise_fail(desk: Desk) -> Asked:
    stolen = entry(key("alice"), "operator", id="alice", compromised_at="2026-05-01T00:00:00Z")
    desk.trust(stolen)
    desk.passport([key("alice")])
    return _refused(
        "compromised-key",
        "The key was stolen in May; the passport says that it was issued in March. Nothing but its "
        "own word says so.",
    )


def compromised_later(desk: Desk) -> Asked:
    stolen = entry(key("alice"), "operator", id="alice", compromised_at="2026-07-01T00:00:00Z")
    desk.trust(stolen)
    desk.passport([key("alice")])
    return _good("By the verifier's clock the key is not stolen yet.")


def nobody_holds_the_role(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")], required_roles=["governance"])
    return _doubted("no-key", "The passport requires a role that the policy gives to no key.")


# -- statements ---------------------------------------------------------------------------------


def stripped_statement_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, GRACE, require={"declared": ["operator", "governance"]})
    signed = sign_statement(policy_statement(), [key("grace")])
    desk.passport([key("alice")], statements=[signed])
    (desk.folder / desk.state(signed)).unlink()
    return _refused("missing-statement", "The passport lists a statement that was taken away.")


def statement_in_several_envelopes(desk: Desk) -> Asked:
    both = {"declared": ["operator", "governance"]}
    gus = entry(key("gus"), "governance", id="gus")
    desk.trust(ALICE, GRACE, gus, require=both, thresholds={"governance": 2})
    signed = sign_statement(policy_statement(), [key("grace")])
    desk.passport([key("alice")], statements=[signed])
    payload = signed.envelope.payload
    later = Envelope.sign(payload, [key("gus")])
    foreign = Envelope.sign(payload, [key("mallory")], payload_type="text/plain")
    for name, envelope in (("a", foreign), ("b", later)):
        desk.write(f"statements/{name}.dsse.json", envelope.to_bytes())
    return _good(
        "Two governance keys signed one statement, each in an envelope of its own, and a stranger "
        "put another around the same bytes."
    )


def never_signed_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, GRACE, require={"declared": ["operator", "governance"]})
    desk.passport([key("alice")])
    return _refused("missing-statement", "The policy requires governance, which signed nothing.")


def roles_left_out_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, GRACE, require={"declared": ["operator", "governance"]})
    desk.passport([key("alice")], required_roles=["operator"])
    return _refused("missing-statement", "The passport's own list leaves a required role out.")


def unlisted_statement_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, GRACE, require={"declared": ["operator", "governance"]})
    desk.passport([key("alice")])
    desk.state(sign_statement(policy_statement(), [key("grace")]))
    return _refused(
        "missing-statement", "Governance's statement lies there, and the passport does not list it."
    )


def one_dataset_without_statement_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN, require={"declared": ["operator", "data-source"]})
    first = bom().data[0]
    second = first.model_copy(update={"name": "more", "content_hash": OTHER})
    desk.passport(
        [key("alice")],
        inventory=bom(data=[first, second]),
        statements=[sign_statement(data_source(), [key("dan")])],
    )
    return _refused(
        "missing-statement", "Of two training datasets one has nobody to answer for it."
    )


def no_training_dataset_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN, require={"declared": ["operator", "data-source"]})
    (train,) = bom().data
    desk.passport(
        [key("alice")],
        inventory=bom(data=[train.model_copy(update={"role": "eval"})]),
        statements=[sign_statement(data_source(), [key("dan")])],
    )
    return _refused(
        "missing-statement",
        "The data source answers for rows that are called evaluation data, and no training data is "
        "named.",
    )


def other_dataset_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport(
        [key("alice")],
        statements=[sign_statement(data_source(records_root=OTHER), [key("dan")])],
    )
    return _refused("statement-mismatch", "The statement is about rows that the model did not see.")


def other_licence_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN)
    claim = data_source(license="proprietary")
    desk.passport([key("alice")], statements=[sign_statement(claim, [key("dan")])])
    return _refused("statement-mismatch", "The data source states another licence.")


def statement_subject_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN)
    signed = sign_statement(data_source(), [key("dan")])
    body = json.loads(signed.envelope.payload)
    body["subject"][0]["digest"]["sha256"] = "0" * 64
    payload = json.dumps(body).encode()
    forged = Envelope.sign(payload, [key("dan")])
    passport = desk.passport([key("alice")])

    def listed(statement: dict[str, Any]) -> None:
        statement["predicate"]["statements"] = [digest_bytes(payload)]

    desk.forge(passport, listed, [key("alice")])
    desk.write("statements/data-source-forged.dsse.json", forged.to_bytes())
    return _refused("malformed", "The statement's subject is not what its predicate speaks of.")


def revoked_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, GRACE)
    passport = desk.passport([key("alice")])
    desk.write("revocations/one.dsse.json", _revocation(passport.digest(), "grace"))
    return _refused("revoked", "Governance took the passport back.")


def revoked_statement_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, DAN, GRACE)
    signed = sign_statement(data_source(), [key("dan")])
    desk.passport([key("alice")], statements=[signed])
    name = desk.write("taken-back.dsse.json", _revocation(signed.digest, "grace", "statement"))
    return _refused(
        "revoked", "Governance took a statement back that the passport lists.", "--revocation", name
    )


def revoked_another(desk: Desk) -> Asked:
    desk.trust(ALICE, GRACE)
    desk.passport([key("alice")])
    desk.write("revocations/one.dsse.json", _revocation(OTHER, "grace"))
    return _good("Governance took something else back.")


def revocation_by_operator(desk: Desk) -> Asked:
    desk.trust(ALICE, OLGA, GRACE)
    passport = desk.passport([key("alice")])
    name = desk.write("taken-back.dsse.json", _revocation(passport.digest(), "olga"))
    return _doubted(
        "wrong-role", "Another operator says that the passport is taken back.", "--revocation", name
    )


def _revocation(digest: str, who: str, what: str = "passport") -> bytes:
    claim = Revocation(
        what="statement" if what == "statement" else "passport",
        revoked=digest,
        reason="a leak",
        revoked_at=TIME,
        issued_at=TIME,
    )
    return sign_statement(claim, [key(who)]).envelope.to_bytes()


# -- trust policies over time -------------------------------------------------------------------


def rotated(desk: Desk) -> Asked:
    desk.trust(OLGA, ROB)
    new = policy(ALICE, ROB, version=2)
    desk.write("trust.2.dsse.json", rotation_envelope(new, [key("rob")]).to_bytes())
    desk.passport([key("alice")])
    return _good("Version 2 of the policy, signed by the root of both, names a new operator.")


def rotated_away_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, ROB)
    new = policy(OLGA, ROB, version=2)
    desk.write("trust.2.dsse.json", rotation_envelope(new, [key("rob")]).to_bytes())
    desk.passport([key("alice")])
    return _refused("unknown-key", "Version 2 of the policy no longer names this operator.")


def rotation_by_operator_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, ROB)
    new = policy(entry(key("mallory"), "operator", id="mallory"), ROB, version=2)
    desk.write("trust.2.dsse.json", rotation_envelope(new, [key("alice")]).to_bytes())
    desk.passport([key("mallory")])
    return _refused("bad-rotation", "The operator signed the next policy in the root's place.")


def rotation_without_old_root_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, ROB)
    ruth = entry(key("ruth"), "root", id="ruth")
    new = policy(entry(key("mallory"), "operator", id="mallory"), ruth, version=2)
    desk.write("trust.2.dsse.json", rotation_envelope(new, [key("ruth")]).to_bytes())
    desk.passport([key("mallory")])
    return _refused("bad-rotation", "Only the root of the new policy signed it.")


def rotation_without_new_root_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, ROB)
    ruth = entry(key("ruth"), "root", id="ruth")
    new = policy(ALICE, ruth, version=2)
    desk.write("trust.2.dsse.json", rotation_envelope(new, [key("rob")]).to_bytes())
    desk.passport([key("alice")])
    return _refused("bad-rotation", "The root of the new policy did not sign it.")


def rotation_skips_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, ROB)
    new = policy(ALICE, ROB, version=3)
    desk.write("trust.3.dsse.json", rotation_envelope(new, [key("rob")]).to_bytes())
    desk.passport([key("alice")])
    return _refused("bad-rotation", "Version 2 of the policy was left out.")


def rotation_other_name_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, ROB)
    new = policy(ALICE, ROB, version=2, name="another")
    desk.write("trust.2.dsse.json", rotation_envelope(new, [key("rob")]).to_bytes())
    desk.passport([key("alice")])
    return _refused("bad-rotation", "The next version is of a policy with another name.")


def older_policy_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")])
    _remember(desk, policies={"acme": {"version": 2, "digest": OTHER}})
    return _refused("rolled-back", "The verifier knows version 2.", "--state", "state.json")


def other_policy_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")])
    _remember(desk, policies={"acme": {"version": 1, "digest": OTHER}})
    return _refused(
        "rolled-back", "The verifier knows version 1 with other bytes.", "--state", "state.json"
    )


def renewed(desk: Desk) -> Asked:
    desk.trust(ALICE)
    first = PassportSigner(key("alice")).sign(bom(), clock=FixedClock(TIME))
    desk.passport([key("alice")], previous=first)
    _remember(desk, passports={"trust:acme|my-model": {"version": 1, "digest": first.digest()}})
    return _good(
        "Version 2 of the model's passport, where version 1 is known.", "--state", "state.json"
    )


def older_version_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")])
    _remember(desk, passports={"trust:acme|my-model": {"version": 2, "digest": OTHER}})
    return _refused(
        "rolled-back", "Version 2 of the model's passport is known.", "--state", "state.json"
    )


def _remember(desk: Desk, **fields: Any) -> None:
    state = {"schema_version": "verifier-state/1", "policies": {}, "passports": {}}
    whole = {**state, "checkpoints": {}, **fields}
    desk.write("state.json", json.dumps(whole).encode())


# -- what the passport says ---------------------------------------------------------------------


def expires_later(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")], expires_at=FixedClock("2026-12-01T00:00:00Z").now())
    return _good("The passport's time is not over.")


def expired_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")], expires_at=FixedClock("2026-05-01T00:00:00Z").now())
    return _refused("expired", "The passport's time is over by the verifier's clock.")


def other_model_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")], inventory=bom(model_id="another-model"))
    return _refused("wrong-model", "A good passport of another model.", "--model", "my-model")


def flags_dropped_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    code = CodeComponent(git_sha="ab" * 20, dependencies_hash=OTHER, dirty=True)
    dirty = bom(code=code)

    def without(statement: dict[str, Any]) -> None:
        statement["predicate"]["risk_flags"] = []

    desk.forge(desk.passport([key("alice")], inventory=dirty), without, [key("alice")])
    return _refused("flags-mismatch", "The flag that the inventory raises was left out.")


def flag_added_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)

    def more(statement: dict[str, Any]) -> None:
        statement["predicate"]["risk_flags"] = ["unknown_license"]

    desk.forge(desk.passport([key("alice")]), more, [key("alice")])
    return _refused("flags-mismatch", "A flag is stated that the inventory does not raise.")


def assurance_raised_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)

    def raised(statement: dict[str, Any]) -> None:
        statement["predicate"]["assurance"] = "L2"

    desk.forge(desk.passport([key("alice")]), raised, [key("alice")])
    return _refused(
        "flags-mismatch", "L2 is claimed by a passport that binds no ledger and no run."
    )


def claim_past_the_operator_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, OLGA, GRACE, require={"L1": ["governance"]}, thresholds={"operator": 2})
    desk.run(
        [key("alice")],
        where="",
        claims=[lambda _: (policy_statement(), key("grace"))],
        assurance="L1",
        ledger_root=OTHER,
    )
    return _refused(
        "below-threshold",
        "Two operators are needed for any passport; one claims L1, of which the policy states only "
        "what it asks beyond that.",
    )


def subject_swapped_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    model = desk.model()
    passport = desk.passport([key("alice")], inventory=bom(artifacts=[desk.artifact(model)]))

    def swapped(statement: dict[str, Any]) -> None:
        statement["subject"][0]["digest"] = {"sha256": "0" * 64}

    desk.forge(passport, swapped, [key("alice")])
    return _refused("subject-mismatch", "The subject is not the model of the inventory.")


def unknown_field_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)

    def more(statement: dict[str, Any]) -> None:
        statement["predicate"]["approved_by"] = "everybody"

    desk.forge(desk.passport([key("alice")]), more, [key("alice")])
    return _refused("malformed", "A field that no passport has was signed.")


def duplicate_key_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)

    def doubled(statement: dict[str, Any]) -> bytes:
        text = json.dumps(statement)
        return text.replace('"assurance"', '"assurance": "L2", "assurance"', 1).encode()

    desk.forge(desk.passport([key("alice")]), doubled, [key("alice")])
    return _refused("malformed", "A key stands twice: two readers would see two passports.")


def number_form_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)

    def floated(statement: dict[str, Any]) -> bytes:
        return json.dumps(statement).replace('"version": 1', '"version": 1.0').encode()

    desk.forge(desk.passport([key("alice")]), floated, [key("alice")])
    return _refused("malformed", "The version is spelled as a float.")


def version_without_previous_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)

    def later(statement: dict[str, Any]) -> None:
        statement["predicate"]["version"] = 5

    desk.forge(desk.passport([key("alice")]), later, [key("alice")])
    return _refused("malformed", "Version 5 without the passport that it replaces.")


def unsigned_field_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    envelope = json.loads(desk.passport([key("alice")]).envelope.to_bytes())
    desk.write("passport.json", json.dumps({**envelope, "approved": True}).encode())
    return Asked("Somebody added text beside the signatures.", base_arguments(), [], 2)


def deep_payload_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    deep = b"[" * 100_000 + b"]" * 100_000
    payload = b'{"_type":"https://in-toto.io/Statement/v1","predicate":' + deep + b"}"
    desk.write("passport.json", Envelope.sign(payload, [key("alice")]).to_bytes())
    return _refused("malformed", "A hundred thousand nested lists were signed.")


def bom_beside(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")])
    desk.write("bom.json", json.dumps(json.loads(bom().to_bytes()), indent=2).encode())
    return _good("The inventory beside the passport is the signed one, in another layout.")


def bom_beside_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.passport([key("alice")])
    desk.write("bom.json", bom(base_model="a better base").to_bytes())
    return _refused("bom-mismatch", "The inventory beside the passport is another one.")


# -- models and runs ----------------------------------------------------------------------------


def model(desk: Desk) -> Asked:
    desk.trust(ALICE)
    folder = desk.model()
    desk.passport([key("alice")], inventory=bom(artifacts=[desk.artifact(folder)]))
    return _good("The model folder is the one that was signed for.", "--artifact", "model")


def _changed_model(desk: Desk, says: str) -> Asked:
    desk.trust(ALICE)
    folder = desk.model()
    desk.passport([key("alice")], inventory=bom(artifacts=[desk.artifact(folder)]))
    return _refused("artifact-mismatch", says, "--artifact", "model")


def model_weights_fail(desk: Desk) -> Asked:
    asked = _changed_model(desk, "One byte of the weights was changed.")
    desk.model(weights=b"\x01\x02\x03\x05")
    return asked


def model_config_fail(desk: Desk) -> Asked:
    asked = _changed_model(desk, "The configuration was changed.")
    desk.write("model/config.json", b'{"hidden_size": 8}\n')
    return asked


def model_extra_file_fail(desk: Desk) -> Asked:
    asked = _changed_model(desk, "A file was added to the model.")
    desk.write("model/generation_config.json", b"{}\n")
    return asked


def model_renamed_file_fail(desk: Desk) -> Asked:
    asked = _changed_model(desk, "A file of the model was renamed.")
    (desk.folder / "model/config.json").rename(desk.folder / "model/old_config.json")
    return asked


def run(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.run([key("alice")], claims=[run_statement(key("alice"))])
    return _good("A run folder whose reports are the signed ones.", target="run")


def run_missing_report_fail(desk: Desk) -> Asked:
    asked = _run(desk, "missing-report", "The hacking report was taken away.")
    (desk.folder / "run/hacking_report.json").unlink()
    return asked


def run_changed_report_fail(desk: Desk) -> Asked:
    asked = _run(desk, "changed-report", "A report was changed.")
    desk.write("run/lineage.json", b'{"nodes": [], "edges": []}')
    return asked


def run_changed_steps_fail(desk: Desk) -> Asked:
    asked = _run(desk, "changed-report", "A step was changed.")
    desk.write("run/steps.jsonl", b'{"step":0,"metrics":{"kl":0.0}}\n')
    return asked


def run_changed_manifest_fail(desk: Desk) -> Asked:
    asked = _run(desk, "manifest-mismatch", "The manifest was written anew.")
    path = desk.folder / f"run/manifests/{RUN_ID}.json"
    path.write_bytes(path.read_bytes().replace(b'"seed":7', b'"seed":8'))
    return asked


def run_stripped_statement_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.run([key("alice")], claims=[run_statement(key("alice"))])
    (statement,) = (desk.folder / "run/statements").iterdir()
    statement.unlink()
    return _refused("missing-statement", "The operator's statement was taken away.", target="run")


def run_other_statement_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.run([key("alice")], claims=[run_statement(key("alice"), manifest=OTHER)])
    return _refused("statement-mismatch", "The statement is about another run.", target="run")


def run_health_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    desk.run(
        [key("alice")],
        flight={"verdict": "CRITICAL", "by_severity": {"critical": 1}, "by_kind": {"kl_spike": 1}},
        stated_flight={"verdict": "HEALTHY", "by_severity": {}, "by_kind": {}},
    )
    return _refused(
        "flags-mismatch",
        "The inventory says HEALTHY of a run whose recorder said CRITICAL.",
        target="run",
    )


def run_not_given_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, more="[evidence]\nreports = true\n")
    desk.passport([key("alice")])
    return _refused("missing-report", "The policy asks for the reports, which are not handed over.")


def reports_of_nothing_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, more="[evidence]\nreports = true\n")
    desk.passport([key("alice")])
    desk.write("reports/any.json", b"{}")
    return _refused(
        "missing-report",
        "The policy asks for the reports; a folder is handed over, and the passport lists none.",
        "--reports",
        "reports",
    )


def _run(desk: Desk, reason: str, says: str) -> Asked:
    desk.trust(ALICE)
    desk.run([key("alice")])
    return _refused(reason, says, target="run")


CASES: Final[tuple[Callable[[Desk], Asked], ...]] = tuple(
    made
    for name, made in sorted(globals().items())
    if not name.startswith("_") and getattr(made, "__annotations__", {}).get("return") == "Asked"
)
