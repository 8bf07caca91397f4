"""Under `--offline` nothing in the process reaches the network, and every command still works."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = """
import socket, sys
from provenir.cli.offline import OfflineError, go_offline
go_offline()
here, there = socket.socketpair()
here.send(b"x")
assert there.recv(1) == b"x"
for family, ask in (
    (socket.AF_INET, lambda channel: channel.connect(("127.0.0.1", 9))),
    (socket.AF_INET6, lambda channel: channel.connect(("::1", 9))),
    (socket.AF_INET, lambda channel: channel.sendto(b"x", ("127.0.0.1", 9))),
    (socket.AF_INET, lambda channel: socket.getaddrinfo("localhost", 80)),
):
    try:
        ask(socket.socket(family, socket.SOCK_DGRAM))
    except OfflineError:
        continue
    sys.exit(f"not refused: {family}")
"""


def test_no_connection_and_no_lookup_is_made():
    subprocess.run([sys.executable, "-c", ASK], check=True)


def ended(place, *words, **variables):
    command = [sys.executable, "-m", "provenir", *words]
    return subprocess.run(
        command, cwd=place, env={**os.environ, **variables}, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize("words", [("--offline", "run", "list"), ("run", "list", "--offline")])
def test_the_word_may_stand_anywhere(signed, place, words):
    assert ended(place, *words) == 0


def test_verifying_needs_no_network(signed, place):
    words = ("passport", "verify", "artifacts/signed/passport.json", "--public-key")
    assert ended(place, *words, "team.pub.pem", "--artifact", "model", PROVENIR_OFFLINE="1") == 0
    assert ended(place, *words, "other.pub.pem", "--offline") == 1
