"""The export as tlog-tiles: against a slow oracle, and against the packages of the Go project."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from provenir.attest.event import LogEvent
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log import EventLog
from provenir.attest.note import format_vkey
from provenir.attest.segment import MAX_ENTRY_BYTES
from provenir.attest.tile_export import MAX_BUNDLED_BYTES, export_tiles, tile_path
from provenir.core.errors import EvidenceError, InputError, UndecidedError
from provenir.core.merkle import leaf_hash, merkle_root

CHECK = Path(__file__).parents[2] / "scripts" / "interop" / "tlog_check.go"
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
TLOG = Path(GO["GOPATH"]) / "src/golang.org/x/mod/sumdb/tlog"


def _filled(folder: Path, entries: int) -> EventLog:
    log = EventLog(folder / "log", origin="example.org/log")
    log.append_many([LogEvent(type="evaluation", name=f"{n}") for n in range(entries)])
    return log


def _exported(folder: Path, entries: int, signer: Ed25519Signer) -> tuple[EventLog, Path]:
    log = _filled(folder, entries)
    log.checkpoint(signer)
    export_tiles(log, folder / "tiles")
    return log, folder / "tiles"


def _expected(lines: list[bytes]) -> dict[str, bytes]:
    """Every file of the export, each from its definition."""
    files: dict[str, bytes] = {}
    size = len(lines)
    for level in range(3):
        span = 256**level
        count = size // span
        for start in range(0, count, 256):
            width = min(256, count - start)
            hashes = [
                merkle_root(lines[k * span : (k + 1) * span]) if level else leaf_hash(lines[k])
                for k in range(start, start + width)
            ]
            files[tile_path(level, start // 256, width)] = b"".join(hashes)
    for start in range(0, size, 256):
        part = lines[start : start + 256]
        bundle = b"".join(len(line).to_bytes(2, "big") + line for line in part)
        files[tile_path("entries", start // 256, len(part))] = bundle
    return files


@pytest.mark.parametrize("entries", [1, 255, 256, 257, 600])
def test_the_files_are_those_of_the_definition(
    tmp_path: Path, signer: Ed25519Signer, entries: int
) -> None:
    log, folder = _exported(tmp_path, entries, signer)
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found.pop("checkpoint") == (log.folder / "checkpoint").read_bytes()
    assert found == _expected(list(log.lines()))


def test_a_third_level_is_exported(tmp_path: Path, signer: Ed25519Signer) -> None:
    _, folder = _exported(tmp_path, 66_000, signer)
    assert (folder / "tile/0/000").stat().st_size == 8192
    assert (folder / "tile/0/257.p/208").stat().st_size == 208 * 32
    assert (folder / "tile/1/001.p/1").stat().st_size == 32
    assert (folder / "tile/2/000.p/1").stat().st_size == 32


def test_the_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(2, 5, 17) == "tile/2/005.p/17"
    assert tile_path("entries", 1_000) == "tile/entries/x001/000"
    assert tile_path("entries", 999) == "tile/entries/999"


def test_an_export_grows_with_the_log(tmp_path: Path, signer: Ed25519Signer) -> None:
    log, folder = _exported(tmp_path, 300, signer)
    log.append_many([LogEvent(type="evaluation", name="x") for _ in range(300)])
    assert export_tiles(log, folder).size == 300
    log.checkpoint(signer)
    assert export_tiles(log, folder).size == 600
    for path, data in _expected(list(log.lines())).items():
        assert (folder / path).read_bytes() == data


def test_only_what_was_signed_is_exported(tmp_path: Path, signer: Ed25519Signer) -> None:
    log = _filled(tmp_path, 10)
    with pytest.raises(UndecidedError, match="no signed checkpoint"):
        export_tiles(log, tmp_path / "tiles")
    log.checkpoint(signer)
    lines = log.path.read_bytes().splitlines(keepends=True)
    other = LogEvent(type="incident", name="x").line + b"\n"
    for changed, reason in (
        (lines[:7], "log-truncated"),
        ([other, *lines[1:]], "log-inconsistent"),
    ):
        log.path.write_bytes(b"".join(changed))
        with pytest.raises(EvidenceError) as refused:
            export_tiles(log, tmp_path / "tiles")
        assert refused.value.reason == reason
        assert not (tmp_path / "tiles" / "checkpoint").exists()


def test_the_longest_entry_fits_and_a_longer_line_is_refused(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    assert MAX_ENTRY_BYTES - 1 == MAX_BUNDLED_BYTES
    log = _filled(tmp_path, 1)
    for length in (MAX_BUNDLED_BYTES, MAX_BUNDLED_BYTES + 1):
        with log.path.open("ab") as file:
            file.write(b"x" * length + b"\n")
        log.checkpoint(signer)
        if length == MAX_BUNDLED_BYTES:
            assert export_tiles(log, tmp_path / "tiles").size == 2
    with pytest.raises(InputError, match="65,536 bytes"):
        export_tiles(log, tmp_path / "tiles")


@pytest.fixture(scope="module")
def go_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not TLOG.is_dir():
        pytest.skip("needs Debian's golang-go and golang-golang-x-mod-dev")
    built = tmp_path_factory.mktemp("go") / "tlog_check"
    cache = {"GOCACHE": str(built.with_name("cache"))}
    subprocess.run(
        ["go", "build", "-o", built, CHECK], check=True, env={**os.environ, **GO, **cache}
    )
    return built


def _go(check: Path, folder: Path, index: int, vkey: str) -> int:
    done = subprocess.run([check, folder, str(index), vkey], capture_output=True, text=True)
    assert done.returncode == (0 if done.stdout == "good\n" else 1), done.stderr
    return done.returncode


@pytest.mark.parametrize("entries", [1, 256, 1_000])
def test_go_accepts_the_export_and_refuses_changed_ones(
    tmp_path: Path,
    signer: Ed25519Signer,
    other_signer: Ed25519Signer,
    go_check: Path,
    entries: int,
) -> None:
    _, folder = _exported(tmp_path, entries, signer)
    vkey = format_vkey("example.org/log", signer.verification_key)
    last = entries - 1
    for index in {0, last, last // 2}:
        assert _go(go_check, folder, index, vkey) == 0
    assert _go(go_check, folder, entries, vkey) == 1
    stranger = format_vkey("example.org/log", other_signer.verification_key)
    assert _go(go_check, folder, 0, stranger) == 1
    other = format_vkey("example.org/other", signer.verification_key)
    assert _go(go_check, folder, 0, other) == 1
    width = min(entries, 256)
    for path in ("checkpoint", tile_path(0, 0, width), tile_path("entries", 0, width)):
        original = (folder / path).read_bytes()
        (folder / path).write_bytes(original[:5] + bytes([original[5] ^ 1]) + original[6:])
        assert _go(go_check, folder, 0, vkey) == 1
        (folder / path).write_bytes(original)
    assert _go(go_check, folder, 0, vkey) == 0
