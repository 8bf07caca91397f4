"""Both directions against a slow oracle that reads the files, and every answer with its proof."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from array import array
from collections import defaultdict

import pytest

from ledgers import BLOCKS, content_of, make_ledger
from provenir.core.digest import digest_bytes, format_digest
from provenir.core.errors import EvidenceError, InputError, UndecidedError, UsageError
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.proofs import check_proof
from provenir.provenance.ledger.query import LedgerQuery


@pytest.fixture
def asked(eventful, tmp_path):
    with LedgerQuery(eventful.folder, cache=tmp_path / "index") as query:
        yield query


def values(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def every_entry(made, *, with_facts=True):
    """(step, skipped, place, entry, norms) of each entry, from the files alone."""
    records = values(made.folder / "ledger.jsonl")
    steps = [record for record in records if record["kind"] == "step"]
    details = values(made.folder / "details.jsonl")
    facts = values(made.folder / "private" / "facts.jsonl")
    for step, detail, sealed in zip(steps, details, facts, strict=True):
        for place, entry in enumerate(detail["batch"]):
            norms = sealed["facts"][place]["norms"]
            yield step["step"], step["skipped"], place, entry, norms


def weight(made, entry, block):
    vector = json.loads(made.plan.routes)["routes"][entry["route"]]
    return vector[BLOCKS.index(block)] * entry["factor"] // 1000


def oracle(made, block, start, stop, *, by_norm=True):
    given = defaultdict(float)
    for step, skipped, _, entry, norms in every_entry(made):
        if start <= step <= stop and not skipped and block not in made.settings.frozen:
            share = weight(made, entry, block)
            norm = float(norms[BLOCKS.index(block)]) if by_norm else 1.0
            if share:
                given[entry["row"]] += share * norm / 1000
    return given


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("steps", [(1, None), (1, 1), (3, 6), (5, 5)])
def test_a_block_is_answered_as_the_files_say(asked, eventful, block, steps):
    start, stop = steps
    ranking = asked.ranking(block, start, stop)
    given = oracle(eventful, block, start, stop or asked.steps)
    assert ranking.n == len(ranking.rows) == len(given)
    assert {row.row: row.contribution for row in ranking.rows} == pytest.approx(given)
    contributions = [row.contribution for row in ranking.rows]
    assert contributions == sorted(contributions, reverse=True)
    for row in ranking.rows:
        assert row.content == format_digest(content_of(row.row, eventful.settings))


def test_every_row_is_answered_as_the_files_say(asked, eventful):
    seen = defaultdict(list)
    for step, skipped, place, entry, norms in every_entry(eventful):
        shares = {block: weight(eventful, entry, block) for block in BLOCKS}
        known = dict(zip(BLOCKS, map(float, norms), strict=True))
        seen[entry["row"]].append((step, bool(skipped), place, entry["factor"], shares, known))
    for row in range(eventful.settings.rows):
        visits = [
            (v.step, v.skipped, v.place, v.factor, v.weights, v.norms) for v in asked.visits(row)
        ]
        assert visits == seen[row]


def test_a_content_finds_all_its_rows(asked, eventful):
    rows = asked.rows_of(format_digest(eventful.plan.examples[0]))
    assert rows == [0, *range(55, 60)]
    admission = values(eventful.folder / "admission.jsonl")
    assert asked.rows_of(admission[57]["example"]) == [57]


def test_every_line_is_proved(asked, eventful):
    for step, _, place, entry, norms in every_entry(eventful):
        proofs = asked.prover.entry(step, entry["row"], salts=eventful.salts)
        checked = [check_proof(proof, eventful.closed.root) for proof in proofs]
        (found,) = [
            c for c, p in zip(checked, proofs, strict=True) if json.loads(p)["index"] == place
        ]
        assert found.entry.model_dump() == entry
        assert found.record.step == step
        assert list(found.opened.facts.norms) == norms
    for block in BLOCKS:
        found = check_proof(asked.prover.block(5, block), eventful.closed.root)
        assert found.entry.state == ("frozen" if block == "embedding" else "skipped")
    for row in (0, 17, 59):
        found = check_proof(asked.prover.row(row, salts=eventful.salts), eventful.closed.root)
        assert found.opened.content == format_digest(content_of(row, eventful.settings))


def test_without_norms_weights_rank(tmp_path):
    made = make_ledger(tmp_path / "run" / "governed", norms=False)
    with LedgerQuery(made.folder, cache=tmp_path / "index") as asked:
        ranking = asked.ranking("head")
        assert ranking.by == "weight"
        given = oracle(made, "head", 1, asked.steps, by_norm=False)
        assert {row.row: row.weight / 1000 for row in ranking.rows} == pytest.approx(given)
        assert all(row.contribution is None for row in ranking.rows)


def test_a_stranger_asks_by_commitment(eventful, tmp_path):
    public = tmp_path / "public"
    shutil.copytree(eventful.folder, public)
    shutil.rmtree(public / "private")
    with LedgerQuery(public, cache=tmp_path / "index") as asked:
        assert asked.ranking("head").by == "weight"
        admission = values(public / "admission.jsonl")
        (row,) = asked.rows_of(admission[2]["example"])
        visits = list(asked.visits(row))
        assert visits
        assert all(visit.norms is None for visit in visits)
        assert check_proof(asked.prover.entry(visits[0].step, row)[0], eventful.closed.root)
        with pytest.raises(UndecidedError):
            asked.rows_of(format_digest(eventful.plan.examples[0]))
        with pytest.raises(UndecidedError):
            asked.prover.row(0, salts=eventful.salts)
        with pytest.raises(UndecidedError):
            asked.prover.entry(visits[0].step, row, salts=eventful.salts)


def test_what_is_not_there_is_refused(asked):
    zeros = format_digest(bytes(32))
    for ask, refusal in (
        (lambda: asked.rows_of("x"), UsageError),
        (lambda: asked.rows_of(zeros), InputError),
        (lambda: asked.ranking("layer.7"), UsageError),
        (lambda: asked.ranking("head", 0, 1), UsageError),
        (lambda: asked.ranking("head", 2, 1), UsageError),
        (lambda: asked.ranking("head", 1, asked.steps + 1), UsageError),
        (lambda: asked.prover.entry(1, 59_000), UsageError),
        (lambda: asked.prover.entry(0, 1), UsageError),
        (lambda: asked.prover.block(1, "layer.7"), UsageError),
        (lambda: asked.prover.row(60), InputError),
    ):
        with pytest.raises(refusal):
            ask()


def test_an_index_is_made_anew_when_the_files_change(eventful, tmp_path):
    folder, cache = tmp_path / "governed", tmp_path / "index"
    shutil.copytree(eventful.folder, folder)
    LedgerQuery(folder, cache=cache).close()
    before = cache.stat().st_mtime_ns
    LedgerQuery(folder, cache=cache).close()
    assert cache.stat().st_mtime_ns == before
    shutil.rmtree(folder / "private")
    with LedgerQuery(folder, cache=cache) as asked:
        assert not asked.has_norms
    assert cache.stat().st_mtime_ns != before


@pytest.mark.parametrize("rubbish", [b"", b"no database", b"SQLite format 3\0" + bytes(900)])
def test_a_broken_index_is_made_anew(eventful, tmp_path, rubbish):
    cache = tmp_path / "index"
    cache.write_bytes(rubbish)
    with LedgerQuery(eventful.folder, cache=cache) as asked:
        assert asked.root.root == eventful.closed.root


def test_an_index_without_a_place_serves_one_process(eventful, tmp_path):
    (tmp_path / "file").write_text("")
    with LedgerQuery(eventful.folder, cache=tmp_path / "file" / "index") as asked:
        assert asked.ranking("head").rows


def test_what_changed_behind_the_index_is_not_proved(eventful, tmp_path):
    folder = tmp_path / "governed"
    shutil.copytree(eventful.folder, folder)
    with LedgerQuery(folder, cache=tmp_path / "index") as asked:
        path = folder / "details.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"factor":1000', b'"factor":1001'))
        with pytest.raises((EvidenceError, InputError)):
            asked.prover.block(1, "head")
        path = folder / "ledger.jsonl"
        shutil.copy(eventful.folder / "details.jsonl", folder)
        path.write_bytes(path.read_bytes().replace(b'"dropped":0', b'"dropped":1'))
        with pytest.raises(EvidenceError):
            asked.prover.block(1, "head")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("details.jsonl", b'"factor":1000', b'"factor":1001'),
        ("details.jsonl", b'"weight_sum":', b'"weight_sum":1'),
        ("details.jsonl", b'"step":1,', b'"step":2,'),
        ("ledger.jsonl", b'"dropped":0', b'"dropped":1'),
        ("ledger.jsonl", b'"seq":3', b'"seq":4'),
        ("admission.jsonl", b'"effect":"deny"', b'"effect":"allow"'),
        ("private/rows.jsonl", b'"row":0', b'"row":1'),
        ("private/facts.jsonl", b'"step":1}', b'"step":2}'),
        ("routes.json", b"1000", b"1001"),
        ("blocks.json", b'"head"', b'"tail"'),
    ],
)
def test_a_ledger_that_contradicts_itself_is_not_indexed(eventful, tmp_path, name, old, new):
    folder = tmp_path / "governed"
    shutil.copytree(eventful.folder, folder)
    data = (folder / name).read_bytes()
    assert old in data
    (folder / name).write_bytes(data.replace(old, new, 1))
    with pytest.raises((InputError, EvidenceError)):
        LedgerQuery(folder, cache=tmp_path / "index")


def test_a_row_beyond_the_dataset_is_refused(eventful, tmp_path):
    """A ledger whose every root fits, and whose batch names a row that there is not."""
    folder = tmp_path / "governed"
    shutil.copytree(eventful.folder, folder)
    rows = (folder / "private" / "rows.jsonl").read_bytes().splitlines(keepends=True)
    admission = (folder / "admission.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "private" / "rows.jsonl").write_bytes(b"".join(rows[:3]))
    (folder / "admission.jsonl").write_bytes(b"".join(admission[:3]))
    header, *others = (folder / "ledger.jsonl").read_bytes().splitlines()
    value = json.loads(header)
    value["admission"] = lines_root(line[:-1] for line in admission[:3]).model_dump()
    lines = [line_bytes(value)]
    for line in others[:-1]:
        lines.append(line_bytes({**json.loads(line), "prev": digest_bytes(lines[-1])}))
    (folder / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    with pytest.raises(EvidenceError, match="none of the dataset"):
        LedgerQuery(folder, cache=tmp_path / "index")


def copied(made, tmp_path):
    return shutil.copytree(made.folder, tmp_path / "copy")


def ask(folder, tmp_path):
    with LedgerQuery(folder, cache=tmp_path / "index") as query:
        return query.ranking("layer.0").rows


def test_a_file_that_kept_its_size_and_time_is_read_anew(eventful, tmp_path):
    folder = copied(eventful, tmp_path)
    ask(folder, tmp_path)
    path = folder / "details.jsonl"
    times, data = path.stat(), path.read_bytes()
    with path.open("r+b") as stream:
        at = data.index(b'"row":') + 6
        stream.seek(at)
        stream.write(b"9" if data[at : at + 1] != b"9" else b"8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    now = path.stat()
    assert (now.st_size, now.st_mtime_ns) == (times.st_size, times.st_mtime_ns)
    with pytest.raises(EvidenceError) as refused:
        ask(folder, tmp_path)
    assert refused.value.reason == "details-mismatch"


@pytest.mark.parametrize("name", ["routes.json", "blocks.json"])
@pytest.mark.parametrize("indexed", [True, False])
def test_weights_come_from_the_files_that_the_header_binds(eventful, tmp_path, name, indexed):
    folder = copied(eventful, tmp_path)
    if indexed:
        ask(folder, tmp_path)
    changed = {"routes.json": (b"1000", b"999"), "blocks.json": (b"false", b"true")}[name]
    path = folder / name
    path.write_bytes(path.read_bytes().replace(*changed, 1))
    with pytest.raises(EvidenceError, match=name) as refused:
        ask(folder, tmp_path)
    assert refused.value.reason == "changed-report"


def test_an_index_that_others_can_write_is_not_read(eventful, tmp_path):
    rows = ask(eventful.folder, tmp_path)
    index = tmp_path / "index"
    with contextlib.closing(sqlite3.connect(index)) as base:
        zeros = "UPDATE packed SET data = zeroblob(length(data)) WHERE name LIKE 'total%'"
        base.execute(zeros)
        base.commit()
    index.chmod(0o622)
    assert ask(eventful.folder, tmp_path) == rows
    assert index.stat().st_mode & 0o777 == 0o600
    elsewhere = index.rename(tmp_path / "elsewhere")
    index.symlink_to(elsewhere)
    assert ask(eventful.folder, tmp_path) == rows
    assert not index.is_symlink()


def rewritten(index, column, change):
    """Let an index say something else in a column of whole numbers, as a faulty disk might."""
    with contextlib.closing(sqlite3.connect(index)) as base:
        asked = "SELECT data FROM packed WHERE name = ?"
        (data,) = base.execute(asked, (column,)).fetchone()
        numbers = array("Q", data)
        for at, number in enumerate(numbers):
            numbers[at] = change(number)
        base.execute("UPDATE packed SET data = ? WHERE name = ?", (numbers.tobytes(), column))
        base.commit()


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("route", lambda route: 1 - min(route, 1)),
        ("factor", lambda factor: factor - 1),
        ("skipped", lambda skipped: 1 - skipped),
        ("row", lambda row: row + 1),
        ("at", lambda at: at + 1),
        ("at", lambda at: 0),
        ("size", lambda size: 2**62),
        ("size", lambda size: 0),
        ("d_at", lambda at: 2**62),
        ("seq", lambda seq: seq + 1),
    ],
)
def test_what_an_index_says_of_a_visit_is_held_against_the_files(
    eventful, tmp_path, column, change
):
    ask(eventful.folder, tmp_path)
    rewritten(tmp_path / "index", column, change)
    with LedgerQuery(eventful.folder, cache=tmp_path / "index") as asked:
        visit = next(asked.visits(1))
        with pytest.raises((EvidenceError, InputError, UsageError)):
            asked.prove(visit)


@pytest.mark.parametrize("row", [-1, 10**30])
def test_a_row_that_no_number_reaches_is_none(asked, row):
    with pytest.raises(InputError, match="no row"):
        asked.prover.row(row)


def test_of_a_ledger_without_a_step_nothing_can_be_said(eventful, tmp_path):
    folder = copied(eventful, tmp_path)
    header = (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)[0]
    (folder / "ledger.jsonl").write_bytes(header)
    (folder / "details.jsonl").unlink()
    (folder / "private" / "facts.jsonl").unlink()
    with LedgerQuery(folder, cache=tmp_path / "index") as asked:
        assert list(asked.visits(0)) == []
        with pytest.raises(UndecidedError, match="no step"):
            asked.ranking("head")
