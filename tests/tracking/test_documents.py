"""What a run writes is what the published schemas say, judged by a foreign validator."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema_rs
import pytest

import provenir

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
WRITTEN = {
    "flight_recorder.json": "flight-recorder",
    "hacking_report.json": "hacking-report",
    "lineage.json": "lineage",
    "bom.json": "model-bom",
    "passport.proof.json": "passport-proof",
}


@pytest.fixture
def folder(place):
    (place / "model").mkdir()
    (place / "model" / "config.json").write_text("{}")
    with provenir.track(
        "run", output_dir="artifacts/a", sign_passport=True, signing_key=b"k", config={"lr": 1e-5}
    ) as run:
        for step in range(50):
            run.log_step(
                {"kl": math.nan if step == 5 else 0.1, "grad_norm": 1.0 + (step == 40) * 50}
            )
            for _ in range(4):
                run.log_trajectory(
                    {"prediction": "2", "reward": 1.0, "true_reward": 0.0, "group_id": step}
                )
        run.record_eval("gsm8k", math.inf)
        run.log_artifact("model")
    return run.output_dir


def schema(name: str) -> dict:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


@pytest.mark.parametrize("name", WRITTEN)
def test_a_document_fits_its_published_schema(folder, name):
    document = json.loads((folder / name).read_text())
    validator = jsonschema_rs.validator_for(schema(WRITTEN[name]))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert not validator.is_valid({**document, "unknown": 1})
    assert not validator.is_valid({k: v for k, v in document.items() if k != "schema_version"})


def test_the_manifest_and_the_predicate_fit_theirs(folder):
    (manifest,) = (folder / "manifests").iterdir()
    assert jsonschema_rs.is_valid(schema("run-manifest"), json.loads(manifest.read_text()))
    log = (folder.parent / "log" / "events-000000.jsonl").read_text().splitlines()
    assert [jsonschema_rs.is_valid(schema("log-event"), json.loads(line)) for line in log] == [
        True
    ] * 3
