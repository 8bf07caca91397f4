"""The ML-BOM says what the passport says, and leaves out what it does not know."""

from __future__ import annotations

import json

from provenir.governance.exports import export_passport


def written(passport, **options):
    return json.loads(export_passport(passport.envelope, "cyclonedx", **options))


def properties(component):
    return {entry["name"].removeprefix("provenir:"): entry["value"] for entry in component}


def test_the_model_is_what_the_document_is_about(passport):
    document = written(passport)
    model = document["metadata"]["component"]
    assert (document["specVersion"], model["name"]) == ("1.6", "my-model")
    assert document["metadata"]["timestamp"] == passport.predicate.issued_at
    assert model["pedigree"]["ancestors"][0]["name"] == "Qwen2.5-7B"
    assert model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"] == [
        {"type": "gsm8k", "value": "0.71"}
    ]
    assert properties(model["properties"])["passport:digest"] == passport.digest()
    hyper = properties(model["modelCard"]["properties"])
    assert float(hyper["hyperparameter:lr"]) == 1e-5


def test_files_have_the_hashes_that_a_reader_can_compute(passport):
    artifact = written(passport)["metadata"]["component"]["components"][0]
    hashes = {file["name"]: file["hashes"][0]["content"] for file in artifact["components"]}
    assert hashes == {file.name: file.sha256 for file in passport.bom.artifacts[0].files}


def test_a_merkle_root_is_no_hash(passport):
    (data,) = written(passport)["components"]
    assert "hashes" not in data
    assert (
        properties(data["properties"])["dataset:records_root"] == passport.bom.data[0].content_hash
    )
    assert data["licenses"] == [{"license": {"id": "Apache-2.0", "acknowledgement": "declared"}}]


def test_what_is_not_known_is_absent(bare):
    document = written(bare)
    model, (data,) = document["metadata"]["component"], document["components"]
    assert "pedigree" not in model
    assert "quantitativeAnalysis" not in model["modelCard"]
    assert "licenses" not in data
    assert properties(data["properties"]) == {"dataset:role": "train"}
    assert "components" not in model


def test_risk_flags_are_limitations(bare):
    model = written(bare)["metadata"]["component"]
    limits = model["modelCard"]["considerations"]["technicalLimitations"]
    assert {line.partition(":")[0] for line in limits} == set(bare.predicate.risk_flags)


def test_the_serial_number_is_the_passports_own(passport, bare):
    assert written(passport)["serialNumber"] == written(passport)["serialNumber"]
    assert written(passport)["serialNumber"] != written(bare)["serialNumber"]


def test_another_version_differs_in_its_name_alone(passport):
    old, new = written(passport), written(passport, spec_version="1.7")
    assert new.pop("$schema") == "http://cyclonedx.org/schema/bom-1.7.schema.json"
    assert new.pop("specVersion") == "1.7"
    del old["$schema"], old["specVersion"]
    assert old == new


def test_words_that_are_no_identifier_stay_words(hostile):
    (data,) = written(hostile)["components"]
    assert data["licenses"][0]["license"]["name"] == hostile.bom.data[0].license
