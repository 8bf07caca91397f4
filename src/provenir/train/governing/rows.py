"""The rows of a dataset as admission sees them: contents, metadata, entropy, decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.digest import format_digest
from provenir.core.errors import UsageError
from provenir.data.dataset import as_dataset
from provenir.data.digests import row_digests
from provenir.data.reading import Reading
from provenir.governance.depth import routes
from provenir.provenance.ledger.plan import RowDecision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from provenir.governance.admission import Admission, AdmissionDecision
    from provenir.governance.metadata import ExampleMetadata, Metadata

__all__ = ["AdmittedRows", "example_digests", "kinds_of"]


def example_digests(dataset: Any) -> list[bytes]:
    """The 32-byte digest of each row, in order: the leaves of `provenir.data`'s records root.

    Raises:
        UsageError: A stream, which is read once only.
        InputError: It cannot be read, or a row has a value without a digest.
    """
    source = as_dataset(dataset)
    if not source.readable:
        raise UsageError(
            "a stream cannot be governed: its rows have no number",
            mend="give a dataset that has a length",
        )
    return [digest for batch in row_digests(source.rows(), Reading()) for digest in batch]


class AdmittedRows:
    """Decides for rows, and remembers nothing that a date could change.

    Args:
        examples: The digest of each row.
        admission: Decides.
        metadata: What is known of the contents.
        entropies: Millionths of a nat for each row; None where the table has no bands.

    Attributes:
        contents: The content of each row, as a digest.
        rows_of: Content to its rows, ascending.
        routes: The weight vectors, in thousandths, by the index of their route.
    """

    def __init__(
        self,
        examples: Sequence[bytes],
        admission: Admission,
        metadata: Metadata,
        entropies: Sequence[int] | None,
    ) -> None:
        bands = admission.table.bands
        if (bands is None) != (entropies is None):
            raise UsageError("entropies are given where the table has bands, and only there")
        self.contents = [format_digest(example) for example in examples]
        self.rows_of: dict[str, list[int]] = {}
        for row, content in enumerate(self.contents):
            self.rows_of.setdefault(content, []).append(row)
        self.document = routes(admission.policy, admission.table)
        self.routes = [tuple(route) for route in self.document.routes]
        self.entropies = entropies
        self._admission = admission
        self._metadata: list[ExampleMetadata | None] = [metadata.get(c) for c in self.contents]
        self._bands: list[int | None] = [None] * len(examples)
        if bands is not None and entropies is not None:
            self._bands = [bands.band(entropy) for entropy in entropies]

    def decide(self, row: int, on: date) -> AdmissionDecision:
        """What is decided for a row at a date."""
        return self._admission.decide(self._metadata[row], on=on, band=self._bands[row])

    def route(self, row: int, on: date) -> int | None:
        """The route of a row at a date; None where it is not admitted."""
        decision = self.decide(row, on)
        return None if decision.weights is None else self.document.index(decision.weights)

    def decisions(self, on: date) -> list[RowDecision]:
        """What is decided for every row at the start."""
        return [self._at_the_start(row, on) for row in range(len(self.contents))]

    def _at_the_start(self, row: int, on: date) -> RowDecision:
        decision = self.decide(row, on)
        return RowDecision(
            effect=decision.effect,
            rule=decision.rule,
            reasons=decision.reasons,
            profile=decision.profile,
            route=None if decision.weights is None else self.document.index(decision.weights),
            entropy=None if self.entropies is None else self.entropies[row],
        )


def kinds_of(metadata: Metadata) -> dict[str, str]:
    """What is to be compared with each other: contents of one source and one content class."""
    return {one.content: f"{one.source} ({one.content_class})" for one in metadata}
