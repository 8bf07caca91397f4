"""Make a virtual environment and install what one make target needs; do nothing when that is done.

Runs under whatever `python3` is there, so it keeps to syntax that old versions parse, and says in
one line what is missing. Only the standard library is used.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
PIP_WITH_GROUPS = (25, 1)
UNFINISHED = ".unfinished"
ENSURE_PIP = ("-m", "ensurepip", "--upgrade", "--default-pip")
INTERRUPTED = 130
TARGETS = {
    "base": (["."], []),
    "base-test": (["."], ["test"]),
    "lint": (["."], ["lint", "test"]),
    "demo": ([".[demo]"], []),
    "test": ([".[demo,math,ray,regex]"], ["test", "interop"]),
}
MEGABYTE = 1_000_000
UNITS = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}
DOWNLOADING = re.compile(r"\s*Downloading (\S+) \(([\d.]+) (kB|MB|GB|bytes)\)")
UNREACHED = re.compile(
    r"Retrying \(Retry\(|Could not fetch URL|Connection(Timeout)?Error|NewConnectionError"
    r"|Temporary failure in name resolution|Network is unreachable"
)


def fail(message: str) -> None:
    print("error: " + message, file=sys.stderr)
    raise SystemExit(2)


def suitable(version: tuple[int, ...]) -> bool:
    return OLDEST <= tuple(version[:2]) <= NEWEST


def find_python() -> str:
    """The interpreter that runs this file when it fits, else a fitting one on PATH."""
    if suitable(sys.version_info[:2]):
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        candidate = shutil.which(f"python3.{minor}")
        if candidate and subprocess.call([candidate, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return candidate
    fail(
        f"Python {platform.python_version()} is not supported; install Python 3.11, 3.12 or 3.13, "
        "or give one: make PYTHON=/path/to/python3.12"
    )
    return ""


def wanted_state(target: str) -> str:
    """A digest over everything that decides what gets installed for `target`."""
    digest = hashlib.sha256(repr((target, TARGETS[target])).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_venv(python: str, venv: Path) -> Path:
    """The interpreter of an environment whose pip answers; one that was left half made is remade.

    An environment cannot be built elsewhere and moved, since its scripts hold its path. So a file
    inside says, until the end, that its pip is not whole yet.
    """
    interpreter, unfinished = venv / "bin" / "python", venv / UNFINISHED
    if interpreter.exists() and not unfinished.exists():
        # Another tool may have made it without pip: that is mended, and nothing in it is lost.
        if not pip_version(interpreter):
            ran(interpreter, *ENSURE_PIP)
        if pip_version(interpreter):
            return interpreter
    if not ran(python, "-c", "import venv, ensurepip"):
        fail(
            "this Python has no venv module; on Debian and Ubuntu: "
            f"apt-get install python3-venv (looked at {python})"
        )
    if venv.exists() and holds_something_else(venv):
        fail(f"{venv} is there and is no environment of Python; give another: make VENV=.venv-2")
    print(f"{'remaking' if venv.exists() else 'making'} {venv} with {python}", flush=True)
    if not ran(python, "-m", "venv", "--clear", "--without-pip", venv):
        fail(f"{venv} could not be made; is the disk full, or the folder not yours?")
    unfinished.touch()
    if not ran(interpreter, *ENSURE_PIP):
        fail(f"pip could not be put into {venv}; is the disk full?")
    return interpreter


def holds_something_else(folder: Path) -> bool:
    """Whether it holds files and yet is no environment: those would be lost by making one there."""
    if (folder / "pyvenv.cfg").exists() or (folder / UNFINISHED).exists():
        return False
    return not folder.is_dir() or any(path.is_file() for path in folder.rglob("*"))


def ensure_pip(interpreter: Path) -> None:
    """Dependency groups (PEP 735) need pip 25.1 or newer."""
    unfinished = interpreter.parent.parent / UNFINISHED
    if pip_version(interpreter) < PIP_WITH_GROUPS:
        unfinished.touch()
        if not ran(interpreter, "-m", "pip", "install", "-q", "--upgrade", "pip>=25.1"):
            fail("pip could not be upgraded to 25.1 or newer; is a package index reachable?")
    if unfinished.exists():
        unfinished.unlink()


def pip_version(interpreter: Path) -> tuple[int, ...]:
    """Major and minor version; nothing where pip does not answer."""
    asked = subprocess.run(
        [str(interpreter), "-m", "pip", "--version"], capture_output=True, text=True
    )
    found = re.search(r"pip (\d+)\.(\d+)", asked.stdout)
    return (int(found.group(1)), int(found.group(2))) if found else ()


def ran(*command: object) -> bool:
    """Run a command that has nothing to tell; whether it succeeded."""
    return subprocess.run([str(word) for word in command], capture_output=True).returncode == 0


def announce(target: str) -> None:
    import tomllib

    table = tomllib.loads((ROOT / "scripts" / "download_sizes.toml").read_text())
    sizes = table[{"base-test": "base"}.get(target, target)]
    builds = [
        f"about {size} MB" + ("" if build == "all" else f" with the {build.upper()} build of torch")
        for build, size in sizes.items()
    ]
    print(
        f"installing {target}: {' or '.join(builds)} to download into an empty cache "
        f"(measured {table['measured']})",
        flush=True,
    )


def install(interpreter: Path, target: str) -> None:
    projects, groups = TARGETS[target]
    command = [str(interpreter), "-m", "pip", "install", "--progress-bar", "off"]
    command += ["-c", str(ROOT / "constraints.txt")]
    for project in projects:
        command += ["-e", project]
    for group in groups:
        command += ["--group", group]
    started = time.monotonic()
    megabytes, packages = 0.0, 0
    tail: collections.deque[str] = collections.deque(maxlen=25)
    unreached = False
    process = subprocess.Popen(
        command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout or ():
        tail.append(line.rstrip())
        fetched = DOWNLOADING.match(line)
        unreached = not fetched and (unreached or bool(UNREACHED.search(line)))
        if fetched:
            megabytes += float(fetched.group(2)) * UNITS[fetched.group(3)]
            packages += not fetched.group(1).endswith(".metadata")
            show_progress(f"  {packages} packages, {megabytes:.0f} MB, now {fetched.group(1)}")
        elif line.startswith("Installing collected packages"):
            show_progress("  unpacking")
    show_progress("")
    if process.wait():
        if unreached:
            fail("the packages could not be fetched; is a package index reachable?")
        print("\n".join(tail), file=sys.stderr)
        fail("the installation failed; pip's last lines stand above")
    venv = interpreter.parent.parent
    print(
        f"installed: {megabytes:.0f} MB downloaded, the rest was here; "
        f"{time.monotonic() - started:.0f} s; {venv.name} holds {folder_megabytes(venv):.0f} MB",
        flush=True,
    )


def show_progress(text: str) -> None:
    if sys.stdout.isatty():
        print("\r\x1b[2K" + text[: shutil.get_terminal_size().columns - 1], end="", flush=True)


def folder_megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / MEGABYTE


def main() -> None:
    """Do what the command line asks; Ctrl-C is one line, and the next call takes it up again."""
    try:
        prepare()
    except KeyboardInterrupt:
        show_progress("")
        print("interrupted; the same command takes it up again", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def prepare() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", default=".venv")
    parser.add_argument("target", choices=sorted(TARGETS))
    options = parser.parse_args()
    python = find_python()
    venv = (ROOT / options.venv).resolve()
    stamp = venv / (".installed-" + options.target)
    state = wanted_state(options.target)
    if stamp.exists() and stamp.read_text() == state and (venv / "bin" / "python").exists():
        return
    if python != sys.executable:
        os.execv(python, [python, *sys.argv])
    interpreter = make_venv(python, venv)
    ensure_pip(interpreter)
    announce(options.target)
    install(interpreter, options.target)
    stamp.write_text(state)


if __name__ == "__main__":
    main()
