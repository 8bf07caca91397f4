"""What is laid down before the first step: the files that the header binds, intent and header.

Everything that was decided is handed in: the decision for each row, the routes, the documents as
the bytes that were signed. Here they are committed to and written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes, format_digest
from provenir.core.errors import UsageError
from provenir.core.files import atomic_write
from provenir.core.merkle import Frontier
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.commitments import Salts, example_commit
from provenir.provenance.ledger.records import (
    AdmissionLine,
    Clip,
    Effect,
    Header,
    Intent,
    Root,
    RowLine,
    SamplerSettings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Plan", "RowDecision", "lay_down", "lines_root"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDecision:
    """What was decided for one row at the start; the fields of its line in `admission.jsonl`."""

    effect: Effect
    rule: str | None
    reasons: Sequence[str]
    profile: str | None = None
    route: int | None = None
    entropy: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A governed run before its first step.

    Attributes:
        run_id: The run.
        time: When the decisions were made; the header's time, so that the rows can be decided
            again at its date.
        base: Root over all parameters; `frozen` and `initial` over those that are not trained and
            those that are.
        examples: The 32-byte digest of each row, in the order of the dataset.
        decisions: One for each row.
        metadata: The lines of `metadata.jsonl`, sorted by content, as they were signed.
        policy, profiles, routes, blocks: The documents' bytes.
        sampler: How batches are drawn.
        total_steps: How many steps there shall be.
        optimizer, env: Names and values as text.
        clip: How gradients are clipped.
        hash_every: Parameters are hashed every so many steps.
        routing: `routed`, or `admission-only` where every weight is one.
        code, lockfile: Digests, where they are known.
    """

    run_id: str
    time: str
    base: Root
    frozen: Root
    initial: Root
    examples: Sequence[bytes]
    decisions: Sequence[RowDecision]
    metadata: Sequence[bytes]
    policy: bytes
    profiles: bytes
    routes: bytes
    blocks: bytes
    sampler: SamplerSettings
    total_steps: int
    optimizer: Mapping[str, str]
    clip: Clip
    env: Mapping[str, str]
    hash_every: int = 1
    routing: Literal["routed", "admission-only"] = "routed"
    code: str | None = None
    lockfile: str | None = None

    def __post_init__(self) -> None:
        if len(self.examples) != len(self.decisions):
            raise UsageError(
                f"{len(self.decisions)} decisions for {len(self.examples)} rows",
                mend="decide for each row, in the order of the dataset",
            )


def lines_root(lines: Iterable[bytes]) -> Root:
    """Return the root over lines, or over any other leaf inputs."""
    frontier = Frontier()
    frontier.extend(lines)
    return Root(n=frontier.n, root=format_digest(frontier.root()))


def lay_down(
    folder: Path,
    plan: Plan,
    salts: Salts,
    *,
    salts_path: str | Path,
    publish: Callable[[str], None] | None = None,
) -> Header:
    """Write the files that are there before the ledger, and return its header.

    Args:
        folder: The `governed/` folder; made when it is missing.
        plan: What was planned and decided.
        salts: The secret of the commitments.
        salts_path: Where the secret is kept; noted in `private/salts.json`.
        publish: Called with the digest of `intent.json` once that is written.

    Raises:
        UsageError: A ledger is there already.
        OSError: A file cannot be written.
    """
    ledger = folder / layout.LEDGER
    if ledger.exists() and ledger.stat().st_size:
        raise UsageError(
            "a ledger is there already",
            where=str(folder),
            mend="resume it, or use a new run folder",
        )
    (folder / layout.PRIVATE).mkdir(parents=True, exist_ok=True)
    (folder / layout.PRIVATE).chmod(0o700)
    commits = [
        example_commit(salts.example_key, row, example) for row, example in enumerate(plan.examples)
    ]
    admission = [
        _admission_line(row, commit, decision)
        for row, (commit, decision) in enumerate(zip(commits, plan.decisions, strict=True))
    ]
    intent = _intent(plan, commits, admission)
    for name, data in (
        (layout.POLICY, plan.policy),
        (layout.PROFILES, plan.profiles),
        (layout.ROUTES, plan.routes),
        (layout.BLOCKS, plan.blocks),
        (layout.ADMISSION, _joined(admission)),
    ):
        atomic_write(folder / name, data)
    _write_private(folder, plan, salts_path)
    atomic_write(folder / layout.INTENT, intent.to_bytes())
    if publish is not None:
        publish(intent.digest())
    return _header(plan, intent)


def _write_private(folder: Path, plan: Plan, salts_path: str | Path) -> None:
    rows = [
        RowLine(content=format_digest(example), row=row).line()
        for row, example in enumerate(plan.examples)
    ]
    where = {"schema_version": "ledger-salts/1", "path": str(salts_path)}
    for name, data in (
        (layout.ROWS, _joined(rows)),
        (layout.METADATA, _joined(plan.metadata)),
        (layout.SALTS, canonical_bytes(where)),
    ):
        atomic_write(folder / name, data, mode=0o600)


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _admission_line(row: int, commit: bytes, decision: RowDecision) -> bytes:
    return AdmissionLine(
        row=row,
        example=format_digest(commit),
        effect=decision.effect,
        rule=decision.rule,
        reasons=tuple(decision.reasons),
        profile=decision.profile,
        route=decision.route,
        entropy=decision.entropy,
    ).line()


def _intent(plan: Plan, commits: Sequence[bytes], admission: Sequence[bytes]) -> Intent:
    return Intent.made_of(
        run_id=plan.run_id,
        created_at=plan.time,
        base=plan.base,
        dataset=lines_root(plan.examples),
        commitments=lines_root(commits),
        metadata=lines_root(plan.metadata),
        admission=lines_root(admission),
        policy=digest_bytes(plan.policy),
        profiles=digest_bytes(plan.profiles),
        sampler=plan.sampler,
        total_steps=plan.total_steps,
        optimizer=dict(plan.optimizer),
        clip=plan.clip,
    )


def _header(plan: Plan, intent: Intent) -> Header:
    return Header(
        seq=0,
        prev=None,
        run_id=plan.run_id,
        time=plan.time,
        intent=intent.digest(),
        base=plan.base,
        frozen=plan.frozen,
        initial=plan.initial,
        dataset=intent.dataset,
        commitments=intent.commitments,
        admission=intent.admission,
        metadata=intent.metadata,
        policy=intent.policy,
        profiles=intent.profiles,
        routes=digest_bytes(plan.routes),
        blocks=digest_bytes(plan.blocks),
        sampler=plan.sampler,
        code=plan.code,
        lockfile=plan.lockfile,
        env=dict(plan.env),
        optimizer=intent.optimizer,
        clip=plan.clip,
        hash_every=plan.hash_every,
        routing=plan.routing,
    )
