"""Governed runs as they are handed over: ledger, passport, statements of three parties, trust.

`make_case` writes an honest one. `Books` are its files as values: whoever changes one of them and
calls `save` gets a folder in which everything that follows from the change is made again, as an
operator would who means to hide it; `seal` signs the close and the passport anew.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ledgers import MadeLedger, make_ledger
from policies import key_table, policy_text
from provenir.attest.dsse import Envelope
from provenir.attest.keys import Ed25519Signer
from provenir.core import merkle
from provenir.core.clock import FixedClock
from provenir.core.digest import digest_bytes, digest_file, format_digest
from provenir.core.manifest import RunManifest, RunManifestStore
from provenir.governance.bom import CodeComponent, DataComponent, ModelBOM
from provenir.governance.components import FlightSummary, RunSummary
from provenir.governance.passport import PassportSigner
from provenir.governance.statements import (
    DataSourceStatement,
    ExampleMetadataStatement,
    LedgerCloseStatement,
    PolicyStatement,
    RoleStatement,
    sign_statement,
)
from provenir.provenance.artifact import identify_artifact
from provenir.provenance.artifact_identity import ArtifactIdentity
from provenir.provenance.ledger.lines import line_bytes

TIME = "2026-03-10T00:00:00.000Z"
AT = "2026-06-01T00:00:00Z"
PLANNED = (
    *("run_id", "base", "dataset", "commitments", "metadata", "admission", "policy", "profiles"),
    *("sampler", "optimizer", "loss", "clip"),
)
DOCUMENTS = ("policy", "profiles", "routes", "blocks", "intent")
FLIGHT = {"num_steps": 2, "verdict": "HEALTHY", "by_kind": {}, "by_severity": {}}


@dataclass(frozen=True)
class Keys:
    """The three parties, and somebody else."""

    operator: Any = field(default_factory=Ed25519Signer.generate)
    source: Any = field(default_factory=Ed25519Signer.generate)
    governance: Any = field(default_factory=Ed25519Signer.generate)
    stranger: Any = field(default_factory=Ed25519Signer.generate)


KEYS = Keys()


def root(leaves: Any) -> dict[str, Any]:
    listed = list(leaves)
    return {"n": len(listed), "root": format_digest(merkle.merkle_root(listed))}


def tensor_root(tensors: Any) -> dict[str, Any]:
    names = ("name", "dtype", "shape", "sha256")
    return root(line_bytes({n: tensor[n] for n in names}) for tensor in tensors)


@dataclass(frozen=True)
class Case:
    """A governed run in a folder of its own."""

    place: Path
    keys: Keys = KEYS

    @property
    def run(self) -> Path:
        return self.place / "run"

    @property
    def governed(self) -> Path:
        return self.run / "governed"

    @property
    def trust(self) -> Path:
        return self.place / "trust.toml"

    @property
    def model(self) -> Path:
        return self.place / "model"

    def words(self, *more: str) -> list[str]:
        """The question on the command line, of both programs."""
        return [str(self.run), "--trust", str(self.trust), "--at", AT, *more]

    def copy(self, place: Path) -> Case:
        shutil.copytree(self.place, place, symlinks=True, dirs_exist_ok=True)
        return replace(self, place=place)

    def books(self) -> Books:
        return Books.load(self)


def make_case(place: Path, *, keys: Keys = KEYS, claim: str = "L2", **settings: Any) -> Case:
    """Write an honest run, signed by everybody."""
    case = Case(place, keys)
    made = make_ledger(case.governed, **settings)
    made.write_model(case.model)
    disclose(made)
    case.trust.write_bytes(trust_text(keys))
    seal(case, claim=claim)
    return case


def trust_text(keys: Keys, *more: str, **fields: Any) -> bytes:
    tables = (
        key_table(keys.operator, "operator", id="olga"),
        key_table(keys.source, "data-source", id="dan"),
        key_table(keys.governance, "governance", id="grace"),
    )
    require = {"declared": ["operator"], "L1": ["data-source", "governance"]}
    return policy_text((*tables, *more), **{"require": require, **fields})


def disclose(made: MadeLedger) -> None:
    value = {
        "schema_version": "ledger-disclosure/1",
        "run_id": made.settings.run_id,
        "example_key": made.salts.example_key.hex(),
    }
    (made.folder / "private" / "disclosure.json").write_bytes(line_bytes(value))


def seal(
    case: Case,
    *,
    claim: str = "L2",
    statements: Any = None,
    closer: Any = None,
    signers: Any = None,
    **fields: Any,
) -> None:
    """Sign the close and the passport over what lies in the folder."""
    lines = (case.governed / "ledger.jsonl").read_bytes().splitlines()
    header, whole = json.loads(lines[0]), root(lines)
    close = LedgerCloseStatement(
        run_id=header["run_id"],
        n=whole["n"],
        root=whole["root"],
        close=digest_bytes(lines[-1]),
        issued_at=TIME,
    )
    closing = sign_statement(close, [closer or case.keys.operator])
    (case.governed / "close.json").write_bytes(closing.envelope.to_bytes())
    others = list(vouching(case, header)) if statements is None else list(statements)
    bound = {"ledger_root": whole["root"], **fields}
    write_run(case, header, [closing, *others], claim, signers, **bound)


def vouching(case: Case, header: dict[str, Any]) -> list[RoleStatement]:
    """What data source and governance state of a run's inputs."""
    data, metadata = header["dataset"], header["metadata"]
    named = {"name": "rows", "records_root": data["root"], "n": data["n"], "issued_at": TIME}
    claims: list[tuple[Any, Any]] = [(DataSourceStatement(**named), case.keys.source)]
    if metadata["n"]:
        of = {"metadata_root": metadata["root"], "metadata_n": metadata["n"]}
        claims.append((ExampleMetadataStatement(**named, **of), case.keys.source))
    rules = PolicyStatement(name="acme", policy=header["policy"], issued_at=TIME)
    claims.append((rules, case.keys.governance))
    return [sign_statement(claim, [key]) for claim, key in claims]


