"""Clusters of near-duplicates in a source, with one row of each to keep.

Four steps: sign every row; list the pairs of signatures that meet in a band; read again the rows
whose estimate is too near the threshold to decide, and count; join what is near. Signatures are
held, texts are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from provenir.core.errors import InputError
from provenir.data.dataset import Dataset, as_dataset
from provenir.data.minhash.banding import check_threshold
from provenir.data.minhash.corpus import Corpus
from provenir.data.minhash.keeping import Keep, keep_policy
from provenir.data.minhash.kernels import SIZE
from provenir.data.minhash.pairs import count_equal, join, near_pairs, root, roots
from provenir.data.minhash.parts import parts_of
from provenir.data.minhash.report import Cluster, NearDuplicates
from provenir.data.minhash.rows import Places, Skips, read_rows
from provenir.data.minhash.signing import jaccard, shingle_set
from provenir.data.reading import Reading
from provenir.data.sources import Files, resolve

if TYPE_CHECKING:
    from provenir.data.reading import Advance, Row, Source

Bar: TypeAlias = Callable[[str], AbstractContextManager["Advance"]]
"""Shows how far a pass over the source is: called with what is done, gives what to call."""

EXACT_SHINGLES: Final = 1 << 25
"""Shingles that are held while pairs are counted: 256 MiB."""


def find_near_duplicates(
    source: Any,
    *,
    threshold: float = 0.8,
    keep: str = "first",
    fields: tuple[str, ...] | list[str] | None = None,
    strict: bool = False,
    bar: Bar | None = None,
) -> NearDuplicates:
    """Find the rows of a source that are nearly the same.

    Args:
        source: What `Dataset` takes; the rows must be readable twice.
        threshold: Least Jaccard similarity of the sets of five-word runs, from 0.2 to 1.
        keep: first, longest, max:FIELD or min:FIELD.
        fields: The only top-level fields to compare; None for every text of a row.
        strict: Refuse lines that are no rows instead of passing over them.
        bar: Shows how far each pass is.

    Raises:
        UsageError: An argument that is none, or a source that cannot be read twice.
        InputError: The source cannot be read, holds no row, or no row has one of the fields.
        MissingExtraError: The format of a file needs an extra.
    """
    threshold, policy = check_threshold(threshold), keep_policy(keep)
    dataset = as_dataset(source)
    wanted = Dataset(dataset, fields=tuple(fields)).fields if fields else dataset.fields
    search = _Search(resolve(dataset.source), wanted, strict or dataset.strict, bar)
    corpus, places, skips, reading = search.sign()
    parent, pairs, left_out = near_pairs(corpus.sketches, threshold)
    sets = search.count(corpus, parent, pairs, threshold)
    clusters = search.clusters(corpus, roots(parent), sets, policy, places)
    return NearDuplicates(
        threshold=threshold,
        keep=keep,
        fields=wanted,
        rows=len(corpus.rows) + corpus.empty,
        empty=corpus.empty,
        clusters=tuple(clusters),
        skips=tuple(skips.told),
        skipped=skips.count,
        not_compared=left_out,
        files=tuple(reading.files),
        findings=reading.findings(),
        places=places,
    )


@dataclass(slots=True)
class _Search:
    """The passes over one source."""

    source: Source
    fields: tuple[str, ...] | None
    strict: bool
    bar: Bar | None

    def _pass(self, label: str) -> AbstractContextManager[Advance]:
        return nullcontext(lambda _: None) if self.bar is None else self.bar(label)

    def sign(self) -> tuple[Corpus, Places, Skips, Reading]:
        """Sign every row.

        Raises:
            InputError: No line is a row.
        """
        corpus, places, skips = Corpus(), Places(), Skips()
        with self._pass("reading") as advance:
            reading = Reading(strict=self.strict, advance=advance)
            if isinstance(self.source, Files):
                self.source.note_ignored(reading)
            rows = read_rows(
                self.source, reading, places=places, skips=None if self.strict else skips
            )
            corpus.read(rows, self.fields)
        if skips.count and not corpus.rows and not corpus.empty:
            told = skips.told[0]
            raise InputError(f"no line is a row; the first: {told.reason}", where=told.where)
        return corpus, places, skips, reading

    def again(self, rows: set[int], label: str) -> Iterator[tuple[int, Row]]:
        """Yield some of the rows again."""
        if not rows:
            return
        with self._pass(label) as advance:
            reading = Reading(digest_files=False, advance=advance)
            yield from read_rows(self.source, reading, skips=Skips(), wanted=rows.__contains__)

    def count(self, corpus: Corpus, parent: Any, pairs: Any, threshold: float) -> dict[int, Any]:
        """Join the pairs that are near: by their shingles while there is room, else by estimate.

        Returns:
            The shingles of the distinct signatures that were read again.
        """
        asked = {corpus.firsts[node]: node for node in np.unique(pairs).tolist()}
        sets: dict[int, Any] = {}
        held = 0
        for number, row in self.again(set(asked), "comparing"):
            if held > EXACT_SHINGLES:
                break
            shingles = shingle_set(parts_of(row, self.fields))
            sets[asked[number]] = shingles
            held += len(shingles)
        for a, b in pairs.tolist():
            apart = root(parent, a) != root(parent, b)
            if apart and _similarity(corpus, sets, a, b)[0] >= threshold:
                join(parent, a, b)
        return sets

    def clusters(
        self, corpus: Corpus, groups: Any, sets: dict[int, Any], policy: Keep, places: Places
    ) -> list[Cluster]:
        """The clusters of two and more rows, the largest first."""
        group = np.frombuffer(corpus.group, np.int32) if corpus.group else np.zeros(0, np.int32)
        own = groups[group]
        order = np.argsort(own, kind="stable")
        starts = np.flatnonzero(np.diff(own[order], prepend=-1))
        ends: Any = np.append(starts[1:], len(order))
        several = np.flatnonzero(ends - starts > 1)
        bounds = zip(starts[several].tolist(), ends[several].tolist(), strict=True)
        members = [order[start:end] for start, end in bounds]
        members.sort(key=lambda one: (-len(one), one[0]))
        ranks = self._ranks(corpus, members, policy, places)
        return [_cluster(corpus, sets, one, ranks, places) for one in members]

    def _ranks(
        self, corpus: Corpus, members: list[Any], policy: Keep, places: Places
    ) -> dict[int, Any]:
        """The rank of every row that is not alone, by its place in the corpus."""
        if policy.name == "first":
            return {}
        if policy.field is None:
            return {k: policy.rank(corpus.seen[k], None) for one in members for k in one.tolist()}
        asked = {corpus.rows[k]: k for one in members for k in one.tolist()}
        ranks, some = {}, False
        for number, row in self.again(set(asked), "choosing"):
            k = asked[number]
            ranks[k] = policy.of(row, corpus.seen[k], places.where(number))
            some = some or policy.field in row
        if asked and not some:
            raise InputError(
                f"no row of a cluster has the field {policy.field!r}",
                where="keep",
                mend="check its name",
            )
        return ranks


def _similarity(corpus: Corpus, sets: dict[int, Any], a: int, b: int) -> tuple[float, bool]:
    """The similarity of two distinct signatures, and whether it was counted."""
    if a == b:
        return 1.0, True
    if a in sets and b in sets:
        return jaccard(sets[a], sets[b]), True
    return int(count_equal(corpus.sketches, a, b)) / SIZE, False


def _cluster(
    corpus: Corpus, sets: dict[int, Any], members: Any, ranks: dict[int, Any], places: Places
) -> Cluster:
    kept = members[0]
    if ranks:
        kept = max(members.tolist(), key=lambda k: (ranks.get(k, ()), -k))
    groups, own = np.unique(np.frombuffer(corpus.group, np.int32)[members], return_inverse=True)
    found = [_similarity(corpus, sets, corpus.group[kept], group) for group in groups.tolist()]
    return Cluster(
        kept=corpus.rows[kept],
        rows=np.frombuffer(corpus.rows, np.int64)[members],
        similarities=np.array([similarity for similarity, _ in found], np.float32)[own],
        counted=np.array([exact for _, exact in found], bool)[own],
        places=places,
    )
