"""How a warden's process is started: the interpreter, its environment, and bubblewrap around it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.environments.sandbox.inside import namespaces, rootfs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from provenir.environments.sandbox.values import Plan

__all__ = ["ENVIRONMENT", "command"]

_ROOM: Final = "provenir.environments.sandbox.inside"
_SOURCE: Final = str(Path(__file__).parents[3])
_SOURCE_INSIDE: Final = "/.own"
# Bare packages stand in for ours, so that none of their `__init__` runs there; emptying their paths
# ends all imports from here once the entries are loaded.
_BOOT: Final = f"""
import sys
from importlib import import_module
bare = type(sys)
def package(name):
    module = sys.modules[name] = bare(name)
    module.__path__ = [sys.argv[1] + "/" + name.replace(".", "/")]
    return module
def load(names):
    for name in names:
        import_module(name)
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "provenir":
            module.__path__ = []
parts = {_ROOM!r}.split(".")
for end in range(1, len(parts) + 1):
    package(".".join(parts[:end]))
import_module({_ROOM + ".warden"!r}).main(sys.argv[2:], load)
"""
# Hashes of strings have to be the same in each run, or two runs would print a set differently; that
# rules out `-I`, which ignores the variable. `-s -P -S` are what else `-I` and `-S` mean here.
_FLAGS: Final = ("-s", "-P", "-S", "-X", "utf8")
ENVIRONMENT: Final = {
    "PYTHONHASHSEED": "0",
    "HOME": "/tmp",  # noqa: S108 - its own
    "TMPDIR": "/tmp",  # noqa: S108
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
}


def command(plan: Plan, arguments: Sequence[str], *, control: int, client: int) -> list[str]:
    """Return the command line of a warden.

    Args:
        plan: Its walls.
        arguments: ``entry=module``, ``preload=module``.
        control: Descriptor of its control socket.
        client: Descriptor of a pidfd of its client.
    """
    own = os.path.realpath(sys.executable)
    described = [
        str(control),
        str(client),
        plan.layer,
        f"by={plan.by}",
        *(f"read={path}" for path in plan.read_only_paths),
    ]
    wrapped = list(_bubblewrap(plan, own)) if plan.by == "bubblewrap" else []
    source = _SOURCE_INSIDE if wrapped else _SOURCE
    return [*wrapped, own, *_FLAGS, "-c", _BOOT, source, *described, *arguments]


def _bubblewrap(plan: Plan, interpreter: str) -> Iterator[str]:
    """The options of bwrap(1) that make what `namespaces.enter` and `rootfs.build` make."""
    bwrap = shutil.which("bwrap") or "bwrap"
    number = str(namespaces.RUN_ID)
    yield from (bwrap, "--unshare-all", "--uid", number, "--gid", number, "--hostname", "sandbox")
    yield from ("--as-pid-1", "--cap-drop", "ALL", "--chdir", "/")
    shown = sorted(path for path in rootfs.shown(interpreter) if Path(path).exists())
    yield from _read_only(path for path in shown if not _is_below_tmp(path))
    for path in rootfs.package_folders(shown):
        if Path(path).is_dir() and not _is_below_tmp(path):
            yield from ("--tmpfs", path)
    yield from ("--size", str(plan.tmp_bytes), "--perms", "0700", "--tmpfs", "/tmp")  # noqa: S108
    yield from _read_only(path for path in shown if _is_below_tmp(path))
    # Its own modules: bubblewrap leaves no moment in which they could be imported before.
    yield from ("--ro-bind", f"{_SOURCE}/provenir", f"{_SOURCE_INSIDE}/provenir")
    yield from _read_only(sorted(plan.read_only_paths))
    for path in rootfs.DEVICES:
        yield from ("--dev-bind", path, path)
    yield from ("--symlink", "../tmp", "/dev/shm", "--")  # noqa: S108


def _read_only(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield from ("--ro-bind", path, path)


def _is_below_tmp(path: str) -> bool:
    return path.startswith("/tmp/")  # noqa: S108
