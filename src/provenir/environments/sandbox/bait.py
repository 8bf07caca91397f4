"""What a probe tries to reach from inside: listeners, files and a process that really are outside.

Each is first reached from out here, for that something cannot be reached from inside shows a wall
only where it can be reached at all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from provenir.environments.sandbox.inside.probe import connect

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Bait"]


class Bait:
    """Listeners, a secret, a writable folder and a process, for the time of a `with` block.

    Attributes:
        told: Where each is, by the names that `inside.probe.attempt` knows.
    """

    def __init__(self) -> None:
        self._held = contextlib.ExitStack()
        self._listeners: dict[str, socket.socket] = {}
        self.told: dict[str, str] = {}

    def __enter__(self) -> Bait:
        with contextlib.ExitStack() as building:
            self._build(building)
            self._held = building.pop_all()
        return self

    def _build(self, held: contextlib.ExitStack) -> None:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="provenir-probe-")))
        # Open to everyone, so that no permission stands in for a wall.
        folder.chmod(0o755)
        outside = folder / "outside"
        outside.mkdir()
        outside.chmod(0o777)
        secret = folder / "secret"
        secret.write_text("secret")
        secret.chmod(0o644)
        abstract = f"provenir-probe-{secrets.token_hex(8)}"
        tcp = self._listen(held, "tcp", ("127.0.0.1", 0))
        udp = self._listen(held, "udp", ("127.0.0.1", 0))
        self._listen(held, "unix", str(folder / "socket"))
        self._listen(held, "abstract", "\0" + abstract)
        (folder / "socket").chmod(0o777)
        home = Path.home()
        home_id = home.stat() if home.exists() else None
        self.told = {
            "tcp": str(tcp[1]),
            "udp": str(udp[1]),
            "unix": str(folder / "socket"),
            "abstract": abstract,
            "secret": str(secret),
            "outside": str(outside),
            "home": str(home),
            "home_id": f"{home_id.st_dev}:{home_id.st_ino}" if home_id else "",
            "caller": str(self._start(held).pid),
        }

    def _listen(
        self, held: contextlib.ExitStack, kind: str, where: tuple[str, int] | str
    ) -> tuple[str, int]:
        family = socket.AF_INET if kind in ("tcp", "udp") else socket.AF_UNIX
        sort = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
        listener = held.enter_context(socket.socket(family, sort))
        listener.bind(where)
        if sort == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        self._listeners[kind] = listener
        address: tuple[str, int] = listener.getsockname()
        return address

    @staticmethod
    def _start(held: contextlib.ExitStack) -> subprocess.Popen[bytes]:
        """Start a process like the caller's, which nobody misses if a probe stops it."""
        process = held.enter_context(
            subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PROVENIR_PROBE": "secret"},
            )
        )
        held.callback(process.kill)
        return process

    def reachable(self) -> bool:
        """Whether every listener is reached from out here; what came is taken off them."""
        try:
            for kind in ("tcp", "udp", "unix"):
                connect(kind, self.told[kind])
            connect("unix", "\0" + self.told["abstract"])
        except OSError:
            return False
        return self.heard() == {"tcp", "udp", "unix", "abstract"}

    def heard(self) -> set[str]:
        """The listeners that were reached since they were last asked."""
        found = set()
        for kind, listener in self._listeners.items():
            with contextlib.suppress(OSError):
                if kind == "udp":
                    listener.recv(64)
                else:
                    listener.accept()[0].close()
                found.add(kind)
        return found

    def written(self) -> bool:
        """Whether something was written outside."""
        return bool(os.listdir(self.told["outside"]))  # noqa: PTH208

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._held.close()
