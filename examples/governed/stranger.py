"""A stranger: another process, an empty environment, a folder with copies and public keys."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

AUDITOR = Path(__file__).resolve().parents[2] / "auditor" / "provenir_audit.py"
QUESTION = ("run", "--trust", "trust.toml", "--level", "V2", "--artifact", "adapter")


@dataclass(frozen=True)
class Said:
    """What a stranger said.

    Attributes:
        exit_code: 0 good, 1 checked and failed, 3 undecided.
        rows: Name, status, reason and detail of each check.
        reasons: Why it is not good.
    """

    exit_code: int
    rows: list[tuple[str, str, str, str]]
    reasons: list[str]

    @property
    def level(self) -> str:
        """The lowest level one of whose rows does not hold; `-` where all do."""
        broken = [name for name, status, _, _ in self.rows if status == "fail"]
        # What is not the ledger's own, as the model's files, is asked of every passport.
        levels = [name[:2] if name.startswith("V") else "V0" for name in broken]
        return min(levels, default="-")


def ask_package(out: Path, change: Callable[[Path], None] | None = None) -> Said:
    """Ask `provenir verify`, in a process that imports neither torch nor the trainer."""
    verify = ["-m", "provenir", "verify", *QUESTION, "--state", "seen.json"]
    return _ask(out, [sys.executable, "-I", *verify], change)


def ask_single_file(out: Path, change: Callable[[Path], None] | None = None) -> Said:
    """Ask the independent auditor."""
    return _ask(out, [sys.executable, "-I", str(AUDITOR), *QUESTION], change)


def _ask(out: Path, command: list[str], change: Callable[[Path], None] | None) -> Said:
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        for folder in ("run", "adapter"):
            shutil.copytree(out / folder, room / folder)
        shutil.copy(out / "trust.toml", room)
        if change is not None:
            change(room)
        done = subprocess.run(
            [*command, "--json"], cwd=room, env={}, capture_output=True, text=True, check=False
        )
        said = json.loads(done.stdout)
    rows = [(c["name"], c["status"], c["reason"] or "", c["detail"] or "") for c in said["checks"]]
    return Said(done.returncode, rows, said["reasons"])
