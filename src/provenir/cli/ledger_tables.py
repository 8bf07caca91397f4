"""The answers of `provenir ledger`, as JSON and as tables."""

from __future__ import annotations

import dataclasses
import json
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from provenir.cli.output import say, stdout, table, warn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.provenance.ledger.query import LedgerQuery, Ranking

CUT: Final = 21
"""Characters of a digest in a table: its name and twelve digits, and a mark."""


def visit_value(
    asked: LedgerQuery, example: str, first: int | None, last: int | None, limit: int
) -> dict[str, Any]:
    """What an example fed, each entry with its proof."""
    rows = asked.rows_of(example)
    found = (
        visit
        for row in rows
        for visit in asked.visits(row)
        if (first or 1) <= visit.step and (last is None or visit.step <= last)
    )
    shown = list(islice(found, limit))
    more = sum(1 for _ in found)
    visits = [
        {**dataclasses.asdict(visit), "proof": json.loads(asked.prove(visit))} for visit in shown
    ]
    return {
        "example": example,
        "trained": [block for block in asked.table.blocks if block in asked.table.trained],
        "rows": rows,
        "root": asked.root.model_dump(),
        "closed": asked.closed,
        "n": len(shown) + more,
        "visits": visits,
    }


def ranking_value(
    asked: LedgerQuery, block: str, first: int, last: int, ranking: Ranking
) -> dict[str, Any]:
    """What fed a block, each row with the proof of the step at which it gave most."""
    rows = [
        {
            **dataclasses.asdict(row),
            "proof": json.loads(asked.prover.entry(row.step, row.row)[0]),
        }
        for row in ranking.rows
    ]
    return {
        "block": block,
        "steps": [first, last],
        "trained": block in asked.table.trained,
        "by": ranking.by,
        "root": asked.root.model_dump(),
        "closed": asked.closed,
        "n": ranking.n,
        "entries": ranking.entries,
        "rows": rows,
    }


def print_visits(value: Mapping[str, Any]) -> None:
    """The table of `ledger query --example`."""
    rows = [
        (
            visit["step"],
            visit["row"],
            visit["place"],
            "skipped" if visit["skipped"] else _spans(visit["weights"], value["trained"]),
            _total(visit),
        )
        for visit in value["visits"]
    ]
    columns = ("step", "row", "place", "weights of the trained blocks", "weight × norm")
    stdout().print(table(f"steps that {_cut(value['example'])} fed", columns, rows))
    _say_rest(len(rows), value)


def print_ranking(value: Mapping[str, Any]) -> None:
    """The table of `ledger query --block`."""
    rows = [
        (
            place,
            row["row"],
            _cut(row["content"] or row["example"]),
            row["visits"],
            _thousandths(row["weight"]),
            None if row["contribution"] is None else f"{row['contribution']:.6g}",
            row["step"],
        )
        for place, row in enumerate(value["rows"], 1)
    ]
    columns = ("rank", "row", "example", "visits", "weight", "weight × norm", "most at")
    first, last = value["steps"]
    stdout().print(table(f"{value['block']}, steps {first} to {last}", columns, rows))
    if not value["trained"]:
        say("no parameter of this block is trained: nothing fed it")
    if value["by"] == "weight":
        say("ranked by weight alone: the norms of this block are not known here")
    _say_rest(len(rows), value)


def print_ledger(summary: Mapping[str, Any]) -> None:
    """What `ledger show` prints."""
    header, close, root = summary["header"], summary["close"], summary["root"]
    status = "not closed" if close is None else close["status"]
    say(f"{header['run_id']}  {status}, {summary['records'].get('step', 0)} steps")
    facts = [
        ("ledger root", f"{root['root']} ({root['n']} lines)"),
        ("dataset", f"{header['dataset']['root']} ({header['dataset']['n']} rows)"),
        ("policy", header["policy"]),
        ("profiles", header["profiles"]),
        ("intent", header["intent"]),
        ("routing", header["routing"]),
        ("parameters hashed", f"every {header['hash_every']} steps"),
    ]
    facts += [(f"{kind} records", str(n)) for kind, n in summary["records"].items()]
    facts += [(f"skipped: {reason}", str(n)) for reason, n in summary["skipped"].items()]
    stdout().print(table(None, ("item", "what"), facts))
    steps = [
        (s["step"], s["time"], s["batch"]["n"], s["dropped"], s["lr"], s["skipped"])
        for s in summary["steps"]
    ]
    columns = ("step", "time", "rows", "dropped", "lr", "skipped")
    stdout().print(table("steps", columns, steps))
    if summary["events"]:
        events = [(e["step"], e["kind"], _event(e)) for e in summary["events"]]
        stdout().print(table("after a step", ("step", "kind", "what"), events))


def _event(event: Mapping[str, Any]) -> str:
    if event["kind"] == "intervention":
        factor = "" if event["factor"] is None else f" to {_thousandths(event['factor'])}"
        return f"row {event['row']}: {event['action']}{factor} ({event['reason']})"
    if event["kind"] == "resume":
        cut = event["discarded"]
        return "went on" if cut is None else f"went on, {cut['n']} records discarded"
    return str(event["param_root"])


def _spans(weights: Mapping[str, int], blocks: Sequence[str]) -> str:
    """Blocks of one weight that stand together, as spans: `layer.0…layer.3 0.5`."""
    spans = []
    for weight, group in groupby(blocks, key=weights.__getitem__):
        names = list(group)
        name = names[0] if len(names) == 1 else f"{names[0]}…{names[-1]}"
        spans.append(f"{name} {_thousandths(weight)}")
    return ", ".join(spans)


def _total(visit: Mapping[str, Any]) -> str | None:
    norms = visit["norms"]
    if norms is None or visit["skipped"]:
        return None
    known: Sequence[float] = [
        visit["weights"][block] * norm / 1_000 for block, norm in norms.items() if norm is not None
    ]
    return f"{sum(known):.6g}" if known else None


def _thousandths(weight: int) -> str:
    return f"{weight / 1_000:.15g}"


def _cut(digest: str) -> str:
    return digest[: CUT - 1] + "…" if len(digest) > CUT else digest


def _say_rest(shown: int, value: Mapping[str, Any]) -> None:
    if shown < value["n"]:
        say(f"{shown} of {value['n']}; --limit shows more")
    say(f"proofs (--json, or ledger prove) lead to the root {value['root']['root']}")
    if not value["closed"]:
        warn("the ledger is not closed: this is what was recorded so far, and no passport's root")
