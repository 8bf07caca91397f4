"""The SPDX document: relationships, identities, and NOASSERTION where nothing is known."""

from __future__ import annotations

import json

from provenir.governance.exports import export_passport


def graph(passport):
    document = json.loads(export_passport(passport.envelope, "spdx3"))
    assert document["@context"] == "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    return document["@graph"]


def of_type(elements, kind):
    return [element for element in elements if element["type"] == kind]


def related(elements, kind):
    return [e for e in of_type(elements, "Relationship") if e["relationshipType"] == kind]


def test_the_model_is_trained_on_its_data_and_descends_from_its_base(passport):
    elements = graph(passport)
    names = {e["spdxId"]: e["name"] for e in elements if "name" in e}
    (trained,), (parent,) = related(elements, "trainedOn"), related(elements, "descendantOf")
    assert (names[trained["from"]], names[trained["to"][0]]) == ("my-model", "train")
    assert names[parent["to"][0]] == "Qwen2.5-7B"
    assert not related(elements, "testedOn")


def test_every_reference_leads_to_an_element(passport, bare, hostile):
    for one in (passport, bare, hostile):
        elements = graph(one)
        known = {e["spdxId"] for e in elements if "spdxId" in e}
        known.add("expandedlicensing_NoAssertionLicense")
        for relationship in of_type(elements, "Relationship"):
            assert {relationship["from"], *relationship["to"]} <= known
        (document,) = of_type(elements, "SpdxDocument")
        assert set(document["rootElement"]) <= set(document["element"]) <= known


def test_files_are_contained_with_their_hashes(passport):
    elements = graph(passport)
    hashes = {
        e["name"]: e["verifiedUsing"][0]["hashValue"] for e in of_type(elements, "software_File")
    }
    assert hashes == {file.name: file.sha256 for file in passport.bom.artifacts[0].files}
    (contains,) = related(elements, "contains")
    assert len(contains["to"]) == len(hashes)


def test_what_is_not_known_is_no_assertion(bare):
    elements = graph(bare)
    (licence,) = related(elements, "hasDeclaredLicense")
    assert licence["to"] == ["expandedlicensing_NoAssertionLicense"]
    (dataset,) = of_type(elements, "dataset_DatasetPackage")
    assert dataset["dataset_hasSensitivePersonalInformation"] == "noAssertion"
    assert "dataset_datasetSize" not in dataset
    (model,) = of_type(elements, "ai_AIPackage")
    assert "ai_metric" not in model
    assert not related(elements, "descendantOf")


def test_conformance_that_a_passport_cannot_have_is_not_claimed(passport):
    (document,) = of_type(graph(passport), "SpdxDocument")
    assert not {"ai", "dataset"} & set(document["profileConformance"])


def test_the_owners_words_are_a_reference_to_their_text(hostile):
    elements = graph(hostile)
    (words,) = of_type(elements, "simplelicensing_SimpleLicensingText")
    assert words["simplelicensing_licenseText"] == hostile.bom.data[0].license
    (expression,) = of_type(elements, "simplelicensing_LicenseExpression")
    entry = expression["simplelicensing_customIdToUri"][0]
    assert entry["key"] == expression["simplelicensing_licenseExpression"]
    assert entry["value"] == words["spdxId"]
