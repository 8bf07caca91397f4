"""Exports: a passport in the formats of others.

Each is a projection of the passport's bill of materials: it says nothing that the passport does not
say, and loses what its format has no place for. The passport stays the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.governance.exports.registry import FORMATS, ExportFormat, export_passport
    from provenir.governance.exports.sshsig import allowed_signer

__all__ = ["FORMATS", "ExportFormat", "allowed_signer", "export_passport"]

_EXPORTS = {
    "FORMATS": "provenir.governance.exports.registry",
    "ExportFormat": "provenir.governance.exports.registry",
    "allowed_signer": "provenir.governance.exports.sshsig",
    "export_passport": "provenir.governance.exports.registry",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
