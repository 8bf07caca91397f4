"""Make a virtual environment and install what one make target needs; do nothing when that is done.

Runs under whatever `python3` is there, so it keeps to syntax that old versions parse, and says in one line
what is missing. Only the standard library is used.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
PIP_WITH_GROUPS = (25, 1)
TARGETS = {
    "base": (["."], []),
    "base-test": (["."], ["test"]),
    "lint": (["."], ["lint", "test"]),
    "demo": ([".[demo]"], []),
    "test": ([".[demo]"], ["test", "interop"]),
}
MEGABYTE = 1_000_000


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
        candidate = shutil.which("python3.%d" % minor)
        if candidate and subprocess.call([candidate, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return candidate
    fail(
        "Python %d.%d is not supported; install Python 3.11, 3.12 or 3.13, or give one: "
        "make PYTHON=/path/to/python3.12" % sys.version_info[:2]
    )
    return ""


def wanted_state(target: str) -> str:
    """A digest over everything that decides what gets installed for `target`."""
    digest = hashlib.sha256(repr((target, TARGETS[target])).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_venv(python: str, venv: Path) -> Path:
    interpreter = venv / "bin" / "python"
    if not interpreter.exists():
        probe = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True)
        if probe.returncode:
            fail(
                "this Python has no venv module; on Debian and Ubuntu: "
                "apt-get install python3-venv (looked at %s)" % python
            )
        print("making %s with %s" % (venv, python), flush=True)
        subprocess.run([python, "-m", "venv", str(venv)], check=True)
    return interpreter


def ensure_pip(interpreter: Path) -> None:
    """Dependency groups (PEP 735) need pip 25.1 or newer."""
    text = subprocess.run(
        [str(interpreter), "-m", "pip", "--version"], capture_output=True, text=True
    ).stdout
    found = re.search(r"pip (\d+)\.(\d+)", text)
    if found and (int(found.group(1)), int(found.group(2))) >= PIP_WITH_GROUPS:
        return
    command = [str(interpreter), "-m", "pip", "install", "-q", "--upgrade", "pip>=25.1"]
    if subprocess.call(command):
        fail("pip could not be upgraded to 25.1 or newer; is a package index reachable?")


def announce(target: str) -> None:
    import tomllib

    table = tomllib.loads((ROOT / "scripts" / "download_sizes.toml").read_text())
    sizes = table[{"base-test": "base"}.get(target, target)]
    text = ", ".join(
        "about %d MB" % size if build == "all" else "about %d MB with the %s build of torch"
        % (size, build.upper())
        for build, size in sizes.items()
    )
    print(
        "installing %s: on an empty cache %s (measured %s)" % (target, text, table["measured"]),
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
    megabytes, packages, tail = 0.0, 0, []
    process = subprocess.Popen(
        command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        tail = (tail + [line.rstrip()])[-25:]
        fetched = re.match(r"\s*Downloading (\S+?)(?:\.metadata)? \(([\d.]+) (kB|MB|GB|bytes)\)", line)
        if fetched:
            unit = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}[fetched.group(3)]
            megabytes += float(fetched.group(2)) * unit
            if fetched.group(1).endswith((".whl", ".gz")) and ".metadata" not in line:
                packages += 1
                show_progress("  %d packages, %.0f MB, now %s" % (packages, megabytes, fetched.group(1)))
        elif line.startswith("Installing collected packages"):
            show_progress("  unpacking")
    show_progress("")
    if process.wait():
        print("\n".join(tail), file=sys.stderr)
        fail("the installation failed; pip's last lines stand above")
    print(
        "installed: %.0f MB downloaded in %d packages, %.0f s, %s holds %.0f MB"
        % (megabytes, packages, time.monotonic() - started, interpreter.parent.parent.name,
           folder_megabytes(interpreter.parent.parent)),
        flush=True,
    )


def show_progress(text: str) -> None:
    if sys.stdout.isatty():
        print("\r\x1b[2K" + text[: shutil.get_terminal_size().columns - 1], end="", flush=True)


def folder_megabytes(folder: Path) -> float:
    total = 0
    for base, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(base, name)
            total += 0 if os.path.islink(path) else os.path.getsize(path)
    return total / MEGABYTE


def main() -> None:
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
        raise SystemExit(subprocess.call([python, *sys.argv]))
    interpreter = make_venv(python, venv)
    ensure_pip(interpreter)
    announce(options.target)
    install(interpreter, options.target)
    stamp.write_text(state)


if __name__ == "__main__":
    main()
