"""What governance does to a training: who trains, how far, and what is left out."""

from __future__ import annotations

import json
import math

import pytest

import governed_runs as run
from provenir.core.canonical import example_digest
from provenir.core.clock import FixedClock
from provenir.core.digest import format_digest
from provenir.eval.memorization import MemorizationMonitor, MemorizationPolicy
from provenir.governance.blocks import block_of
from provenir.train.governing.settings import SpikePolicy, StarvationPolicy

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from provenir.train.governing.rng import rng_digest  # noqa: E402

STANDING = FixedClock(run.START)


def trained(tmp_path, rows=None, model=None, callbacks=(), arguments=(), **changes):
    """Train and return the trainer."""
    rows = run.corpus() if rows is None else rows
    trainer = run.trainer(
        rows,
        run.governance(rows, tmp_path / "run", **changes),
        run.arguments(tmp_path / "out", **dict(arguments)),
        model=model,
        callbacks=list(callbacks),
    )
    trainer.train()
    return trainer


def content_of(row):
    return format_digest(example_digest(row))


def lines(tmp_path, name):
    return [json.loads(x) for x in (tmp_path / "run/governed" / name).read_text().splitlines()]


def steps(tmp_path):
    return [one for one in run.records(tmp_path / "run") if one["kind"] == "step"]


def mean_loss(model, tokens):
    """In float64, where `transformers` takes its losses in float32."""
    logits = model(input_ids=tokens).logits
    return torch.nn.functional.cross_entropy(logits[0, :-1], tokens[0, 1:])


def test_every_step_is_what_one_backward_per_example_gives(tmp_path):
    rows, model = run.corpus(), run.model(lora=False).double()
    twin = run.model(lora=False).double()
    settings = {"weight_decay": 0.1, "learning_rate": 1e-2, "lr_scheduler_type": "linear"}
    trained(tmp_path, rows, model, arguments=settings, clip=0.05, clock=STANDING)
    routes = json.loads((tmp_path / "run/governed/routes.json").read_text())["routes"]
    decay = [p for p in twin.parameters() if p.dim() > 1]
    rest = [p for p in twin.parameters() if p.dim() == 1]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.999), eps=1e-8)
    named = [(p, run.BLOCKS.index(block_of(n))) for n, p in twin.named_parameters()]
    clipped = 0
    for step, detail in zip(steps(tmp_path), lines(tmp_path, "details.jsonl"), strict=True):
        gradients = [torch.zeros_like(p) for p, _ in named]
        drawn = len(detail["batch"]) + step["dropped"]
        moves = set()
        for entry in detail["batch"]:
            weights = routes[entry["route"]]
            tokens = torch.tensor([rows[entry["row"]]["input_ids"]])
            loss = mean_loss(twin, tokens) / drawn
            found = torch.autograd.grad(loss, [p for p, _ in named])
            for total, (_, block), one in zip(gradients, named, found, strict=True):
                total += one * (weights[block] / 1000)
            moves |= {block for block, weight in enumerate(weights) if weight}
        for block in range(len(run.BLOCKS)):
            mine = [g for g, (_, b) in zip(gradients, named, strict=True) if b == block]
            norm = math.sqrt(sum(float(g.square().sum()) for g in mine))
            if norm > 0.05:
                clipped += 1
                for one in mine:
                    one *= 0.05 / norm
        for (parameter, block), gradient in zip(named, gradients, strict=True):
            parameter.grad = gradient if block in moves else None
        for group in optimizer.param_groups:
            group["lr"] = float(step["lr"])
        optimizer.step()
    assert clipped > 10
    for (name, mine), theirs in zip(model.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12, msg=name)


def test_who_is_not_admitted_is_in_no_batch(tmp_path):
    rows = run.corpus()
    trained(tmp_path, rows, clock=STANDING)
    admission = lines(tmp_path, "admission.jsonl")
    admitted = {one["row"] for one in admission if one["effect"] in ("allow", "attenuate")}
    assert admitted == {row for row in range(24) if row % 4 != 3}
    entries = [e["row"] for d in lines(tmp_path, "details.jsonl") for e in d["batch"]]
    assert sorted(entries) == sorted([*admitted, *admitted])


