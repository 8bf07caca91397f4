"""Honest solutions with their tests, read from `code_honest/`: a verifier of code lets them pass.

    === name | tags        starts a family; its solution follows
    --- tests              blocks parted by an empty line, in every style of `code_styles`
    --- verbatim           a test as it stands; `--- verbatim check f` names the entry point too
    --- input, --- output  what a program reads and prints

Each pair comes as one of the forms in which models answer; `code` is the solution alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from environments.code_styles import STYLES

__all__ = ["Family", "Pair", "families", "pairs"]

FOLDER = Path(__file__).parent / "code_honest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One solution, and its parts as `(heading, text)`."""

    name: str
    tags: frozenset[str]
    code: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What a verifier is given, and the solution without what surrounds it."""

    name: str
    family: Family
    response: str
    reference: Mapping[str, Any]


def _fenced(code: str, entry: str) -> str:
    return f"Here is a solution.\n\n```python\n{code}```\n\nIt handles the edge cases, too.\n"


def _thought(code: str, entry: str) -> str:
    return (
        "<think>\nFirst I need to consider the empty input. Skip it? No.\n</think>\n\n"
        f"The idea is simple:\n\n1. read\n2. compute\n\n```py\n{code}```\n"
    )


def _guarded(code: str, entry: str) -> str:
    if "__main__" in code or "__future__" in code:
        return code
    main = f'if __name__ == "__main__":\n    import sys\n\n    print({entry})\n    sys.exit(0)\n'
    return f"{code}\n\n{main}"


def _self_checked(code: str, entry: str) -> str:
    check = "# A first check; the tests must not be skipped or monkeypatched."
    return f"{code}\n\n{check}\nassert {entry} is not None\n"


def _commented(code: str, entry: str) -> str:
    if code.startswith("from __future__"):
        return code
    return f'"""Solution of the task."""\nfrom __future__ import annotations\n\n{code}'


def _windows(code: str, entry: str) -> str:
    return code.replace("\n", "\r\n")


def _bare(code: str, entry: str) -> str:
    return code


FORMS: tuple[Callable[[str, str], str], ...] = (
    _bare,
    _fenced,
    _guarded,
    _self_checked,
    _thought,
    _commented,
    _windows,
)
PROGRAM_FORMS = (_bare, _fenced, _thought, _windows)


def _family(text: str) -> Family:
    head, _, body = text.partition("\n")
    name, _, tags = head.partition("|")
    code, *rest = re.split(r"^--- (.+)\n", body, flags=re.MULTILINE)
    return Family(
        name=name.strip(),
        tags=frozenset(tags.split()),
        code=code,
        parts=tuple(zip(rest[::2], rest[1::2], strict=True)),
    )


@cache
def families() -> tuple[Family, ...]:
    texts = (path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt")))
    return tuple(
        _family(part)
        for text in texts
        for part in re.split(r"^=== ", text, flags=re.MULTILINE)
        if part
    )


def _entry(code: str) -> str:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    names = [node.name for node in ast.parse(code).body if isinstance(node, kinds)]
    return names[-1] if names else "__name__"


def _references(family: Family) -> Iterator[tuple[str, Mapping[str, Any]]]:
    (heading, text), *_ = family.parts
    kind, *words = heading.split()
    if kind == "input":
        texts = [text for _, text in family.parts]
        rows = zip(texts[::2], texts[1::2], strict=True)
        cases = [{"input": given, "output": wanted} for given, wanted in rows]
        yield "stdin", {"test_code": cases if len(cases) > 1 else cases[0]}
        apps = {key + "s": [case[key] for case in cases] for key in ("input", "output")}
        yield "apps", {"test_code": apps}
    elif kind == "verbatim":
        entry = {"entry_point": words[1]} if words else {}
        yield "verbatim", {"test_code": text, **entry}
    else:
        blocks = [block for block in re.split(r"\n{2,}", text.strip()) if block]
        for style, written in STYLES.items():
            yield style, written(blocks, _entry(family.code))


@cache
def pairs() -> tuple[Pair, ...]:
    made = []
    for number, family in enumerate(families()):
        for place, (style, reference) in enumerate(_references(family)):
            forms = PROGRAM_FORMS if style in ("stdin", "apps") else FORMS
            form = forms[(number + place) % len(forms)]
            name = f"{family.name}: {style}, {form.__name__.strip('_')}"
            response = form(family.code, _entry(family.code))
            made.append(Pair(name=name, family=family, response=response, reference=reference))
    return tuple(made)
