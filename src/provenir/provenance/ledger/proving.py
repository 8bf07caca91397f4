"""Making proofs: from the files, by the places in the index, checked before they are handed out."""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING

from provenir.attest.tiles import prove_inclusion
from provenir.core.errors import EvidenceError, InputError, UndecidedError, UsageError
from provenir.core.files import open_regular, read_lines
from provenir.core.merkle import inclusion_proof, leaf_hash
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.lines import parse_line
from provenir.provenance.ledger.proofs import (
    Bound,
    LedgerProof,
    OpenedContent,
    OpenedFacts,
    check_proof,
)
from provenir.provenance.ledger.reader import MAX_DETAIL_BYTES
from provenir.provenance.ledger.records import Details, FactsLine, Root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenir.provenance.ledger.commitments import Salts
    from provenir.provenance.ledger.index import LedgerIndex
    from provenir.provenance.ledger.records import Line

__all__ = ["Prover"]


class Prover:
    """Proves single lines of a ledger.

    Args:
        folder: The `governed/` folder.
        index: Its index.

    Attributes:
        root: The root that the proofs lead to, with its number of lines.
    """

    def __init__(self, folder: Path, index: LedgerIndex) -> None:
        self.folder = folder
        self.root = Root(n=index.meta["n"], root=index.meta["root"])
        self._index = index
        self._steps: int = index.meta["steps"]
        self._admission: list[bytes] | None = None

    def entry(self, step: int, row: int, *, salts: Salts | None = None) -> list[bytes]:
        """Prove that a row fed a step, once for each of its entries there.

        Args:
            step: From 1.
            row: Number of the row in the dataset.
            salts: Where given, loss and norms are opened.

        Raises:
            UsageError: There is no such step, or the row is not in its batch.
            EvidenceError: The files have changed since they were indexed.
        """
        record, details = self._step(step)
        places = [place for place, entry in enumerate(details.batch) if entry.row == row]
        if not places:
            raise UsageError(f"row {row} is not in the batch of step {step}")
        opened = [None if salts is None else self._facts(step, p, salts) for p in places]
        return [
            self._proof("batch", details.batch, place, record, facts)
            for place, facts in zip(places, opened, strict=True)
        ]

    def block(self, step: int, block: str) -> bytes:
        """Prove what became of a block in a step.

        Raises:
            UsageError: There is no such step or block.
            EvidenceError: The files have changed since they were indexed.
        """
        record, details = self._step(step)
        for place, unit in enumerate(details.units):
            if unit.block == block:
                return self._proof("units", details.units, place, record, None)
        raise UsageError(f"no block {block!r} in step {step}")

    def row(self, row: int, *, salts: Salts | None = None) -> bytes:
        """Prove what was decided for a row at the start.

        Args:
            row: Number of the row in the dataset.
            salts: Where given, its content is opened.

        Raises:
            InputError: There is no such row, or its content is not here.
            EvidenceError: The files have changed since they were indexed.
        """
        _, content = self._index.example(row)
        opened = None
        if salts is not None:
            if content is None:
                raise UndecidedError("the contents of the rows are not here", where=layout.ROWS)
            salt = hmac.digest(salts.example_key, row.to_bytes(8, "big"), "sha256")
            opened = OpenedContent(content=content, salt=salt.hex())
        if self._admission is None:
            path = self.folder / layout.ADMISSION
            self._admission = [line for _, line in read_lines(path)]
        if row >= len(self._admission):
            raise _others(layout.ADMISSION)
        hashes = [leaf_hash(line) for line in self._admission]
        with open_regular(self.folder / layout.LEDGER) as stream:
            header = stream.readline()[:-1]
        path_up = inclusion_proof(hashes, row)
        return self._assembled("admission", self._admission[row], row, path_up, header, opened)

    def _step(self, step: int) -> tuple[bytes, Details]:
        """The exact line of a step, and its details."""
        if not 1 <= step <= self._steps:
            raise UsageError(f"no step {step}: the run has {self._steps}", mend="count from 1")
        at, size, d_at, d_size = (
            self._index.of_steps(name)[step - 1] for name in ("at", "size", "d_at", "d_size")
        )
        record = _cut(self.folder / layout.LEDGER, at, size)
        line = _cut(self.folder / layout.DETAILS, d_at, d_size)
        return record, Details.from_line(line, where=f"{layout.DETAILS}: step {step}")

    def _facts(self, step: int, place: int, salts: Salts) -> OpenedFacts:
        path = self.folder / layout.FACTS
        if not path.exists():
            raise UndecidedError("losses and norms are not here", where=str(path))
        for number, line in read_lines(path, max_line_bytes=MAX_DETAIL_BYTES):
            if number == step:
                sealed = FactsLine.from_line(line, where=f"{path}:{number}").facts[place]
                return OpenedFacts(facts=sealed, salt=salts.facts_salt(step, place).hex())
        raise InputError(f"no facts of step {step}", where=str(path))

    def _proof(
        self,
        of: Bound,
        lines: Sequence[Line],
        place: int,
        record: bytes,
        opened: OpenedFacts | None,
    ) -> bytes:
        spelled = [line.line() for line in lines]
        path = inclusion_proof([leaf_hash(line) for line in spelled], place)
        return self._assembled(of, spelled[place], place, path, record, opened)

    def _assembled(
        self,
        of: Bound,
        entry: bytes,
        place: int,
        path: Sequence[bytes],
        record: bytes,
        opened: OpenedFacts | OpenedContent | None,
    ) -> bytes:
        value = parse_line(record, where=layout.LEDGER)
        seq = value.get("seq")
        if type(seq) is not int or not 0 <= seq < self.root.n:
            raise _others(layout.LEDGER)
        up = prove_inclusion(self._index, self.root.n, seq)
        proof = LedgerProof(
            of=of,
            entry=parse_line(entry, where=layout.DETAILS),
            index=place,
            path=tuple(node.hex() for node in path),
            record=value,
            ledger=self.root,
            ledger_path=tuple(node.hex() for node in up),
            opened=opened,
        )
        data = proof.to_bytes()
        check_proof(data, self.root.root, n=self.root.n, where="the proof that was made")
        return data


def _cut(path: Path, at: int, size: int) -> bytes:
    with open_regular(path) as stream:
        if at + size > os.fstat(stream.fileno()).st_size:
            raise _others(path.name)
        return os.pread(stream.fileno(), size, at)


def _others(name: str) -> EvidenceError:
    return EvidenceError(
        f"{name} is not what was indexed",
        reason="ledger-mismatch",
        mend="ask again; if it stays so, remove the index from your cache folder",
    )
