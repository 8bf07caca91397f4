"""`provenir doctor`: what works on this machine, and what to install for the rest."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from provenir._version import __version__
from provenir.attest.workspace import find_workspace
from provenir.cli.output import print_json, stdout, table
from provenir.core.extras import EXTRAS, available, install_line
from provenir.provenance.git import git_state

MODULES: Final = {
    "files": ("pyarrow", "zstandard"),
    "data": ("pyarrow", "zstandard", "numpy"),
    "report": ("altair", "vl_convert"),
    "train": ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "safetensors"),
}
Row = dict[str, str]


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check this installation; exit 1 when something that is needed does not work."""
    rows = [*_base(), *_extras(), *_surroundings()]
    if as_json:
        print_json(rows)
    else:
        columns = ("what", "result", "detail")
        stdout().print(table(None, columns, ([row[c] for c in columns] for row in rows)))
    if any(row["result"] == "fail" for row in rows):
        raise typer.Exit(1)


def _base() -> Iterator[Row]:
    yield _row("provenir", "pass", f"{__version__} from {Path(__file__).parents[1]}")
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield _row("python", "pass" if fits else "warning", f"{version}, supported are 3.11 to 3.13")
    for name in ("cryptography", "rfc8785", "orjson", "pydantic", "jinja2", "typer", "rich"):
        try:
            yield _row(name, "pass", importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield _row(name, "fail", "missing: pip install -e . in the checkout")


def _extras() -> Iterator[Row]:
    for extra, modules in MODULES.items():
        missing = [module for module in modules if not available(module)]
        if missing:
            detail = f"{', '.join(missing)} missing: {install_line(extra)}"
            yield _row(f"extra {extra}", "not-checked", f"{EXTRAS[extra]}; {detail}")
        else:
            yield _row(f"extra {extra}", "pass", EXTRAS[extra])


def _surroundings() -> Iterator[Row]:
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


def _row(what: str, result: str, detail: str) -> Row:
    return {"what": what, "result": result, "detail": detail}
