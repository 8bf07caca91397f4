"""`CanaryGuard`: mint canaries, put them into records, look for them in training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.attest.shared_secret import hmac_secret
from provenir.eval.canary.scanning import scan_source
from provenir.eval.canary.tagging import FIELD, tag_records
from provenir.eval.canary.token import Canary, derive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike

    from provenir.attest.shared_secret import SecretBytes
    from provenir.eval.canary.report import CanaryReport

__all__ = ["CanaryGuard"]


class CanaryGuard:
    """Canaries of an owner of eval sets.

    Args:
        key: The owner's secret, best 32 random bytes. With it canaries cannot be worked out by
            others and each recipient can have one of their own; without it anybody who knows an
            id can work out its canary.

    Raises:
        UsageError: The key is empty, or is what should not be a shared secret.
    """

    def __init__(self, key: str | SecretBytes | None = None) -> None:
        self._key = None if key is None else hmac_secret(key)

    def __repr__(self) -> str:
        return f"CanaryGuard({'without a key' if self._key is None else 'with a key'})"

    def mint(self, eval_set_id: str, recipient: str | None = None) -> Canary:
        """Make the canary of an eval set; the same arguments and key give the same one anywhere.

        Args:
            eval_set_id: What the eval set is called, such as ``"mmlu-private"``.
            recipient: Who gets the copy that this canary marks; needs a key.

        Raises:
            UsageError: An empty name, or a recipient without a key.
        """
        return derive(eval_set_id, recipient, self._key)

    def tag(
        self,
        dataset: Any,
        canary: Canary | str,
        *,
        field: str = FIELD,
        records: int | None = None,
        out: str | PathLike[str] | None = None,
    ) -> Any:
        """Return a copy of a data set whose records hold the canary; the input is not changed.

        A record that has the field gets a line after its text, any other gets the field. The
        line says in words that this is evaluation data, for crawlers that respect it.

        Args:
            dataset: A list of dicts, a path, a `datasets.Dataset`, a table or a frame.
            canary: What to put in.
            field: The field; a field of its own is lost where only the text of others is copied,
                so name the one with the question where models may read it.
            records: How many records get it, spread evenly; None for all.
            out: Write the copy there as JSON lines (.jsonl, .jsonl.gz) instead; nothing is
                replaced.

        Returns:
            The input's type; a `provenir.data.Dataset` for a path and where `out` is given.

        Raises:
            UsageError: No data set, a stream, a field that holds no text, too many records asked
                for, or `out` is there already.
            InputError: Data that cannot be read.
            OSError: `out` cannot be written.
        """
        return tag_records(dataset, Canary(canary), field=field, records=records, out=out)

    def scan(self, train: Any, canary: Canary | str) -> list[int]:
        """Return the numbers of all rows that hold a canary, from 0; see `scan_many`."""
        return list(self.scan_many(train, [canary]).leaked_rows)

    def scan_many(
        self,
        train: Any,
        canaries: Iterable[Canary | str],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> CanaryReport:
        """Look for many canaries in every field of every row, in one pass.

        Found is also what changed case, was broken by lines, spaces, hyphens, punctuation or
        zero-width characters, was written in full width or as JSON escapes, or lies deep in a row.
        Not found is a canary with letters put between its digits, with digits missing, or whose
        digits are shared out over several fields or rows. Lines that are no JSON are looked at as
        they stand.

        Args:
            train: Whatever `provenir.data.Dataset` takes: lists, paths, folders, globs, Hugging
                Face data sets.
            canaries: What to look for.
            progress: Called with how many stored bytes of JSON lines were read.

        Returns:
            The hits, which can be iterated, as a report that `run.attach` takes.

        Raises:
            UsageError: No canary, no data set, or a stream, which is never consumed.
            InputError: Data that cannot be read to its end.
            MissingExtraError: A format needs the extra `files`.
        """
        sought = (one if isinstance(one, Canary) else Canary(one) for one in canaries)
        return scan_source(train, sought, progress)
