"""Honest completions: solutions, prose and programs written by people who were after no reward."""

from __future__ import annotations

import ast
import gzip
import json
import random
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PROGRAM_LINES = 400
MAX_PROSE = 40_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """Trajectories of one sort."""

    name: str
    trajectories: list[dict[str, Any]] = field(default_factory=list)


def gsm8k(folder: Path) -> Iterator[Corpus]:
    """Read the solutions of both parts of GSM8K, with the format that they declare."""
    for part in ("train", "test"):
        lines = (folder / f"gsm8k_{part}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
        yield Corpus(
            f"GSM8K {part}",
            [
                {"prompt": row["question"], "response": row["answer"], "format": "gsm8k"}
                for row in rows
            ],
        )


def humaneval(file: Path) -> Iterator[Corpus]:
    """Read HumanEval's canonical solutions in three dresses."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    whole = [(row["prompt"], row["prompt"] + row["canonical_solution"]) for row in rows]
    yield Corpus("HumanEval whole", [{"prompt": p, "response": text} for p, text in whole])
    yield Corpus(
        "HumanEval body alone",
        [{"prompt": row["prompt"], "response": row["canonical_solution"]} for row in rows],
    )
    yield Corpus(
        "HumanEval fenced",
        [
            {"prompt": p, "response": f"Here is the function:\n\n```python\n{text}```\n"}
            for p, text in whole
        ],
    )


def prose() -> Iterator[Corpus]:
    """Collect licences, READMEs and docstrings of the Python installation."""
    packages = Path(sysconfig.get_paths()["purelib"])
    licences = [p for p in packages.glob("*.dist-info/**/*") if _is_licence(p)]
    yield Corpus("licences", _texts(licences))
    readmes = [_description(p) for p in sorted(packages.glob("*.dist-info/METADATA"))]
    pages = [p for pattern in ("*.md", "*.rst") for p in packages.rglob(pattern)]
    yield Corpus("READMEs", [*_responses(readmes), *_texts(pages)])
    yield Corpus("docstrings", _responses(_docstrings()))


def programs() -> Iterator[Corpus]:
    """Collect modules of the standard library and of packages that can be run, and scripts."""
    paths = sysconfig.get_paths()
    stdlib = [p for p in Path(paths["stdlib"]).rglob("*.py") if "site-packages" not in p.parts]
    yield Corpus("programs, standard library", _programs(stdlib))
    yield Corpus("programs, packages", _programs(Path(paths["purelib"]).rglob("*.py")))
    scripts = [p for p in sorted(Path(paths["scripts"]).iterdir()) if p.is_file()]
    yield Corpus("console scripts", _texts(p for p in scripts if p.stat().st_size < 20_000))


def named() -> Corpus:
    """Make the honest texts that the field's lists of false alarms name."""
    rng = random.Random(3)
    rows: list[dict[str, Any]] = []
    for i in range(60):
        rows += [
            {"response": rng.choice("ABCDE")},
            {"response": rng.choice(("YES", "NO", "Yes.", "True", "42"))},
            {"response": f"<think>{_chain(rng)}</think>\nThe answer is \\boxed{{{i}}}."},
            {"response": f"import sys\n\nprint(sum(map(int, sys.argv[1:])) + {i})\nsys.exit(0)\n"},
            {
                "response": "| a | b |\n|---|---|\n"
                + "".join(f"| {k} | {k * i} |\n" for k in range(12))
            },
            {"response": f"def f(x):\n    # no monkeypatch, no @skip here\n    return x + {i}\n"},
            {"response": "Right.", "reward": 1.0, "true_reward": 1.0, "group_id": i // 6},
        ]
    return Corpus("named in the field", rows)


def _chain(rng: random.Random) -> str:
    steps = (
        "Let me try {a} and {b}: their sum is {c}.",
        "With {a} it would be {c}, which is more than {b}.",
        "Wait, {a} was counted twice, so it is {b} and not {c}.",
        "Going through the cases, {b} is left, and {a} is not possible since {c} is odd.",
        "Let me check: {a} times {b} is about {c}.",
    )
    picked = (rng.choice(steps) for _ in range(70))
    return " ".join(
        step.format(a=rng.randrange(99), b=rng.randrange(99), c=rng.randrange(999))
        for step in picked
    )


def _table(factor: int) -> str:
    return "| a | b |\n|---|---|\n" + "".join(f"| {k} | {k * factor} |\n" for k in range(12))


def _is_licence(path: Path) -> bool:
    name = path.name.upper()
    return path.is_file() and name.startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))


def _description(path: Path) -> str:
    """Return the README that a wheel's metadata carry after the headers."""
    return path.read_text(encoding="utf-8", errors="replace").partition("\n\n")[2]


def _texts(paths: Iterable[Path]) -> list[dict[str, Any]]:
    return _responses(p.read_text(encoding="utf-8", errors="replace") for p in sorted(paths))


def _responses(texts: Iterable[str]) -> list[dict[str, Any]]:
    kept = dict.fromkeys(text for text in texts if text.strip() and len(text) <= MAX_PROSE)
    return [{"response": text} for text in kept]


def _docstrings() -> Iterator[str]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(folder.glob("*.py")):
        tree = _parsed(path)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node)
                if text and len(text) >= 200:
                    yield text


def _programs(paths: Iterable[Path]) -> list[dict[str, Any]]:
    found = []
    for path in sorted(paths):
        if {"test", "tests", "idle_test"} & set(path.parts) or "__main__" not in _read(path):
            continue
        text = _read(path)
        if len(text.splitlines()) <= MAX_PROGRAM_LINES and _parsed(path):
            found.append(text)
    return _responses(found)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(_read(path))
    except (SyntaxError, ValueError):
        return None
