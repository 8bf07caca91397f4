"""What the machine is, from `/proc` and package metadata; loads nothing, changes nothing.

Every function returns None for what it cannot find out, never a guess.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from provenir.core.digest import digest_value

__all__ = [
    "PROC",
    "accelerators",
    "cpu",
    "installed_packages",
    "operating_system",
    "package_set",
    "python",
]

PROC: Final = Path("/proc")
_PACKAGE_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})
_MAX_PROC_BYTES: Final = 4 * 2**20

_ISA: Final = re.compile(
    r"sse4_1|sse4_2|ssse3|avx|avx2|avx_vnni|avx512\w*|avx10\w*|amx\w*|fma|f16c|bmi2"
    r"|asimd\w*|sve\w*|sme|sme2\w*|i8mm|bf16|neon|vfpv4|fphp"
)
"""CPU features that numerical kernels dispatch on (x86 and Arm names of /proc/cpuinfo)."""


def python() -> dict[str, Any]:
    """Interpreter, version and ABI tag."""
    return {
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "abi": sys.implementation.cache_tag,
    }


def operating_system() -> dict[str, Any]:
    """System, machine, distribution and C library; the kernel's release is left out.

    A kernel update changes no result of a user-space kernel and would make every replay differ.
    """
    libc = " ".join(part for part in platform.libc_ver() if part)
    return {
        "system": platform.system() or None,
        "machine": platform.machine() or None,
        "distribution": _distribution(),
        "libc": libc or None,
    }


def cpu(proc: Path = PROC) -> dict[str, Any]:
    """Model, instruction sets and the number of CPUs this process may use."""
    fields = _cpu_fields(proc)
    flags = (fields.get("flags") or fields.get("features") or "").split()
    isa = sorted(flag for flag in flags if _ISA.fullmatch(flag))
    return {
        "model": _cpu_model(fields),
        "isa": isa or None,
        "count": _usable_cpus(),
    }


def accelerators(proc: Path = PROC) -> dict[str, Any] | None:
    """NVIDIA driver and devices as the kernel driver lists them; None when it lists none.

    Without the driver's files in `/proc` (no GPU, or a container that hides them) nothing is
    known, which is not the same as no GPU.
    """
    version = _read(proc / "driver/nvidia/version")
    if version is None:
        return None
    match = re.search(r"\b\d{3}\.\d+(?:\.\d+)?\b", version)
    models: list[str] = []
    for path in sorted((proc / "driver/nvidia/gpus").glob("*/information")):
        line = re.search(r"^Model:\s*(.+)$", _read(path) or "", re.MULTILINE)
        models.append(line[1].strip() if line else "unknown")
    return {"driver": match[0] if match else None, "devices": models or None}


def package_set() -> dict[str, Any]:
    """Digest and size of the installed set; see `installed_packages`."""
    packages = installed_packages()
    return {"digest": digest_value([list(pair) for pair in packages]), "count": len(packages)}


@cache
def installed_packages() -> tuple[tuple[str, str], ...]:
    """(normalised name, version) of every distribution on the path, sorted, read once a process.

    Of two distributions of one name the first on the path counts, as for an import. Names are
    normalised by the rule of the packaging specifications (PEP 503). What a package carries inside
    itself is part of that package: Ray puts such a folder on the path once it is imported.
    """
    found: dict[str, str] = {}
    for distribution in metadata.distributions(path=_installed_places(sys.path)):
        name, version = _name_and_version(distribution)
        if name is not None:
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version or "unknown")
    return tuple(sorted(found.items()))


def _installed_places(path: list[str]) -> list[str]:
    """The entries of a path that lie inside no folder of installed packages, but for eggs."""
    sites = tuple(
        str(Path(entry)) + os.sep for entry in path if Path(entry).name in _PACKAGE_FOLDERS
    )
    return [
        entry for entry in path if entry.endswith(".egg") or not str(Path(entry)).startswith(sites)
    ]


def _name_and_version(distribution: metadata.Distribution) -> tuple[str | None, str | None]:
    # `distribution.name` parses the whole file as e-mail; the two headers are all that is needed.
    try:
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    except (OSError, UnicodeDecodeError):
        return None, None
    head = text.partition("\n\n")[0]
    name = re.search(r"^Name:[ \t]*(\S+)", head, re.MULTILINE)
    version = re.search(r"^Version:[ \t]*(\S+)", head, re.MULTILINE)
    return (name[1] if name else None, version[1] if version else None)


def _distribution() -> str | None:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return None
    return " ".join(p for p in (release.get("ID"), release.get("VERSION_ID")) if p) or None


def _cpu_fields(proc: Path) -> dict[str, str]:
    """Fields of the first processor in /proc/cpuinfo, keys in lower case."""
    fields: dict[str, str] = {}
    for line in (_read(proc / "cpuinfo") or "").splitlines():
        if not line.strip() and fields:
            break
        key, colon, value = line.partition(":")
        if colon:
            fields[key.strip().lower()] = value.strip()
    return fields


def _cpu_model(fields: dict[str, str]) -> str | None:
    if fields.get("model name"):
        return fields["model name"]
    parts = [fields[key] for key in ("cpu implementer", "cpu part") if fields.get(key)]
    return "arm " + " ".join(parts) if parts else (platform.processor() or None)


def _usable_cpus() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count()


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_PROC_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
