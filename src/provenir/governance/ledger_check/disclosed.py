"""What the operator disclosed: which contents the rows are, and what is known of each.

Rows `V2 dataset` and `V2 metadata`: the disclosed files give the roots that were fixed, and signed
by others, before the first step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.digest import format_digest, parse_digest
from provenir.core.errors import EvidenceError, InputError
from provenir.governance.ledger_check.files import need
from provenir.governance.metadata import Metadata
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.commitments import example_commit
from provenir.provenance.ledger.disclosure import Disclosure
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.records import Root, RowLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.governance.ledger_check.files import LedgerFiles
    from provenir.provenance.ledger.records import Header

__all__ = ["read_contents", "read_metadata"]


_DATASET = "dataset-mismatch"
_METADATA = "metadata-mismatch"


def read_contents(files: LedgerFiles, header: Header, commits: Sequence[str]) -> list[str]:
    """Return the digest of each row's content.

    Args:
        files: The ledger's folder.
        header: What was committed to.
        commits: The commitments of `admission.jsonl`, row by row.

    Raises:
        EvidenceError: `not-given`, `dataset-mismatch`.
    """
    _need_disclosed(files, layout.ROWS, layout.DISCLOSURE)
    try:
        disclosure = Disclosure.from_bytes(files.read(layout.DISCLOSURE), where=layout.DISCLOSURE)
        contents = list(_rows(files))
    except (InputError, EvidenceError) as fault:
        raise EvidenceError(fault.what, reason=_DATASET, where=fault.where) from fault
    need(disclosure.run_id == header.run_id, _DATASET, "the key is of another run")
    examples = [parse_digest(content) for content in contents]
    key = bytes.fromhex(disclosure.example_key)
    salted = [example_commit(key, row, example) for row, example in enumerate(examples)]
    need(lines_root(examples) == header.dataset, _DATASET, "the rows are not the dataset's")
    same = lines_root(salted) == header.commitments and list(map(format_digest, salted)) == commits
    need(same, _DATASET, "the rows are not those that were committed to")
    return contents


def read_metadata(files: LedgerFiles, header: Header) -> Metadata:
    """Return what is known of the contents.

    Raises:
        EvidenceError: `not-given`, `metadata-mismatch`.
    """
    if header.metadata.n:
        _need_disclosed(files, layout.METADATA)
    metadata = Metadata()
    if files.has(layout.METADATA):
        try:
            metadata = Metadata.read(files.path(layout.METADATA), stored=True)
        except InputError as fault:
            raise EvidenceError(fault.what, reason=_METADATA, where=layout.METADATA) from fault
    same = Root(n=len(metadata), root=metadata.root()) == header.metadata
    need(same, _METADATA, "the lines are not those that the header binds", layout.METADATA)
    return metadata


def _need_disclosed(files: LedgerFiles, *names: str) -> None:
    lacking = [name for name in names if not files.has(name)]
    need(not lacking, "not-given", f"not disclosed: {', '.join(lacking)}")


def _rows(files: LedgerFiles) -> Iterable[str]:
    for row, (where, line) in enumerate(files.lines(layout.ROWS)):
        said = RowLine.from_line(line, where=where)
        need(said.row == row, _DATASET, "another row is due", where)
        yield said.content
