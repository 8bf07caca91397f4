"""Have somebody else verify: another process, no environment, three files in an empty folder.

What such a process accepts, it accepts for the signature and the bytes alone: it knows neither the
run folder nor the private key nor anything that this process has in memory.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.flows.display import Display

__all__ = [
    "ByteChange",
    "StrangersVerdict",
    "ask_stranger",
    "challenge",
    "change_one_byte",
    "show_verdict",
]

PASSPORT: Final = "passport.json"
MODEL: Final = "model"
PUBLIC_KEY: Final = "key.pub.pem"
ARGUMENTS: Final = (
    *("passport", "verify", PASSPORT),
    *("--public-key", PUBLIC_KEY, "--artifact", MODEL),
)
SHOWN_COMMAND: Final = " ".join(("provenir", *ARGUMENTS))
TIMEOUT_S: Final = 120.0
VERDICT_CODES: Final = (0, 1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteChange:
    """One byte of a file that was changed."""

    file: str
    offset: int
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.file}, byte {self.offset:,}: 0x{self.before:02x} became 0x{self.after:02x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangersVerdict:
    """What the other process said.

    Attributes:
        exit_code: 0 good, 1 checked and failed, 3 could not decide.
        checks: (name, status, reason, detail) of each check, as it printed them.
        reasons: named reasons of a refusal.
        saw: names of everything that lay in its folder.
        change: what was changed in its copy of the model beforehand.
    """

    exit_code: int
    checks: tuple[tuple[str, str, str, str], ...]
    reasons: tuple[str, ...]
    saw: tuple[str, ...]
    change: ByteChange | None = None

    @property
    def accepted(self) -> bool:
        """Whether everything that was asked for holds."""
        return self.exit_code == 0

    def lines(self) -> list[str]:
        """What was checked, one line each; of a refusal, only what did not pass.

        What was not checked stands in the last line.
        """
        told = [c for c in self.checks if c[1] != "not-checked"]
        lines = [_line(*c) for c in told if self.accepted or c[1] != "pass"]
        rest = [
            f"{name} ({reason})" if reason else name
            for name, status, reason, _ in self.checks
            if status == "not-checked"
        ]
        return [*lines, f"not checked: {', '.join(rest)}"] if rest else lines


def ask_stranger(
    passport: Path,
    model: Path,
    public_key: Path,
    *,
    tamper: Callable[[Path], ByteChange] | None = None,
) -> StrangersVerdict:
    """Copy three things into an empty folder and have a process without environment verify them.

    Args:
        passport: the passport file.
        model: the model folder.
        public_key: the public key (PEM).
        tamper: called with the copy of the model folder before it is verified.

    Raises:
        InputError: one of the three cannot be copied.
        UndecidedError: the other process gave no verdict.
    """
    with tempfile.TemporaryDirectory(prefix="provenir-stranger-") as name:
        room = Path(name)
        _hand_over(passport, model, public_key, room)
        change = tamper(room / MODEL) if tamper is not None else None
        saw = tuple(sorted(entry.name for entry in room.iterdir()))
        return _verdict(_verify_in(room), saw, change)


def _hand_over(passport: Path, model: Path, public_key: Path, room: Path) -> None:
    try:
        shutil.copyfile(passport, room / PASSPORT)
        # A link stays a link: what stands behind it is no part of the folder that was signed.
        shutil.copytree(model, room / MODEL, symlinks=True)
        shutil.copyfile(public_key, room / PUBLIC_KEY)
    except shutil.SpecialFileError as fault:
        raise _not_handed_over(str(fault), None) from fault
    except shutil.Error as fault:  # a list of what could not be copied of the folder
        source, _, reason = fault.args[0][0]
        raise _not_handed_over(str(reason).removeprefix(f"`{source}` "), str(source)) from fault
    except OSError as fault:
        raise _not_handed_over(str(fault.strerror or fault), str(fault.filename)) from fault


def _not_handed_over(reason: str, place: str | None) -> InputError:
    return InputError(
        f"cannot hand over the evidence ({reason})",
        where=place,
        mend="the three are regular files, and a folder of nothing else",
    )


def change_one_byte(model: Path) -> ByteChange:
    """Flip the lowest bit of one byte in the middle of the weights.

    Args:
        model: a folder with a `.safetensors` file.

    Raises:
        InputError: it holds none, or an empty one; a link is none.
    """
    # Through a link the byte would change outside of the folder.
    found = sorted(model.glob("*.safetensors"))
    weights = [path for path in found if path.is_file() and not path.is_symlink()]
    if not weights or not weights[0].stat().st_size:
        raise InputError("no weights to change", where=str(model))
    content = bytearray(weights[0].read_bytes())
    offset = len(content) // 2
    before = content[offset]
    content[offset] ^= 1
    weights[0].write_bytes(content)
    return ByteChange(
        file=f"{MODEL}/{weights[0].name}", offset=offset, before=before, after=content[offset]
    )


def challenge(
    display: Display, passport: Path, model: Path, public_key: Path
) -> tuple[StrangersVerdict, StrangersVerdict]:
    """Have a stranger verify the three as they are, and again after one byte was changed."""
    three = passport, model, public_key
    with display.phase("Verify as a stranger") as phase:
        verified = ask_stranger(*three)
        phase.advance("accepted" if verified.accepted else "NOT accepted")
    with display.phase("Change a byte, verify") as phase:
        refused = ask_stranger(*three, tamper=change_one_byte)
        phase.advance("NOT refused" if refused.accepted else "refused")
    return verified, refused


def show_verdict(display: Display, title: str, verdict: StrangersVerdict) -> None:
    """Show what the stranger was given, was asked, and said."""
    say = display.say
    say("")
    say(title, "bold")
    say(f"  in a folder with {', '.join(verdict.saw)} and an empty environment:")
    display.say_command("  ", SHOWN_COMMAND)
    if verdict.change is not None:
        say(f"  changed before: {verdict.change}")
    for line in verdict.lines():
        say(f"    {line}")
    if verdict.accepted:
        say("  good", "bold green")
    else:
        say(f"  REFUSED: {', '.join(verdict.reasons)}", "bold red")


def _verify_in(room: Path) -> subprocess.CompletedProcess[str]:
    # -I: no PYTHON* variable, no user site, and the folder itself is not on the import path.
    command = [sys.executable, "-I", "-m", "provenir", *ARGUMENTS, "--json"]
    try:
        return subprocess.run(
            command,
            cwd=room,
            env={},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise UndecidedError(f"the second process did not finish: {fault}") from fault


def _verdict(
    done: subprocess.CompletedProcess[str], saw: tuple[str, ...], change: ByteChange | None
) -> StrangersVerdict:
    try:
        said = json.loads(done.stdout)
        checks = tuple(_check(check) for check in said["checks"])
        reasons = tuple(str(reason) for reason in said["reasons"])
    except (ValueError, KeyError, TypeError) as fault:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UndecidedError(
            f"the second process gave no verdict (exit {done.returncode}): {last}",
            mend="install the package in this environment: pip install -e .",
        ) from fault
    if done.returncode not in VERDICT_CODES:
        raise UndecidedError(f"the second process ended with {done.returncode}")
    return StrangersVerdict(
        exit_code=done.returncode, checks=checks, reasons=reasons, saw=saw, change=change
    )


def _check(check: dict[str, Any]) -> tuple[str, str, str, str]:
    return (
        str(check["name"]),
        str(check["status"]),
        str(check["reason"] or ""),
        str(check["detail"] or ""),
    )


def _line(name: str, status: str, reason: str, detail: str) -> str:
    said = f"{name}: {status}" + (f", {reason}" if reason else "")
    return f"{said} ({detail})" if detail else said
