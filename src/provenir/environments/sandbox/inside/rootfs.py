"""The root of a warden's mount namespace: the interpreter and its libraries, read-only.

Nothing of the host is shown but what is named here: no home folder, no /etc, no /proc, no installed
packages. What is written goes to a run's own /tmp.
"""

from __future__ import annotations

import os
import sys

from provenir.environments.sandbox.inside import linux

__all__ = ["DEVICES", "build", "package_folders", "show_below_tmp", "shown"]

_BASE = "/tmp"  # any folder will do: the mount on it becomes the root
_OLD = "/.old"
_TMP, _ASIDE = "/tmp/", "/.below"
_LIBRARIES = ("/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libexec")
_FILES = ("/etc/ld.so.cache", "/usr/share/zoneinfo", "/bin/sh", "/usr/bin/env")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_PACKAGES = ("site-packages", "dist-packages")


def shown(interpreter: str = sys.executable) -> list[str]:
    """What an interpreter of this installation needs to run and to import its own library."""
    prefixes = {sys.base_prefix, sys.base_exec_prefix}
    own = [interpreter, os.path.dirname(os.__file__), *(f"{prefix}/lib" for prefix in prefixes)]
    return [*_LIBRARIES, *_FILES, *own]


def build(paths: list[str]) -> None:
    """Make a root that shows the interpreter, the system's libraries and `paths`, nothing else.

    Args:
        paths: More files and folders that runs may read, at the same place as outside.

    Raises:
        OSError: A mount is refused here.
    """
    always = shown()
    # Resolved before the root changes: an absolute link would lead into the new one afterwards.
    real = {path: os.path.realpath(path) for path in (*always, *paths) if os.path.exists(path)}
    linux.make_private()
    linux.mount_tmpfs(_BASE, "size=4m,mode=755")
    os.mkdir(_BASE + _OLD)
    linux.pivot_root(_BASE, _BASE + _OLD)
    os.chdir("/")
    for path in sorted(set(always) & real.keys()):
        _show(path, real[path], linux.MS_NODEV)
    for path in package_folders(always):
        if os.path.isdir(path):
            linux.mount_tmpfs(path, "size=64k,mode=755")
    for path in sorted(set(paths) & real.keys()):
        _show(path, real[path], linux.MS_NODEV)
    for path in DEVICES:
        _show(path, path, 0)
    os.symlink("../tmp", "/dev/shm")  # where semaphores of a run are kept
    os.mkdir("/tmp")
    linux.detach(_OLD)
    os.rmdir(_OLD)
    linux.set_mount_flags("/", linux.MS_RDONLY | linux.MS_NOSUID)


def _show(path: str, source: str, flags: int) -> None:
    if path.startswith(_TMP):
        # A run's own /tmp will lie over it; `show_below_tmp` shows it there again.
        path = _ASIDE + path
    if os.path.lexists(path):
        # Below a folder that is shown already, or a link that leads there.
        return
    _bind(_OLD + source, path)
    linux.set_mount_flags(path, linux.MS_RDONLY | linux.MS_NOSUID | flags)


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    linux.bind(source, target)


def show_below_tmp(paths: list[str]) -> None:
    """In a run, after its own /tmp was mounted: show there again what is shown of the host's."""
    for path in sorted({*shown(), *paths}):
        if path.startswith(_TMP) and os.path.exists(_ASIDE + path):
            _bind(_ASIDE + path, path)


def package_folders(roots: list[str]) -> list[str]:
    """Folders of installed packages below what is shown: no business of a run."""
    found = []
    for root in roots:
        for name in _PACKAGES:
            found.append(f"{root}/{name}")
            found.append(f"{root}/python3/{name}")
            found.append(f"{root}/python{sys.version_info[0]}.{sys.version_info[1]}/{name}")
    return found
