"""Alignment: which words of an eval item stand in a row, in runs that are worth pointing at.

Both sides are lists of word hashes. A *run* is a maximal stretch of at least two words that both
sides share. The best chain of runs covers the item in its own order; its worth is the weight of
the words covered, less what it costs to say where each next run stands in the row: a constant and
the logarithm of how far the diagonal moves (the description length of the jump, after Rissanen
1978, "Modeling by shortest data description"). An edit moves the diagonal by a word and is cheap,
a sentence put in between moves it by twenty and is paid by a run of three words, a run at the other
end of a long row must be longer. The row may hold the runs in any order, so text spread over
fields, or with its sentences turned about, is found; and no window is needed in long rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.items import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_RUNS", "align_pairs", "common_grams"]

MAX_RUNS: Final = 2048
"""Runs of a pair that are looked at; where there are more, the shortest are left out."""
MAX_CHAINED: Final = 128
"""Runs of a pair that are chained; more are found where a few words make up both texts."""
MAX_WORK: Final = 1 << 22
"""Comparisons after which the runs of a pair are no longer all looked for: two texts that repeat a
few words over and over have as many runs as the product of their lengths. From there on each place
of the row is compared with `WARY_PLACES` of the item, and what lies within a run of `WARY_RUN`
words, with none."""
WARY_PLACES: Final = 16
WARY_RUN: Final = 64
JUMP: Final = 0.3
"""What a jump costs at least, in weights of a word that no other item has."""
JUMP_PER_DOUBLING: Final = 0.25
LONGEST_GAP: Final = 8
"""Words between two runs in which single words are matched."""
ROUNDING: Final = 1e-9
"""By how much two sums of the same weights may differ."""
_NEAR: Final = JUMP_PER_DOUBLING * np.log2(np.arange(1.0, 1025.0))
"""What doublings cost for moves of less than 1,024 words; most are."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


@jit
def find_runs(
    e: NDArray[Any],
    r: NDArray[Any],
    head: NDArray[Any],
    link: NDArray[Any],
    least: int,
    runs: NDArray[Any],
) -> int:
    """Write the maximal common runs of at least `least` words; return how many there are.

    Args:
        e: uint64 words of the item.
        r: uint64 words of the row.
        head: int32 scratch, a power of two >= 2 * len(e).
        link: int32 scratch, len(e).
        least: Shortest run, at least 2.
        runs: int32[MAX_RUNS, 3]: (place in the item, place in the row, length); what does not fit
            is counted but not written.
    """
    mask = np.uint64(len(head) - 1)
    head[:] = -1
    for i in range(len(e) - 2, -1, -1):
        slot = ((e[i] * _MIX) ^ e[i + 1]) * _MIX >> np.uint64(20) & mask
        link[i] = head[slot]
        head[slot] = i
    count, work, passed = 0, 0, 0
    for j in range(len(r) - 1):
        wary = work > MAX_WORK
        if wary and j < passed:
            continue
        tried = 0
        slot = ((r[j] * _MIX) ^ r[j + 1]) * _MIX >> np.uint64(20) & mask
        i = head[slot]
        while i >= 0 and (work <= MAX_WORK or tried < WARY_PLACES):
            tried += 1
            work += 1
            if (
                e[i] == r[j]
                and e[i + 1] == r[j + 1]
                and (i == 0 or j == 0 or (wary and j == passed) or e[i - 1] != r[j - 1])
            ):
                n = 2
                while i + n < len(e) and j + n < len(r) and e[i + n] == r[j + n]:
                    n += 1
                work += n
                if n >= WARY_RUN:
                    passed = max(passed, j + n)
                if n >= least:
                    if count < len(runs):
                        runs[count, 0] = i
                        runs[count, 1] = j
                        runs[count, 2] = n
                    count += 1
            i = link[i]
    return count


@jit
def keep_worthy(runs: NDArray[Any], count: int, mass: NDArray[Any]) -> int:
    """Drop the runs that weigh no more than a jump to them costs; return how many are left.

    None of them makes a chain better: going past it is no further (moves add up) and costs less.
    Of those left, the `MAX_CHAINED` heaviest are kept.
    """
    heavy = np.empty(count)
    for f in range(count):
        heavy[f] = mass[runs[f, 0] + runs[f, 2]] - mass[runs[f, 0]]
    least = JUMP
    if count > MAX_CHAINED:
        place = count - MAX_CHAINED - 1
        least = max(least, np.partition(heavy, place)[place])
    kept = 0
    for f in range(count):
        if heavy[f] > least:
            for column in range(3):
                runs[kept, column] = runs[f, column]
            kept += 1
    return kept


