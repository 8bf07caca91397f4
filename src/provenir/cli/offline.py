"""`--offline`: no packet leaves the machine, whatever a library would like to ask.

Nothing of ours uses the network. This holds the libraries to it as well: Python reports every
connection before it is made (PEP 578), and one that is not local is refused.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any, Final

from provenir.core.errors import ProvenirError

__all__ = ["OfflineError", "go_offline"]

_HUB_VARIABLES: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
_CONNECTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS: Final = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)


class OfflineError(ProvenirError, OSError):
    """Something asked for the network under `--offline`."""


def go_offline() -> None:
    """Refuse the network to this process from now on, and tell its children to do without."""
    os.environ.update(dict.fromkeys((*_HUB_VARIABLES, "PROVENIR_OFFLINE"), "1"))
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _CONNECTS:
        channel = arguments[0]
        if getattr(channel, "family", None) == socket.AF_UNIX:
            return
    elif event not in _LOOKUPS:
        return
    raise OfflineError(
        f"something asked for the network ({event})", mend="leave out --offline to allow it"
    )