def write_run(
    case: Case,
    header: dict[str, Any],
    listed: list[RoleStatement],
    claim: str,
    signers: Any,
    *,
    models: Any = None,
    role: str = "train",
    beside: Any = (),
    **fields: Any,
) -> None:
    """Write the run folder around a ledger, with its manifest and its passport.

    `models` are folders or identities, `beside` the roots of other datasets that it trained on.
    """
    run_id, dataset = header["run_id"], header["dataset"]
    files = {
        "steps.jsonl": b'{"step":0,"metrics":{"kl":0.1}}\n',
        "journal.jsonl": b'{"type":"start","dirty":false}\n',
        "flight_recorder.json": json.dumps({"summary": {**FLIGHT, "final_metrics": {}}}).encode(),
    }
    inventory = ModelBOM(
        model_id="my-model",
        base_model="base",
        run_id=run_id,
        data=[
            DataComponent(
                name="rows",
                role=role,
                content_hash=dataset["root"],
                num_records=dataset["n"],
                license="apache-2.0",
                pii_scanned=True,
                contamination_checked=True,
            ),
            *(
                DataComponent(name=f"rows {one[-8:]}", role="train", content_hash=one)
                for one in beside
            ),
        ],
        code=CodeComponent(git_sha="ab" * 20, dependencies_hash=digest_bytes(b"lock")),
        run=RunSummary(name="run", status="completed", started_at=TIME, ended_at=TIME),
        flight=FlightSummary(**FLIGHT),
    )
    for name, data in files.items():
        (case.run / name).write_bytes(data)
    manifest = RunManifest.create(
        run_id=run_id,
        name="run",
        config_hash=digest_bytes(b"config"),
        dataset_hash=dataset["root"],
        git_sha="ab" * 20,
        dependencies_lockfile=digest_bytes(b"lock"),
        seed=7,
        status="completed",
        started_at=TIME,
        ended_at=TIME,
        files={name: digest_file(case.run / name) for name in files},
    )
    shutil.rmtree(case.run / "manifests", ignore_errors=True)
    RunManifestStore(case.run / "manifests").save(manifest)
    passport = PassportSigner(list(signers or [case.keys.operator])).sign(
        inventory,
        artifacts=[
            model if isinstance(model, ArtifactIdentity) else identify_artifact(model)
            for model in ([case.model] if models is None else models)
        ],
        manifest=manifest,
        statements=[one.digest for one in listed],
        assurance=claim,
        clock=FixedClock(TIME),
        **fields,
    )
    (case.run / "passport.json").write_bytes(passport.envelope.to_bytes())
    folder = case.run / "statements"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, one in enumerate(listed[1:]):
        (folder / f"{number}-{one.claim.role}.dsse.json").write_bytes(one.envelope.to_bytes())


