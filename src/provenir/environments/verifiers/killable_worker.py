"""The other side of `killable`: one process that answers one question at a time.

It is run as a file, by path, so that it loads nothing of the package. A question is a JSON object
behind its length; so is the answer. Before each question it has the kernel end this process once
the question has used up its CPU time: a timer with the default action stops code that never gives
Python a chance to look at a signal, which is what a runaway regular expression is.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import resource
import signal
import socket
import struct
import sys
from typing import Any

LENGTH = struct.Struct("!I")
MEMORY_BYTES = 2 * 1024**3
"""Address space of this process: backtracking over a long text asks for memory without end."""


def compile_pattern(question: dict[str, Any]) -> dict[str, Any]:
    """Say whether Python's engine takes a pattern."""
    try:
        re.compile(question["pattern"], question["flags"])
    except (re.error, MemoryError, OverflowError, RecursionError, ValueError) as fault:
        return {"error": str(fault) or type(fault).__name__}
    return {}


def match(question: dict[str, Any]) -> dict[str, Any]:
    """Say whether a pattern matches a text, the whole of it or somewhere in it."""
    pattern, flags = question["pattern"], question["flags"]
    if question["engine"] == "re2":
        import re2

        compiled = re2.compile(pattern)
    else:
        compiled = re.compile(pattern, flags)
    looked = compiled.fullmatch if question["full"] else compiled.search
    return {"matched": looked(question["text"]) is not None}


def validate(question: dict[str, Any]) -> dict[str, Any]:
    """Say whether a value keeps to a schema, and the first thing that is wrong."""
    validator = _validator(question["schema"])
    if isinstance(validator, str):
        return {"schema_error": validator}
    value = json.loads(question["value"])
    if validator is None or validator.is_valid(value):
        return {"valid": validator is not None}
    first = next(iter(validator.iter_errors(value)))
    return {"valid": False, "error": first.message, "path": list(first.instance_path)}


@functools.lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    """A validator, or what is wrong with the schema as text."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(json.loads(schema), retriever=_fetch_nothing)
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError) as fault:
        return (str(fault) or type(fault).__name__).partition("\n")[0]


def _fetch_nothing(uri: str) -> Any:
    raise ValueError(f"a schema elsewhere is not fetched: {uri}")


ANSWERS = {"compile": compile_pattern, "match": match, "validate": validate}


def main() -> None:
    """Answer questions until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the asking process's to handle
    with contextlib.suppress(OSError, ValueError):  # not every system bounds it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with socket.socket(fileno=int(sys.argv[1])) as line, line.makefile("rb") as incoming:
        line.sendall(LENGTH.pack(2) + b"{}")
        while len(head := incoming.read(LENGTH.size)) == LENGTH.size:
            question = json.loads(incoming.read(LENGTH.unpack(head)[0]))
            signal.setitimer(signal.ITIMER_PROF, question["cpu_s"])
            answer = json.dumps(ANSWERS[question["ask"]](question)).encode()
            signal.setitimer(signal.ITIMER_PROF, 0)
            line.sendall(LENGTH.pack(len(answer)) + answer)


if __name__ == "__main__":
    main()
