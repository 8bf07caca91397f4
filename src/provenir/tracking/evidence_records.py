"""The bodies of journal records for evaluations, artifacts and attached reports."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from provenir.core.digest import digest_bytes
from provenir.core.errors import UsageError
from provenir.core.findings import Finding
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.plain import json_line, scalar, to_plain
from provenir.core.text import slug
from provenir.governance.components import MAX_FREE_DEPTH
from provenir.provenance.artifact import identify_artifact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def eval_body(
    name: object, score: object, contaminated: object, n: object, meta: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """An evaluation as it is journaled; what cannot be read of it becomes None, with a finding."""
    plain_meta, notes = to_plain(dict(meta), max_depth=MAX_FREE_DEPTH)
    plain_name, name_notes = to_plain(name)
    number = scalar(score)
    benchmark = plain_name if isinstance(plain_name, str) else str(plain_name)
    body: dict[str, Any] = {
        "benchmark": benchmark,
        "score": number if number is not None and math.isfinite(number) else None,
        "contaminated": _yes_or_no(contaminated),
        "n": _count(n),
        "meta": plain_meta,
    }
    unread = [("score", "a finite number")] if body["score"] is None else []
    if body["contaminated"] is None and contaminated is not None:
        unread.append(("contaminated", "True, False or None"))
    if body["n"] is None and n is not None:
        unread.append(("n", "a number of items"))
    return body, (*notes, *name_notes, *(_unread(benchmark, *what) for what in unread))


def _yes_or_no(value: object) -> bool | None:
    number = scalar(value)
    return bool(number) if number in (0.0, 1.0) else None


def _count(value: object) -> int | None:
    number = scalar(value)
    return int(number) if number is not None and 0 <= number <= MAX_SAFE_INTEGER else None


def _unread(benchmark: str, field: str, wanted: str) -> Finding:
    return Finding(
        kind=f"unreadable_{field}",
        severity="warning",
        detail=f"{field} of {benchmark} is not {wanted}; recorded as not known",
        subject=benchmark,
    )


def artifact_body(path: Path, kind: object, folder: Path) -> dict[str, Any]:
    """An artifact as it is journaled: its place, its kind, the digests of its files.

    The place is relative to the run folder, so that a folder that is handed on does not tell
    where its owner keeps things.

    Raises:
        InputError: when it is not there or holds what cannot be identified.
    """
    identity = identify_artifact(path, kind=str(kind) or "model")
    return {
        "path": os.path.relpath(path.resolve(), folder.resolve()),
        "name": identity.name,
        "kind": identity.kind,
        "dir_hash": identity.dir_hash,
        "tensor_root": identity.tensor_root,
    }


def report_body(report: object) -> tuple[str, bytes, dict[str, Any]]:
    """An attached report: the file's name, its bytes, and how it is journaled.

    Raises:
        UsageError: when it is no report.
    """
    to_dict = getattr(report, "to_dict", None)
    if not callable(to_dict):
        raise UsageError(f"attach() got a {type(report).__name__}", mend="attach a provenir report")
    plain, _ = to_plain(to_dict())
    data = json_line(plain)
    digest = digest_bytes(data)
    name = str(getattr(report, "name", type(report).__name__))
    file = f"reports/{slug(name)}-{digest.rpartition(':')[2][:8]}.json"
    return file, data, {"name": name, "file": file, "digest": digest}
