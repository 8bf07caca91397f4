"""Begin a governed training's ledger, or go on with the one that a killed process left."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any, Final

from provenir.core.digest import digest_value
from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.provenance.git import git_state
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.lines import real
from provenir.provenance.ledger.plan import Plan
from provenir.provenance.ledger.records import FULL_WEIGHT, Clip, SamplerSettings
from provenir.provenance.ledger.sampler import seed_commit
from provenir.provenance.ledger.writer import LedgerWriter
from provenir.train.governing.governor import Governor
from provenir.train.governing.optimizer_state import check_optimizer, told_optimizer
from provenir.train.governing.rng import rng_digest
from provenir.train.governing.snapshots import known_snapshots
from provenir.train.routing import Router

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.provenance.ledger.records import Header
    from provenir.train.governing.preparing import Prepared
    from provenir.train.governing.settings import Governance

torch: Any = require("train", "torch")

__all__ = ["GO_ON_WITH_THE_RUN", "open_ledger", "told_environment"]

GO_ON_WITH_THE_RUN: Final = "take up the run too: provenir.track(…, resume=True)"
"""A tracked run that is begun again has another ledger than the snapshots of the former part."""


def open_ledger(
    governance: Governance,
    prepared: Prepared,
    *,
    model: Any,
    optimizer: Any,
    scheduler: Any,
    resumed: Mapping[str, Any] | None,
) -> Governor:
    """Begin the ledger, or go on with it, and route the model's gradients.

    Args:
        governance: What was asked for.
        prepared: What was decided.
        model: The model, with the weights that the next step begins with.
        optimizer: The optimizer, with its state as the next step begins with.
        scheduler: The scheduler of the learning rate; None without one.
        resumed: The governor's state after the step that is gone on from; None to begin.

    Raises:
        UsageError: A ledger of another training was begun here, or this model has parts that
            cannot be routed.
        OSError: The ledger cannot be written.
    """
    check_optimizer(optimizer)
    if prepared.header is None and resumed is not None:
        raise UsageError(
            "there is no ledger here that the snapshot is of",
            where=str(prepared.place.folder),
            mend=GO_ON_WITH_THE_RUN,
        )
    router = Router(model)
    writer = None
    try:
        told = told_optimizer(optimizer, scheduler)
        plan = _plan(governance, prepared, told)
        writer = _opened(prepared, plan, resumed)
        governor = Governor(
            governance,
            router=router,
            tensors=prepared.tensors,
            optimizer=optimizer,
            rows=prepared.rows,
            sampler=prepared.sampler,
            writer=writer,
            micro=prepared.shape.micro,
            reference=prepared.reference,
            note=prepared.place.note,
        )
        if prepared.header is not None:
            _resume(governor, resumed, plan)
    except BaseException:
        router.close()
        if writer is not None:
            writer.release()
        raise
    return governor


def _opened(prepared: Prepared, plan: Plan, resumed: Mapping[str, Any] | None) -> LedgerWriter:
    header = prepared.header
    if header is None:
        return _created(prepared, plan)
    return _reopened(prepared, plan, header, closed=_is_unissued(prepared, resumed))


def _created(prepared: Prepared, plan: Plan) -> LedgerWriter:
    root = prepared.dataset.root
    return LedgerWriter.create(
        prepared.place.folder,
        plan,
        prepared.salts,
        salts_path=prepared.place.secret,
        publish=lambda intent: prepared.place.publish_intent(intent, root),
    )


def _is_unissued(prepared: Prepared, resumed: Mapping[str, Any] | None) -> bool:
    """Whether a ledger that was closed may be closed anew: nobody was given its close yet.

    A process can die between the last line of its ledger and the end of its run. A run that is
    open has no passport; without a run, the operator's statement is what is given away.
    """
    place = prepared.place
    return resumed is not None and (
        place.run is not None or not (place.folder / layout.CLOSE).exists()
    )


def _reopened(prepared: Prepared, plan: Plan, header: Header, *, closed: bool) -> LedgerWriter:
    """Open the ledger that was begun, if it is of this very training.

    Raises:
        UsageError: It is of another one, or was closed.
    """
    same = {
        "dataset": prepared.dataset == header.dataset,
        "base model": prepared.base == header.base,
        "frozen parameters": prepared.frozen == header.frozen,
        "batches": plan.sampler == header.sampler,
        "clipping": plan.clip == header.clip,
        "hash_every": plan.hash_every == header.hash_every,
        "optimizer": dict(plan.optimizer) == header.optimizer,
    }
    other = [name for name, holds in same.items() if not holds]
    if other:
        raise UsageError(
            f"the ledger here is of a training with other {', '.join(other)}",
            where=str(prepared.place.folder),
            mend="go on with the same arguments, or use a new run folder",
        )
    return LedgerWriter.reopen(prepared.place.folder, prepared.salts, closed=closed)


def _resume(governor: Governor, resumed: Mapping[str, Any] | None, plan: Plan) -> None:
    writer, step = governor.writer, 0 if resumed is None else int(resumed["step"])
    found = {"opt_root": None, "rng_digest": rng_digest()}
    if step:
        found["opt_root"] = governor.optimizer_root()
        saved = known_snapshots(writer.folder).get(step)
        other = [key for key, value in found.items() if saved and getattr(saved, key) != value]
        if other:
            raise UsageError(
                f"the {' and '.join(other)} are not those of the snapshot after step {step}",
                where=str(writer.folder),
                mend="go on from a folder that nobody changed",
            )
    writer.resume(
        step,
        time=writer.stamp(governor.governance.clock.now()),
        param_root=governor.param_root(),
        env=plan.env,
        **found,
    )
    (writer.folder / layout.CLOSE).unlink(missing_ok=True)  # of the part that was interrupted
    if resumed is not None:
        governor.restore(resumed)


def _plan(governance: Governance, prepared: Prepared, optimizer: Mapping[str, str]) -> Plan:
    rows, shape, sampler = prepared.rows, prepared.shape, prepared.sampler
    code = git_state()
    full = all(weight == FULL_WEIGHT for route in rows.routes for weight in route)
    clip = governance.clip
    manifest = None if prepared.place.run is None else prepared.place.run.manifest
    return Plan(
        run_id=prepared.place.run_id,
        time=prepared.time,
        base=prepared.base,
        frozen=prepared.frozen,
        initial=prepared.initial,
        examples=prepared.examples,
        decisions=prepared.decisions,
        metadata=list(governance.metadata.lines()),
        policy=governance.policy.to_bytes(),
        profiles=governance.table.to_bytes(),
        routes=rows.document.to_bytes(),
        blocks=prepared.block_map.to_bytes(),
        sampler=SamplerSettings(
            seed_commit=seed_commit(sampler.seed),
            epochs=sampler.epochs,
            batch=shape.batch,
            micro=shape.micro,
            drop_last=shape.drop_last,
        ),
        total_steps=prepared.total_steps,
        optimizer=optimizer,
        clip=Clip(mode="none", max_norm=None)
        if clip is None
        else Clip(mode="per-block", max_norm=real(clip)),
        env=told_environment(prepared),
        hash_every=governance.hash_every,
        routing="admission-only" if full else "routed",
        code=digest_value({"git_sha": code.sha, "diff": code.diff_digest}) if code.sha else None,
        lockfile=None if manifest is None else manifest.dependencies_lockfile,
    )


def told_environment(prepared: Prepared) -> dict[str, str]:
    """What the arithmetic of a training depends on, as text."""
    trained = prepared.tensors.of(trainable=True)
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": require("train", "transformers").__version__,
        "machine": platform.machine(),
        "isa": torch.backends.cpu.get_cpu_capability(),
        "mkl": str(torch.backends.mkl.is_available()),
        "threads": str(torch.get_num_threads()),
        "device": str(trained[0].tensor.device),
        "dtype": ",".join(sorted({str(one.tensor.dtype) for one in trained})),
        "deterministic": str(torch.are_deterministic_algorithms_enabled()),
        "numeric_mode": torch.get_float32_matmul_precision(),
    }
