"""cyclonedx-python-lib: the strict JSON validator."""

from __future__ import annotations

import json
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from verdict import answer


def check(arguments: list[str]) -> str | None:
    """Validate FILE against the version that the caller expects."""
    path, version = arguments
    text = Path(path).read_text("utf-8")
    json.loads(text)
    fault = JsonStrictValidator(SchemaVersion.from_version(version)).validate_str(text)
    return None if fault is None else str(fault)


if __name__ == "__main__":
    answer(check)
