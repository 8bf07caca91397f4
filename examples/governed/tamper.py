"""What somebody might change afterwards, each on a copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOVERNED = Path("run/governed")


def one_bit_of_the_weights(room: Path) -> None:
    weights = room / "adapter" / "adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-8] ^= 1
    weights.write_bytes(content)


def leave_out_a_step(room: Path) -> None:
    lines = _lines(room / GOVERNED / "ledger.jsonl")
    del lines[len(lines) // 2]
    _write(room / GOVERNED / "ledger.jsonl", lines)


def put_a_denied_row_into_a_batch(room: Path) -> None:
    admission = map(json.loads, _lines(room / GOVERNED / "admission.jsonl"))
    denied = next(line["row"] for line in admission if line["effect"] == "deny")

    def change(details: dict[str, Any]) -> None:
        details["batch"][0]["row"] = denied

    _change(room / GOVERNED / "details.jsonl", 3, change)


def admit_a_denied_row(room: Path) -> None:
    path = room / GOVERNED / "admission.jsonl"
    lines = [json.loads(line) for line in _lines(path)]
    allowed = next(line for line in lines if line["effect"] == "allow")
    number = next(n for n, line in enumerate(lines) if line["effect"] == "deny")

    def change(line: dict[str, Any]) -> None:
        for field in ("effect", "rule", "reasons", "profile", "route"):
            line[field] = allowed[field]

    _change(path, number, change)


def loosen_the_policy(room: Path) -> None:
    path = room / GOVERNED / "policy.json"
    path.write_bytes(path.read_bytes().replace(b'"deny"', b'"allow"', 1))


def prolong_a_licence(room: Path) -> None:
    path = room / GOVERNED / "private/metadata.jsonl"
    known = [json.loads(line) for line in _lines(path)]
    ends = sorted({line["license_expires"] for line in known if line["license_expires"]})
    path.write_bytes(path.read_bytes().replace(ends[0].encode(), ends[-1].encode()))


def swap_two_batches(room: Path) -> None:
    path = room / GOVERNED / "details.jsonl"
    lines = _lines(path)
    lines[1], lines[2] = lines[2], lines[1]
    _write(path, lines)


TAMPERINGS = {
    "one bit of the weights": one_bit_of_the_weights,
    "a step left out": leave_out_a_step,
    "a denied row put into a batch": put_a_denied_row_into_a_batch,
    "a denied row admitted": admit_a_denied_row,
    "the policy loosened": loosen_the_policy,
    "a licence prolonged": prolong_a_licence,
    "two batches swapped": swap_two_batches,
}


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def _write(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(lines))


def _change(path: Path, number: int, change: Any) -> None:
    lines = _lines(path)
    value = json.loads(lines[number])
    change(value)
    lines[number] = json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    _write(path, lines)
