"""The tree: vectors of Certificate Transparency, a naive oracle, and forged proofs."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of the reference tests of Certificate Transparency (RFC 6962).
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_HASHES = [leaf_hash(leaf) for leaf in CT_LEAVES]

MAX_N = 70
HASHES = [leaf_hash(b"%d" % number) for number in range(MAX_N)]


def naive_root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, literally."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    left, right = naive_root(hashes[:k]), naive_root(hashes[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def naive_path(m: int, hashes: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1, literally."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*naive_path(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(m - k, hashes[k:]), naive_root(hashes[:k])]


def naive_subproof(m: int, hashes: list[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2, literally."""
    n = len(hashes)
    if m == n:
        return [] if whole else [naive_root(hashes)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*naive_subproof(m, hashes[:k], whole=whole), naive_root(hashes[k:])]
    return [*naive_subproof(m - k, hashes[k:], whole=False), naive_root(hashes[:k])]


ROOTS = [naive_root(HASHES[:n]) for n in range(MAX_N + 1)]


def test_roots_of_certificate_transparency() -> None:
    assert [merkle_root(CT_LEAVES[: n + 1]).hex() for n in range(8)] == CT_ROOTS
    assert merkle_root([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_proofs_of_certificate_transparency() -> None:
    assert [node.hex() for node in inclusion_proof(CT_HASHES, 5)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [node.hex() for node in consistency_proof(CT_HASHES, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_frontier_has_every_root_on_the_way() -> None:
    frontier, by_hash = Frontier(), Frontier()
    assert frontier.root() == ROOTS[0]
    for n, number in enumerate(range(MAX_N), start=1):
        frontier.append(b"%d" % number)
        by_hash.append_hash(HASHES[number])
        assert frontier.n == by_hash.n == n
        assert frontier.root() == by_hash.root() == ROOTS[n]


@given(st.lists(st.binary(max_size=4), max_size=200))
@settings(max_examples=50)
def test_root_equals_the_oracle(leaves: list[bytes]) -> None:
    assert merkle_root(iter(leaves)) == naive_root([leaf_hash(leaf) for leaf in leaves])


@given(st.lists(st.lists(st.binary(max_size=4), max_size=40), max_size=8))
@settings(max_examples=100)
def test_extending_equals_appending(batches: list[list[bytes]]) -> None:
    together, one_by_one = Frontier(), Frontier()
    for batch in batches:
        together.extend(iter(batch))
        for leaf in batch:
            one_by_one.append(leaf)
        assert (together.n, together.root()) == (one_by_one.n, one_by_one.root())
    together.append(b"more")
    one_by_one.append(b"more")
    assert together.root() == one_by_one.root()


def test_every_inclusion_proof_up_to_70_leaves() -> None:
    for n in range(1, MAX_N + 1):
        for index in range(n):
            proof = inclusion_proof(HASHES[:n], index)
            assert verify_inclusion(HASHES[index], index, n, proof, ROOTS[n])
        assert inclusion_proof(HASHES[:n], n // 2) == naive_path(n // 2, HASHES[:n])


def test_every_consistency_proof_up_to_70_leaves() -> None:
    for n in range(MAX_N + 1):
        for m in range(n + 1):
            proof = consistency_proof(HASHES[:n], m)
            assert verify_consistency(m, n, proof, ROOTS[m], ROOTS[n]), (m, n)
        for m in {1, n // 3, n // 2, n - 1} & set(range(1, n + 1)):
            oracle = naive_subproof(m, HASHES[:n], whole=True)
            assert consistency_proof(HASHES[:n], m) == oracle


@given(st.data())
@settings(max_examples=200)
def test_a_changed_inclusion_proof_is_refused(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, MAX_N))
    index = data.draw(st.integers(0, n - 1))
    proof = inclusion_proof(HASHES[:n], index)
    root = ROOTS[n]
    assert not verify_inclusion(HASHES[index], index, n, [*proof, HASHES[0]], root)
    assert not verify_inclusion(leaf_hash(b"other"), index, n, proof, root)
    assert not verify_inclusion(HASHES[index], index, n, proof, ROOTS[n - 1])
    other = data.draw(st.integers(0, n - 1))
    assert verify_inclusion(HASHES[index], other, n, proof, root) == (other == index)
    if proof:
        position = data.draw(st.integers(0, len(proof) - 1))
        broken = list(proof)
        broken[position] = node_hash(broken[position], broken[position])
        assert not verify_inclusion(HASHES[index], index, n, broken, root)
        assert not verify_inclusion(HASHES[index], index, n, proof[:-1], root)


@given(st.data())
@settings(max_examples=200)
def test_a_changed_consistency_proof_is_refused(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, MAX_N))
    m = data.draw(st.integers(1, n - 1))
    proof = consistency_proof(HASHES[:n], m)
    assert not verify_consistency(m, n, [*proof, HASHES[0]], ROOTS[m], ROOTS[n])
    assert not verify_consistency(m, n, proof[:-1], ROOTS[m], ROOTS[n])
    assert not verify_consistency(m, n, [], ROOTS[m], ROOTS[n])
    assert not verify_consistency(m, n, proof, ROOTS[m - 1], ROOTS[n])
    assert not verify_consistency(m, n, proof, ROOTS[m], ROOTS[n - 1])
    position = data.draw(st.integers(0, len(proof) - 1))
    broken = list(proof)
    broken[position] = leaf_hash(broken[position])
    assert not verify_consistency(m, n, broken, ROOTS[m], ROOTS[n])


def test_a_size_that_needs_a_longer_proof_is_refused() -> None:
    """The root does not bind the size, the length of the proof must."""
    assert verify_consistency(1, 2, [HASHES[1]], ROOTS[1], ROOTS[2])
    assert not verify_consistency(1, 4, [HASHES[1]], ROOTS[1], ROOTS[2])
    assert verify_inclusion(HASHES[0], 0, 2, [HASHES[1]], ROOTS[2])
    assert not verify_inclusion(HASHES[0], 0, 4, [HASHES[1]], ROOTS[2])


def test_a_rewritten_prefix_is_not_consistent() -> None:
    rewritten = [leaf_hash(b"forged"), *HASHES[1:8]]
    proof = consistency_proof(rewritten, 5)
    assert not verify_consistency(5, 8, proof, ROOTS[5], naive_root(rewritten))


@pytest.mark.parametrize("junk", [b"", b"\x00" * 31, b"\x00" * 33, "a" * 32, None, 7])
def test_junk_in_a_proof_is_refused_without_raising(junk: object) -> None:
    proof = [junk]
    assert not verify_inclusion(HASHES[0], 0, 2, proof, ROOTS[2])  # type: ignore[arg-type]
    assert not verify_consistency(1, 2, proof, ROOTS[1], ROOTS[2])  # type: ignore[arg-type]
    assert not verify_inclusion(HASHES[0], 0, 1, [], junk)  # type: ignore[arg-type]


def test_impossible_positions() -> None:
    assert not verify_inclusion(HASHES[0], -1, 1, [], ROOTS[1])
    assert not verify_inclusion(HASHES[0], 1, 1, [], ROOTS[1])
    assert not verify_inclusion(HASHES[0], 0, 0, [], ROOTS[0])
    assert not verify_consistency(2, 1, [], ROOTS[2], ROOTS[1])
    assert not verify_consistency(-1, 1, [], ROOTS[0], ROOTS[1])
    assert not verify_consistency(0, 1, [], ROOTS[1], ROOTS[1])
    with pytest.raises(UsageError):
        inclusion_proof(HASHES[:3], 3)
    with pytest.raises(UsageError):
        inclusion_proof([], 0)
    with pytest.raises(UsageError):
        consistency_proof(HASHES[:3], 4)


def test_a_node_does_not_pass_as_a_leaf() -> None:
    left, right = HASHES[0], HASHES[1]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert all(a != b for a, b in pairwise(ROOTS))


@pytest.mark.parametrize("odd", [None, 77, "0", 1.5, [], {}, b"x", [None], ["x" * 32], -1])
def test_a_proof_of_any_shape_is_false_and_raises_nothing(odd: Any) -> None:
    hashes = HASHES[:5]
    good: list[Any] = [HASHES[2], 2, 5, inclusion_proof(hashes, 2), ROOTS[5]]
    assert verify_inclusion(*good)
    longer: list[Any] = [3, 5, consistency_proof(hashes, 3), ROOTS[3], ROOTS[5]]
    assert verify_consistency(*longer)
    for place in range(5):
        assert not verify_inclusion(*good[:place], odd, *good[place + 1 :])
        assert not verify_consistency(*longer[:place], odd, *longer[place + 1 :])


@given(st.integers(0, 300), st.integers(0, 40))
def test_a_frontier_goes_on_from_its_peaks(n: int, more: int) -> None:
    leaves = [bytes([k % 251, k // 251]) for k in range(n + more)]
    peaks, start = [], 0
    for bit in reversed(range(n.bit_length())):
        if n >> bit & 1:
            peaks.append(merkle_root(leaves[start : start + (1 << bit)]))
            start += 1 << bit
    frontier = Frontier.restored(n, peaks)
    for leaf in leaves[n:]:
        frontier.append(leaf)
    assert (frontier.n, frontier.root()) == (n + more, merkle_root(leaves))


def test_a_frontier_is_not_restored_from_too_few_peaks() -> None:
    with pytest.raises(UsageError, match="2 peaks"):
        Frontier.restored(3, [b"\x00" * 32])
