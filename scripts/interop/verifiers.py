"""The foreign verifiers: how each is asked, and how it says yes and no."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

DRIVERS = Path(__file__).resolve().parent / "drivers"
ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("PROVENIR_INTEROP", ROOT / ".interop")).resolve()
PYTHON = HOME / "python" / "bin" / "python"
NODE_MODULES = HOME / "node" / "node_modules"
GO_SOURCES = Path("/usr/share/gocode/src")
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOPROXY": "off"}
ACCEPTED = r"^accepted$"
REFUSED = r"^refused: "

Version = Callable[[], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """One row of the matrix.

    Attributes:
        tool: What is asked.
        language: What it is written in.
        form: The export that it judges.
        command: The words of a call; `{}` stands for one argument of a case, in order.
        good: Arguments of the cases that it has to accept; names of samples unless they are words.
        tampered: Those that it has to refuse.
        version: Says which version is there, or None where the tool is missing.
        missing: Why the row is not run when it is not.
        structure_only: It knows nothing of digests or signatures: the tampered are misshapen.
        accepts: What it prints when it accepts; with exit code 0.
        refuses: What it prints when it refuses; with another exit code. All else is a fault.
        stdin: The sample that it reads from standard input: the last argument of each case.
        environment: Variables beside those of this process.
    """

    tool: str
    language: str
    form: str
    command: tuple[str, ...] = ()
    good: tuple[tuple[str, ...], ...] = ()
    tampered: tuple[tuple[str, ...], ...] = ()
    version: Version
    missing: str
    structure_only: bool = False
    accepts: str = ACCEPTED
    refuses: str = REFUSED
    stdin: bool = False
    environment: dict[str, str] = field(default_factory=dict)


def python_package(name: str) -> Version:
    """The version of a package in the interop environment."""

    def version() -> str | None:
        if not PYTHON.exists():
            return None
        code = f"import importlib.metadata as m; print(m.version({name!r}))"
        done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
        return done.stdout.strip() or None

    return version


def site_packages(inside: str) -> str:
    """The path of a folder among the packages of the interop environment."""
    found = sorted((HOME / "python" / "lib").glob(f"python3*/site-packages/{inside}"))
    return str(found[0]) if found else inside


def node_package(name: str) -> Version:
    """The version of a package beside the interop environment, where there is a Node to run it."""

    def version() -> str | None:
        manifest = NODE_MODULES / name / "package.json"
        if shutil.which("node") is None or not manifest.exists():
            return None
        return str(json.loads(manifest.read_text("utf-8"))["version"])

    return version


def go_package(path: str, debian: str) -> Version:
    """The version of a Debian package of Go sources."""

    def version() -> str | None:
        if shutil.which("go") is None or not (GO_SOURCES / path).is_dir():
            return None
        asked = ["dpkg-query", "-W", "-f", "${Version}", debian]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        return done.stdout.strip() or "?"

    return version


def program(name: str, *asking: str) -> Version:
    """The version that a program prints of itself, on either stream."""

    def version() -> str | None:
        if shutil.which(name) is None:
            return None
        done = subprocess.run(asking, capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+\w*(\.\d+)?", done.stdout + done.stderr)
        return found.group(0) if found else "?"

    return version


def driver(name: str) -> tuple[str, ...]:
    """How a driver in Python is called."""
    return (str(PYTHON), str(DRIVERS / name))


def cases(path: str, *labels: str, rest: tuple[str, ...] = ()) -> tuple[tuple[str, ...], ...]:
    """Arguments for changed copies of a sample: `x.json` and `label` give `x-label.json`."""
    stem, dot, suffix = path.rpartition(".")
    return tuple((f"{stem}-{label}{dot}{suffix}", *rest) for label in labels)
