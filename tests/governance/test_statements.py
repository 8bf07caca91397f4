"""Statements of the roles: what they bind, and what they refuse."""

from __future__ import annotations

import pytest

from fakes import fixed_clock
from provenir.attest.dsse import Envelope
from provenir.attest.statement import Statement, Subject
from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.governance.passport import PassportSigner
from provenir.governance.statements import (
    STATEMENTS,
    DataSourceStatement,
    ExampleMetadataStatement,
    LedgerCloseStatement,
    PolicyStatement,
    Revocation,
    RoleStatement,
    RunStatement,
    sign_statement,
)

TIME = "2026-01-02T03:04:05.000Z"
OTHER = digest_bytes(b"something else")


@pytest.fixture
def claims(seed_bom, make_run):
    data = seed_bom.data[0]
    return [
        DataSourceStatement(name=data.name, records_root=data.content_hash, n=1200, issued_at=TIME),
        RunStatement.of(make_run().manifest, clock=fixed_clock()),
        PolicyStatement(name="house rules", policy=OTHER, issued_at=TIME),
        Revocation(revoked=OTHER, reason="leaked", revoked_at=TIME, issued_at=TIME),
        ExampleMetadataStatement(
            name=data.name,
            records_root=data.content_hash,
            n=1200,
            metadata_root=OTHER,
            metadata_n=3,
            issued_at=TIME,
        ),
        LedgerCloseStatement(run_id="a-run", n=9, root=OTHER, close=OTHER, issued_at=TIME),
    ]


def test_a_statement_comes_back_as_it_was_signed(claims, ed25519, tmp_path):
    for claim in claims:
        signed = sign_statement(claim, [ed25519])
        path = tmp_path / "one.dsse.json"
        path.write_bytes(signed.envelope.to_bytes())
        assert RoleStatement.read(path) == signed
        assert signed.envelope.verified_by([ed25519.verification_key])
        assert STATEMENTS[claim.predicate_type] is type(claim)


def test_the_subject_must_be_what_the_predicate_speaks_of(claims, ed25519):
    for claim in claims:
        lying = Statement(
            (Subject(claim.subject().name, {"sha256": "0" * 64}),),
            claim.predicate_type,
            claim.model_dump(mode="json"),
        )
        with pytest.raises(InputError, match="subject"):
            RoleStatement.of(Envelope.sign(lying.to_bytes(), [ed25519]))


def test_a_passport_is_no_statement_of_a_role(seed_bom, ed25519):
    with pytest.raises(EvidenceError) as fault:
        RoleStatement.of(PassportSigner(ed25519).sign(seed_bom).envelope)
    assert fault.value.reason == "wrong-predicate"


def test_another_payload_type_is_no_statement(claims, ed25519):
    payload = sign_statement(claims[0], [ed25519]).envelope.payload
    with pytest.raises(EvidenceError, match="payload"):
        RoleStatement.of(Envelope.sign(payload, [ed25519], payload_type="text/plain"))


def test_a_running_run_is_not_stated(make_run):
    manifest = make_run().manifest.model_copy(update={"status": "running", "ended_at": None})
    with pytest.raises(UsageError, match="not ended"):
        RunStatement.of(manifest)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"records_root": OTHER}, "not one of the passport's"),
        ({"n": 7}, "1200 records"),
        ({"license": "mit"}, "licence"),
    ],
)
def test_a_dataset_that_is_not_the_passports_contradicts_it(
    claims, seed_bom, ed25519, change, said
):
    predicate = PassportSigner(ed25519).sign(seed_bom).predicate
    assert claims[0].contradiction(predicate) is None
    assert said in claims[0].model_copy(update=change).contradiction(predicate)


def test_a_run_that_is_not_the_passports_contradicts_it(make_run, seed_bom, ed25519):
    run = make_run()
    claim = RunStatement.of(run.manifest)
    assert claim.contradiction(run.passport.predicate) is None
    other = claim.model_copy(update={"manifest": OTHER})
    assert "not the passport's" in other.contradiction(run.passport.predicate)
    unbound = PassportSigner(ed25519).sign(seed_bom).predicate
    assert "not the passport's" in claim.contradiction(unbound)


@pytest.mark.parametrize(
    ("change", "said"), [({"records_root": OTHER}, "not one of the passport's"), ({"n": 7}, "1200")]
)
def test_metadata_of_another_dataset_contradicts_the_passport(
    claims, seed_bom, ed25519, change, said
):
    predicate = PassportSigner(ed25519).sign(seed_bom).predicate
    assert claims[4].contradiction(predicate) is None
    assert said in claims[4].model_copy(update=change).contradiction(predicate)


def test_a_ledger_that_is_not_the_passports_contradicts_it(make_run):
    run = make_run()
    predicate = run.passport.predicate.model_copy(update={"ledger_root": OTHER})
    claim = LedgerCloseStatement(
        run_id=run.manifest.run_id, n=9, root=OTHER, close=OTHER, issued_at=TIME
    )
    assert claim.contradiction(predicate) is None
    for change in ({"root": digest_bytes(b"forked")}, {"run_id": "another"}):
        assert "not the passport's" in claim.model_copy(update=change).contradiction(predicate)
    for unbound in ({"ledger_root": None}, {"manifest": None}):
        assert claim.contradiction(predicate.model_copy(update=unbound))


def test_a_revocation_is_never_listed(claims, seed_bom, ed25519):
    predicate = PassportSigner(ed25519).sign(seed_bom).predicate
    assert claims[3].contradiction(predicate)
    assert claims[2].contradiction(predicate) is None
