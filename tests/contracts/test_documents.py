"""Laws of every document: bytes round-trip, are canonical, and admit nothing unknown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import provenir
from ledgers import make_ledger
from provenir.attest.event import LogEntry, LogEvent
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log import EventLog
from provenir.attest.log_index import IndexHead
from provenir.attest.note import SignedNote
from provenir.attest.verifier_state import VerifierState, update_state
from provenir.attest.witness import FileWitness, WitnessState
from provenir.core.canonical import canonical_bytes
from provenir.core.errors import DocumentError
from provenir.core.extras import available
from provenir.core.manifest import RunManifest
from provenir.data.overlap.index_header import EvalIndexHeader, Section
from provenir.eval.canary import CanaryCommitment, CanaryGuard, CanaryRegister
from provenir.eval.contamination import ContaminationChecker
from provenir.eval.contamination.document import ContaminationReportDocument
from provenir.flows.verify import Order, verify
from provenir.governance.admission import AdmissionPolicy
from provenir.governance.blocks import BlockMap, Parameter, block_of
from provenir.governance.bom import ModelBOM
from provenir.governance.depth import DepthTable, RoutesDocument, routes
from provenir.governance.passport_proof import PassportProof
from provenir.governance.predicate import PassportPredicate
from provenir.governance.starter import default_policy, default_table
from provenir.governance.statements import (
    DataSourceStatement,
    ExampleMetadataStatement,
    LedgerCloseStatement,
    PolicyStatement,
    Revocation,
    RunStatement,
)
from provenir.governance.verdict_document import VerdictDocument
from provenir.observability.documents import FlightRecorderDocument, HackingReportDocument
from provenir.provenance.ledger.disclosure import Disclosure, disclose
from provenir.provenance.ledger.proofs import LedgerProof
from provenir.provenance.ledger.query import LedgerQuery
from provenir.provenance.ledger.records import FinalTensors, Intent
from provenir.provenance.lineage_document import LineageDocument
from provenir.tracking.alert_document import AlertDocument
from provenir.tracking.alert_message import AlertMessage

DOCUMENTS = {
    AdmissionPolicy: "../../admission-policy.json",
    AlertDocument: "../../alert.json",
    BlockMap: "../../block-map.json",
    CanaryCommitment: "../../canary-commitment.json",
    CanaryRegister: "../../canary-register.json",
    ContaminationReportDocument: "../../contamination.json",
    DataSourceStatement: "../../data-source.json",
    DepthTable: "../../depth-profiles.json",
    Disclosure: "../../governed/private/disclosure.json",
    EvalIndexHeader: "../../eval-index.json",
    ExampleMetadataStatement: "../../example-metadata.json",
    FinalTensors: "../../governed/final.json",
    FlightRecorderDocument: "flight_recorder.json",
    HackingReportDocument: "hacking_report.json",
    IndexHead: "../log/index/head.json",
    Intent: "../../governed/intent.json",
    LedgerCloseStatement: "../../ledger-close.json",
    LedgerProof: "../../ledger-proof.json",
    LineageDocument: "lineage.json",
    ModelBOM: "bom.json",
    PassportProof: "passport.proof.json",
    RunManifest: "manifests/*.json",
    LogEntry: "../log/events-000000.jsonl",
    PassportPredicate: None,
    PolicyStatement: "../../policy.json",
    Revocation: "../../revocation.json",
    RoutesDocument: "../../routes.json",
    RunStatement: "../../run-statement.json",
    VerdictDocument: "../../verdict.json",
    VerifierState: "../../state.json",
    WitnessState: "../../witness.json",
}
DIGEST = "sha256:" + "d" * 64
NOW = "2026-01-01T00:00:00.000Z"


def test_every_document_of_the_product_is_under_these_laws():
    formats = [document.format_name().partition("/")[0] for document in DOCUMENTS]
    schemas = Path(__file__).resolve().parents[2] / "docs" / "schemas"
    assert sorted(f"{name}.schema.json" for name in formats) == sorted(
        path.name for path in schemas.iterdir()
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("documents")
    (place / "model").mkdir()
    (place / "model" / "config.json").write_text("{}")
    with provenir.track(
        "every document",
        dataset=[{"a": 1}],
        output_dir=place / "artifacts" / "run",
        sign_passport=True,
        signing_key=b"k",
    ) as run:
        for step in range(40):
            run.log_step({"kl": 0.1, "grad_norm": 90.0 if step == 30 else 1.0})
            run.log_trajectory({"prediction": "x", "reward": 1.0, "true_reward": 0.0})
        run.record_eval("e", 0.5)
        run.log_artifact(place / "model")
    update_state(place / "state.json", remembering)
    for name, document in claims(run).items():
        document.write(place / name)
    disclosed(place)
    log, signer = EventLog(place / "artifacts" / "log"), Ed25519Signer.generate()
    log.append_many([LogEvent(type="evaluation", name=f"{n}") for n in range(300)])
    note = SignedNote.parse(log.checkpoint(signer))
    FileWitness(place / "witness.json", Ed25519Signer.generate(), "example.org/w").cosign(note)
    order = Order(target=run.output_dir, keys=(b"k",), artifacts=(place / "model",))
    verify(order).document.write(place / "verdict.json")
    return run.output_dir, run.passport


def claims(run):
    """What each role says, as a real run's parts give it."""
    named = {"name": "a", "issued_at": NOW}
    told = {"run": "a", "run_id": "a-1", "kind": "kl_blowup", "severity": "critical"}
    alert = AlertMessage(event="onset", detail="kl is 9", value=9.5, step=3, time=NOW, **told)
    register = CanaryRegister.of([CanaryGuard().mint("a"), CanaryGuard(b"k").mint("a", "b")])
    checked = {"contamination.json": contamination()} if available("numpy") else {}
    return (
        checked
        | governed()
        | {
            "alert.json": AlertDocument.model_validate(alert.payload()),
            "canary-commitment.json": register.commitment(),
            "canary-register.json": register,
            "data-source.json": DataSourceStatement(
                records_root=DIGEST, n=1, license="MIT", **named
            ),
            "example-metadata.json": ExampleMetadataStatement(
                records_root=DIGEST, n=1, metadata_root=DIGEST, metadata_n=1, **named
            ),
            "ledger-close.json": LedgerCloseStatement(
                run_id="a-1", n=3, root=DIGEST, close=DIGEST, issued_at=NOW
            ),
            "eval-index.json": EvalIndexHeader(
                fold_version="1",
                word_hash_version="1",
                exhaustive=False,
                sections=(Section(name="items", kind="json", shape=(2,), offset=0),),
            ),
            "policy.json": PolicyStatement(policy=DIGEST, **named),
            "revocation.json": Revocation(
                revoked=run.passport.digest(), reason="lost", revoked_at=NOW, issued_at=NOW
            ),
            "run-statement.json": RunStatement.of(run.manifest),
        }
    )


