"""Landlock: what a program may open is named, and all else is refused (landlock(7)).

Any process may put these rules on itself. What a rule can say has grown with the kernel; the rules
say all that the running one understands (ABI 1 in Linux 5.13, 7 in 6.15).
"""

from __future__ import annotations

import ctypes
import os
import struct

from provenir.environments.sandbox.inside import linux

__all__ = ["SIGNALS", "abi", "confine"]

SIGNALS = 6  # the first ABI that keeps signals and abstract sockets in
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
# linux/landlock.h: execute 0, write 1, read file 2, read folder 3, then making and removing to 12;
# refer 13 (ABI 2), truncate 14 (ABI 3), ioctl on a device 15 (ABI 5).
_READ = 1 << 0 | 1 << 2 | 1 << 3
_READ_FILE, _WRITE_FILE = 1 << 2, 1 << 1
_OF_A_FILE = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15


def abi() -> int:
    """The version of the running kernel's Landlock; 0 where it has none or it is switched off."""
    nothing, size = ctypes.c_void_p(None), ctypes.c_size_t(0)
    try:
        return linux.syscall("landlock", _CREATE_RULESET, nothing, size, _VERSION)
    except OSError:
        return 0


def confine(*, readable: list[str], writable: list[str], devices: list[str]) -> None:
    """Let this process, and all that it starts, open nothing but what is named here.

    Args:
        readable: Files and folders that may be read and executed.
        writable: Folders in which anything may be done.
        devices: Files that may be read and written.

    Raises:
        OSError: The kernel has no Landlock.
    """
    version = abi()
    if not version:
        raise OSError("Landlock is missing or switched off")
    rights = (1 << 13) - 1
    for first, bit in ((2, 13), (3, 14), (5, 15)):
        rights |= (1 << bit) if version >= first else 0
    # Network: bind and connect; scopes: abstract unix sockets and signals.
    fields = [rights, 3, 3][: 3 if version >= SIGNALS else 2 if version >= 4 else 1]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = linux.syscall(
        "landlock_create_ruleset",
        _CREATE_RULESET,
        ctypes.c_char_p(attributes),
        ctypes.c_size_t(len(attributes)),
        0,
    )
    try:
        for paths, allowed in (
            (readable, _READ),
            (writable, rights),
            (devices, _READ_FILE | _WRITE_FILE),
        ):
            for path in paths:
                _allow(ruleset, path, allowed & rights)
        linux.syscall("landlock_restrict_self", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        # What is not there, or not for us, needs no rule.
        return
    try:
        if not os.path.isdir(path):
            rights &= _OF_A_FILE
        rule = ctypes.c_char_p(struct.pack("=Qi", rights, place))
        linux.syscall("landlock_add_rule", _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(place)
