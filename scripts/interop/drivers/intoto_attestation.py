"""in-toto-attestation: the statements and predicates as its protobuf messages take them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from google.protobuf.json_format import ParseDict, ParseError
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from verdict import answer


def check(arguments: list[str]) -> str | None:
    """Validate FILE, one envelope a line; both predicate types have to be there."""
    seen = set()
    for line in Path(arguments[0]).read_bytes().splitlines():
        payload = json.loads(base64.b64decode(json.loads(line)["payload"]))
        Statement.copy_from_pb(ParseDict(payload, statement_pb2.Statement())).validate()
        kind = payload["predicateType"]
        if kind == "https://slsa.dev/provenance/v1":
            made = ParseDict(payload["predicate"], provenance_pb2.Provenance())
            named = [*made.build_definition.resolved_dependencies, *made.run_details.byproducts]
        elif kind == "https://in-toto.io/attestation/test-result/v0.1":
            named = ParseDict(payload["predicate"], test_result_pb2.TestResult()).configuration
        else:
            return f"predicate type {kind}"
        for descriptor in named:
            ResourceDescriptor.copy_from_pb(descriptor).validate()
        seen.add(kind)
    return None if len(seen) == 2 else "a statement is missing"


if __name__ == "__main__":
    answer(check, (ParseError, ValueError))
