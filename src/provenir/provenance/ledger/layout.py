"""Where the files of a ledger lie: the names under `governed/` (docs/reference/ledger.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from provenir.core.errors import InputError

__all__ = [
    "ADMISSION",
    "BLOCKS",
    "CLOSE",
    "DETAILS",
    "DISCLOSURE",
    "FACTS",
    "FINAL",
    "GOVERNED",
    "INTENT",
    "LEDGER",
    "METADATA",
    "POLICY",
    "PRIVATE",
    "PROFILES",
    "ROUTES",
    "ROWS",
    "SALTS",
    "discarded_name",
    "governed_folder",
]

GOVERNED: Final = "governed"
POLICY: Final = "policy.json"
PROFILES: Final = "profiles.json"
ROUTES: Final = "routes.json"
BLOCKS: Final = "blocks.json"
INTENT: Final = "intent.json"
ADMISSION: Final = "admission.jsonl"
LEDGER: Final = "ledger.jsonl"
DETAILS: Final = "details.jsonl"
FINAL: Final = "final.json"
CLOSE: Final = "close.json"
PRIVATE: Final = "private"
ROWS: Final = "private/rows.jsonl"
METADATA: Final = "private/metadata.jsonl"
FACTS: Final = "private/facts.jsonl"
SALTS: Final = "private/salts.json"
DISCLOSURE: Final = "private/disclosure.json"


def discarded_name(name: str, number: int) -> str:
    """Return what the lines of a file are kept as when a run goes on from before them."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.discarded-{number}.{ending}"


def governed_folder(path: str | Path) -> Path:
    """Return the folder of a ledger's files, for it or for the run folder that holds it.

    Raises:
        InputError: There is no ledger.
    """
    place = Path(path)
    for folder in (place / GOVERNED, place):
        if (folder / LEDGER).exists():
            return folder
    raise InputError(
        "there is no training ledger here",
        where=str(path),
        mend="give the folder of a governed run, one with governed/ledger.jsonl",
    )
