"""The bodies of journal records for evaluations, artifacts and attached reports."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes
from provenir.core.errors import CanonicalizationError, InputError, UsageError
from provenir.core.findings import Finding, Report
from provenir.core.limits import MAX_DEPTH, MAX_SAFE_INTEGER
from provenir.core.plain import json_line, scalar, to_plain
from provenir.core.text import slug
from provenir.governance.components import MAX_FREE_DEPTH
from provenir.tracking.hashing import hash_artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MAX_NODES: Final = 1_000_000


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


def artifact_body(
    path: Path, kind: object, folder: Path, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """An artifact as it is journaled: its place, its kind, the digests of its files.

    The place is relative to the run folder, so that a folder that is handed on does not tell
    where its owner keeps things.

    Raises:
        InputError: when it is not there or holds what cannot be identified, or holds the run
            folder, whose files change until after the passport is signed.
    """
    inner, outer = folder.resolve(), path.resolve()
    if inner == outer or outer in inner.parents:
        raise InputError(
            "an artifact cannot hold the run folder itself: no passport could ever fit it",
            where=str(path),
            mend="save the model into a folder of its own, such as output_dir/model",
        )
    identity = hash_artifact(path, str(kind) or "model", progress=progress)
    return {
        "path": os.path.relpath(path.resolve(), folder.resolve()),
        "name": identity.name,
        "kind": identity.kind,
        "dir_hash": identity.dir_hash,
        "tensor_root": identity.tensor_root,
    }


def report_body(
    report: object,
) -> tuple[str, bytes, dict[str, Any], tuple[Finding, ...]]:
    """An attached report: the file's name, its bytes, how it is journaled, what could not be kept.

    A report of ours is plain as it stands: the file holds the canonical bytes that its own
    `digest()` is over. Of any other, whatever is no JSON is told in a finding.

    Raises:
        UsageError: when it is no report.
    """
    to_dict = getattr(report, "to_dict", None)
    if not callable(to_dict):
        raise UsageError(f"attach() got a {type(report).__name__}", mend="attach a provenir report")
    name = str(getattr(report, "name", type(report).__name__))
    data, lost = _report_bytes(to_dict(), ours=isinstance(report, Report))
    digest = digest_bytes(data)
    file = f"reports/{slug(name)}-{digest.rpartition(':')[2][:8]}.json"
    notes = tuple(
        replace(one, detail=f"report {name}: {one.detail}", subject=f"{file}: {one.subject}")
        for one in lost
    )
    return file, data, {"name": name, "file": file, "digest": digest}, notes


def _report_bytes(value: object, *, ours: bool) -> tuple[bytes, tuple[Finding, ...]]:
    if ours:
        with suppress(CanonicalizationError):  # a subclass of ours may say anything
            return canonical_bytes(value), ()
    plain, lost = to_plain(value, max_depth=MAX_DEPTH, max_nodes=_MAX_NODES)
    return json_line(plain), lost
