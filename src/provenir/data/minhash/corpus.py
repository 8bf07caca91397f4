"""All rows of a source as signatures: of rows with the same shingles one signature is held."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.core.errors import InputError
from provenir.data.minhash.kernels import SIZE
from provenir.data.minhash.parts import parts_of
from provenir.data.minhash.signing import Block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.data.reading import Row

_FIRST_ROOM: Final = 1024


class Corpus:
    """Signatures of rows.

    A distinct row takes some 700 bytes here, a further one with the same shingles 28.

    Attributes:
        rows: Numbers of the rows that have words.
        seen: How many shingles each of them has.
        group: Which distinct signature each of them has.
        firsts: The first row of each distinct signature.
        empty: How many rows have no word.
    """

    def __init__(self) -> None:
        self.rows, self.seen, self.group = array("q"), array("q"), array("i")
        self.firsts = array("q")
        self.empty = 0
        self._groups: dict[int, int] = {}
        self._sketches: Any = np.empty((_FIRST_ROOM, SIZE), np.uint32)

    @property
    def sketches(self) -> Any:
        """The distinct signatures (uint32 of n x `SIZE`)."""
        return self._sketches[: len(self.firsts)]

    def read(self, rows: Iterable[tuple[int, Row]], fields: tuple[str, ...] | None) -> None:
        """Sign numbered rows.

        Raises:
            InputError: None of the rows has one of the fields.
        """
        block, numbers = Block(), array("q")
        missing = set(fields or ())
        for number, row in rows:
            missing = missing and missing.difference(row)
            block.add(parts_of(row, fields))
            numbers.append(number)
            if block.full:
                self._sign(block, numbers)
                numbers = array("q")
        self._sign(block, numbers)
        if missing and (self.rows or self.empty):
            raise InputError(
                f"no row has the field {min(missing)!r}", where="fields", mend="check its name"
            )

    def _sign(self, block: Block, numbers: Any) -> None:
        signed = block.sign()
        for k, (seen, total) in enumerate(
            zip(signed.seen.tolist(), signed.sums.tolist(), strict=True)
        ):
            if not seen:
                self.empty += 1
                continue
            group = self._groups.setdefault(total, len(self.firsts))
            if group == len(self.firsts):
                self._grow()
                self._sketches[group] = signed.sketches[k]
                self.firsts.append(numbers[k])
            self.rows.append(numbers[k])
            self.seen.append(seen)
            self.group.append(group)

    def _grow(self) -> None:
        if len(self.firsts) == len(self._sketches):
            # In place: what a large array takes more is not copied and not touched.
            self._sketches.resize((2 * len(self._sketches), SIZE), refcheck=False)