def test_a_licence_that_expires_in_the_middle_is_dropped_from_then_on(tmp_path):
    trained(tmp_path, clock=FixedClock(run.START, step_s=900.0))  # three times a step
    expired, seen = set(range(1, 24, 4)), []
    for step, detail in zip(steps(tmp_path), lines(tmp_path, "details.jsonl"), strict=True):
        rows = {entry["row"] for entry in detail["batch"]}
        seen.append((step["time"][:10], bool(rows & expired), step["dropped"]))
    days = [day for day, _, _ in seen]
    assert set(days) == {"2026-03-01", "2026-03-02"}
    assert any(trains for day, trains, _ in seen if day == "2026-03-01")
    for day, trains, dropped in seen:
        assert day == "2026-03-01" or not trains
        assert day == "2026-03-02" or dropped == 0
    assert sum(dropped for _, _, dropped in seen) > 0


def test_a_batch_without_rows_moves_nothing_and_is_recorded(tmp_path):
    rows = run.corpus()
    licensed = [row for place, row in enumerate(rows) if place % 4 == 1]
    profiles = run.table()
    clock = FixedClock(run.START, step_s=3600.0)
    known = [one for one in run.metadata(rows) if one.rights == "licensed"]
    trained(
        tmp_path, licensed, metadata=type(run.metadata(rows))(known), table=profiles, clock=clock
    )
    empty = [one for one in steps(tmp_path) if one["skipped"] == "empty-batch"]
    assert empty
    for one in empty:
        assert one["param_pre"] == one["param_post"]
        assert (one["micro"], one["batch"]["n"]) == ([], 0)


def duplicated(copies=8):
    rows = run.corpus(60, length=16)
    memorized = rows[0]
    return [*rows, *[memorized] * copies], run.content(memorized)


@pytest.mark.parametrize("action", ["annotate", "lower", "exclude", "halt"])
def test_an_intervention_changes_the_next_step(tmp_path, action):
    rows, content = duplicated()
    policy = MemorizationPolicy(action=action, z=3.0, min_cohort=20, factor=100, confirm=1)
    trainer = trained(
        tmp_path,
        rows,
        model=run.model(lora=False, seed=1),
        arguments={"num_train_epochs": 4, "learning_rate": 3e-3, "max_grad_norm": 0},
        memorization=policy,
        metadata=open_metadata(rows),
        clock=STANDING,
    )
    records = run.records(tmp_path / "run")
    interventions = [one for one in records if one["kind"] == "intervention"]
    copies = [row for row, one in enumerate(rows) if run.content(one) == content]
    assert {one["row"] for one in interventions} >= set(copies)
    first = min(one["step"] for one in interventions if one["row"] in copies)
    flagged = steps(tmp_path)[first - 1]
    assert set(copies) <= set(flagged["mem_flags"])
    entries = [
        (detail["step"], entry["factor"])
        for detail in lines(tmp_path, "details.jsonl")
        for entry in detail["batch"]
        if entry["row"] in copies
    ]
    before = {factor for step, factor in entries if step <= first}
    after = {factor for step, factor in entries if step > first}
    assert before == {1000}
    assert after == {"annotate": {1000}, "lower": {100}}.get(action, set())
    halted = action == "halt"
    assert records[-1]["status"] == ("halted" if halted else "completed")
    assert (trainer.state.global_step == first) is halted


def open_metadata(rows):
    from provenir.governance.metadata import ExampleMetadata, Metadata

    contents = dict.fromkeys(run.content(row) for row in rows)
    return Metadata(ExampleMetadata(content=content, rights="open") for content in contents)


def test_a_spike_is_left_out_and_recorded(tmp_path):
    rows = run.corpus()
    watched = SpikePolicy(ratio=1.0001, window=4)
    trained(tmp_path, rows, spike=watched, clock=STANDING)
    skipped = [one for one in steps(tmp_path) if one["skipped"] == "gradient-spike"]
    assert skipped
    assert not any(one["skipped"] for one in steps(tmp_path)[:4])
    for one in skipped:
        assert one["param_pre"] == one["param_post"]
        states = lines(tmp_path, "details.jsonl")[one["step"] - 1]["units"]
        assert {unit["state"] for unit in states} == {"skipped", "frozen"}


