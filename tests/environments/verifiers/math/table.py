"""The tables of pitfalls and of what the field's graders agree on, as cases."""

from __future__ import annotations

import tomllib
from pathlib import Path

TABLE = {
    pitfall: sides
    for name in ("pitfalls.toml", "field.toml")
    for pitfall, sides in tomllib.loads(
        (Path(__file__).parent / name).read_text(encoding="utf-8")
    ).items()
}


def cases() -> list[tuple[str, str, str, bool]]:
    """(pitfall, reference, response, whether it must pass) of every line."""
    found = []
    for pitfall, sides in TABLE.items():
        for side in ("right", "wrong"):
            for line in sides[side].strip().splitlines():
                reference, _, response = line.partition(" :: ")
                found.append((pitfall, reference, response.replace("⏎", "\n"), side == "right"))
    return found
