"""System calls that Python 3.11 does not have, by ctypes; each raises OSError with its own name.

Numbers are those of x86_64 and aarch64, which agree for every call from 424 on.
"""

from __future__ import annotations

import ctypes
import os

__all__ = [
    "NEW_IPC",
    "NEW_NET",
    "NEW_NS",
    "NEW_PID",
    "NEW_USER",
    "NEW_UTS",
    "bind",
    "detach",
    "effective_capabilities",
    "keep_capabilities",
    "make_private",
    "mount_tmpfs",
    "pivot_root",
    "prctl",
    "prctl_pointer",
    "set_host_name",
    "set_mount_flags",
    "setns",
    "syscall",
    "unshare",
]

# sched.h
NEW_NS = 0x0002_0000
NEW_UTS = 0x0400_0000
NEW_IPC = 0x0800_0000
NEW_USER = 0x1000_0000
NEW_PID = 0x2000_0000
NEW_NET = 0x4000_0000

# sys/mount.h
MS_RDONLY, MS_NOSUID, MS_NODEV = 1, 2, 4
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x4_0000
_MNT_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR = 442
_CAPABILITY_VERSION_3 = 0x2008_0522  # linux/capability.h
_PR_CAP_AMBIENT, _AMBIENT_RAISE = 47, 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int = 0, name: str = "prctl") -> None:
    """Set a property of the calling thread (prctl(2))."""
    unsigned = ctypes.c_ulong
    _checked(_libc.prctl(option, unsigned(value), unsigned(0), unsigned(0), unsigned(0)), name)


def prctl_pointer(option: int, value: int, address: int, name: str = "prctl") -> None:
    """Like `prctl`, with the address of a structure behind the value."""
    unsigned = ctypes.c_ulong
    pointer = ctypes.c_void_p(address)
    _checked(_libc.prctl(option, unsigned(value), pointer, unsigned(0), unsigned(0)), name)


def syscall(name: str, number: int, *arguments: object) -> int:
    """Make a system call; integers are passed as C longs."""
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *passed)), name)


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` names for new ones (unshare(2))."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Join the namespace that a descriptor stands for (setns(2))."""
    _checked(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), "setns")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    _checked(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind and kind.encode(),
            ctypes.c_ulong(flags),
            data.encode(),
        ),
        f"mount {target}",
    )


def make_private() -> None:
    """Let no mount from here on reach the namespace that this one was copied from."""
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)


def mount_tmpfs(target: str, options: str) -> None:
    """Mount an empty file system in memory; `options` as mount(8) takes them."""
    _mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options)


def bind(source: str, target: str) -> None:
    """Show `source`, with all that is mounted below it, at `target`."""
    _mount(source, target, None, _MS_BIND | _MS_REC)


def set_mount_flags(target: str, flags: int) -> None:
    """Add flags to the mount at `target` and to all below it (mount_setattr(2), Linux 5.12)."""
    attributes = (ctypes.c_uint64 * 4)(flags, 0, 0, 0)
    path = ctypes.c_char_p(os.fsencode(target))
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    syscall(
        "mount_setattr",
        _MOUNT_SETATTR,
        _AT_FDCWD,
        path,
        _AT_RECURSIVE,
        ctypes.byref(attributes),
        size,
    )


def pivot_root(new: str, old: str) -> None:
    """Make the mount `new` the root and put the old root at `old`, a folder in it."""
    number = _PIVOT_ROOT[os.uname().machine]
    paths = (ctypes.c_char_p(os.fsencode(path)) for path in (new, old))
    syscall("pivot_root", number, *paths)


def detach(target: str) -> None:
    """Take the mount at `target` and all below it out of this namespace."""
    _checked(_libc.umount2(os.fsencode(target), ctypes.c_int(_MNT_DETACH)), f"umount {target}")


def set_host_name(name: str) -> None:
    """Name this UTS namespace (sethostname(2))."""
    _checked(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def keep_capabilities(kept: int = 0) -> None:
    """Give up every capability of the calling thread for good (capset(2)).

    Args:
        kept: The bits of those that stay, also for programs that it starts.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # Effective, permitted, inheritable; then the same of the upper half.
    sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
    number = _CAPSET[os.uname().machine]
    syscall("capset", number, ctypes.byref(header), ctypes.byref(sets))
    for bit in range(32):
        if kept >> bit & 1:
            raised = ctypes.c_ulong(_AMBIENT_RAISE), ctypes.c_ulong(bit)
            _checked(
                _libc.prctl(_PR_CAP_AMBIENT, *raised, ctypes.c_ulong(0), ctypes.c_ulong(0)),
                "capabilities",
            )


def effective_capabilities() -> int:
    """The bits of the capabilities that this process has (capabilities(7))."""
    with open("/proc/self/status") as lines:
        return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff")), 0)
