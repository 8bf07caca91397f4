"""What a verifier has in hand besides the passport: statements, revocations, the log's evidence."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from provenir.attest.note import MAX_NOTE_BYTES
from provenir.core.errors import BoundsError, InputError
from provenir.core.files import read_bounded
from provenir.governance.statements import MAX_STATEMENT_BYTES, by_payload
from provenir.provenance.ledger.layout import CLOSE, GOVERNED
from provenir.provenance.run_layout import PASSPORT_PROOF, STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from provenir.attest.dsse import Envelope

__all__ = ["REVOCATIONS", "Handover"]

REVOCATIONS: Final = "revocations"

_ENVELOPES: Final = "*.dsse.json"
_MAX_ENVELOPES: Final = 256
_MAX_PROOF_BYTES: Final = 2**22


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Evidence as received: bytes with a name for messages, nothing of it believed yet.

    Attributes:
        statements: Envelopes of role statements by the digest of their payload.
        revocations: Where each came from, and its bytes.
        proof: The content of a `passport.proof.json`, None without one.
        checkpoints: Notes that the verifier kept: where each came from, and its bytes.
        log: The folder of the log, None when it was not handed over.
        reports: A folder with the reports that the passport lists, None without one.
    """

    statements: tuple[tuple[str, Envelope], ...] = ()
    revocations: tuple[tuple[str, bytes], ...] = ()
    proof: bytes | None = None
    checkpoints: tuple[tuple[str, bytes], ...] = ()
    log: Path | None = None
    reports: Path | None = None

    @classmethod
    def of_files(
        cls,
        *,
        statements: Iterable[Path] = (),
        revocations: Iterable[Path] = (),
        proof: Path | None = None,
        checkpoints: Iterable[Path] = (),
        log: Path | None = None,
        reports: Path | None = None,
    ) -> Handover:
        """Read what somebody names by its files.

        Raises:
            InputError: A file is not there or too large, or a statement is no envelope.
        """
        for folder, what in ((log, "log folder"), (reports, "reports folder")):
            if folder is not None and not folder.is_dir():
                raise InputError(f"no such {what}", where=str(folder), mend="check the path")
        return cls(
            statements=tuple(by_payload(path) for path in statements),
            revocations=tuple(_bytes_of(path, MAX_STATEMENT_BYTES) for path in revocations),
            proof=None if proof is None else _bytes_of(proof, _MAX_PROOF_BYTES)[1],
            checkpoints=tuple(_bytes_of(path, MAX_NOTE_BYTES) for path in checkpoints),
            log=log,
            reports=reports,
        )

    def beside(self, folder: Path) -> Handover:
        """With what lies beside a passport: its proof, unless one was named, and statements.

        Raises:
            InputError: There is a proof, and it cannot be read; or as for `of_run`.
        """
        proof = self.proof
        if proof is None and (folder / PASSPORT_PROOF).is_file():
            proof = read_bounded(
                folder / PASSPORT_PROOF, max_bytes=_MAX_PROOF_BYTES, follow_symlinks=False
            )
        return replace(self.of_run(folder), proof=proof)

    def of_run(self, folder: Path) -> Handover:
        """With the statements of a run folder, that of its training ledger's close included.

        The proof that lies there is of its own passport, and is not taken.

        What cannot be read there counts as not being there: nothing in the folder is believed.

        Raises:
            BoundsError: More than 256 envelopes lie there.
        """
        found = []
        for path in (*_envelopes_in(folder / STATEMENTS), folder / GOVERNED / CLOSE):
            try:
                found.append(by_payload(path, follow_symlinks=False))
            except InputError:
                continue  # its digest is then missing from what the passport lists
        return replace(self, statements=(*self.statements, *found))

    def revoked_beside(self, folder: Path) -> Handover:
        """With the revocations that lie beside a trust policy, in a folder or a link to one.

        Raises:
            InputError: One cannot be read, or the folder, or there are more than 256: somebody
                meant to take something back.
        """
        paths = _revocations_in(folder / REVOCATIONS)
        found = tuple(_bytes_of(path, MAX_STATEMENT_BYTES) for path in paths)
        return replace(self, revocations=(*self.revocations, *found))


def _envelopes_in(folder: Path) -> Iterator[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return
    yield from _bounded(folder, sorted(folder.glob(_ENVELOPES)))


def _revocations_in(folder: Path) -> list[Path]:
    """The verifier's own folder: what cannot be listed is not passed over, as a stranger's is."""
    if not os.path.lexists(folder):
        return []
    try:
        paths = sorted(path for path in folder.iterdir() if path.match(_ENVELOPES))
    except OSError as fault:
        raise InputError(
            f"the revocations cannot be listed ({fault.strerror})",
            where=str(folder),
            mend="make it a folder that you can read, or move it away",
        ) from fault
    return _bounded(folder, paths)


def _bounded(folder: Path, paths: list[Path]) -> list[Path]:
    if len(paths) > _MAX_ENVELOPES:
        raise BoundsError(
            f"more than {_MAX_ENVELOPES} envelopes", where=str(folder), mend="remove what is old"
        )
    return paths


def _bytes_of(path: Path, max_bytes: int) -> tuple[str, bytes]:
    return str(path), read_bounded(path, max_bytes=max_bytes)
