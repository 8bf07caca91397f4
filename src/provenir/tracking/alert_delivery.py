"""Delivering one alert: an HTTP request, or a command.

A fault is told by its kind alone, such as `TimeoutError` or `HTTP 503`: the text of an error of a
library may quote the address, which is a secret.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final

from provenir.core.errors import ProvenirError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DeliveryError", "post", "run_command"]

_READ_BYTES: Final = 1024
_LONGEST_WAIT_S: Final = 60
_AGAIN: Final = frozenset({408, 425, 429})
"""Answers below 500 that ask for another try: timeout, too early, too many requests."""


class DeliveryError(ProvenirError):
    """An alert did not arrive.

    Attributes:
        again: Whether another try may help.
        wait_s: How long the other side asked to wait, None where it did not.
    """

    def __init__(self, text: str, *, again: bool, wait_s: float | None = None) -> None:
        super().__init__(text)
        self.again = again
        self.wait_s = wait_s


def post(url: str, headers: Iterable[tuple[str, str]], body: bytes, *, timeout_s: float) -> None:
    """Send a JSON body with POST. Certificates are verified, redirections are not followed.

    Raises:
        DeliveryError: It was not taken with a status of 2xx.
    """
    import ssl
    from http.client import HTTPException
    from urllib import request

    sent = request.Request(url, data=body, method="POST")  # noqa: S310 - the scheme was checked
    for name, value in (("Content-Type", "application/json"), ("User-Agent", "provenir"), *headers):
        sent.add_header(name, value)
    # Of urllib's usual handlers only these: no other scheme, and none that follows a redirection.
    opener = request.OpenerDirector()
    context = ssl.create_default_context()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(context=context),
    ):
        opener.add_handler(handler)
    try:
        with opener.open(sent, timeout=timeout_s) as answer:
            status, wait = answer.status, answer.headers.get("Retry-After", "")
            answer.read(_READ_BYTES)
    except (OSError, HTTPException, ValueError) as fault:
        cause = getattr(fault, "reason", fault)
        named = type(cause if isinstance(cause, BaseException) else fault).__name__
        raise DeliveryError(named, again=True) from None  # the fault's text may name the address
    if not 200 <= status < 300:
        again = status >= 500 or status in _AGAIN
        asked = min(int(wait), _LONGEST_WAIT_S) if wait.isdecimal() and len(wait) < 9 else None
        raise DeliveryError(f"HTTP {status}", again=again, wait_s=asked)


def run_command(argv: Sequence[str], body: bytes, *, timeout_s: float) -> None:
    """Run a command with the JSON body on its standard input, without a shell.

    It is not tried a second time: it may have done its work before it failed.

    Raises:
        DeliveryError: It could not be started, took too long, or left with another code than 0.
    """
    import subprocess

    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as fault:
        raise DeliveryError(type(fault).__name__, again=False) from None
    try:
        process.communicate(body, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"no end within {timeout_s:g} s", again=False) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # also what it started
            process.wait()
    if process.returncode:
        raise DeliveryError(f"exit code {process.returncode}", again=False)
