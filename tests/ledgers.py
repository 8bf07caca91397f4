"""Honest ledgers, written by the package's own writer without a model: parameters are a few bytes.

`make_ledger` trains nothing, but everything else is as a governed run leaves it: a corpus of every
rights class, a policy and a table of profiles, admission, our sampler, expiry in the middle,
interventions, snapshots, crashes with their resume. The decisions are made here by hand, apart from
the package's evaluator, for exactly this policy.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from provenir.attest.dsse import Envelope
from provenir.attest.statement import PREDICATE_BASE, Statement, Subject
from provenir.core.clock import parse_utc, utc_text
from provenir.core.digest import digest_bytes, parse_digest
from provenir.provenance.ledger.commitments import Salts
from provenir.provenance.ledger.entries import BlockOutcome, RowOutcome, StepOutcome
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.plan import Plan, RowDecision
from provenir.provenance.ledger.records import Clip, FinalTensor, SamplerSettings
from provenir.provenance.ledger.sampler import Sampler, micro_sizes, seed_commit
from provenir.provenance.ledger.tensors import tensor_root
from provenir.provenance.ledger.writer import ClosedLedger, LedgerWriter

BLOCKS = ("embedding", "layer.0", "layer.1", "final_norm", "head")
START = "2026-03-01T06:00:00.000Z"
EDGES = [2_000_000, 3_000_000]
SECRET = bytes(range(32))
RUN_ID = "governed-20260301T060000Z-00000001"
KINDS = (
    {"rights": "open", "content_class": "prose"},
    {"rights": "open", "content_class": "code"},
    {"rights": "licensed", "license_expires": "2026-12-31"},
    {"rights": "licensed", "license_expires": "2026-03-01"},
    {"rights": "restricted"},
    None,  # a row whose content has no line of metadata
    {"rights": "licensed", "license_expires": "2026-02-28"},
    {"rights": "open", "consent": "withdrawn"},
    {"rights": "scraped-public"},
    {"rights": "open", "content_class": "poetry"},
)
"""What the rows are, one after the other; the fourth kind expires with the first day."""


def field_of(name: str) -> dict[str, str]:
    return {"field": name}


RULES: list[dict[str, Any]] = [
    {
        "name": "withdrawn",
        "when": ["==", field_of("consent"), "withdrawn"],
        "effect": "deny",
        "reasons": ["consent_withdrawn"],
        "cap": None,
    },
    {
        "name": "open",
        "when": ["==", field_of("rights"), "open"],
        "effect": "allow",
        "reasons": ["open_rights"],
        "cap": None,
    },
    {
        "name": "current licence",
        "when": [
            "and",
            ["==", field_of("rights"), "licensed"],
            ["<=", field_of("date"), field_of("license_expires")],
        ],
        "effect": "allow",
        "reasons": ["licence_current"],
        "cap": None,
    },
    {
        "name": "restricted",
        "when": ["==", field_of("rights"), "restricted"],
        "effect": "attenuate",
        "reasons": ["restricted_upper_blocks"],
        "cap": 500,
    },
    {
        "name": "scraped",
        "when": ["==", field_of("rights"), "scraped-public"],
        "effect": "review",
        "reasons": ["needs_review"],
        "cap": None,
    },
]


@dataclass(frozen=True)
class Settings:
    """What may vary between honest runs."""

    rows: int = 24
    blocks: tuple[str, ...] = BLOCKS
    frozen: tuple[str, ...] = ("embedding",)
    epochs: int = 2
    batch: int = 4
    micro: int = 2
    drop_last: bool = False
    hash_every: int = 1
    bands: bool = True
    with_metadata: bool = True
    start: str = START
    step_s: int = 7_200
    interventions: dict[int, list[tuple[int, str, int | None]]] = field(default_factory=dict)
    """After a step: (row, action, factor)."""
    skipped: dict[int, str] = field(default_factory=dict)
    snapshot_every: int | None = None
    killed_after: tuple[int, ...] = ()
    """Steps after which the process dies, once each; it goes on from the last snapshot."""
    halt_after: int | None = None
    norms: bool = True
    routing: str = "routed"
    seed: bytes = bytes(32)
    foreign_sampler: bool = False
    run_id: str = RUN_ID
    reason: str = "memorized"
    repeated: int = 0
    """How many of the last rows have the content of the first."""


@dataclass(frozen=True)
class MadeLedger:
    """A ledger and everything that it was made of."""

    folder: Path
    settings: Settings
    plan: Plan
    salts: Salts
    salts_path: Path
    closed: ClosedLedger
    tensors: list[FinalTensor]
    data: dict[str, bytes]

    @property
    def policy_digest(self) -> str:
        return digest_bytes(self.plan.policy)

    def write_model(self, folder: Path) -> None:
        """Write the released weights as the safetensors file that they would be saved as."""
        folder.mkdir(parents=True, exist_ok=True)
        table: dict[str, Any] = {}
        body = b""
        for name, data in sorted(self.data.items()):
            offsets = [len(body), len(body) + len(data)]
            table[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": offsets}
            body += data
        header = json.dumps(table).encode()
        header += b" " * (-len(header) % 8)
        (folder / "model.safetensors").write_bytes(
            len(header).to_bytes(8, "little") + header + body
        )


def content_of(row: int, settings: Settings) -> bytes:
    """The 32-byte digest of a row."""
    if row >= settings.rows - settings.repeated:
        row = 0
    return hashlib.sha256(b"row %d" % row).digest()


def kind_of(row: int, settings: Settings) -> dict[str, Any] | None:
    if not settings.with_metadata:
        return None
    return KINDS[0 if row >= settings.rows - settings.repeated else row % len(KINDS)]


def metadata_of(content: bytes, kind: dict[str, Any]) -> dict[str, Any]:
    return {
        "content": "sha256:" + content.hex(),
        "source": "acme-wiki",
        "rights": "unknown",
        "license": None,
        "license_expires": None,
        "consent": "given",
        "jurisdiction": "EU",
        "pii": "none",
        "content_class": "prose",
        **kind,
    }


def entropy_of(row: int, settings: Settings) -> int | None:
    if not settings.bands:
        return None
    row = 0 if row >= settings.rows - settings.repeated else row
    return row * 700_001 % 4_000_000


def profiles_of(settings: Settings, base: str) -> dict[str, Any]:
    """The table: prose by its band, code, and a cap for what is restricted."""
    blocks = settings.blocks
    upper = {b: 1000 * (i >= len(blocks) // 2) for i, b in enumerate(blocks)}
    full = dict.fromkeys(blocks, 1000)
    rising = {b: 1000 * (i + 1) // len(blocks) for i, b in enumerate(blocks)}
    edges = EDGES if settings.bands else None
    bands = {"base": base, "calibration": digest_bytes(b"set"), "n": 512}
    profiles = [
        {"id": "code", "rights": None, "content": ["code"], "bands": None, "weights": rising},
        {"id": "plain", "rights": None, "content": ["prose"], "bands": None, "weights": full},
    ]
    if settings.bands:
        profiles[1]["bands"] = [0, 1]
        high = {"id": "high", "rights": None, "content": ["prose"], "bands": [2], "weights": upper}
        profiles.append(high)
    if settings.routing == "admission-only":
        profiles = [{**p, "weights": full} for p in profiles]
    caps = (
        [] if settings.routing == "admission-only" else [{"rights": "restricted", "weights": upper}]
    )
    return {
        "schema_version": "depth-profiles/1",
        "name": "acme",
        "version": 1,
        "blocks": list(blocks),
        "bands": None if edges is None else {**bands, "edges": edges},
        "caps": caps,
        "profiles": profiles,
    }


def policy_of(settings: Settings, profiles: bytes) -> dict[str, Any]:
    rules = RULES
    if settings.routing == "admission-only":
        rules = [rule for rule in RULES if rule["effect"] != "attenuate"]
    return {
        "schema_version": "admission-policy/1",
        "name": "acme",
        "version": 1,
        "base": None,
        "profiles": digest_bytes(profiles),
        "rules": rules,
        "default": "deny",
    }


def routes_of(table: dict[str, Any], policy: dict[str, Any]) -> list[list[int]]:
    """Every vector that profile, rights class's cap and rule's cap can give."""
    caps = [None, *(cap["weights"] for cap in table["caps"])]
    bounds = [1000, *(rule["cap"] for rule in policy["rules"] if rule["cap"] is not None)]
    return sorted(
        [
            list(vector)
            for vector in {
                tuple(
                    min(profile["weights"][b], bound, 1000 if cap is None else cap[b])
                    for b in table["blocks"]
                )
                for profile in table["profiles"]
                for cap in caps
                for bound in bounds
            }
        ]
    )


def decide(
    row: int, date: str, settings: Settings, table: dict[str, Any], routes: list[list[int]]
) -> RowDecision:
    """What this policy and this table say of a row at a date, by hand."""
    kind, entropy = kind_of(row, settings), entropy_of(row, settings)
    rights = "unknown" if kind is None else kind["rights"]
    content = "unknown" if kind is None else kind.get("content_class", "prose")
    cap, caps = 1000, dict.fromkeys(table["blocks"], 1000)
    if kind is not None and kind.get("consent") == "withdrawn":
        return RowDecision(
            effect="deny", rule="withdrawn", reasons=["consent_withdrawn"], entropy=entropy
        )
    if rights == "open":
        effect, rule, reasons = "allow", "open", ["open_rights"]
    elif rights == "licensed" and date <= kind["license_expires"]:
        effect, rule, reasons = "allow", "current licence", ["licence_current"]
    elif rights == "restricted" and settings.routing == "routed":
        effect, rule, reasons, cap = "attenuate", "restricted", ["restricted_upper_blocks"], 500
        caps = table["caps"][0]["weights"]
    elif rights == "scraped-public":
        return RowDecision(
            effect="review", rule="scraped", reasons=["needs_review"], entropy=entropy
        )
    else:
        return RowDecision(effect="deny", rule=None, reasons=["no_rule"], entropy=entropy)
    band = None if entropy is None else sum(edge <= entropy for edge in EDGES)
    for profile in table["profiles"]:
        if content in profile["content"] and (profile["bands"] is None or band in profile["bands"]):
            vector = [min(profile["weights"][b], cap, caps[b]) for b in table["blocks"]]
            return RowDecision(
                effect=effect,
                rule=rule,
                reasons=reasons,
                profile=profile["id"],
                route=routes.index(vector),
                entropy=entropy,
            )
    return RowDecision(effect="deny", rule=rule, reasons=["no_profile"], entropy=entropy)


def parameter_of(block: str) -> str:
    """A parameter's name as Llama has it."""
    fixed = {"embedding": "model.embed_tokens.weight", "head": "lm_head.weight"}
    if block == "final_norm":
        return "model.norm.weight"
    layer = block.partition(".")[2]
    return fixed.get(block, f"model.layers.{layer}.mlp.up_proj.weight")


