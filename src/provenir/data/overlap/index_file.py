"""The file of an eval index: its arrays as they are in memory, so that workers map it, not read it.

::

    8 bytes    PROVIDX1
    32 bytes   SHA-256 of all that follows
    8 bytes    length of the header, little-endian
    header     an `EvalIndexHeader` in canonical JSON
    sections   each at the offset that the header gives, a multiple of 64; zeros between them

The digest in the file is the index's name: equal eval sets, read by the same version, give equal
bytes. It is checked whenever a file is opened, and so is every number of the arrays by which a
kernel addresses memory.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.core.digest import format_digest
from provenir.core.errors import AlteredDocumentError, DocumentError
from provenir.core.files import atomic_write, open_regular
from provenir.data.overlap.compounds import MOST_WORDS
from provenir.data.overlap.index_header import KINDS, EvalIndexHeader, Section
from provenir.data.overlap.items import ROLES, EvalItem, Segment
from provenir.data.text.folding import FOLD_VERSION
from provenir.data.text.tokens import WORD_HASH_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["index_bytes", "index_digest", "open_index", "save_index"]

MAGIC: Final = b"PROVIDX1"
HEAD_BYTES: Final = 48
ALIGNMENT: Final = 64
_KIND_OF: Final[dict[Any, Any]] = {np.dtype(text): kind for kind, text in KINDS.items()}


def index_bytes(
    items: Sequence[EvalItem],
    arrays: Mapping[str, NDArray[Any]],
    *,
    exhaustive: bool,
    fields: tuple[str, ...] | None = None,
) -> list[bytes]:
    """Return the pieces of the file, one after the other."""
    parts: list[tuple[str, Any, tuple[int, ...], bytes]] = []
    stored = [[i.eval_set, i.index, i.digest, *map(_segment, i.segments)] for i in items]
    text = json.dumps(stored, separators=(",", ":")).encode()
    parts.append(("items", "json", (len(text),), text))
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        parts.append((name, _KIND_OF[array.dtype], array.shape, array.tobytes()))
    sections, body, offset = [], [], 0
    for name, kind, shape, data in parts:
        sections.append(Section(name=name, kind=kind, shape=shape, offset=offset))
        body += [data, bytes(-len(data) % ALIGNMENT)]
        offset += len(data) + len(body[-1])
    header = EvalIndexHeader(
        fold_version=FOLD_VERSION,
        word_hash_version=WORD_HASH_VERSION,
        exhaustive=exhaustive,
        fields=fields,
        sections=tuple(sections),
    ).to_bytes()
    gap = bytes(-(HEAD_BYTES + len(header)) % ALIGNMENT)
    rest = [len(header).to_bytes(8, "little"), header, gap, *body]
    return [MAGIC, _sha256(rest), *rest]


def _segment(segment: Segment) -> list[str]:
    return [segment.role, segment.field, segment.text]


def _sha256(parts: Sequence[bytes | memoryview]) -> bytes:
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return state.digest()


def index_digest(pieces: Sequence[bytes]) -> str:
    """Return the digest of a file by its pieces."""
    return format_digest(pieces[1])


def save_index(path: str | Path, pieces: Sequence[bytes]) -> None:
    """Write the file whole or not at all.

    Raises:
        OSError: The folder is missing or cannot be written.
    """
    atomic_write(path, b"".join(pieces))


def open_index(
    path: str | Path,
) -> tuple[tuple[EvalItem, ...], dict[str, NDArray[Any]], EvalIndexHeader, str]:
    """Map a file and check it.

    Returns:
        The items, the arrays (read-only views of the file), the header, and the digest.

    Raises:
        DocumentError: It is no index, or one of another version.
        AlteredDocumentError: Its content does not have its digest.
        InputError: It cannot be opened.
    """
    where = str(path)
    with open_regular(path) as stream:
        head = stream.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
            raise DocumentError(
                "not an eval index", where=where, mend="make one with provenir dataset index"
            )
        view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    raw = head[8:40]
    if _sha256([view[40:]]) != raw:
        raise AlteredDocumentError(
            "the index does not have the digest that it states", where=where, mend="make it again"
        )
    end = HEAD_BYTES + int.from_bytes(head[40:48], "little")
    if end > len(view):
        raise _malformed(where, "its header is cut off")
    header = EvalIndexHeader.from_bytes(bytes(view[HEAD_BYTES:end]), where=where)
    now = (FOLD_VERSION, WORD_HASH_VERSION)
    if (header.fold_version, header.word_hash_version) != now:
        raise DocumentError(
            "the index reads text by another version", where=where, mend="make it again"
        )
    begin = end + -end % ALIGNMENT
    arrays: dict[str, NDArray[Any]] = {}
    items: tuple[EvalItem, ...] = ()
    for section in header.sections:
        at = begin + section.offset
        if section.kind == "json":
            items = _items(bytes(view[at : at + section.shape[0]]), where)
            continue
        kind = np.dtype(KINDS[section.kind])
        size = int(np.prod(section.shape, dtype=np.int64))
        if min((*section.shape, section.offset)) < 0 or at + size * kind.itemsize > len(view):
            raise _malformed(where, f"{section.name} is cut off")
        arrays[section.name] = np.frombuffer(view, kind, size, at).reshape(section.shape)
    _check(items, arrays, where)
    return items, arrays, header, format_digest(raw)


def _malformed(where: str, why: str) -> DocumentError:
    return DocumentError(f"a malformed eval index: {why}", where=where, mend="make it again")


def _items(data: bytes, where: str) -> tuple[EvalItem, ...]:
    try:
        return tuple(
            EvalItem(
                eval_set=name,
                index=index,
                digest=digest,
                segments=tuple(Segment(role=r, field=f, text=t) for r, f, t in segments),
            )
            for name, index, digest, *segments in json.loads(data)
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise _malformed(where, "its items cannot be read") from error


def _check(items: tuple[EvalItem, ...], arrays: dict[str, NDArray[Any]], where: str) -> None:
    """Refuse arrays by which a kernel would read outside of them, or never end."""
    try:
        sound = all(_laws(len(items), arrays)) and all(
            all(_table_laws(arrays, table, len(arrays["units"]))) for table in ("seeds", "wide")
        )
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise _malformed(where, "an array is missing or misshapen") from error
    if not sound:
        raise _malformed(where, "an array holds numbers out of range")


def _laws(items: int, arrays: dict[str, NDArray[Any]]) -> list[bool]:
    words, shape = len(arrays["words"]), (items, len(ROLES))
    return [
        arrays["words"].dtype == np.uint64,
        arrays["weights"].dtype == np.float32,
        *(arrays[n].dtype == np.uint64 for n in ("plain", "joined", "joined_plain")),
        *(arrays[n].shape == (words,) for n in ("plain", "joined", "joined_plain")),
        _within(arrays["joined_size"], words, MOST_WORDS + 1),
        _within(arrays["joined_order"], len(arrays["joined_order"]), words),
        _end_inside(arrays["joined_size"], arrays["bounds"]),
        _steps(arrays["bounds"], items, words),
        *(arrays[name].shape == (words,) for name in ("starts", "ends", "segments", "weights")),
        _within(arrays["roles"], words, len(ROLES)),
        _within(arrays["first"], items, items),
        _within(arrays["units"], len(arrays["units"]), items),
        arrays["mass"].shape == shape,
        arrays["sizes"].shape == shape,
    ]


def _table_laws(arrays: dict[str, NDArray[Any]], name: str, units: int) -> list[bool]:
    slots, numbers, bounds, items, kept, sieve = (
        arrays[f"{name}.{part}"]
        for part in ("slots", "numbers", "bounds", "items", "kept", "filter")
    )
    return [
        slots.dtype == np.uint64 and sieve.dtype == np.uint64,
        len(slots) & (len(slots) - 1) == 0,
        len(sieve) & (len(sieve) - 1) == 0 and len(sieve) > 0,
        bool((slots == 0).any()),
        _within(numbers, len(slots), max(len(bounds) - 1, 1)),
        _steps(bounds, len(bounds) - 1, len(items)),
        _within(items, len(items), min(units, len(kept))),
    ]


def _end_inside(sizes: NDArray[Any], bounds: NDArray[Any]) -> bool:
    """Whether what begins with a word, so many words long, ends within the word's item."""
    first = np.flatnonzero(sizes)
    ends = bounds[np.searchsorted(bounds, first, side="right")]
    return bool((first + sizes[first] <= ends).all())


def _steps(bounds: NDArray[Any], count: int, end: int) -> bool:
    """Whether `bounds` parts [0, end) into `count` stretches."""
    return (
        bounds.shape == (count + 1,)
        and bounds[0] == 0
        and bounds[-1] == end
        and bool((np.diff(bounds) >= 0).all())
    )


def _within(array: NDArray[Any], size: int, limit: int) -> bool:
    """Whether it has `size` numbers from 0 to below `limit`."""
    return array.shape == (size,) and (
        size == 0 or (int(array.min()) >= 0 and int(array.max()) < limit)
    )