@jit
def chain_runs(
    runs: NDArray[Any], count: int, mass: NDArray[Any], worth: NDArray[Any], before: NDArray[Any]
) -> int:
    """Return the last run of the best chain, or -1; `before` holds each run's predecessor.

    Args:
        runs: int32[count, 3], sorted by place in the item.
        count: How many.
        mass: float64[len(e) + 1], running sum of the weights.
        worth: float64 scratch of `count`.
        before: int32 scratch of `count`.
    """
    best = -1
    top = np.empty(count)
    for f in range(count):
        i, j, n = runs[f, 0], runs[f, 1], runs[f, 2]
        own = mass[i + n] - mass[i]
        worth[f] = own
        before[f] = -1
        # Backwards, as worth grows along the item: soon nothing before `g` is worth enough.
        for g in range(f - 1, -1, -1):
            if top[g] + own - JUMP < worth[f] - ROUNDING:
                break
            end = runs[g, 0] + runs[g, 2]
            if end >= i + n:
                continue
            total = worth[g] + mass[i + n] - mass[max(i, end)] - JUMP
            if total < worth[f]:
                continue
            moved = abs((j - i) - (runs[g, 1] - runs[g, 0]))
            if moved < len(_NEAR):
                total -= _NEAR[moved]
            else:
                total -= JUMP_PER_DOUBLING * np.log2(1.0 + moved)
            if total > worth[f] or (total == worth[f] and before[f] >= 0):
                worth[f] = total
                before[f] = g
        top[f] = worth[f] if f == 0 else max(worth[f], top[f - 1])
        if best < 0 or worth[f] > worth[best]:
            best = f
    return best


@jit
def fill_gaps(e: NDArray[Any], r: NDArray[Any], at: NDArray[Any], first: int, last: int) -> None:
    """Match single words of a gap that stand on the diagonal of the run before or after it.

    Args:
        e: Words of the item.
        r: Words of the row.
        at: int32[len(e)]: the place in the row of each matched word, -1 elsewhere.
        first: First word of the gap.
        last: The word after the gap.
    """
    if first == 0 or last == len(e) or last - first > LONGEST_GAP:
        return
    for i in range(first, last):
        if first > 0:
            j = at[first - 1] + (i - first + 1)
            if j < len(r) and r[j] == e[i]:
                at[i] = j
                continue
        if last < len(e):
            j = at[last] - (last - i)
            if j >= 0 and r[j] == e[i]:
                at[i] = j


@jit
def align_one(
    e: NDArray[Any],
    weights: NDArray[Any],
    r: NDArray[Any],
    head: NDArray[Any],
    link: NDArray[Any],
    runs: NDArray[Any],
    at: NDArray[Any],
) -> None:
    """Write to `at` the place in the row of each word of the item, -1 where it has none."""
    at[:] = -1
    if len(e) < 2 or len(r) < 2:
        return
    least = 2
    count = find_runs(e, r, head, link, least, runs)
    while count > len(runs):
        least *= 2
        count = find_runs(e, r, head, link, least, runs)
    mass = np.zeros(len(e) + 1)
    for i in range(len(e)):
        mass[i + 1] = mass[i] + weights[i]
    count = keep_worthy(runs, count, mass)
    if count == 0:
        return
    order = np.argsort(runs[:count, 0], kind="mergesort")
    sorted_runs = runs[:count][order]
    before: NDArray[Any] = np.empty(count, np.int32)
    f: Any = chain_runs(sorted_runs, count, mass, np.empty(count), before)
    gap_end = len(e)
    while f >= 0:
        i, j, n = sorted_runs[f, 0], sorted_runs[f, 1], sorted_runs[f, 2]
        for k in range(n):
            if at[i + k] < 0:
                at[i + k] = j + k
        fill_gaps(e, r, at, i + n, gap_end)
        gap_end = i
        f = before[f]
    fill_gaps(e, r, at, 0, gap_end)