@dataclass
class Books:
    """The files of a ledger as values that may be changed.

    What follows from what is made again by `save`, in the order in which an operator would do it.
    """

    case: Case
    documents: dict[str, Any]
    records: list[dict[str, Any]]
    details: list[dict[str, Any]]
    admission: list[dict[str, Any]]
    final: dict[str, Any]
    rows: list[dict[str, Any]]
    metadata: list[dict[str, Any]]
    disclosure: dict[str, Any]

    @classmethod
    def load(cls, case: Case) -> Books:
        folder = case.governed

        def lines(name: str) -> list[dict[str, Any]]:
            return [json.loads(line) for line in (folder / name).read_bytes().splitlines()]

        def value(name: str) -> Any:
            return json.loads((folder / name).read_bytes())

        return cls(
            case,
            {name: value(f"{name}.json") for name in DOCUMENTS},
            *(lines(f"{name}.jsonl") for name in ("ledger", "details", "admission")),
            value("final.json"),
            *(lines(f"private/{name}.jsonl") for name in ("rows", "metadata")),
            value("private/disclosure.json"),
        )

    @property
    def header(self) -> dict[str, Any]:
        return self.records[0]

    @property
    def close(self) -> dict[str, Any]:
        return self.records[-1]

    @property
    def steps(self) -> list[dict[str, Any]]:
        return [record for record in self.records if record["kind"] == "step"]

    def step_with(self, row: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """The first step whose batch holds a row: record, details, entry."""
        for record, detail in zip(self.steps, self.details, strict=True):
            for entry in detail["batch"]:
                if entry["row"] == row:
                    return record, detail, entry
        raise LookupError(f"row {row} is in no batch")

    def of_effect(self, effect: str, **said: Any) -> int:
        """The first row that was decided so."""
        return next(
            line["row"]
            for line in self.admission
            if line["effect"] == effect and all(line[n] == v for n, v in said.items())
        )

    def weights(self, detail: dict[str, Any]) -> list[list[int]]:
        routes = self.documents["routes"]["routes"]
        return [[w * e["factor"] // 1000 for w in routes[e["route"]]] for e in detail["batch"]]

    def reweigh(self, record: dict[str, Any], detail: dict[str, Any]) -> None:
        """Make what a step says of its weights follow from its entries."""
        matrix = self.weights(detail)
        record["w_digest"] = digest_bytes(line_bytes(matrix))
        sums = [sum(column) for column in zip(*matrix, strict=True)] or [0] * len(detail["units"])
        trained = {p["block"] for p in self.documents["blocks"]["parameters"] if p["trainable"]}
        for unit, total in zip(detail["units"], sums, strict=True):
            moved = total > 0 and record["skipped"] is None
            unit["weight_sum"] = total
            unit["state"] = "frozen"
            if unit["block"] in trained:
                unit["state"] = "moved" if moved else "skipped"
            unit["delta_norm"] = "0.5" if unit["state"] == "moved" else "0.0"

    def commit(self) -> None:
        """Make rows, commitments and admission follow from the rows and the key."""
        key = bytes.fromhex(self.disclosure["example_key"])
        examples = [bytes.fromhex(row["content"][7:]) for row in self.rows]
        salts = [hmac.digest(key, i.to_bytes(8, "big"), "sha256") for i in range(len(examples))]
        commits = [hashlib.sha256(s + e).digest() for s, e in zip(salts, examples, strict=True)]
        self.header["dataset"] = root(examples)
        self.header["commitments"] = root(commits)
        for line, commit in zip(self.admission, commits, strict=True):
            line["example"] = format_digest(commit)

    def save(self, *, keep: Any = (), sealed: bool = True, **fields: Any) -> None:
        """Write everything, what follows made again but for the names in `keep`.

        Args:
            keep: Of `commit`, `documents`, `intent`, `tensors`, `steps`, `seq`, `prev`, `close`.
            sealed: Whether the operator signs close and passport again.
            **fields: For `seal`.
        """
        header, folder = self.header, self.case.governed
        if "commit" not in keep:
            self.commit()
        header["admission"] = root(map(line_bytes, self.admission))
        header["metadata"] = root(map(line_bytes, self.metadata))
        if "documents" not in keep:
            profiles = digest_bytes(line_bytes(self.documents["profiles"]))
            self.documents["policy"]["profiles"] = profiles
            for name in ("policy", "profiles", "routes", "blocks"):
                header[name] = digest_bytes(line_bytes(self.documents[name]))
        intent = self.documents["intent"]
        if "intent" not in keep:
            intent.update({name: header[name] for name in PLANNED})
        header["intent"] = digest_bytes(line_bytes(intent))
        if "tensors" not in keep:
            self._close_over_tensors()
        if "steps" not in keep:
            for record, detail in zip(self.steps, self.details, strict=False):
                record["batch"] = root(map(line_bytes, detail["batch"]))
                record["units"] = root(map(line_bytes, detail["units"]))
        self._chain(keep)
        self._write(folder)
        if sealed:
            seal(self.case, **fields)

    def _close_over_tensors(self) -> None:
        tensors = self.final["tensors"]
        released = [t for t in tensors if t["released"]]
        self.close["final"] = tensor_root(t for t in tensors if t["trainable"])
        self.close["frozen_after"] = tensor_root(t for t in tensors if not t["trainable"])
        self.close["released"] = tensor_root(released) if released else None

    def _chain(self, keep: Any) -> None:
        lines: list[bytes] = []
        for number, record in enumerate(self.records):
            if "seq" not in keep:
                record["seq"] = number
            if "prev" not in keep:
                record["prev"] = digest_bytes(lines[-1]) if lines else None
            if record["kind"] == "close" and "close" not in keep:
                record["records"] = root(lines)
            lines.append(line_bytes(record))

    def _write(self, folder: Path) -> None:
        for name in DOCUMENTS:
            (folder / f"{name}.json").write_bytes(line_bytes(self.documents[name]))
        for name, values in (
            ("ledger", self.records),
            ("details", self.details),
            ("admission", self.admission),
            ("private/rows", self.rows),
            ("private/metadata", self.metadata),
        ):
            data = b"".join(line_bytes(value) + b"\n" for value in values)
            (folder / f"{name}.jsonl").write_bytes(data)
        (folder / "final.json").write_bytes(line_bytes(self.final))
        (folder / "private" / "disclosure.json").write_bytes(line_bytes(self.disclosure))


def resign_close(case: Case, *signers: Any, **changes: Any) -> RoleStatement:
    """Sign another close than the ledger's."""
    envelope = Envelope.parse((case.governed / "close.json").read_bytes(), where="close.json")
    claim = RoleStatement.of(envelope).claim
    signed = sign_statement(claim.model_copy(update=changes), list(signers))
    (case.governed / "close.json").write_bytes(signed.envelope.to_bytes())
    return signed


class HonestCases:
    """Honest cases by their settings, each made once; copy one before you change it."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._made: dict[str, Case] = {}

    def __call__(self, settings: dict[str, Any]) -> Case:
        named = repr(sorted(settings.items()))
        if named not in self._made:
            self._made[named] = make_case(self._place / str(len(self._made)), **settings)
        return self._made[named]
