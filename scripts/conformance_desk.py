"""A forger's desk: keys, passports, statements, runs and logs for one conformance case.

Every key here is derived from its name, so that anybody can make the cases again. None of them may
be trusted by anyone.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenir.attest.dsse import Envelope
from provenir.attest.keys import Ed25519Signer, P256Signer
from provenir.core.clock import FixedClock
from provenir.core.digest import digest_bytes, digest_file
from provenir.core.manifest import RunManifest, RunManifestStore
from provenir.governance.bom import ArtifactComponent, CodeComponent, DataComponent, ModelBOM
from provenir.governance.components import EvalComponent, RunSummary
from provenir.governance.evidence import flight_summary, hacking_summary
from provenir.governance.model_passport import ModelPassport
from provenir.governance.passport import PassportSigner
from provenir.governance.predicate import component_of_identity
from provenir.governance.statements import (
    Claim,
    DataSourceStatement,
    PolicyStatement,
    RoleStatement,
    RunStatement,
    sign_statement,
)
from provenir.provenance.artifact import identify_artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from provenir.attest.keys import Signer

TIME: Final = "2026-03-01T00:00:00.000Z"
AT: Final = "2026-06-01T00:00:00Z"
RUN_ID: Final = "my-run-20260301T000000Z-0123abcd"
DATASET: Final = digest_bytes(b"the rows")
OTHER: Final = digest_bytes(b"something else")
SECRET: Final = b"the secret of a team"

_FLIGHT: Final = {
    "num_steps": 2,
    "verdict": "HEALTHY",
    "by_kind": {},
    "by_severity": {},
    "final_metrics": {"kl": 0.1},
}
_HACKING: Final[dict[str, Any]] = {
    "num_trajectories": 1,
    "hacking_rate": 0.0,
    "is_clean": True,
    "by_kind": {},
    "signals": [],
    "examined": {"trajectories": 1},
    "not_examined": {},
}


def key(name: str) -> Ed25519Signer:
    """The Ed25519 key of a name."""
    seed = hashlib.sha256(f"provenir conformance {name}".encode()).digest()
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(seed))


def p256_key(name: str) -> P256Signer:
    """The P-256 key of a name."""
    number = int.from_bytes(hashlib.sha256(f"provenir p256 {name}".encode()).digest()[:31])
    return P256Signer(derive_private_key(number, SECP256R1()))


def spki(signer: Any) -> str:
    """The public key of a signer as a trust policy writes it."""
    return base64.b64encode(signer.verification_key.material).decode("ascii")


def entry(signer: Any, *roles: str, id: str, **fields: Any) -> str:  # noqa: A002 - the field's name
    """One `[[keys]]` table."""
    values = {"id": id, "alg": signer.algorithm, "public": spki(signer), "roles": list(roles)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in {**values, **fields}.items()]
    return "\n".join(("[[keys]]", *lines, ""))


def policy(
    *keys: str,
    version: int = 1,
    name: str = "acme",
    require: Mapping[str, list[str]] | None = None,
    thresholds: Mapping[str, int] | None = None,
    more: str = "",
) -> bytes:
    """A trust policy's bytes."""
    parts = [f'schema = "trust-policy/1"\nname = {json.dumps(name)}\nversion = {version}\n']
    for table, values in (("require", require), ("thresholds", thresholds)):
        if values:
            lines = (f"{field} = {json.dumps(value)}" for field, value in values.items())
            parts.append("\n".join((f"[{table}]", *lines, "")))
    return "\n".join((*parts, more, *keys)).encode()


ALICE: Final = entry(key("alice"), "operator", id="alice")
OLGA: Final = entry(key("olga"), "operator", id="olga")
DAN: Final = entry(key("dan"), "data-source", id="dan")
GRACE: Final = entry(key("grace"), "governance", id="grace")
ROB: Final = entry(key("rob"), "root", id="rob")
THREE_ROLES: Final = {"declared": ["operator", "data-source", "governance"]}


def bom(**changes: Any) -> ModelBOM:
    """The inventory of the cases; keywords replace fields."""
    fields: dict[str, Any] = {
        "model_id": "my-model",
        "base_model": "base",
        "run_id": RUN_ID,
        "data": [
            DataComponent(
                name="train",
                content_hash=DATASET,
                num_records=2,
                license="apache-2.0",
                pii_scanned=True,
                contamination_checked=True,
            )
        ],
        "code": CodeComponent(git_sha="ab" * 20, dependencies_hash=DATASET, framework="trl"),
        "evals": [EvalComponent(benchmark="e", score=0.71)],
        "hyperparameters": {"lr": 1e-5},
    }
    return ModelBOM(**{**fields, **changes})


def data_source(**changes: Any) -> DataSourceStatement:
    """What the data source says of the dataset of `bom`."""
    fields = {"name": "train", "records_root": DATASET, "n": 2, "license": "apache-2.0"}
    return DataSourceStatement(**{**fields, "issued_at": TIME, **changes})


def policy_statement() -> PolicyStatement:
    """What governance says."""
    return PolicyStatement(name="house rules", policy=OTHER, issued_at=TIME)


