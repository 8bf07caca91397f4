"""The chain: each rule of its page is asked, on records as an honest ledger has them."""

from __future__ import annotations

import pytest

from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError
from provenir.provenance.ledger.chain import Chain
from provenir.provenance.ledger.reader import read_records
from provenir.provenance.ledger.records import Close, parse_record

D = digest_bytes(b"other")


@pytest.fixture(scope="module")
def records(eventful):
    return [placed.record for placed in read_records(eventful.folder)]


def number_of(records, kind, **fields):
    return next(
        number
        for number, record in enumerate(records)
        if record.kind == kind and all(getattr(record, k) == v for k, v in fields.items())
    )


def refusal(records, number, /, **changes):
    """What the chain says of one record, changed, after those before it."""
    chain = Chain()
    for record in records[:number]:
        assert chain.refusal(record) is None
        chain.take(record, record.line())
    return chain.refusal(records[number].model_copy(update=changes))


def test_an_honest_ledger_goes_through(eventful, records):
    chain = Chain()
    for record in records:
        assert chain.refusal(record) is None
        chain.take(record, record.line())
    assert chain.is_closed
    assert (chain.n, chain.root().root) == (eventful.closed.n, eventful.closed.root)
    assert sorted(chain.standing) == [0, 1]
    late = records[-2].model_copy(update={"seq": chain.n, "prev": chain.prev})
    assert chain.refusal(late).reason == "out-of-order"


@pytest.mark.parametrize(
    ("kind", "where", "changes", "reason"),
    [
        ("step", {"step": 3}, {"seq": 9}, "ledger-gap"),
        ("step", {"step": 3}, {"step": 4}, "ledger-gap"),
        ("step", {"step": 3}, {"prev": D}, "ledger-fork"),
        ("step", {"step": 3}, {"prev": None}, "ledger-fork"),
        ("step", {"step": 3}, {"time": "2026-03-01T00:00:00.000Z"}, "out-of-order"),
        ("step", {"step": 3}, {"param_pre": D}, "parameter-break"),
        ("step", {"step": 3}, {"param_pre": None}, "parameter-break"),
        ("step", {"step": 2}, {"param_pre": D}, "parameter-break"),
        ("step", {"step": 2}, {"param_post": None}, "parameter-break"),
        ("intervention", {}, {"step": 1}, "ledger-gap"),
        ("snapshot", {}, {"step": 5}, "ledger-gap"),
        ("snapshot", {}, {"param_root": D}, "parameter-break"),
        ("resume", {}, {"param_root": D}, "parameter-break"),
        ("resume", {}, {"opt_root": D}, "parameter-break"),
        ("resume", {}, {"rng_digest": None}, "parameter-break"),
        ("close", {}, {"n_steps": 99}, "ledger-gap"),
        ("close", {}, {"records": {"n": 1, "root": D}}, "ledger-mismatch"),
    ],
)
def test_a_record_that_does_not_follow_is_named(records, kind, where, changes, reason):
    found = refusal(records, number_of(records, kind, **where), **changes)
    assert found is not None
    assert found.reason == reason


def test_a_skipped_step_moves_nothing(records):
    number = number_of(records, "step", step=5)
    assert records[number].skipped == "gradient-spike"
    assert refusal(records, number, param_post=D).reason == "parameter-break"


def test_no_step_follows_a_halt(records):
    number = number_of(records, "intervention")
    chain = Chain()
    halt = records[number].model_copy(update={"action": "halt", "factor": None})
    for record in [*records[:number], halt]:
        chain.take(record, record.line())
    step = records[number_of(records, "step", step=3)]
    late = step.model_copy(update={"seq": chain.n, "prev": chain.prev})
    assert chain.refusal(late).reason == "out-of-order"


def test_a_header_is_first_and_once(records):
    assert refusal(records, 0) is None
    assert Chain().refusal(records[1]).reason == "out-of-order"
    chain = Chain()
    chain.take(records[0], records[0].line())
    again = records[0].model_copy(update={"seq": 1, "prev": chain.prev})
    assert chain.refusal(again).reason == "out-of-order"


def test_a_run_that_ends_inside_a_segment_is_closed_all_the_same(records):
    number = number_of(records, "step", step=3)
    chain = Chain()
    for record in records[: number + 1]:
        chain.take(record, record.line())
    assert chain.open_steps
    fields = {"seq": chain.n, "prev": chain.prev, "n_steps": 3, "records": chain.root()}
    assert isinstance(records[-1], Close)
    assert chain.refusal(records[-1].model_copy(update=fields)) is None


@pytest.mark.parametrize(
    "change", [lambda x: [*x[:5], *x[6:]], lambda x: [*x[:4], x[5], x[4], *x[6:]]]
)
def test_a_reader_says_where_it_breaks(eventful, tmp_path, change):
    lines = (eventful.folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "ledger.jsonl").write_bytes(b"".join(change(lines)))
    with pytest.raises(EvidenceError, match=r"ledger\.jsonl:[56]"):
        list(read_records(tmp_path))


def test_a_torn_last_line_is_left_out(eventful, tmp_path):
    data = (eventful.folder / "ledger.jsonl").read_bytes()
    (tmp_path / "ledger.jsonl").write_bytes(data[:-7])
    read = list(read_records(tmp_path))
    assert len(read) == eventful.closed.n - 1
    assert [placed.record for placed in read] == [
        parse_record(line, where="x") for line in data.splitlines()[:-1]
    ]
