"""The bill of materials beside the passport against the one inside it.

This needs no key: whoever signed, the passport's own payload holds the inventory that it speaks
of, and a ``bom.json`` with other content was written by somebody else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from provenir.core.errors import ProvenirError
from provenir.core.files import read_bounded
from provenir.governance.bom import ModelBOM
from provenir.governance.passport import ModelPassport
from provenir.governance.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOM: Final = "bom.json"
_FILE_ROW: Final = f"file:{BOM}"


def with_signed_bom(folder: Path, rows: Sequence[Check]) -> list[Check]:
    """Add to the rows what comparing ``bom.json`` with the passport gives.

    A ``bom.json`` that already has a failing row gets no second one: what the passport says of it
    is added to its detail. Without a passport or a ``bom.json`` that can be read there is nothing
    to compare, which other rows say.
    """
    row = _compare(folder)
    if row is None:
        return list(rows)
    if not any(r.name == _FILE_ROW for r in rows):
        return [*rows, row]
    return [_extended(r, row) if r.name == _FILE_ROW else r for r in rows]


def _extended(failed: Check, found: Check) -> Check:
    if found.status == "pass":
        return failed
    return replace(failed, detail=f"{failed.detail}; {found.detail}")


def _compare(folder: Path) -> Check | None:
    try:
        signed = ModelPassport.from_json(read_bounded(folder / "passport.json")).bom
        data = read_bounded(folder / BOM)
    except (ProvenirError, OSError):
        return None
    try:
        found = ModelBOM.from_bytes(data, where=BOM)
    except ProvenirError as fault:
        return _differs(f"it is no bill of materials, the one in the passport is: {fault.what}")
    if found.digest() == signed.digest():
        return Check(name=BOM, status="pass", detail="the one in the passport")
    parts = [
        name.replace("_", " ")
        for name in type(signed).model_fields
        if getattr(found, name) != getattr(signed, name)
    ]
    return _differs(f"it differs from the one in the passport in: {', '.join(parts)}")


def _differs(detail: str) -> Check:
    return Check(name=BOM, status="fail", reason="bom-mismatch", detail=detail)