def day_time(settings: Settings, step: int) -> str:
    instant: datetime = parse_utc(settings.start)
    return utc_text(instant + timedelta(seconds=settings.step_s * step))


class Training:
    """Steps of a run whose parameters are eight bytes for each block."""

    def __init__(self, folder: Path, settings: Settings, salts: Salts) -> None:
        self.folder, self.settings, self.salts = folder, settings, salts
        self.data = {
            parameter_of(b): hashlib.sha256(b.encode()).digest()[:8] for b in settings.blocks
        }
        self.frozen = {parameter_of(b) for b in settings.frozen}
        self.table = profiles_of(settings, self.root(self.data).root)
        self.profiles = line_bytes(self.table)
        self.policy = policy_of(settings, self.profiles)
        self.routes = routes_of(self.table, self.policy)
        date = settings.start[:10]
        rows = range(settings.rows)
        self.decisions = [decide(row, date, settings, self.table, self.routes) for row in rows]
        admitted = [row for row in rows if self.decisions[row].route is not None]
        self.sampler = Sampler(
            settings.seed, admitted, settings.batch, settings.epochs, settings.drop_last
        )
        self.history = {0: dict(self.data)}
        self.plan = self._plan()

    def root(self, data: dict[str, bytes]) -> Any:
        return tensor_root((name, "U8", (len(raw),), raw) for name, raw in data.items())

    def trained_root(self, *, trained: bool = True) -> Any:
        chosen = {n: raw for n, raw in self.data.items() if (n not in self.frozen) == trained}
        return self.root(chosen)

    def _plan(self) -> Plan:
        settings = self.settings
        kinds = {
            content_of(row, settings): kind
            for row in range(settings.rows)
            if (kind := kind_of(row, settings)) is not None
        }
        sampler = SamplerSettings(
            version=None if settings.foreign_sampler else 1,
            seed_commit=None if settings.foreign_sampler else seed_commit(settings.seed),
            epochs=settings.epochs,
            batch=settings.batch,
            micro=settings.micro,
            drop_last=settings.drop_last,
        )
        return Plan(
            run_id=settings.run_id,
            time=settings.start,
            base=self.root(self.data),
            frozen=self.trained_root(trained=False),
            initial=self.trained_root(),
            examples=[content_of(row, settings) for row in range(settings.rows)],
            decisions=self.decisions,
            metadata=[line_bytes(metadata_of(c, kinds[c])) for c in sorted(kinds)],
            policy=line_bytes(self.policy),
            profiles=self.profiles,
            routes=line_bytes(
                {
                    "schema_version": "routes/1",
                    "blocks": list(settings.blocks),
                    "routes": self.routes,
                }
            ),
            blocks=line_bytes(self._block_map()),
            sampler=sampler,
            total_steps=self.sampler.total_steps,
            optimizer={"name": "adamw", "lr": "0.001"},
            clip=Clip(mode="per-block", max_norm="1.0"),
            env={"framework": "none"},
            hash_every=settings.hash_every,
            routing=settings.routing,
        )

    def _block_map(self) -> dict[str, Any]:
        parameters = [
            {
                "name": parameter_of(block),
                "block": block,
                "dtype": "U8",
                "shape": [8],
                "trainable": parameter_of(block) not in self.frozen,
                "released": True,
            }
            for block in self.settings.blocks
        ]
        return {
            "schema_version": "block-map/1",
            "blocks": list(self.settings.blocks),
            "adapter": False,
            "parameters": sorted(parameters, key=lambda p: p["name"]),
        }

    def train(self, writer: LedgerWriter, last: int) -> None:
        """Go on to a step; whoever has a snapshot to make makes it on the way."""
        settings = self.settings
        while writer.chain.step < last:
            step = writer.chain.step + 1
            time = day_time(settings, step)
            writer.step(self.outcome(writer, step, time, last))
            self.history[step] = dict(self.data)
            for row, action, factor in settings.interventions.get(step, []):
                writer.intervention(
                    time=time, row=row, action=action, factor=factor, reason=settings.reason,
                    measure="4.5",
                )  # fmt: skip
            if self._snapshot_after(step):
                writer.snapshot(
                    time=time,
                    param_root=self.trained_root().root,
                    opt_root=digest_bytes(b"optimizer"),
                    rng_digest=digest_bytes(b"rng %d" % step),
                    files=digest_bytes(b"files"),
                )

    def _snapshot_after(self, step: int) -> bool:
        every = self.settings.snapshot_every
        return every is not None and step % every == 0

    def outcome(self, writer: LedgerWriter, step: int, time: str, last: int) -> StepOutcome:
        settings = self.settings
        epoch, drawn = self.sampler.drawn(step)
        batch = []
        for row in drawn:
            standing = writer.chain.standing.get(row)
            said = decide(row, time[:10], settings, self.table, self.routes)
            if said.route is None or (standing is not None and standing.action == "exclude"):
                continue
            batch.append(
                RowOutcome(
                    row=row,
                    route=said.route,
                    factor=1000 if standing is None else standing.factor,
                    loss=2.0 + row / 7 - step / 100,
                    norms=[(row + 1) / (1 + i) for i in range(len(settings.blocks))]
                    if settings.norms
                    else None,
                )
            )
        skipped = settings.skipped.get(step) if batch else "empty-batch"
        begins = writer.chain.open_steps == 0
        before = self.trained_root().root if begins else None
        if skipped is None:
            self._move(batch, writer, step)
        ends = writer.chain.open_steps + 1 == settings.hash_every or step == last
        after = self.trained_root().root if ends or self._snapshot_after(step) else None
        return StepOutcome(
            step=step,
            time=time,
            epoch=epoch,
            micro=micro_sizes(len(batch), settings.micro),
            dropped=len(drawn) - len(batch),
            batch=batch,
            lr=0.001 / step,
            blocks=self._blocks(batch, writer, step, skipped),
            rng_digest=digest_bytes(b"rng %d" % step),
            param_pre=before,
            param_post=after,
            mem_flags=[row for row, *_ in settings.interventions.get(step, [])],
            skipped=skipped,
        )

    def _blocks(
        self, batch: list[RowOutcome], writer: LedgerWriter, step: int, skipped: str | None
    ) -> dict[str, BlockOutcome]:
        moved = set() if skipped else self._moved(batch, writer)
        return {
            block: BlockOutcome(
                delta_norm=0.5 / step if block in moved else 0.0,
                clip=1.0 / step if block in moved else None,
            )
            for block in self.settings.blocks
        }

    def _moved(self, batch: list[RowOutcome], writer: LedgerWriter) -> set[str]:
        weights = [writer.table.weights(entry.route, entry.factor) for entry in batch]
        return {
            block
            for block, column in zip(self.settings.blocks, zip(*weights, strict=True), strict=True)
            if any(column) and parameter_of(block) not in self.frozen
        }

    def _move(self, batch: list[RowOutcome], writer: LedgerWriter, step: int) -> None:
        said = str([step, [(entry.row, entry.route, entry.factor) for entry in batch]])
        for block in self._moved(batch, writer):
            name = parameter_of(block)
            self.data[name] = hashlib.sha256(self.data[name] + said.encode()).digest()[:8]

    def final(self) -> list[FinalTensor]:
        return [
            FinalTensor(
                name=name,
                dtype="U8",
                shape=(8,),
                sha256=hashlib.sha256(raw).hexdigest(),
                trainable=name not in self.frozen,
                released=True,
            )
            for name, raw in self.data.items()
        ]


