from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path

import jsonschema_rs
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("schemas", ROOT / "scripts" / "schemas.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def schema(name: str) -> dict:
    return json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text())


def written_documents() -> set[str]:
    """Names of all document classes in the source, found without importing any of it."""
    return {
        node.name
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Document" for base in node.bases)
    }


def test_the_committed_schemas_are_up_to_date(script):
    assert script.stale_files() == []


def test_every_document_of_the_product_has_one(script):
    assert {document.__name__ for document in script.DOCUMENTS} == written_documents()


def test_real_documents_fit_their_schemas(make_run, model):
    run = make_run(model=model)
    for name, document in (
        ("model-bom", run.bom),
        ("run-manifest", run.manifest),
        ("passport", run.passport.predicate),
    ):
        jsonschema_rs.validator_for(schema(name)).validate(json.loads(document.to_bytes()))


@pytest.mark.parametrize(
    "change",
    [{"extra": 1}, {"schema_version": "passport/2"}, {"assurance": "L3"}, {"version": "1"}],
    ids=lambda change: next(iter(change)),
)
def test_a_foreign_document_does_not_fit(make_run, change):
    predicate = json.loads(make_run().passport.predicate.to_bytes())
    validator = jsonschema_rs.validator_for(schema("passport"))
    assert validator.is_valid(predicate)
    assert not validator.is_valid({**predicate, **change})
