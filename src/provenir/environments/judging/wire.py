"""Messages on a descriptor: a length, then that many bytes of JSON.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import json
import os
import struct
from typing import Any, Final

__all__ = ["MAX_MESSAGE", "ChannelClosedError", "ProtocolFaultError", "Wire"]

MAX_MESSAGE: Final = 64 * 1024 * 1024
_ROOM: Final = 65_536
_LENGTH: Final = struct.Struct("!I")
_PIECE: Final = 1024 * 1024
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class ChannelClosedError(BaseException):
    """The other side is gone. No ``except Exception`` of a test catches it."""


class ProtocolFaultError(BaseException):
    """The other side sent what no peer of ours sends. As above, a test does not catch it."""


class Wire:
    """One end of a stream socket or of a pair of pipes.

    Args:
        reading: Descriptor to receive from.
        writing: Descriptor to send to; by default the same.
    """

    def __init__(self, reading: int, writing: int | None = None) -> None:
        self._reading = reading
        self._writing = reading if writing is None else writing
        self._ahead = b""

    def send(self, message: dict[str, Any]) -> None:
        """Write one message.

        Raises:
            ChannelClosedError: Nobody reads any more.
            ProtocolFaultError: The message is larger than `MAX_MESSAGE`.
        """
        body = _ENCODE(message).encode()
        if len(body) > MAX_MESSAGE:
            raise ProtocolFaultError(f"a message of {len(body)} bytes, at most {MAX_MESSAGE} pass")
        rest = memoryview(_LENGTH.pack(len(body)) + body)
        try:
            while rest:
                rest = rest[os.write(self._writing, rest) :]
        except OSError as error:
            raise ChannelClosedError(str(error)) from None

    def receive(self) -> dict[str, Any]:
        """Read one message.

        Raises:
            ChannelClosedError: The stream ended.
            ProtocolFaultError: Not a message.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > MAX_MESSAGE:
            raise ProtocolFaultError(f"a message of {length} bytes, at most {MAX_MESSAGE} pass")
        try:
            message = json.loads(self._exactly(length))
        except (ValueError, RecursionError) as error:
            raise ProtocolFaultError(f"not a message: {error}") from None
        if type(message) is not dict:
            raise ProtocolFaultError("not a message: no object")
        return message

    def _exactly(self, count: int) -> bytes:
        while len(self._ahead) < count:
            missing = count - len(self._ahead)
            try:
                piece = os.read(self._reading, max(_ROOM, min(missing, _PIECE)))
            except OSError as error:
                raise ChannelClosedError(str(error)) from None
            if not piece:
                raise ChannelClosedError("the other side is gone")
            if missing > _ROOM:
                return self._large(count, piece)
            self._ahead += piece
        found, self._ahead = self._ahead[:count], self._ahead[count:]
        return found

    def _large(self, count: int, piece: bytes) -> bytes:
        """As `_exactly`, for what takes many reads: each piece is copied once."""
        pieces = [self._ahead, piece]
        missing = count - len(self._ahead) - len(piece)
        while missing > 0:
            try:
                piece = os.read(self._reading, min(missing, _PIECE))
            except OSError as error:
                raise ChannelClosedError(str(error)) from None
            if not piece:
                raise ChannelClosedError("the other side is gone")
            pieces.append(piece)
            missing -= len(piece)
        whole = b"".join(pieces)
        self._ahead = whole[count:]
        return whole[:count]