class Desk:
    """Writes the files of one case.

    Args:
        folder: The case's folder, which exists and is empty.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, data: bytes) -> str:
        """Write a file and return its name, for the arguments of the case."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return name

    def trust(self, *keys: str, **fields: Any) -> bytes:
        """Write `trust.toml`."""
        data = policy(*keys, **fields)
        self.write("trust.toml", data)
        return data

    def passport(
        self,
        signers: Iterable[Signer],
        *,
        inventory: ModelBOM | None = None,
        statements: Iterable[RoleStatement] = (),
        where: str = "",
        **fields: Any,
    ) -> ModelPassport:
        """Write `passport.json` and the statements that it lists."""
        listed = list(statements)
        passport = PassportSigner(list(signers)).sign(
            inventory or bom(),
            statements=[one.digest for one in listed],
            clock=FixedClock(TIME),
            **fields,
        )
        self.write(f"{where}passport.json", passport.envelope.to_bytes())
        for one in listed:
            self.state(one, where=where)
        return passport

    def state(self, statement: RoleStatement, *, where: str = "") -> str:
        """Write a statement where a run folder keeps them."""
        digits = statement.digest.rpartition(":")[2][:8]
        name = f"{where}statements/{statement.claim.role}-{digits}.dsse.json"
        return self.write(name, statement.envelope.to_bytes())

    def forge(
        self,
        passport: ModelPassport,
        change: Callable[[dict[str, Any]], Any],
        signers: Iterable[Signer],
        *,
        where: str = "",
    ) -> ModelPassport:
        """Change what a passport says, and sign it again with valid keys."""
        statement = passport.to_dict()
        changed = change(statement)
        payload = changed if isinstance(changed, bytes) else json.dumps(statement).encode()
        forged = ModelPassport(Envelope.sign(payload, list(signers)))
        self.write(f"{where}passport.json", forged.envelope.to_bytes())
        return forged

    def model(self, name: str = "model", *, weights: bytes = b"\x01\x02\x03\x04") -> Path:
        """Write a small model folder."""
        header = json.dumps(
            {"w": {"dtype": "U8", "shape": [len(weights)], "data_offsets": [0, len(weights)]}}
        ).encode()
        self.write(
            f"{name}/model.safetensors", len(header).to_bytes(8, "little") + header + weights
        )
        self.write(f"{name}/config.json", b'{"hidden_size": 4}\n')
        return self.folder / name

    def artifact(self, model: Path) -> ArtifactComponent:
        """The identity of a model folder, for an inventory."""
        return component_of_identity(identify_artifact(model))

    def run(
        self,
        signers: Iterable[Signer],
        *,
        where: str = "run/",
        flight: Mapping[str, Any] | None = None,
        stated_flight: Mapping[str, Any] | None = None,
        claims: Iterable[Callable[[RunManifest], tuple[Claim, Signer]]] = (),
        **fields: Any,
    ) -> ModelPassport:
        """Write a finished run folder with its signed passport.

        Args:
            signers: Who signs the passport.
            where: The folder's name, with a slash.
            flight: What the flight recorder's file says.
            stated_flight: What the inventory says of it; the same unless given.
            claims: Statements that the passport lists, made when the manifest is there.
            fields: For `PassportSigner.sign`.
        """
        seen = {**_FLIGHT, **(flight or {})}
        files = {
            "steps.jsonl": b'{"step":0,"metrics":{"kl":0.1}}\n{"step":1,"metrics":{"kl":0.1}}\n',
            "trajectories.jsonl": b'{"trajectory":{"reward":1.0}}\n',
            "journal.jsonl": b'{"type":"start","dirty":false}\n',
            "flight_recorder.json": json.dumps({"summary": seen}).encode(),
            "hacking_report.json": json.dumps(_HACKING).encode(),
            "lineage.json": b'{"nodes":[],"edges":[]}',
        }
        inventory = bom(
            run=RunSummary(
                name="my-run",
                status="completed",
                started_at=TIME,
                ended_at=TIME,
                config_hash=DATASET,
                seed=7,
            ),
            flight=flight_summary({"summary": {**seen, **(stated_flight or {})}}),
            hacking=hacking_summary(_HACKING),
        )
        files["bom.json"] = inventory.to_bytes()
        for name, data in files.items():
            self.write(where + name, data)
        folder = self.folder / where
        manifest = RunManifest.create(
            run_id=RUN_ID,
            name="my-run",
            config_hash=DATASET,
            dataset_hash=DATASET,
            git_sha="ab" * 20,
            dependencies_lockfile=DATASET,
            seed=7,
            status="completed",
            started_at=TIME,
            ended_at=TIME,
            files={name: digest_file(folder / name) for name in files},
        )
        RunManifestStore(folder / "manifests").save(manifest)
        made = [sign_statement(claim, [who]) for claim, who in (one(manifest) for one in claims)]
        reports = {n: d for n, d in manifest.files.items() if n.endswith(".json")}
        return self.passport(
            signers,
            inventory=inventory,
            statements=made,
            where=where,
            manifest=manifest,
            reports=reports,
            **fields,
        )


def run_statement(signer: Signer, **changes: Any) -> Callable[[RunManifest], tuple[Claim, Signer]]:
    """The operator's statement about a run, for `Desk.run`."""

    def made(manifest: RunManifest) -> tuple[Claim, Signer]:
        claim = RunStatement.of(manifest, clock=FixedClock(TIME))
        return claim.model_copy(update=changes), signer

    return made
