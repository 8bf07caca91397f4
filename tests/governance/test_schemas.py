from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
from pathlib import Path

import jsonschema_rs
import pytest

import provenir.attest
import provenir.core
import provenir.governance
import provenir.provenance
from provenir.core.document import Document

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (provenir.core, provenir.attest, provenir.provenance, provenir.governance)


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("schemas", ROOT / "scripts" / "schemas.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def schema(name: str) -> dict:
    return json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text())


def _documents(base: type[Document]):
    for kind in base.__subclasses__():
        if kind.__module__.startswith("provenir."):
            yield kind
        yield from _documents(kind)


def test_the_committed_schemas_are_up_to_date(script):
    assert script.stale_files() == []


def test_every_document_of_the_product_has_one(script):
    for room in ROOMS:
        for found in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
            importlib.import_module(found.name)
    assert set(_documents(Document)) == set(script.DOCUMENTS)


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
