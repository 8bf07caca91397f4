"""Plain stand-ins for the kernels of words, seeds and scan."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

import numpy as np
import orjson

_WORD = re.compile(r"[^\W_]+")


def tokenise(text: bytes) -> tuple[Any, Any, Any]:
    """Word hashes and byte places."""
    hashes, starts, ends = [], [], []
    decoded = text.decode("utf-8", "replace")
    for match in _WORD.finditer(decoded):
        word = unicodedata.normalize("NFKC", match.group()).casefold().encode()
        hashes.append(int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "little"))
        start = len(decoded[: match.start()].encode())
        starts.append(start)
        ends.append(start + len(match.group().encode()))
    return np.array(hashes, np.uint64), np.array(starts, np.int32), np.array(ends, np.int32)


def seeds(words: Any) -> Any:
    """Hashes of five words."""
    if len(words) < 5:
        return np.empty(0, np.uint64)
    out = words[:-4].copy()
    with np.errstate(over="ignore"):
        for k in range(1, 5):
            out = out * np.uint64(0x9E3779B97F4A7C15) + words[k : len(words) - 4 + k]
    return out


def frame(buf: Any, size: int) -> tuple[Any, Any]:
    """Line starts and suspects."""
    data = bytes(buf[:size])
    starts, suspect, at = [], [], 0
    for line in data.split(b"\n"):
        if line.strip():
            starts.append(at)
            try:
                suspect.append(not isinstance(orjson.loads(line), dict))
            except ValueError:
                suspect.append(True)
        at += len(line) + 1
    return np.array([*starts, size], np.int64), np.array(suspect, bool)
