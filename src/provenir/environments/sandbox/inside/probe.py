"""The entry of the probes: tries to get out, and says what it reached.

Every attempt is one that a program could make. What is told is a line for each, ``name=reached`` or
``name=refused``; an attempt that is not told of was not made.
"""

from __future__ import annotations

import ctypes
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ATTEMPTS", "attempt", "connect"]

# What is told of, in this order.
ATTEMPTS = (
    *("net.tcp", "net.udp", "net.unix", "net.abstract", "fs.read", "fs.write", "fs.home"),
    *("env.variables", "env.memory", "env.signal", "env.ptrace", "mem.allocate", "nproc.fork"),
)
_PTRACE_ATTACH, _PTRACE_DETACH = 16, 17


def attempt(payload: bytes, descriptors: tuple[int, ...]) -> None:
    """Make every attempt and write what came of it to the first descriptor.

    Args:
        payload: Lines ``name=value``: a `tcp` and a `udp` port of this host, the path of a `unix`
            socket, the name of an `abstract` one, a `secret` file, an `outside` folder, a `home`
            with its device and inode, the pid of a process of the `caller`, and the limits
            `processes` and `memory`.
        descriptors: Where the answer goes.
    """
    told = dict(line.split("=", 1) for line in payload.decode().splitlines())
    attempts: dict[str, Callable[[], object]] = {
        "net.tcp": lambda: connect("tcp", told["tcp"]),
        "net.udp": lambda: connect("udp", told["udp"]),
        "net.unix": lambda: connect("unix", told["unix"]),
        "net.abstract": lambda: connect("unix", "\0" + told["abstract"]),
        "fs.read": lambda: open(told["secret"]).close(),
        "fs.write": lambda: open(told["outside"] + "/written", "w").close(),
        "fs.home": lambda: _list(told["home"], told["home_id"]),
        "env.variables": _look_for_variables,
        "env.memory": lambda: _read(f"/proc/{told['caller']}/environ"),
        "env.signal": lambda: os.kill(int(told["caller"]), 0),
        "env.ptrace": lambda: _trace(int(told["caller"])),
        "mem.allocate": lambda: bytearray(2 * int(told["memory"])),
        "nproc.fork": lambda: _fork_more_than(int(told["processes"])),
    }
    for name, one in attempts.items():
        try:
            one()
            result = "reached"
        except (OSError, MemoryError, ImportError):
            result = "refused"
        os.write(descriptors[0], f"{name}={result}\n".encode())


def connect(kind: str, where: str) -> None:
    """Reach a listener: `where` is a port of this host, or a path (unix(7)).

    Raises:
        OSError: It cannot be reached.
    """
    import socket

    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    sort = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
    with socket.socket(family, sort) as opened:
        opened.settimeout(0.5)
        opened.connect(where if kind == "unix" else ("127.0.0.1", int(where)))
        opened.send(b"probe")


def _read(path: str) -> None:
    with open(path, "rb") as file:
        if not file.read(1):
            raise OSError("nothing to read")


def _list(path: str, identity: str) -> None:
    # A folder of that name may be there, as one above the interpreter: is it the real one?
    os.listdir(path)
    found = os.stat(path)
    if f"{found.st_dev}:{found.st_ino}" != identity:
        raise OSError("another folder")


def _look_for_variables() -> None:
    known = {"HOME", "LANG", "PATH", "PYTHONHASHSEED", "TMPDIR"}
    if os.environ.keys() <= known:
        raise OSError("nothing of the caller's")


def _trace(process: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(_PTRACE_ATTACH, process, None, None):
        raise OSError(ctypes.get_errno(), "ptrace")
    # It stops before it can be let go.
    os.waitpid(process, 0x4000_0000)
    libc.ptrace(_PTRACE_DETACH, process, None, None)


def _fork_more_than(limit: int) -> None:
    children = []
    try:
        for _ in range(limit + 1):
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
