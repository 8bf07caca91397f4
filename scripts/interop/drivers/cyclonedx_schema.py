"""jsonschema-rs (Rust): the CycloneDX schema that cyclonedx-python-lib carries."""

from __future__ import annotations

import json
from pathlib import Path

import cyclonedx.schema
import jsonschema_rs
from verdict import answer

RESOURCES = Path(cyclonedx.schema.__file__).parent / "_res"


def check(arguments: list[str]) -> str | None:
    """Validate FILE against the schema of the version that the caller expects."""
    path, version = arguments
    # The package names the files with SNAPSHOT, and so do the references between them.
    registry = jsonschema_rs.Registry(
        [
            (f"http://cyclonedx.org/schema/{file.name}", json.loads(file.read_text("utf-8")))
            for file in RESOURCES.glob("*.schema.json")
            if not file.name.startswith("bom-")
        ]
    )
    schema = json.loads((RESOURCES / f"bom-{version}.SNAPSHOT.schema.json").read_text("utf-8"))
    validator = jsonschema_rs.Draft7Validator(schema, registry=registry, validate_formats=True)
    validator.validate(json.loads(Path(path).read_text("utf-8")))
    return None


if __name__ == "__main__":
    answer(check, (jsonschema_rs.ValidationError,))
