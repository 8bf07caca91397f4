"""How to get a stronger layer on this machine, in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from provenir.environments.sandbox.values import Layer

__all__ = ["mend"]

_CONTAINER: Final = (
    "in a container, let it make namespaces (for Docker: --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined)"
)


def mend(layer: Layer) -> str:
    """Return what makes a layer stand that does not."""
    if layer == "S0":
        return "run it on Linux"
    if layer == "S1":
        return "Linux 5.13 or newer on x86_64 or aarch64, with landlock among the boot option lsm="
    if _reads("/proc/sys/kernel/unprivileged_userns_clone", "0"):
        return "sysctl -w kernel.unprivileged_userns_clone=1, as root"
    if _reads("/proc/sys/user/max_user_namespaces", "0"):
        return "sysctl -w user.max_user_namespaces=15000, as root"
    if shutil.which("bwrap") is None:
        return f"apt-get install bubblewrap, or your system's package of it; {_CONTAINER}"
    if _reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"):
        return "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, as root"
    return f"Linux 5.12 or newer; {_CONTAINER}"


def _reads(path: str, value: str) -> bool:
    try:
        return Path(path).read_text().strip() == value
    except OSError:
        return False