@jit
def net_masses(
    at: NDArray[Any], weights: NDArray[Any], roles: NDArray[Any], found: NDArray[Any]
) -> None:
    """Add to `found`, by role, the weight of the matched words less what the jumps cost.

    A jump from one role to another costs that of which the lesser share is matched: a question is
    what it is whatever else in the row is like its passage by chance.
    """
    share = np.zeros(len(found))
    total = np.full(len(found), ROUNDING)
    for i in range(len(at)):
        total[roles[i]] += weights[i]
        if at[i] >= 0:
            share[roles[i]] += weights[i]
    for role in range(len(found)):
        found[role] += share[role]
        share[role] /= total[role]
    last = -1
    for i in range(len(at)):
        if at[i] < 0:
            continue
        if last >= 0:
            moved = abs((at[i] - i) - (at[last] - last))
            if moved > 0:
                less = roles[i] if share[roles[i]] <= share[roles[last]] else roles[last]
                found[less] -= JUMP + JUMP_PER_DOUBLING * np.log2(1.0 + moved)
        last = i


@jit
def align_all(
    pairs: NDArray[Any],
    words: NDArray[Any],
    weights: NDArray[Any],
    roles: NDArray[Any],
    row_words: NDArray[Any],
    at: NDArray[Any],
    found: NDArray[Any],
) -> None:
    """Align each pair and weigh what is matched; see `align_pairs`."""
    longest = 0
    for p in range(len(pairs)):
        longest = max(longest, pairs[p, 1] - pairs[p, 0])
    size = 16
    while size < 2 * longest:
        size *= 2
    head: NDArray[Any] = np.empty(size, np.int32)
    link: NDArray[Any] = np.empty(longest, np.int32)
    runs: NDArray[Any] = np.empty((MAX_RUNS, 3), np.int32)
    done = 0
    for p in range(len(pairs)):
        lo, hi = pairs[p, 0], pairs[p, 1]
        used = 16
        while used < 2 * (hi - lo):
            used *= 2
        here = at[done : done + hi - lo]
        row = row_words[pairs[p, 2] : pairs[p, 3]]
        align_one(words[lo:hi], weights[lo:hi], row, head[:used], link, runs, here)
        net_masses(here, weights[lo:hi], roles[lo:hi], found[p])
        done += hi - lo


def align_pairs(
    pairs: NDArray[Any],
    words: NDArray[Any],
    weights: NDArray[Any],
    roles: NDArray[Any],
    row_words: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Align items with rows.

    Args:
        pairs: int64[k, 4]: the item's words [lo, hi) in `words`, the row's in `row_words`.
        words: uint64, word hashes of all items.
        weights: float32, the weight of each of them.
        roles: int8, the role of each of them: its place in `items.ROLES`.
        row_words: uint64, word hashes of the rows.

    Returns:
        int32, the pairs' words one pair after the other: the place of each word in its row's
        words (from 0), or -1 where it is not matched; and float64[k, roles], the weight of the
        matched words of each role less what the jumps between them cost.
    """
    at: NDArray[Any] = np.empty(int((pairs[:, 1] - pairs[:, 0]).sum()), np.int32)
    found = np.zeros((len(pairs), len(ROLES)))
    with np.errstate(over="ignore"):  # hashes wrap around; said for the interpreted kernel
        align_all(pairs, words, weights, roles, row_words, at, found)
    return at, found


def common_grams(words: NDArray[Any], row_words: NDArray[Any], n: int) -> NDArray[Any]:
    """Return for each word of an item where the row has the n-gram that begins with it, or -1.

    Args:
        words: uint64, the item's word hashes.
        row_words: uint64, the row's.
        n: Length of the n-grams in words, at least 2.
    """
    at: NDArray[Any] = np.full(len(words), -1, np.int32)
    size = 1 << max(4, int(2 * len(words)).bit_length())
    runs: NDArray[Any] = np.empty((MAX_RUNS, 3), np.int32)
    head: NDArray[Any] = np.empty(size, np.int32)
    link: NDArray[Any] = np.empty(len(words), np.int32)
    with np.errstate(over="ignore"):
        while (count := find_runs(words, row_words, head, link, n, runs)) > len(runs):
            runs = np.empty((count, 3), np.int32)
    for i, j, length in runs[:count].tolist():
        grams = length - n + 1
        at[i : i + grams] = np.arange(j, j + grams)
    return at
