"""The digest form."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.digest import (
    digest_bytes,
    digest_file,
    digest_value,
    format_digest,
    is_digest,
    parse_digest,
)
from provenir.core.errors import InputError

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_vectors() -> None:
    assert digest_bytes(b"") == EMPTY
    assert digest_value({"b": 1.0, "a": None}) == digest_bytes(b'{"a":null,"b":1}')


@given(st.binary(min_size=32, max_size=32))
def test_raw_and_text_forms_round_trip(raw: bytes) -> None:
    assert parse_digest(format_digest(raw)) == raw
    assert is_digest(format_digest(raw))


@pytest.mark.parametrize(
    "text",
    [
        "",
        EMPTY.upper(),
        EMPTY[:-1],
        EMPTY + "0",
        EMPTY + "\n",
        EMPTY.removeprefix("sha256:"),
        EMPTY.replace("sha256", "sha512"),
        "sha256:" + "\u0661" * 64,
        None,
        7,
    ],
)
def test_other_forms_are_refused(text: object) -> None:
    assert not is_digest(text)
    with pytest.raises(InputError):
        parse_digest(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(InputError, match="32 bytes"):
        format_digest(b"x" * size)


def test_files_are_read_once_with_progress(tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    path = tmp_path / "a"
    path.write_bytes(data)
    seen: list[int] = []
    assert digest_file(path, progress=seen.append) == "sha256:" + hashlib.sha256(data).hexdigest()
    assert sum(seen) == len(data)
    assert len(seen) > 1


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError):
            digest_file(path)
