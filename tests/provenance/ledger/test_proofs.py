"""Proofs: they lead to one root and no other, whatever is changed in them; they stay small."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgers import make_ledger
from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError, ProvenirError
from provenir.provenance.ledger.proofs import check_proof
from provenir.provenance.ledger.query import LedgerQuery

MAX_BYTES = 4 * 1024


@pytest.fixture(scope="module")
def proved(eventful, tmp_path_factory):
    """An entry, a block and a row with what they hold sealed, and root and size."""
    cache = tmp_path_factory.mktemp("proved") / "index"
    with LedgerQuery(eventful.folder, cache=cache) as asked:
        row = next(row for row in range(60) if any(v.step == 3 for v in asked.visits(row)))
        proofs = [
            *asked.prover.entry(3, row, salts=eventful.salts),
            asked.prover.block(3, "head"),
            asked.prover.row(2, salts=eventful.salts),
        ]
    return proofs, eventful.closed


def leaves(value, path=()):
    """The paths of all scalars, and of all empty containers."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    below = [leaf for key, item in items for leaf in leaves(item, (*path, key))]
    return below or [path]


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        changed = ("1" if value[-1:] != "1" else "2") if value else "x"
        return value[:-1] + changed
    return "x"


def test_proofs_hold(proved):
    proofs, closed = proved
    root = closed.root
    for proof in proofs:
        assert len(proof) <= MAX_BYTES
        check_proof(proof, root)
        check_proof(json.dumps(json.loads(proof), indent=2).encode(), root)


def test_no_value_of_a_proof_can_be_changed(proved):
    proofs, closed = proved
    root = closed.root
    for proof in proofs:
        value = json.loads(proof)
        for path in leaves(value):
            changed = copy.deepcopy(value)
            holder = changed
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = other(holder[path[-1]])
            with pytest.raises(ProvenirError):
                check_proof(canonical_bytes(changed), root, n=closed.n)


def test_a_path_can_be_neither_cut_nor_lengthened(proved):
    proofs, closed = proved
    root = closed.root
    for name in ("path", "ledger_path"):
        for change in (
            lambda path: path[:-1],
            lambda path: [*path, "0" * 64],
            lambda path: path[::-1],
        ):
            value = json.loads(proofs[0])
            value[name] = change(value[name])
            with pytest.raises(EvidenceError):
                check_proof(canonical_bytes(value), root)


def test_a_proof_leads_to_one_ledger(proved):
    proofs, closed = proved
    root = closed.root
    for wrong, n in ((digest_bytes(b"other"), None), (root, 5)):
        with pytest.raises(EvidenceError) as refused:
            check_proof(proofs[0], wrong, n=n)
        assert refused.value.reason == "ledger-mismatch"


def test_parts_of_two_proofs_do_not_mix(proved):
    proofs, closed = proved
    root = closed.root
    mine, block, row = map(json.loads, (proofs[0], proofs[-2], proofs[-1]))
    for change in (
        {"opened": row["opened"]},
        {"of": "units"},
        {"of": "admission"},
        {"record": row["record"], "ledger_path": row["ledger_path"]},
        {"entry": block["entry"]},
        {"entry": {**mine["entry"], "more": 1}},
    ):
        with pytest.raises((EvidenceError, InputError)):
            check_proof(canonical_bytes({**mine, **change}), root)


inner = st.none() | st.integers() | st.text(max_size=5)
rubbish = st.recursive(
    inner,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
).map(lambda value: json.dumps(value).encode())


@given(st.binary(max_size=200) | rubbish)
def test_rubbish_is_refused_in_one_line(data):
    with pytest.raises(InputError):
        check_proof(data, digest_bytes(b""))


def test_a_proof_stays_small_with_many_rows_and_blocks(tmp_path):
    blocks = ("embedding", *(f"layer.{i}" for i in range(80)), "final_norm", "head")
    made = make_ledger(
        tmp_path / "run" / "governed", rows=400, blocks=blocks, batch=64, micro=4, epochs=1
    )
    with LedgerQuery(made.folder, cache=tmp_path / "index") as asked:
        row = next(row for row in range(400) if next(asked.visits(row), None))
        visit = next(asked.visits(row))
        sizes = [
            len(asked.prover.entry(visit.step, row)[0]),
            len(asked.prover.block(visit.step, "layer.40")),
            len(asked.prover.row(row, salts=made.salts)),
        ]
    assert max(sizes) <= MAX_BYTES


def test_a_proof_of_the_admission_is_its_header_and_little_more(proved, eventful):
    """Reckoned up to 100,000 rows and 10,000 steps; a node of a path takes 67 bytes."""
    sealed = json.loads(proved[0][-1])
    header = (eventful.folder / "ledger.jsonl").read_bytes().splitlines()[0]
    beside = len(canonical_bytes({**sealed, "opened": None})) - len(header)
    more = 67 * (17 - len(sealed["path"]) + 14 - len(sealed["ledger_path"]))
    assert beside + more < 3 * 1024
