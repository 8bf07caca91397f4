"""Messages arrive whole and in order, however the stream is cut; what is no message is a fault."""

from __future__ import annotations

import os
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.judging.wire import ChannelClosedError, ProtocolFaultError, Wire
from strategies import json_values


@pytest.fixture
def ends():
    left, right = socket.socketpair()
    with left, right:
        yield Wire(left.fileno()), Wire(right.fileno()), left, right


@given(messages=st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=5))
def test_messages_arrive_in_order(messages):
    left, right = socket.socketpair()
    with left, right:
        one, two = Wire(left.fileno()), Wire(right.fileno())
        for message in messages:
            one.send(message)
        assert [two.receive() for _ in messages] == messages


@pytest.mark.parametrize("size", [1, 65_530, 65_536, 200_000, 3_000_000])
def test_a_message_of_any_size_arrives_beside_small_ones(ends, size):
    one, two, *_ = ends
    sent = [{"a": 1}, {"text": "x" * size}, {"b": [None, True, 1.5, "é\ud800"]}]
    thread = threading.Thread(target=lambda: [one.send(message) for message in sent])
    thread.start()
    assert [two.receive() for _ in sent] == sent
    thread.join()


def test_a_message_in_single_bytes_arrives(ends):
    _, two, left, _ = ends
    body = b'{"a":1}'
    thread = threading.Thread(
        target=lambda: [
            os.write(left.fileno(), bytes([byte])) for byte in struct.pack("!I", len(body)) + body
        ]
    )
    thread.start()
    assert two.receive() == {"a": 1}
    thread.join()


@pytest.mark.parametrize(
    "raw",
    [b"\xff" * 8, struct.pack("!I", 3) + b"abc", struct.pack("!I", 2) + b"[]",
     struct.pack("!I", 4) + b"\xff\xfe\xfd\xfc", struct.pack("!I", 100_000) + b"[" * 100_000],
    ids=["too long", "no JSON", "no object", "no text", "too deep"],
)  # fmt: skip
def test_what_is_no_message_is_a_fault(ends, raw):
    _, two, left, _ = ends
    thread = threading.Thread(target=left.sendall, args=(raw,))
    thread.start()
    with pytest.raises(ProtocolFaultError):
        two.receive()
    thread.join()


def test_an_end_is_no_message(ends):
    _one, two, left, right = ends
    os.write(left.fileno(), struct.pack("!I", 50) + b"{")
    left.close()
    with pytest.raises(ChannelClosedError):
        two.receive()
    right.close()
    with pytest.raises(ChannelClosedError):
        two.send({})
