"""A log as static files that other tools read (c2sp.org/tlog-tiles).

`checkpoint`, the hash tiles `tile/<level>/<n>` and the entries `tile/entries/<n>`, each entry with
its length in two bytes before it. A tile that is not whole yet has its width in its name. The files
come from the lines alone, and only when these give the root of the checkpoint is it put beside
them: last, so that a reader never finds a checkpoint whose tiles are not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.attest.checkpoint import Checkpoint
from provenir.attest.own_checkpoint import (
    CHECKPOINT_FILE,
    inconsistent,
    kept_checkpoint,
    truncated,
)
from provenir.attest.tiles import HASH_BYTES, TILE_WIDTH, tile_root
from provenir.core.errors import InputError, UndecidedError
from provenir.core.files import atomic_write
from provenir.core.merkle import Frontier, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from provenir.attest.log import EventLog

__all__ = ["MAX_BUNDLED_BYTES", "export_tiles", "tile_path"]

MAX_BUNDLED_BYTES: Final = 0xFFFF


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """The path of a tile below the exported folder.

    Args:
        level: The tile's level, or `entries`.
        number: Which tile of it.
        width: How many hashes or entries it holds.

    Returns:
        Such as `tile/0/x001/x234/067` or `tile/entries/001.p/17`.
    """
    digits = f"{number:03d}"
    digits = digits.zfill(-len(digits) // 3 * -3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < TILE_WIDTH else "")


def export_tiles(
    log: EventLog, folder: Path, *, progress: Callable[[int], None] | None = None
) -> Checkpoint:
    """Write the log as its latest kept checkpoint states it.

    Args:
        log: A log with a signed checkpoint.
        folder: Where to; made when it is missing. Tiles of an earlier export are written again.
        progress: Called now and then with the bytes of entries written since.

    Returns:
        The checkpoint.

    Raises:
        UndecidedError: The log has no signed checkpoint.
        EvidenceError: The lines do not give its root (`log-truncated`, `log-inconsistent`).
        InputError: The log cannot be read, or an entry is longer than a bundle can hold.
        OSError: The folder cannot be written.
    """
    if not (log.folder / CHECKPOINT_FILE).exists():
        raise UndecidedError(
            "this log has no signed checkpoint to export",
            where=str(log.folder),
            mend="sign one with: provenir log checkpoint --signing-key FILE",
        )
    note = kept_checkpoint(log.folder)
    checkpoint = Checkpoint.of(note)
    writer = _TileWriter(folder)
    read = 0
    for line in log.lines(checkpoint.size):
        writer.add(line, f"{log.folder}, entry {writer.frontier.n}")
        read += len(line) + 1
        if progress is not None and not writer.frontier.n % (16 * TILE_WIDTH):
            progress(read)
            read = 0
    writer.close()
    if writer.frontier.n < checkpoint.size:
        raise truncated(checkpoint.size, writer.frontier.n, str(log.folder))
    if writer.frontier.root() != checkpoint.root:
        raise inconsistent(checkpoint.size, str(log.folder))
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "checkpoint", note.to_bytes())
    return checkpoint


class _TileWriter:
    """Collects the unfinished tile of each level and writes it when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: list[bytes] = []
        self._levels = [bytearray()]
        self.frontier = Frontier()

    def add(self, line: bytes, where: str) -> None:
        if len(line) > MAX_BUNDLED_BYTES:
            raise InputError(
                f"an entry of {len(line):,} bytes, where a bundle of tlog-tiles holds at most "
                f"{MAX_BUNDLED_BYTES:,}",
                where=where,
            )
        hashed = leaf_hash(line)
        self.frontier.append_hash(hashed)
        self._entries.append(line)
        if len(self._entries) == TILE_WIDTH:
            self._write("entries", self.frontier.n // TILE_WIDTH - 1, _bundle(self._entries))
            self._entries.clear()
        self._add_hash(0, hashed, self.frontier.n)

    def close(self) -> None:
        """Write what is not whole."""
        n = self.frontier.n
        if self._entries:
            width = len(self._entries)
            self._write("entries", n // TILE_WIDTH, _bundle(self._entries), width)
        for level, hashes in enumerate(self._levels):
            if hashes:
                number = (n >> 8 * level) // TILE_WIDTH
                self._write(level, number, bytes(hashes), len(hashes) // HASH_BYTES)

    def _add_hash(self, level: int, hashed: bytes, count: int) -> None:
        """Add the hash number `count`, counted from 1, of a level."""
        if level == len(self._levels):
            self._levels.append(bytearray())
        hashes = self._levels[level]
        hashes += hashed
        if count % TILE_WIDTH == 0:
            whole = bytes(hashes)
            hashes.clear()
            self._write(level, count // TILE_WIDTH - 1, whole)
            self._add_hash(level + 1, tile_root(whole), count // TILE_WIDTH)

    def _write(self, level: int | str, number: int, data: bytes, width: int = TILE_WIDTH) -> None:
        path = self._folder / tile_path(level, number, width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _bundle(entries: Iterable[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
