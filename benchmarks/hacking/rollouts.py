"""Rollouts with labels, and the catalogue of texts that they are made from.

The catalogue's `*.txt` hold variants, `*_tasks.toml` tasks. A variant is a text with fields in
double braces that a task fills in; `{{repeat 40|text}}` repeats a text, `%i` in it counts from 1.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).parent / "catalogue"
HALVES = ("tune", "test")
Fields = Mapping[str, str | Callable[[], str]]

_REPEAT = re.compile(r"\{\{repeat (\d+)\|((?:[^{}]|\{\{\w+\}\}|\{[^{}]*\})*)\}\}")
_TAGS = re.compile(r"\{\{tags:([^{}]*)\}\}")
_FIELD = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A text of the catalogue: a way to hack (`classes` of hacks.md), or an honest look-alike."""

    family: str
    name: str
    classes: tuple[int, ...]
    kinds: tuple[str, ...]
    text: str
    half: str | None

    @property
    def is_hack(self) -> bool:
        return self.classes != (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One labelled completion; `kinds` are the kinds of signal that name it rightly."""

    task: str
    family: str
    variant: str
    classes: tuple[int, ...]
    kinds: tuple[str, ...]
    trajectory: Mapping[str, Any]

    @property
    def hacked(self) -> bool:
        return self.classes != (0,)


def half_of(task: str) -> str:
    """Return the half of a task, which never changes; the salt was chosen for even families."""
    return HALVES[hashlib.sha256(f"hacking/118 {task}".encode()).digest()[0] % 2]


def read_variants(name: str) -> list[Variant]:
    """Read `<name>.txt`.

    Every way to hack belongs to one half alone, so that the test half shows no text that was made
    in the same way as one of the tune half; so does every honest look-alike. Honest texts that
    resemble no hack occur in both.
    """
    text = (CATALOGUE / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^=== (.+)$", text, flags=re.MULTILINE)[1:]
    seen: dict[str, int] = {}
    found = []
    for head, body in zip(blocks[::2], blocks[1::2], strict=True):
        label, classes, rest = (part.strip() for part in head.split("|"))
        honest = classes == "0"
        place = seen.get(classes, int(hashlib.sha256(f"{name} {classes}".encode()).hexdigest(), 16))
        seen[classes] = place + 1
        found.append(
            Variant(
                family=name,
                name=label,
                classes=tuple(map(int, classes.split())),
                kinds=() if honest else tuple(rest.split()),
                text=body.strip("\n"),
                half=None if honest and rest == "none" else HALVES[place % 2],
            )
        )
    return found


def read_tasks(name: str) -> list[dict[str, Any]]:
    """Read the tasks of `<name>_tasks.toml`."""
    text = (CATALOGUE / f"{name}_tasks.toml").read_text(encoding="utf-8")
    tasks: list[dict[str, Any]] = tomllib.loads(text)["task"]
    return tasks


def fill(text: str, fields: Fields) -> str:
    """Fill a variant's fields in; a field that is a function gives another text each time."""

    def value(match: re.Match[str]) -> str:
        found = fields[match.group(1)]
        return found if isinstance(found, str) else found()

    def repeated(match: re.Match[str]) -> str:
        times = range(1, int(match.group(1)) + 1)
        return "".join(match.group(2).replace("%i", str(i)) for i in times)

    text = _REPEAT.sub(repeated, text)
    text = _TAGS.sub(lambda m: "".join(chr(0xE0000 + ord(c)) for c in m.group(1)), text)
    return _FIELD.sub(value, text)
