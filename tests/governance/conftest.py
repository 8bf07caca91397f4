"""Fixtures of the room: a signer, a model folder, and a whole run folder, all made by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from fakes import fixed_clock
from provenir.attest.dsse import Envelope
from provenir.attest.keys import Ed25519Signer
from provenir.core.digest import digest_bytes, digest_file
from provenir.core.manifest import RunManifest, RunManifestStore
from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
from provenir.governance.components import RunSummary
from provenir.governance.evidence import flight_summary, hacking_summary
from provenir.governance.passport import ModelPassport, PassportSigner
from provenir.governance.predicate import component_of_identity
from provenir.provenance.artifact import identify_artifact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN_ID = "my-run-20260102T030405Z-0123abcd"
DIGEST = digest_bytes(b"anything")
FLIGHT = {
    "num_steps": 2,
    "verdict": "HEALTHY",
    "by_kind": {},
    "by_severity": {},
    "final_metrics": {"kl": 0.1},
}
HACKING = {
    "num_trajectories": 4,
    "hacking_rate": 0.0,
    "is_clean": True,
    "by_kind": {},
    "signals": [],
    "examined": {"trajectories": 4},
    "not_examined": {"test_tampering": "no code was given"},
}


@pytest.fixture(scope="session")
def ed25519() -> Ed25519Signer:
    return Ed25519Signer.generate()


@pytest.fixture(scope="session")
def public(ed25519):
    return ed25519.verification_key


@pytest.fixture
def seed_bom() -> ModelBOM:
    """The bill of materials of the guide, with values as a clean run gives them."""
    return ModelBOM(
        model_id="my-model",
        base_model="Qwen2.5-7B",
        run_id=RUN_ID,
        data=[
            DataComponent(
                name="train",
                content_hash=DIGEST,
                num_records=1200,
                license="apache-2.0",
                pii_scanned=True,
                contamination_checked=True,
            )
        ],
        code=CodeComponent(git_sha="ab" * 20, dependencies_hash=DIGEST, framework="trl"),
        evals=[EvalComponent(benchmark="gsm8k", score=0.71)],
        hyperparameters={"lr": 1e-5},
    )


@pytest.fixture
def model(tmp_path) -> Path:
    """A model folder with weights, a configuration and a tokenizer."""
    folder = tmp_path / "model"
    folder.mkdir()
    header = json.dumps({"w": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}).encode()
    weights = len(header).to_bytes(8, "little") + header + b"\x01\x02\x03\x04"
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_text('{"hidden_size": 4}')
    (folder / "tokenizer.json").write_text("{}")
    return folder


@dataclass
class MadeRun:
    """A finished run folder, its signed passport included."""

    folder: Path
    bom: ModelBOM
    manifest: RunManifest
    passport: ModelPassport

    def verify(self, key: Any, **options: Any) -> Any:
        return self.passport.verify(key, run_dir=self.folder, **options)


@pytest.fixture
def make_run(tmp_path, seed_bom, ed25519) -> Callable[..., MadeRun]:
    """Make a run folder as the tracker leaves it; keywords change what the run says of itself."""

    def make(
        *,
        flight: dict[str, Any] | None = None,
        hacking: dict[str, Any] | None = None,
        bom_changes: dict[str, Any] | None = None,
        status: str = "completed",
        steps: bytes = b'{"step":0,"metrics":{"kl":0.1}}\n{"step":1,"metrics":{"kl":0.1}}\n',
        model: Path | None = None,
        signer: Any = None,
        unlisted: tuple[str, ...] = (),
        journal: bytes = b'{"type":"start","dirty":false}\n',
        **sign: Any,
    ) -> MadeRun:
        folder = tmp_path / "artifacts" / "my-run"
        folder.mkdir(parents=True)
        flight_doc = {"summary": {**FLIGHT, **(flight or {})}, "anomalies": [], "series": {}}
        hacking_doc = {**HACKING, **(hacking or {})}
        (folder / "steps.jsonl").write_bytes(steps)
        (folder / "trajectories.jsonl").write_bytes(b'{"trajectory":{"reward":1.0}}\n')
        (folder / "flight_recorder.json").write_text(json.dumps(flight_doc))
        (folder / "hacking_report.json").write_text(json.dumps(hacking_doc))
        (folder / "journal.jsonl").write_bytes(journal)
        (folder / "lineage.json").write_text('{"nodes":[],"edges":[]}')
        artifacts = [] if model is None else [component_of_identity(identify_artifact(model))]
        fields = {
            **{name: getattr(seed_bom, name) for name in ModelBOM.model_fields},
            "artifacts": artifacts,
            "run": RunSummary(
                name="my-run",
                status=status,
                started_at="2026-01-02T03:04:05.000Z",
                ended_at="2026-01-02T03:05:05.000Z",
                config_hash=DIGEST,
                seed=7,
            ),
            "flight": flight_summary(flight_doc),
            "hacking": hacking_summary(hacking_doc),
            **(bom_changes or {}),
        }
        bom = ModelBOM(**fields)
        (folder / "bom.json").write_bytes(bom.to_bytes())
        listed = sorted(path for path in folder.iterdir() if path.name not in unlisted)
        files = {path.name: digest_file(path) for path in listed}
        manifest = RunManifest.create(
            run_id=RUN_ID,
            name="my-run",
            config_hash=DIGEST,
            dataset_hash=DIGEST,
            git_sha="ab" * 20,
            dependencies_lockfile=DIGEST,
            seed=7,
            status=status,
            started_at="2026-01-02T03:04:05.000Z",
            ended_at="2026-01-02T03:05:05.000Z",
            files=files,
        )
        RunManifestStore(folder / "manifests").save(manifest)
        reports = {name: digest for name, digest in files.items() if name.endswith(".json")}
        options = {"manifest": manifest, "reports": reports, "clock": fixed_clock(), **sign}
        passport = PassportSigner(signer or ed25519).sign(bom, **options)
        (folder / "passport.json").write_text(passport.to_json())
        (folder / "passport.md").write_text(passport.to_markdown())
        return MadeRun(folder, bom, manifest, passport)

    return make


@pytest.fixture
def run(make_run) -> MadeRun:
    return make_run()


@pytest.fixture
def forge(ed25519) -> Callable[..., ModelPassport]:
    """Change the signed statement and sign it again: with the right key unless another is given.

    `change` gets the statement as a dict, changes it in place, and may return a new one.
    """

    def forge(passport: ModelPassport, change: Any, *, signer: Any = None) -> ModelPassport:
        statement = passport.to_dict()
        changed = change(statement)
        payload = json.dumps(statement if changed is None else changed).encode()
        return ModelPassport(Envelope.sign(payload, [signer or ed25519]))

    return forge
