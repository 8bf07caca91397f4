"""The writer: what it leaves fits together, and nothing that could not be is written."""

from __future__ import annotations

import hashlib
import json
import stat

import pytest

from ledgers import SECRET, Settings, Training, day_time, make_ledger
from provenir.core.digest import digest_bytes, format_digest
from provenir.core.errors import EvidenceError, LockedError, ProvenirError, UsageError
from provenir.core.merkle import merkle_root
from provenir.provenance.artifact import identify_tensors
from provenir.provenance.ledger.commitments import Salts, example_commit, facts_commit
from provenir.provenance.ledger.entries import BlockOutcome
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.writer import LedgerWriter

VARIED = [
    {},
    {"hash_every": 3},
    {"hash_every": 3, "snapshot_every": 2, "killed_after": (5, 7, 8)},
    {"killed_after": (3,)},
    {"interventions": {2: [(0, "exclude", None), (1, "lower", 300), (2, "annotate", None)]}},
    {"with_metadata": False},
    {"bands": False, "routing": "admission-only", "norms": False},
    {"halt_after": 3, "foreign_sampler": True, "skipped": {2: "gradient-spike"}},
    {"rows": 60, "batch": 7, "drop_last": True, "frozen": (), "epochs": 3, "repeated": 9},
]


def lines(path):
    return path.read_bytes().split(b"\n")[:-1]


def values(path):
    return [json.loads(line) for line in lines(path)]


def root_of(leaves):
    listed = list(leaves)
    return {"n": len(listed), "root": format_digest(merkle_root(listed))}


@pytest.fixture(params=VARIED, ids=lambda changes: ",".join(changes) or "plain")
def made(request, tmp_path):
    return make_ledger(tmp_path / "run" / "governed", **request.param)


def test_records_are_chained_and_closed(made):
    raw = lines(made.folder / "ledger.jsonl")
    records = values(made.folder / "ledger.jsonl")
    assert [r["seq"] for r in records] == list(range(len(raw)))
    assert [r["prev"] for r in records] == [None, *map(digest_bytes, raw[:-1])]
    assert all(line_bytes(r) == line for r, line in zip(records, raw, strict=True))
    assert records[-1]["records"] == root_of(raw[:-1])
    assert (made.closed.n, made.closed.root) == tuple(root_of(raw).values())
    assert made.closed.close == digest_bytes(raw[-1])


