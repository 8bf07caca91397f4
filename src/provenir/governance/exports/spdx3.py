"""SPDX 3.0.1 as JSON-LD with the AI and Dataset profiles (https://spdx.github.io/spdx-spec/v3.0.1/).

The model is an `ai_AIPackage` that contains its files, each dataset a `dataset_DatasetPackage`.
The model is `trainedOn` or `testedOn` them and a `descendantOf` its base model. Identities that are
no hash of a file's bytes (Merkle roots, `dirHash1`) are external identifiers, never hashes.

Conformance to the two profiles is not claimed: they demand a supplier, a version, a release time
and a place to download from, and a passport states none of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.governance.exports.licences import own_words, spdx_id
from provenir.governance.exports.source import (
    PRODUCER,
    VOCABULARY,
    json_text,
    number_text,
    stable_uuid,
    value_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.governance.components import ArtifactComponent, DataComponent
    from provenir.governance.exports.source import ExportSource

__all__ = ["spdx3"]

CONTEXT: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CREATION: Final = "_:creation"

Element = dict[str, Any]


def spdx3(source: ExportSource) -> bytes:
    """Write the SPDX document of a passport."""
    graph = _Graph(f"{VOCABULARY}/spdx/{stable_uuid('spdx3', source.digest)}")
    model = graph.add("ai_AIPackage", "model", **_model(source))
    for part in source.bom.artifacts:
        _add_files(graph, model, part)
    for dataset in source.bom.data:
        _add_dataset(graph, model, dataset)
    if source.bom.base_model != "unknown":
        base = graph.add("ai_AIPackage", "base-model", name=source.bom.base_model)
        graph.relate(model, "descendantOf", [base])
    tool = graph.add("Tool", "tool", name=PRODUCER)
    # Who signed is a matter of keys, not of a name in the passport, so no person is claimed.
    agent = graph.add("Agent", "creator", name="not stated")
    graph.add(
        "SpdxDocument",
        "document",
        name=f"Model Passport {source.digest}",
        profileConformance=["core", "software", "simpleLicensing"],
        rootElement=[model],
        element=list(graph.ids),
    )
    creation = {
        "type": "CreationInfo",
        "@id": _CREATION,
        "specVersion": "3.0.1",
        "created": _whole_seconds(source.predicate.issued_at),
        "createdBy": [agent],
        "createdUsing": [tool],
    }
    return json_text({"@context": CONTEXT, "@graph": [creation, *graph.elements]})


class _Graph:
    """The elements of one document, each under an id below the document's own."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.elements: list[Element] = []

    @property
    def ids(self) -> list[str]:
        """Ids of all elements so far."""
        return [element["spdxId"] for element in self.elements]

    def add(self, kind: str, label: str, **fields: Any) -> str:
        """Add an element and return its id; fields that are None or empty are left out."""
        identifier = f"{self._base}#{label}"
        kept = {name: value for name, value in fields.items() if value not in (None, [], "")}
        self.elements.append(
            {"type": kind, "spdxId": identifier, "creationInfo": _CREATION, **kept}
        )
        return identifier

    def relate(self, origin: str, kind: str, targets: Iterable[str], **fields: Any) -> None:
        """Add a relationship; that there are no others of its kind is never claimed."""
        self.add(
            "Relationship",
            f"relationship-{len(self.elements)}",
            **{"from": origin},
            relationshipType=kind,
            to=list(targets),
            completeness="noAssertion",
            **fields,
        )

    def next_label(self, kind: str) -> str:
        """A label that no element has yet."""
        return f"{kind}-{len(self.elements)}"