def make_ledger(folder: Path, *, operator: Any = None, **changes: Any) -> MadeLedger:
    """Write the `governed/` folder of an honest run.

    Args:
        folder: The `governed/` folder; it need not be there.
        operator: Who signs `close.json`; nobody where None.
        **changes: Fields of `Settings`.
    """
    settings = Settings(**changes)
    folder.mkdir(parents=True, exist_ok=True)
    salts_path = folder.parent.parent / f"{folder.parent.name}.salts"
    salts_path.write_text(SECRET.hex() + "\n")
    salts_path.chmod(0o600)
    salts = Salts.load(salts_path)
    training = Training(folder, settings, salts)
    writer = LedgerWriter.create(folder, training.plan, salts, salts_path=salts_path)
    last = settings.halt_after or training.sampler.total_steps
    for step in settings.killed_after:
        training.train(writer, step)
        writer = _resumed(writer, training)
    training.train(writer, last)
    closed = writer.close(
        time=day_time(settings, last),
        status="completed" if settings.halt_after is None else "halted",
        tensors=training.final(),
        sampler_seed=None if settings.foreign_sampler else settings.seed,
    )
    if operator is not None:
        (folder / "close.json").write_bytes(close_envelope(closed, operator).to_bytes())
    return MadeLedger(
        folder,
        settings,
        training.plan,
        salts,
        salts_path,
        closed,
        training.final(),
        training.data,
    )


def _resumed(writer: LedgerWriter, training: Training) -> LedgerWriter:
    """A process dies, and another goes on from the last snapshot."""
    writer.release()
    writer = LedgerWriter.reopen(writer.folder, training.salts)
    at = writer.snapshots[-1]
    training.data = dict(training.history[at])
    writer.resume(
        at,
        time=day_time(training.settings, at),
        param_root=training.trained_root().root,
        opt_root=digest_bytes(b"optimizer") if at else None,
        rng_digest=digest_bytes(b"rng %d" % at) if at else None,
        env={"framework": "none"},
    )
    return writer


def close_envelope(closed: ClosedLedger, operator: Any) -> Envelope:
    """The operator's statement about the end, as docs/reference/ledger.md has it."""
    predicate = {
        "schema_version": "ledger-close/1",
        "run_id": closed.run_id,
        "n": closed.n,
        "root": closed.root,
        "close": closed.close,
        "issued_at": "2026-03-09T00:00:00.000Z",
    }
    subject = Subject(f"ledger:{closed.run_id}", {"sha256": parse_digest(closed.root).hex()})
    statement = Statement((subject,), PREDICATE_BASE + "/ledger-close/v1", predicate)
    return Envelope.sign(statement.to_bytes(), [operator])