def governed():
    """What governs a run: its blocks, profiles, policy and routes."""
    names = ("model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight", "lm_head.weight")
    shared = {"dtype": "F32", "shape": (2, 2), "trainable": True, "released": True}
    blocks = BlockMap.of(Parameter(name=one, block=block_of(one), **shared) for one in names)
    table = default_table(blocks.blocks)
    policy = default_policy(table)
    return {
        "admission-policy.json": policy,
        "block-map.json": blocks,
        "depth-profiles.json": table,
        "routes.json": routes(policy, table),
    }


def disclosed(place):
    """A ledger of an honest run, disclosed, and a proof from it."""
    made = make_ledger(place / "governed")
    disclose(made.folder, made.salts)
    with LedgerQuery(made.folder, cache=place / "index") as asked:
        (place / "ledger-proof.json").write_bytes(asked.prover.row(0, salts=made.salts))


def contamination():
    question = "How many slabs do eleven camels carry when each of them bears four slabs of salt?"
    train = [{"prompt": question}, {"prompt": "another one"}]
    return ContaminationChecker().check_datasets(train, [{"question": question}]).to_document()


def remembering(state):
    state = state.remember_policy("acme", 1, "sha256:" + "a" * 64)
    state = state.remember_passport("trust:acme", "model", 2, "sha256:" + "b" * 64)
    return state.remember_checkpoint(
        "log.example", 7, "sha256:" + "c" * 64, datetime(2026, 1, 1, tzinfo=UTC)
    )


@pytest.fixture
def stored(folder, request):
    """The document's bytes as a real run wrote them."""
    path, passport = folder
    if request.param is ContaminationReportDocument and not available("numpy"):
        pytest.skip("needs the extra data")
    if DOCUMENTS[request.param] is None:
        return request.param, canonical_bytes(passport.to_dict()["predicate"])
    (found,) = (
        path.glob(DOCUMENTS[request.param])
        if "*" in DOCUMENTS[request.param]
        else [path / DOCUMENTS[request.param]]
    )
    return request.param, found.read_bytes().splitlines()[0] if found.suffix == ".jsonl" else (
        found.read_bytes()
    )


every_document = pytest.mark.parametrize(
    "stored", DOCUMENTS, indirect=True, ids=lambda document: document.__name__
)


@every_document
def test_bytes_round_trip_and_are_canonical(stored):
    kind, data = stored
    document = kind.from_bytes(data, where="test")
    again = kind.from_bytes(document.to_bytes(), where="test")
    assert again == document
    assert again.to_bytes() == document.to_bytes() == canonical_bytes(json.loads(data))


@every_document
@pytest.mark.parametrize("change", ["unknown", "no version", "other version", "a list", "twice"])
def test_anything_else_is_refused(stored, change):
    kind, data = stored
    value = json.loads(data)
    if change == "unknown":
        value["unknown"] = 1
    elif change == "no version":
        del value["schema_version"]
    elif change == "other version":
        value["schema_version"] += "0"
    text = json.dumps([value] if change == "a list" else value)
    if change == "twice":
        text = text[:-1] + ', "schema_version": "x"}'
    with pytest.raises(DocumentError):
        kind.from_bytes(text.encode(), where="test")