def _model(source: ExportSource) -> Element:
    bom = source.bom
    flags = [
        f"{risk.name}: {risk.detail} ({risk.subject})"
        for risk in bom.risks(source.predicate.risk_rules)
    ]
    settings = sorted(bom.hyperparameters.items())
    status = None if bom.run is None else f"run {bom.run_id}: {bom.run.status}"
    return {
        "name": bom.model_id,
        "software_primaryPurpose": "model",
        "ai_hyperparameter": [_entry(name, value_text(value)) for name, value in settings],
        "ai_metric": [
            _entry(part.benchmark, number_text(part.score))
            for part in bom.evals
            if part.score is not None
        ],
        "ai_limitation": "; ".join(flags),
        "ai_informationAboutTraining": status,
        "comment": f"from Model Passport {source.digest}; assurance claimed there: "
        f"{source.predicate.assurance}",
        "externalIdentifier": [
            identifier for part in bom.artifacts for identifier in _identities(part)
        ],
    }


def _identities(part: ArtifactComponent) -> list[Element]:
    found = [_identifier(f"dirHash1:{part.dir_hash}", "in-toto dirHash1 over the files")]
    if part.tensor_root is not None:
        note = f"RFC 6962 root over {part.n_tensors} tensors"
        found.append(_identifier(f"tensors:{part.tensor_root}", note))
    return found


def _add_files(graph: _Graph, model: str, part: ArtifactComponent) -> None:
    files = [
        graph.add(
            "software_File",
            graph.next_label("file"),
            name=file.name,
            comment=f"of artifact {part.name}, {file.size} bytes",
            verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": file.sha256}],
        )
        for file in part.files
    ]
    if files:
        graph.relate(model, "contains", files)


def _add_dataset(graph: _Graph, model: str, part: DataComponent) -> None:
    roots = []
    if part.content_hash is not None:
        note = "RFC 6962 root over the digests of the records"
        roots.append(_identifier(f"records:{part.content_hash}", note))
    dataset = graph.add(
        "dataset_DatasetPackage",
        graph.next_label("dataset"),
        name=part.name,
        software_primaryPurpose="data",
        dataset_datasetType=["noAssertion"],
        dataset_datasetSize=part.num_records,
        dataset_hasSensitivePersonalInformation="noAssertion",
        comment=None if part.consent is None else f"consent: {part.consent}",
        externalIdentifier=roots,
    )
    graph.relate(model, "testedOn" if part.role == "eval" else "trainedOn", [dataset])
    _add_licence(graph, dataset, part.license)


def _add_licence(graph: _Graph, dataset: str, text: str | None) -> None:
    """The declared licence: an identifier, the owner's words, or NOASSERTION."""
    identifier, words = spdx_id(text), own_words(text)
    if identifier is None and words is None:
        target = "expandedlicensing_NoAssertionLicense"
    elif identifier is not None:
        target = graph.add(
            "simplelicensing_LicenseExpression",
            graph.next_label("licence"),
            simplelicensing_licenseExpression=identifier,
        )
    else:
        label = graph.next_label("LicenseRef")
        words_id = graph.add("simplelicensing_SimpleLicensingText", label, **_licence_text(words))
        reference = f"LicenseRef-{label.rpartition('-')[2]}"
        target = graph.add(
            "simplelicensing_LicenseExpression",
            graph.next_label("licence"),
            simplelicensing_licenseExpression=reference,
            simplelicensing_customIdToUri=[_entry(reference, words_id)],
        )
    graph.relate(dataset, "hasDeclaredLicense", [target])


def _licence_text(words: str | None) -> Element:
    return {"name": "licence in its owner's words", "simplelicensing_licenseText": words}


def _entry(key: str, value: str) -> Element:
    return {"type": "DictionaryEntry", "key": key, "value": value}


def _identifier(text: str, comment: str) -> Element:
    return {
        "type": "ExternalIdentifier",
        "externalIdentifierType": "other",
        "identifier": text,
        "comment": comment,
    }


def _whole_seconds(instant: str) -> str:
    """SPDX's `DateTime` has no fractions of a second (Core/Datatypes/DateTime)."""
    return instant.partition(".")[0].removesuffix("Z") + "Z"