def test_a_loss_that_is_no_number_moves_nothing(tmp_path):
    from transformers import TrainerCallback

    class Spoils(TrainerCallback):
        """Spoils the head before the fourth step, as an overflow would."""

        def on_step_begin(self, args, state, control, model=None, **kwargs):
            if state.global_step == 3:
                model.spoiled = model.get_input_embeddings().weight.data.clone()
                model.get_input_embeddings().weight.data.fill_(float("nan"))

        def on_step_end(self, args, state, control, model=None, **kwargs):
            if state.global_step == 4:
                model.get_input_embeddings().weight.data.copy_(model.spoiled)

    trained(tmp_path, callbacks=[Spoils()], clock=STANDING)
    found = steps(tmp_path)
    assert [one["skipped"] for one in found] == [None] * 3 + ["non-finite"] + [None] * 6
    assert found[3]["param_pre"] == found[3]["param_post"]
    facts = lines(tmp_path, "private/facts.jsonl")[3]["facts"]
    assert {one["loss"] for one in facts} == {"nan"}


def test_a_block_that_nobody_may_move_stays_bit_by_bit(tmp_path):
    rows = run.corpus()
    still = {**dict.fromkeys(run.BLOCKS, 1000), "embedding": 0, "layer.0": 0}
    profiles = run.table(profiles=[{"id": "upper", "weights": still}])
    model = run.model(lora=False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trained(tmp_path, rows, model, table=profiles, clock=STANDING)
    for name, value in model.state_dict().items():
        moved = not torch.equal(value, before[name])
        assert moved is (block_of(name) not in ("embedding", "layer.0")), name


def test_a_starved_block_is_a_finding_unless_declared(tmp_path, caplog):
    rows = run.corpus()
    still = {**dict.fromkeys(run.BLOCKS, 1000), "layer.0": 0}
    profiles = run.table(profiles=[{"id": "upper", "weights": still}])
    watched = StarvationPolicy(window=4)
    trained(tmp_path / "a", rows, table=profiles, starvation=watched, clock=STANDING)
    assert ["layer.0" in one for one in caplog.messages if "starved_block" in one] == [True]
    caplog.clear()
    declared = StarvationPolicy(window=4, frozen=frozenset({"layer.0"}))
    trained(tmp_path / "b", rows, table=profiles, starvation=declared, clock=STANDING)
    assert not [one for one in caplog.messages if "starved_block" in one]


def test_norms_and_losses_are_those_of_the_examples(tmp_path):
    rows, model = run.corpus(), run.model(lora=False).double()
    twin = run.model(lora=False).double()
    trained(tmp_path, rows, model, arguments={"max_steps": 1}, clock=STANDING)
    (detail,), (told,) = lines(tmp_path, "details.jsonl"), lines(tmp_path, "private/facts.jsonl")
    for entry, facts in zip(detail["batch"], told["facts"], strict=True):
        tokens = torch.tensor([rows[entry["row"]]["input_ids"]])
        twin.zero_grad()
        loss = mean_loss(twin, tokens)
        loss.backward()
        assert float(facts["loss"]) == pytest.approx(loss.item(), rel=1e-9)
        for place, block in enumerate(run.BLOCKS):
            mine = [p.grad for n, p in twin.named_parameters() if block_of(n) == block]
            norm = math.sqrt(sum(float(g.square().sum()) for g in mine))
            if block == "head":
                assert facts["norms"][place] is None
            else:
                assert float(facts["norms"][place]) == pytest.approx(norm, rel=1e-9)


def test_an_update_that_nobody_judged_is_refused(tmp_path):
    from transformers import TrainerCallback

    class Steps(TrainerCallback):
        def on_step_begin(self, args, state, control, optimizer=None, **kwargs):
            optimizer.optimizer.step()  # accelerate's wrapper makes none of its own here

    with pytest.raises(run.UsageError, match="not governed"):
        trained(tmp_path, callbacks=[Steps()], clock=STANDING)
    assert run.records(tmp_path / "run")[-1]["status"] == "interrupted"


def test_weights_that_somebody_else_changes_end_the_training(tmp_path):
    from transformers import TrainerCallback

    class Averages(TrainerCallback):
        """Puts other weights in place of those that the last step left."""

        def on_step_begin(self, args, state, control, model=None, **kwargs):
            if state.global_step == 2:
                with torch.no_grad():
                    next(p for p in model.parameters() if p.requires_grad).mul_(0.5)

    with pytest.raises(run.UsageError, match="not those after the step before"):
        trained(tmp_path, callbacks=[Averages()], clock=STANDING)


def test_preparing_a_training_draws_no_random_number(tmp_path):
    rows = run.corpus()
    trainer = run.trainer(
        rows, run.governance(rows, tmp_path / "run"), run.arguments(tmp_path / "out")
    )
    from provenir.train.governing.place import Place

    before = rng_digest()
    trainer._prepare(Place.of(trainer.governance))
    assert rng_digest() == before


def banded(model, rows):
    """A table whose bands are calibrated on the rows, and their entropies."""
    from provenir.eval.entropy import base_losses, in_millionths
    from provenir.governance.depth import bands_of
    from provenir.provenance.ledger.tensors import leaf_root
    from provenir.train.governing.tensors import ModelTensors, leaves_of

    scores = [in_millionths(x) for x in base_losses(model, [run.batches(rows)])]
    base = leaf_root(leaves_of(ModelTensors(model).base())).root
    bands = bands_of(scores, 2, base=base, calibration="sha256:" + "1" * 64)
    low = {**dict.fromkeys(run.BLOCKS, 1000), "embedding": 0}
    profiles = [
        {"id": "low", "bands": [0], "weights": low},
        {"id": "high", "bands": [1], "weights": dict.fromkeys(run.BLOCKS, 1000)},
    ]
    return run.table(bands=bands, profiles=profiles), scores


@pytest.mark.parametrize("lora", [True, False])
def test_entropy_bands_choose_the_profile(tmp_path, lora):
    rows, model = run.corpus(), run.model(lora=lora)
    profiles, scores = banded(model, rows)
    trained(tmp_path, rows, model, table=profiles, metadata=open_metadata(rows), clock=STANDING)
    edge = profiles.bands.edges[0]
    for line in lines(tmp_path, "admission.jsonl"):
        # In another batch a loss differs in its last digits.
        assert line["entropy"] == pytest.approx(scores[line["row"]], abs=5)
        assert line["profile"] == ("high" if line["entropy"] >= edge else "low")
    assert {line["profile"] for line in lines(tmp_path, "admission.jsonl")} == {"low", "high"}


def test_planted_probes_are_examined_and_the_run_keeps_the_report(tmp_path):
    import provenir
    from provenir.train.governed import ProbeRows

    drawn = run.corpus(140, seed=7)
    planted, references = drawn[:2], drawn[2:]
    rows = [*run.corpus(20), *[planted[0]] * 12]
    with provenir.track("probes", dataset=rows, output_dir=tmp_path / "run") as tracked:
        trainer = run.trainer(
            rows,
            run.governance(
                rows,
                metadata=open_metadata(rows),
                probes=ProbeRows(planted=planted, references=references),
                clock=STANDING,
            ),
            run.arguments(tmp_path / "out", num_train_epochs=6, learning_rate=1e-2),
            model=run.model(lora=False),
        )
        trainer.train()
    told = [json.loads(p.read_text()) for p in (tmp_path / "run/reports").glob("*.json")]
    reports = {one["name"]: one for one in told}
    assert set(reports) == {"memorization", "probes"}
    assert [one["subject"] for one in reports["probes"]["findings"]] == ["probe 0"]
    assert reports["probes"]["examined"] == {"probes": 2}
    public = (tmp_path / "run/reports").glob("memorization-*.json")
    said = "".join(path.read_text() for path in public)
    assert not [digest for digest in map(content_of, rows) if digest in said]
    assert "nats" not in said
    assert not [one for one in tracked.findings if one.kind == "recording_fault"]


def test_a_report_names_rows_and_opens_neither_content_nor_loss():
    from provenir.train.governing.closing import sealed

    contents = [content_of({"text": str(i)}) for i in range(40)]
    monitor = MemorizationMonitor(dict.fromkeys(contents, 3.0))
    for step in range(1, 5):
        monitor.visit(step, {one: 0.5 if one == contents[7] else 2.9 for one in contents})
    report = sealed(monitor.report(), {one: [row, row + 40] for row, one in enumerate(contents)})
    (finding,) = report.findings
    assert (finding.subject, finding.data["rows"]) == ("row 7", [7, 47])
    assert set(finding.data) == {"z", "visits", "step", "rows"}
    text = json.dumps(report.to_dict())
    assert contents[7] not in text
    assert "2.5" not in text  # how many nats its loss fell
