from __future__ import annotations

import gzip
import hashlib
import os
import random
from pathlib import Path

import pytest

from provenir.core.errors import BoundsError, InputError
from provenir.data import streams
from provenir.data.reading import Reading
from provenir.data.streams import content_chunks

TEXT = b"".join(b'{"i": %d, "t": "%d"}\n' % (i, i * i) for i in range(50_000))


def packed(suffix: str, data: bytes = TEXT) -> bytes:
    if suffix == ".gz":
        return gzip.compress(data)
    zstandard = pytest.importorskip("zstandard", reason="extra files")
    compressed: bytes = zstandard.ZstdCompressor().compress(data)
    return compressed


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def content(path: Path, suffix: str | None, reading: Reading | None = None) -> bytes:
    return b"".join(content_chunks(path, path.name, suffix, reading or Reading()))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
class TestCompressed:
    def test_gives_the_content_and_the_digest_of_the_stored_bytes(
        self, tmp_path: Path, suffix: str
    ) -> None:
        file = tmp_path / f"a{suffix}"
        file.write_bytes(stored := packed(suffix))
        told: list[int] = []
        reading = Reading(advance=told.append)
        assert content(file, suffix, reading) == TEXT
        assert reading.files[0].sha256 == hashlib.sha256(stored).hexdigest()
        assert sum(told) == len(stored)

    def test_reads_concatenated_parts(self, tmp_path: Path, suffix: str) -> None:
        file = tmp_path / f"a{suffix}"
        file.write_bytes(packed(suffix) + packed(suffix, b"{}\n") + packed(suffix, b""))
        assert content(file, suffix) == TEXT + b"{}\n"

    def test_refuses_every_torn_prefix(self, tmp_path: Path, suffix: str) -> None:
        stored = packed(suffix)
        file = tmp_path / f"a{suffix}"
        cuts = [0, 1, 3, 9, len(stored) // 2, len(stored) - 9, len(stored) - 1]
        cuts += random.Random(7).sample(range(len(stored)), 10)
        for cut in cuts:
            file.write_bytes(stored[:cut])
            with pytest.raises(InputError, match="torn"):
                content(file, suffix)

    def test_refuses_garbage_and_trailing_garbage(self, tmp_path: Path, suffix: str) -> None:
        file = tmp_path / f"a{suffix}"
        for stored in (b"garbage" * 9, packed(suffix) + b"garbage!!"):
            file.write_bytes(stored)
            with pytest.raises(InputError, match="corrupt"):
                content(file, suffix)

    def test_bounds_every_chunk_of_a_bomb_and_refuses_it(
        self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / f"a{suffix}"
        file.write_bytes(packed(suffix, bytes(64 << 20)))
        longest = max(map(len, content_chunks(file, "a", suffix, Reading())))
        assert longest <= 32 << 20
        monkeypatch.setattr(streams, "RATIO_GRACE_BYTES", 1 << 20)
        with pytest.raises(BoundsError, match="bomb"):
            content(file, suffix)


def test_gzip_checks_its_crc(tmp_path: Path) -> None:
    stored = bytearray(gzip.compress(TEXT))
    stored[-6] ^= 1
    file = tmp_path / "a.gz"
    file.write_bytes(bytes(stored))
    with pytest.raises(InputError, match="corrupt"):
        content(file, ".gz")


def test_gzip_allows_zero_padding_only_after_a_member(tmp_path: Path) -> None:
    file = tmp_path / "a.gz"
    file.write_bytes(gzip.compress(TEXT) + bytes(512))
    assert content(file, ".gz") == TEXT
    file.write_bytes(bytes(512) + gzip.compress(TEXT))
    with pytest.raises(InputError, match="corrupt"):
        content(file, ".gz")


def test_zstandard_skips_skippable_frames(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    file = tmp_path / "a.zst"
    file.write_bytes(skippable + packed(".zst") + skippable)
    assert content(file, ".zst") == TEXT


@pytest.mark.parametrize(
    ("start", "word"), [(b"\x1f\x8b\x08", "gzip"), (b"PAR1", "Parquet"), (b"\xff\xfe", "UTF-16")]
)
def test_says_when_the_content_is_of_another_format(
    tmp_path: Path, start: bytes, word: str
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(start + b"rest")
    with pytest.raises(InputError, match=word):
        content(file, None)


def test_refuses_what_is_no_regular_file_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    for name in ("pipe.jsonl", ".", "missing.jsonl"):
        with pytest.raises(InputError):
            content(tmp_path / name, None)


def test_refuses_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(TEXT * 3)
    chunks = content_chunks(file, "a", None, Reading())
    next(chunks)
    with file.open("ab") as more:
        more.write(b"{}\n")
    with pytest.raises(InputError, match="changed while it was read"):
        list(chunks)


def test_closes_the_file_when_reading_stops_early(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(TEXT * 3)
    before = open_files()
    chunks = content_chunks(file, "a", None, Reading())
    next(chunks)
    assert open_files() == before + 1
    del chunks
    assert open_files() == before
