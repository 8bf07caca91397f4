"""`provenir doctor`: what works on this machine, and what to install for the rest.

What is needed stands in the metadata of the installed package, so there is no second list of it.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from provenir._version import __version__
from provenir.cli.output import print_json, stdout, table
from provenir.core.extras import EXTRAS, install_line

# `name>=1.2; extra == 'data'` (core metadata, Requires-Dist), as this package writes it.
REQUIREMENT: Final = re.compile(
    r"([\w.-]+)(?:\[[\w,.-]+\])?(?:>=([\w.]+))?(?:\s*;\s*extra == ['\"]([\w-]+)['\"])?"
)
Row = dict[str, str]


class Need(NamedTuple):
    """A package, the oldest version that will do, and the extra that asks for it."""

    package: str
    least: str
    extra: str | None

    def state(self) -> tuple[bool, str]:
        """Whether it is met, and in words how."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version(self.package)
        except PackageNotFoundError:
            return False, "missing"
        if _numbers(found) < _numbers(self.least):
            return False, f"{found} is older than {self.least}"
        return True, found


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)][:3]


def needs() -> list[Need] | None:
    """Everything that the installed package asks for; None where no metadata says it."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("provenir") or []
    except PackageNotFoundError:
        return None
    found = (REQUIREMENT.fullmatch(line) for line in lines)
    return [Need(match[1], match[2] or "0", match[3]) for match in found if match]


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check this installation. Exit 1 when something that is needed does not work."""
    rows = [*_ours(), *_packages(), *_surroundings(), *_sandbox()]
    if json:
        print_json(rows)
    else:
        columns = ("what", "result", "detail")
        stdout().print(table(None, columns, ([row[c] for c in columns] for row in rows)))
    if any(row["result"] == "fail" for row in rows):
        raise typer.Exit(1)


def _ours() -> Iterator[Row]:
    yield _row("provenir", "pass", f"{__version__} from {Path(__file__).parents[1]}")
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield _row("python", "pass" if fits else "warning", f"{version}, supported are 3.11 to 3.13")


def _packages() -> Iterator[Row]:
    needed = needs()
    if needed is None:
        detail = f"unknown, for provenir itself is not installed: {install_line()} in the checkout"
        yield _row("packages", "warning", detail)
        return
    for need in needed:
        if need.extra is None:
            met, words = need.state()
            mend = "" if met else f": {install_line()} in the checkout"
            yield _row(need.package, "pass" if met else "fail", words + mend)
    for extra, purpose in EXTRAS.items():
        states = [(need.package, *need.state()) for need in needed if need.extra == extra]
        lacking = [f"{package} {words}" for package, met, words in states if not met]
        if not states:
            lacking = ["not known to the installed metadata"]
        detail = f"{purpose}; {', '.join(lacking)}: {install_line(extra)}" if lacking else purpose
        yield _row(f"extra {extra}", "not-checked" if lacking else "pass", detail)


def _surroundings() -> Iterator[Row]:
    from provenir.attest.workspace import find_workspace
    from provenir.provenance.git import git_state

    code = git_state(Path.cwd())
    if code.sha is None:
        yield _row("git", "warning", "not in a git checkout: passports get the flag unknown_code")
    else:
        dirty = "with uncommitted changes: flag dirty_code" if code.dirty else "clean"
        yield _row("git", "warning" if code.dirty else "pass", f"{code.sha[:12]} {dirty}")
    workspace = find_workspace(Path("artifacts/runs"))
    nearest = next(path for path in (workspace, *workspace.parents) if path.exists())
    writable = os.access(nearest, os.W_OK)
    free = shutil.disk_usage(nearest).free / 1e9
    yield _row(
        "workspace", "pass" if writable else "fail", f"{workspace}, {free:.0f} GB free on its disk"
    )


def _sandbox() -> Iterator[Row]:
    from provenir.environments.sandbox.advice import mend
    from provenir.environments.sandbox.probes import probe
    from provenir.environments.sandbox.values import LAYERS

    for layer in LAYERS:
        found = probe(layer)
        if not found.stands:
            yield _row(f"sandbox {layer}", "not-checked", f"{found.why}; to get it: {mend(layer)}")
            continue
        states = found.isolation.as_dict()
        said = []
        for state in ("enforced", "not_enforced", "unverified"):
            names = [name for name, found_state in states.items() if found_state == state]
            if names:
                said.append(f"{state.replace('_', ' ')}: {', '.join(names)}")
        by = ", by bubblewrap" if found.by == "bubblewrap" else ""
        yield _row(f"sandbox {layer}", "pass", "; ".join(said) + by)
    yield _row("sandbox S3", "not-checked", "a runner of your own, on another machine")


def _row(what: str, result: str, detail: str) -> Row:
    return {"what": what, "result": result, "detail": detail}
