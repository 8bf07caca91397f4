"""spdx-python-model: the classes generated from the SPDX 3.0.1 model, with its cardinalities."""

from __future__ import annotations

import io
from pathlib import Path

from spdx_python_model import v3_0_1 as spdx
from verdict import answer


def check(arguments: list[str]) -> str | None:
    """Read FILE, resolve every reference, and write it again, which checks what is required."""
    objects = spdx.SHACLObjectSet()
    with Path(arguments[0]).open("rb") as file:
        spdx.JSONLDDeserializer().read(file, objects)
    unknown = {
        missing
        for missing in objects.missing_ids
        if not str(missing).startswith("https://spdx.org/rdf/3.0.1/terms/")
    }
    if unknown:
        return f"references that lead nowhere: {sorted(map(str, unknown))[:3]}"
    if not list(objects.foreach_type(spdx.ai_AIPackage)):
        return "no AI package"
    spdx.JSONLDSerializer().write(objects, io.BytesIO())
    return None


if __name__ == "__main__":
    answer(check, (ValueError, TypeError, KeyError, AttributeError))
