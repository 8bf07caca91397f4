"""What the probes found, kept on disk while nothing that it depends on has changed.

The key is a digest of the boot, the kernel, the interpreter, this user, the namespaces and
privileges that we have, the switches of the kernel that matter, and our own code. A file that
cannot be read, or says anything odd, counts as none.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes, digest_value
from provenir.core.errors import ProvenirError
from provenir.core.files import atomic_write, read_json
from provenir.environments.sandbox.values import Isolation

if TYPE_CHECKING:
    from provenir.environments.sandbox.values import Layer, Maker

__all__ = ["load", "save"]

_SWITCHES: Final = (
    "/proc/sys/kernel/random/boot_id",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/user/max_user_namespaces",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/sys/kernel/security/lsm",
)
_PRIVILEGES: Final = ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")
_NAMESPACES: Final = ("user", "mnt", "pid", "net")
_MAX_BYTES: Final = 4_096


def load(layer: Layer) -> tuple[bool, Isolation, str, Maker] | None:
    """Return whether a layer stands, what it holds, why it does not, and who makes it.

    None where nothing is known.
    """
    path = _folder() / f"{layer}.json"
    try:
        if path.stat().st_uid != os.geteuid():
            return None
        value = read_json(path, max_bytes=_MAX_BYTES)
        if value["key"] != _key():
            return None
        isolation = Isolation(**value["isolation"])
        by: Maker = "bubblewrap" if value["by"] == "bubblewrap" else "namespaces"
        return bool(value["stands"]), isolation, str(value["why"]), by
    except (OSError, ProvenirError, KeyError, TypeError):
        return None


def save(layer: Layer, stands: bool, isolation: Isolation, why: str, by: Maker) -> None:
    """Keep an answer; where there is no place for it, nothing is kept."""
    value = {
        "key": _key(),
        "by": by,
        "stands": stands,
        "isolation": isolation.as_dict(),
        "why": why[:500],
    }
    folder = _folder()
    with contextlib.suppress(OSError, ProvenirError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic_write(folder / f"{layer}.json", canonical_bytes(value), mode=0o600)


def _folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("provenir") / "sandbox"


@cache
def _key() -> str:
    status = _text("/proc/self/status").splitlines()
    code = sorted(Path(__file__).parent.rglob("*.py"))
    return digest_value(
        {
            "code": [digest_bytes(path.read_bytes()) for path in code],
            "interpreter": [os.path.realpath(sys.executable), sys.version],
            "kernel": platform.release(),
            "namespaces": [_namespace(name) for name in _NAMESPACES],
            "privileges": [line for line in status if line.split(":")[0] in _PRIVILEGES],
            "switches": [_text(path) for path in _SWITCHES],
            "bubblewrap": _stamp(shutil.which("bwrap")),
            "user": [os.getuid(), os.geteuid()],
        }
    )


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _namespace(name: str) -> str:
    try:
        return str(Path("/proc/self/ns", name).readlink())
    except OSError:
        return ""


def _stamp(path: str | None) -> str:
    if path is None:
        return ""
    found = Path(path).stat()
    return f"{found.st_size} {found.st_mtime_ns} {found.st_mode}"
