"""One pass over a corpus for many canaries."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import UsageError
from provenir.eval.canary.corpus import Places, blocks_of, left_out_of
from provenir.eval.canary.report import MAX_HITS, CanaryHit, CanaryReport, found_hit
from provenir.eval.canary.traces import Traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from provenir.eval.canary.token import Canary

__all__ = ["scan_source"]

_MAX_PLACE_CHARS: Final = 200
_NAMES_TOLD: Final = 8


def scan_source(
    source: Any, canaries: Iterable[Canary], progress: Callable[[int], None] | None = None
) -> CanaryReport:
    """Look for canaries in every row of a source; see `CanaryGuard.scan_many`."""
    traces = Traces(canaries)
    if not traces.by_digits:
        raise UsageError("there is no canary to look for", mend="mint one, or read a register")
    hits: list[CanaryHit] = []
    leaked: list[int] = []
    recipients: Counter[str] = Counter()
    rows = unlisted = 0
    for block in blocks_of(source, progress):
        rows += block.rows
        places = Places(block)
        for offset, found in traces.in_block(block.data):
            places.move(offset)
            leaked.append(places.row)
            recipients.update(each.recipient for each in found if each.recipient is not None)
            if len(hits) < MAX_HITS:
                hits += _hits(block.line(offset), places, found, traces)
            else:
                unlisted += len(found)
    left_out = {"hits": f"{unlisted:,} more hits are counted and not listed"} if unlisted else {}
    if others := left_out_of(source):
        shown = ", ".join(others[:_NAMES_TOLD]) + (", …" if len(others) > _NAMES_TOLD else "")
        left_out["other files"] = f"{len(others):,} are of no kind that is read: {shown}"
    return CanaryReport(
        findings=tuple(hits),
        examined={"rows": rows},
        not_examined=left_out,
        sought=len(traces.by_digits),
        leaked_rows=tuple(leaked),
        rows_by_recipient=dict(recipients),
    )


def _hits(line: bytes, places: Places, found: list[Canary], traces: Traces) -> Iterator[CanaryHit]:
    """A hit for every field that holds a canary by itself, else one for the row."""
    row, location = places.row, places.location
    left = dict.fromkeys(found)
    for place, text in _texts(_parsed(line)):
        for canary in traces.in_row(json.dumps(text).encode()):
            left.pop(canary, None)
            yield found_hit(canary, row, place[:_MAX_PLACE_CHARS], location)
    for canary in left:
        yield found_hit(canary, row, None, location)


def _parsed(line: bytes) -> Any:
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(line)
    with suppress(ValueError, RecursionError):  # lone surrogates, NaN, bytes that are no UTF-8
        return json.loads(line.decode("utf-8", "replace"))
    return None


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every text of a row with the field that it stands in; a key with the object that has it."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, dict):
            yield from ((place, key) for key in value)
            named = [(f"{place}.{key}" if place else key, each) for key, each in value.items()]
            waiting += reversed(named)
        elif isinstance(value, list):
            numbered = [(f"{place}[{number}]", each) for number, each in enumerate(value)]
            waiting += reversed(numbered)