def test_steps_bind_their_details_and_facts(made):
    steps = [r for r in values(made.folder / "ledger.jsonl") if r["kind"] == "step"]
    details = values(made.folder / "details.jsonl")
    facts = values(made.folder / "private" / "facts.jsonl")
    routes = json.loads(made.plan.routes)["routes"]
    assert [r["step"] for r in steps] == [d["step"] for d in details] == [f["step"] for f in facts]
    for step, detail, fact in zip(steps, details, facts, strict=True):
        assert step["batch"] == root_of(map(line_bytes, detail["batch"]))
        assert step["units"] == root_of(map(line_bytes, detail["units"]))
        assert sum(step["micro"]) == len(detail["batch"])
        weights = [[w * e["factor"] // 1000 for w in routes[e["route"]]] for e in detail["batch"]]
        assert step["w_digest"] == digest_bytes(line_bytes(weights))
        sums = [sum(column) for column in zip(*weights, strict=True)]
        assert [u["weight_sum"] for u in detail["units"]] == (sums or [0] * len(detail["units"]))
        for number, (entry, sealed) in enumerate(zip(detail["batch"], fact["facts"], strict=True)):
            salt = made.salts.facts_salt(step["step"], number)
            assert entry["facts"] == facts_commit(salt, line_bytes(sealed))


def test_the_header_binds_the_files(made):
    header = values(made.folder / "ledger.jsonl")[0]
    for name in ("policy", "profiles", "routes", "blocks", "intent"):
        assert header[name] == digest_bytes((made.folder / f"{name}.json").read_bytes())
    assert header["admission"] == root_of(lines(made.folder / "admission.jsonl"))
    assert header["metadata"] == root_of(lines(made.folder / "private" / "metadata.jsonl"))
    rows = values(made.folder / "private" / "rows.jsonl")
    contents = [bytes.fromhex(row["content"].removeprefix("sha256:")) for row in rows]
    assert header["dataset"] == root_of(contents)
    commits = [example_commit(made.salts.example_key, i, c) for i, c in enumerate(contents)]
    assert header["commitments"] == root_of(commits)
    admission = values(made.folder / "admission.jsonl")
    assert [line["example"] for line in admission] == [format_digest(c) for c in commits]
    intent = json.loads((made.folder / "intent.json").read_bytes())
    shared = intent.keys() & header.keys()
    assert {key: intent[key] for key in shared} == {key: header[key] for key in shared}


def test_the_close_is_the_released_model(made, tmp_path):
    close = values(made.folder / "ledger.jsonl")[-1]
    made.write_model(tmp_path / "model")
    assert identify_tensors(tmp_path / "model").tensor_root == close["released"]["root"]
    final = json.loads((made.folder / "final.json").read_bytes())["tensors"]
    leaf = ("name", "dtype", "shape", "sha256")
    leaves = {
        wanted: root_of(
            line_bytes({k: t[k] for k in leaf}) for t in final if t["trainable"] == wanted
        )
        for wanted in (True, False)
    }
    assert (leaves[True], leaves[False]) == (close["final"], close["frozen_after"])


def test_what_is_private_is_for_the_owner_alone(made):
    private = made.folder / "private"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    for name in ("rows.jsonl", "metadata.jsonl", "facts.jsonl", "salts.json"):
        assert stat.S_IMODE((private / name).stat().st_mode) == 0o600
    everything = b"".join(p.read_bytes() for p in made.folder.rglob("*") if p.is_file())
    assert SECRET.hex().encode() not in everything
    public = b"".join(p.read_bytes() for p in made.folder.glob("*") if p.is_file())
    assert not any(content.hex().encode() in public for content in made.plan.examples)


def test_discarded_records_are_kept(tmp_path):
    made = make_ledger(tmp_path / "run" / "governed", snapshot_every=2, killed_after=(5, 7))
    resumes = [r for r in values(made.folder / "ledger.jsonl") if r["kind"] == "resume"]
    kept = [root_of(lines(made.folder / f"ledger.discarded-{number}.jsonl")) for number in range(2)]
    assert [r["discarded"] for r in resumes] == kept
    details = values(made.folder / "details.discarded-0.jsonl")
    assert [d["step"] for d in details] == [5]


def test_a_resumed_run_ends_as_one_that_never_died(tmp_path):
    plain = make_ledger(tmp_path / "a" / "governed", snapshot_every=2)
    resumed = make_ledger(tmp_path / "b" / "governed", snapshot_every=2, killed_after=(3, 5, 6))
    assert plain.data == resumed.data
    assert lines(plain.folder / "details.jsonl") == lines(resumed.folder / "details.jsonl")


class Opened:
    """A ledger in the middle of its run."""

    def __init__(self, tmp_path, steps=3, **changes):
        self.folder = tmp_path / "run" / "governed"
        self.salts_path = tmp_path / "salts"
        self.salts = Salts.create(self.salts_path, run_folder=tmp_path / "run")
        self.training = Training(self.folder, Settings(**changes), self.salts)
        self.writer = LedgerWriter.create(
            self.folder, self.training.plan, self.salts, salts_path=self.salts_path
        )
        self.training.train(self.writer, steps)

    def outcome(self, **changes):
        from dataclasses import replace

        step = self.writer.chain.step + 1
        time = day_time(self.training.settings, step)
        return replace(self.training.outcome(self.writer, step, time, step), **changes)


@pytest.fixture
def opened(tmp_path):
    return Opened(tmp_path, interventions={2: [(0, "exclude", None)]}, snapshot_every=2)


D = digest_bytes(b"other")


@pytest.mark.parametrize(
    "change",
    [
        {"step": 7},
        {"step": 3},
        {"time": "2026-01-01T00:00:00.000Z"},
        {"param_pre": None},
        {"param_pre": D},
        {"param_post": None},
        {"skipped": "gradient-spike", "param_post": D},
        {"blocks": {"layer.9": None}},
        {"blocks": {"embedding": BlockOutcome(delta_norm=1e-9)}},
        {"batch": [], "skipped": "empty-batch"},
        {"micro": [0]},
        {"epoch": -1},
    ],
    ids=str,
)
def test_a_step_that_cannot_follow_is_not_written(opened, change):
    before = (opened.folder / "ledger.jsonl").read_bytes()
    with pytest.raises(ProvenirError):
        opened.writer.step(opened.outcome(**change))
    assert (opened.folder / "ledger.jsonl").read_bytes() == before
    opened.training.data = dict(opened.training.history[3])
    opened.writer.step(opened.outcome())


def test_rows_and_routes_are_those_that_stand(opened):
    from dataclasses import replace

    outcome = opened.outcome()
    entry = outcome.batch[0]
    for wrong in (
        replace(entry, row=0),
        replace(entry, factor=999),
        replace(entry, route=99),
        replace(entry, norms=[1.0]),
    ):
        with pytest.raises(ProvenirError):
            opened.writer.step(replace(outcome, batch=[wrong]))


def test_a_snapshot_is_of_what_the_step_left(opened):
    time = day_time(opened.training.settings, 3)
    with pytest.raises(UsageError, match="other parameters"):
        opened.writer.snapshot(time=time, param_root=D, opt_root=D, rng_digest=D, files=D)
    with pytest.raises(UsageError, match="no snapshot after step 1"):
        opened.writer.resume(1, time=time, param_root=D, opt_root=D, rng_digest=D, env={})
    with pytest.raises(UsageError, match="not those of the snapshot"):
        opened.writer.resume(2, time=time, param_root=D, opt_root=D, rng_digest=D, env={})


def test_the_seed_is_the_one_that_was_committed_to(opened):
    with pytest.raises(UsageError, match="seed"):
        opened.writer.close(
            time=day_time(opened.training.settings, 3),
            status="halted",
            tensors=opened.training.final(),
            sampler_seed=hashlib.sha256().digest(),
        )


def test_one_process_writes_at_a_time(opened):
    with pytest.raises(LockedError):
        LedgerWriter.reopen(opened.folder, opened.salts)
    opened.writer.release()
    LedgerWriter.reopen(opened.folder, opened.salts).release()


def test_a_ledger_is_begun_once(opened):
    with pytest.raises(UsageError, match="there already"):
        LedgerWriter.create(
            opened.folder, opened.training.plan, opened.salts, salts_path=opened.salts_path
        )


def test_a_closed_ledger_is_not_reopened(tmp_path):
    made = make_ledger(tmp_path / "run" / "governed")
    with pytest.raises(UsageError, match="was closed"):
        LedgerWriter.reopen(made.folder, made.salts)


def test_one_closed_as_interrupted_goes_on(opened):
    training = opened.training
    opened.writer.close(
        time=day_time(training.settings, 3),
        status="interrupted",
        tensors=training.final(),
        sampler_seed=training.sampler.seed,
    )
    writer = LedgerWriter.reopen(opened.folder, opened.salts)
    mark = max(writer.snapshots)
    record = next(
        r
        for r in values(opened.folder / "ledger.jsonl")
        if r["kind"] == "snapshot" and r["step"] == mark
    )
    states = {key: record[key] for key in ("param_root", "opt_root", "rng_digest")}
    writer.resume(mark, time=day_time(training.settings, 3), env={}, **states)
    kinds = [r["kind"] for r in values(opened.folder / "ledger.jsonl")]
    assert (kinds[-1], kinds.count("close")) == ("resume", 0)
    assert values(opened.folder / "ledger.discarded-0.jsonl")[-1]["kind"] == "close"
    writer.release()


def test_the_intent_is_published_before_the_header(tmp_path):
    folder, seen = tmp_path / "run" / "governed", []
    salts = Salts(SECRET)
    plan = Training(folder, Settings(), salts).plan

    def publish(digest):
        seen.append((digest, (folder / "ledger.jsonl").exists()))

    writer = LedgerWriter.create(folder, plan, salts, salts_path="x", publish=publish)
    assert seen == [(writer.header.intent, False)]


def test_time_does_not_go_back(opened):
    from provenir.core.clock import parse_utc

    last = opened.writer.chain.last.time
    assert opened.writer.stamp(parse_utc("2020-01-01T00:00:00Z")) == last
    later = parse_utc("2030-01-01T00:00:00Z")
    assert opened.writer.stamp(later) == "2030-01-01T00:00:00.000Z"


def test_details_that_are_lost_are_not_made_up(opened):
    opened.writer.release()
    details = opened.folder / "details.jsonl"
    details.write_bytes(details.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(EvidenceError, match="3 steps are in the ledger"):
        LedgerWriter.reopen(opened.folder, opened.salts)


def test_a_step_of_more_rows_times_blocks_than_a_verifier_looks_at_is_refused(tmp_path):
    blocks = ("embedding", *(f"layer.{number}" for number in range(4094)), "head")
    many = {"rows": 1_500, "repeated": 1_500, "batch": 1_500, "epochs": 1}
    with pytest.raises(UsageError, match="1,500 rows over 4096 blocks"):
        make_ledger(tmp_path / "run" / "governed", blocks=blocks, norms=False, **many)
