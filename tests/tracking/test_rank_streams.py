"""The rows of several processes in one order."""

from __future__ import annotations

import json
from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from provenir.provenance.run_record import read_run
from provenir.tracking.rank_streams import AHEAD, joined_rollouts, joined_steps, placed, resumptions


def rows(*steps, **more):
    return [{"step": step, **more} for step in steps]


def places(found):
    return [tuple(place) for place, _ in placed(found)]


@given(st.lists(st.integers(-3, 60)))
def test_nothing_is_lost_and_places_only_grow(steps):
    given_rows = [{"step": step, "n": n} for n, step in enumerate(steps)]
    found = list(placed(given_rows))
    assert sorted(row["n"] for _, row in found) == list(range(len(steps)))
    assert all(one[0] < next_one[0] for one, next_one in pairwise(found))


@given(st.integers(1, 200), st.randoms(use_true_random=False))
def test_rows_a_little_out_of_order_are_put_back(count, random):
    blocks = [list(range(at, min(at + AHEAD, count))) for at in range(0, count, AHEAD)]
    for block in blocks:
        random.shuffle(block)
    assert places(rows(*chain.from_iterable(blocks))) == [(0, 0, n, 0) for n in range(count)]


def test_equal_steps_are_told_apart():
    assert places(rows(0, 1, 1, 2)) == [(0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 1, 1), (0, 0, 2, 0)]


def test_a_loop_that_counts_anew_begins_a_lap():
    found = places(rows(*range(100), *range(50)))
    assert found[:100] == [(0, 0, n, 0) for n in range(100)]
    assert found[100:] == [(0, 1, n, 0) for n in range(50)]


def test_a_lone_row_far_behind_is_taken_where_it_stands():
    found = places(rows(*range(100), 3, *range(100, 110)))
    assert {lap for _, lap, _, _ in found} == {0}
    assert len(found) == 111


def test_a_resumed_run_has_parts_even_where_the_count_goes_on():
    first = rows(*range(5), time="2026-01-01T00:00:00.000Z")
    again = rows(3, 4, 5, time="2026-01-01T01:00:00.000Z")
    found = list(placed([*first, *again], [("2026-01-01T00:30:00.000Z", 1)]))
    assert [tuple(place[:3]) for place, _ in found[5:]] == [(1, 0, 3), (1, 0, 4), (1, 0, 5)]


def test_rows_without_a_step_count_on():
    assert [place[2] for place in places([{"step": 7}, {}, {"step": "x"}])] == [7, 8, 9]


def write(folder, name, records, torn=b""):
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    (folder / name).write_bytes(lines + torn)


def test_ranks_are_joined_by_their_steps(tmp_path):
    write(tmp_path, "steps.jsonl", rows(0, 1, 2, 3))
    write(tmp_path, "steps.rank1.jsonl", rows(1, 0, 3), torn=b'{"step": 9')
    write(tmp_path, "steps.rank7.jsonl", rows(2, 5))
    joined = joined_steps(read_run(tmp_path), [0, 1, 7])
    assert [(place.step, sorted(found)) for place, found in joined] == [
        (0, [0, 1]),
        (1, [0, 1]),
        (2, [0, 7]),
        (3, [0, 1]),
        (5, [7]),
    ]


def test_rollouts_come_by_time_and_in_the_order_of_their_file(tmp_path):
    def told(*times):
        return [{"time": f"2026-01-01T00:00:{s:02}.000Z", "n": n} for n, s in enumerate(times)]

    write(tmp_path, "steps.jsonl", rows(0))
    write(tmp_path, "trajectories.jsonl", told(1, 5, 2))
    write(tmp_path, "trajectories.rank1.jsonl", told(0, 4, 6))
    found = [(rank, row["n"]) for rank, row in joined_rollouts(read_run(tmp_path), [0, 1])]
    assert found == [(1, 0), (0, 0), (1, 1), (0, 1), (0, 2), (1, 2)]


def test_each_rank_tells_the_parts_by_its_own_clock(tmp_path):
    def resumed(*minutes):
        return [
            {"type": "resume", "time": f"2026-01-01T00:{minute:02}:00.000Z"} for minute in minutes
        ]

    write(tmp_path, "steps.jsonl", rows(0))
    write(tmp_path, "journal.jsonl", [{"type": "start"}, *resumed(10, 30, 50)])
    write(tmp_path, "journal.rank1.jsonl", resumed(9, 52))
    record = read_run(tmp_path)
    assert [part for _, part in resumptions(record, 0)] == [1, 2, 3]
    assert resumptions(record, 1) == [
        ("2026-01-01T00:09:00.000Z", 1),
        ("2026-01-01T00:52:00.000Z", 3),
    ]
    assert resumptions(record, 2) == resumptions(record, 0)
