"""An honest producer is never refused: a thousand generated good cases, and not one alarm.

Each case is drawn from a fixed seed by `Producer`: inventories with every component and hostile
but valid names, one to three keys a role under any threshold, Ed25519 and P-256, keys with several
roles, keys that begin in the past or are stolen in the future, or were stolen after a witness saw
what they signed; statements of every role; run folders of tracked runs, artifacts; logs that go on
growing, checkpoints under one or two log keys and up to three witnesses, checkpoints that the
verifier kept from before and from after; policies with up to three rotations; a state that is kept
over the versions 1, 2 and 3 of a model's passport; expiry in the future; revocations of something
else. A case is good when the verdict is: nothing failed, and nothing stayed undecided.

The ordinary suite judges `CASES` of them, the slow one `CASES_SLOW` others, and prints the number n
with the upper end of the 95% interval of the alarm rate for no alarm in n: 3 / n ("rule of three").
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import provenir
from fakes import fixed_clock
from policies import key_table, policy_text
from provenir.attest.checkpoint import Checkpoint, cosign, sign_checkpoint
from provenir.attest.event import Actor, LogEvent
from provenir.attest.keys import Ed25519Signer, P256Signer
from provenir.attest.log import EventLog
from provenir.attest.statement import PASSPORT_PREDICATE, PREDICATE_BASE
from provenir.attest.trust_chain import rotation_envelope, rotation_name
from provenir.core.digest import digest_bytes, parse_digest
from provenir.core.text import slug
from provenir.data import Dataset
from provenir.flows.verify import Order, verify
from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
from provenir.governance.handover import Handover
from provenir.governance.issue import issue_event, issue_proof
from provenir.governance.passport import ModelPassport, PassportSigner
from provenir.governance.passport_proof import ConsistencyProof, PassportProof
from provenir.governance.predicate import LogCheckpoint
from provenir.governance.statements import (
    DataSourceStatement,
    PolicyStatement,
    Revocation,
    RunStatement,
    sign_statement,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provenir.governance.statements import RoleStatement
    from provenir.tracking.run import Run

CASES = 1_000
CASES_SLOW = 6_000
RUNS = 12

AT = datetime(2030, 1, 1, tzinfo=UTC)
WITNESSED = datetime(2029, 1, 1, tzinfo=UTC)
ISSUED = "2026-01-02T03:04:05.000Z"
ORIGIN = "log.example/a"
NAMES = (
    "model", "a/b", "..", "../../etc/passwd", "a\nb", "\x1b]0;x\x07", "\u202egnp", "🚀", " ", "-rf",
    "x" * 2_000, "a\x00b", "a|b", "trust:acme|m", "[bold]", "<b>", "{}", "%s", "é", "e\u0301",
    "\u200b", "sha256:", "null", "passport:x", "\ufeff", "\u2028", "'\"`", "C:\\x", "名前", "a b",
)  # fmt: skip
LICENCES = (None, "apache-2.0", "unknown", "MIT OR Apache-2.0", *NAMES)
ROLES = ("operator", "data-source", "governance", "auditor")


@dataclass(frozen=True)
class Holder:
    """A key with the entry that a policy has for it."""

    signer: Any
    name: str
    roles: tuple[str, ...]
    dates: dict[str, str] = field(default_factory=dict)
    predicates: list[str] | None = None

    def table(self) -> str:
        return key_table(
            self.signer,
            *self.roles,
            id=self.name,
            predicate_types=self.predicates,
            **self.dates,
        )


@dataclass(frozen=True)
class Pool:
    """What is too slow to make for every case."""

    ed25519: list[Any]
    p256: list[Any]
    runs: list[Run]
    models: list[Path]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    place, dice = tmp_path_factory.mktemp("pool"), random.Random(0)
    models = []
    for number, name in enumerate(("model", "adapter", "weights é", "[bold]m[/bold]")):
        folder = place / "models" / name
        folder.mkdir(parents=True)
        (folder / "weights.bin").write_bytes(dice.randbytes(100 * number))
        (folder / "[link=x].json").write_text("{}")
        models.append(folder)
    return Pool(
        ed25519=[Ed25519Signer.generate() for _ in range(16)],
        p256=[P256Signer.generate() for _ in range(8)],
        runs=[tracked(place / f"run-{number}", models, dice) for number in range(RUNS)],
        models=models,
    )


def tracked(place: Path, models: list[Path], dice: random.Random) -> Run:
    """A run as a user's loop leaves it, under hostile names."""
    name = dice.choice(NAMES)
    dataset = Dataset(
        [{"q": str(row), "a": name} for row in range(dice.randrange(1, 5))],
        name=dice.choice(NAMES),
        license=dice.choice(LICENCES[1:]),
    )
    with provenir.track(
        name,
        dataset=dataset if dice.random() < 0.8 else None,
        base_model=dice.choice(NAMES),
        config={dice.choice(NAMES): dice.choice((1, 0.5, name, None, [1, {"x": name}]))},
        seed=dice.choice((None, 0, 7)),
        output_dir=place / "run",
        workspace=place,
        sign_passport=True,
        signing_key=Ed25519Signer.generate(),
    ) as run:
        for step in range(dice.randrange(4)):
            run.log_step({"kl": 0.1 * step, dice.choice(NAMES): 1.0})
            run.log_trajectory({"prompt": name, "prediction": "x", "reward": 1.0})
        for _ in range(dice.randrange(3)):
            run.record_eval(dice.choice(NAMES), dice.choice((0.5, 1, float("nan"))), n=3)
        if dice.random() < 0.5:
            run.log_artifact(dice.choice(models))
    assert run.passport is not None
    return run


class Producer:
    """One honest producer, one log and one verifier; `cases` gives what is handed over in turn.

    Args:
        place: Its folder.
        pool: Keys, runs and models.
        dice: What it does.
    """

    def __init__(self, place: Path, pool: Pool, dice: random.Random) -> None:
        self.place, self.pool, self.dice = place, pool, dice
        ed25519 = dice.sample(pool.ed25519, len(pool.ed25519))
        self.log_keys = ed25519[:7]
        self.keys = dice.sample([*ed25519[7:], *pool.p256], 14)
        self.holders: dict[str, list[Holder]] = {}
        self.thresholds: dict[str, int] = {}
        self.run = dice.choice(pool.runs) if dice.random() < 0.4 else None
        self.log = EventLog(place / "log")
        self.with_log = dice.random() < 0.7
        self.state = place / "state.json" if dice.random() < 0.6 else None
        self.kept: list[bytes] = []

    def maybe(self, chance: float = 0.5) -> bool:
        return self.dice.random() < chance

    # -- who there is ---------------------------------------------------------------------------

    def appoint(self) -> None:
        """Give every role its keys, and say how many of them must sign."""
        waiting = iter(self.keys)
        for role in ROLES:
            count = self.dice.randrange(1, 4)
            self.holders[role] = [self._holder(next(waiting), role) for _ in range(count)]
            self.thresholds[role] = self.dice.randrange(1, count + 1)
        for role, count in (("log", self.dice.choice((1, 2))), ("witness", 3)):
            signers = [self.log_keys.pop() for _ in range(count)]
            names = [ORIGIN if role == "log" else f"w{n}.example" for n in range(count)]
            pairs = zip(signers, names, strict=True)
            self.holders[role] = [Holder(signer, name, (role,)) for signer, name in pairs]
            self.thresholds[role] = self.dice.randrange(1, count + 1)

    def _holder(self, signer: Any, role: str) -> Holder:
        dates = {}
        if self.maybe(0.3):
            dates["not_before"] = "2026-01-01T00:00:00Z"
        if self.maybe(0.2):
            dates["compromised_at"] = "2031-01-01T00:00:00Z"
        elif role == "operator" and self.with_log and self.maybe(0.2):
            # Stolen by now, and what it signed was seen by a witness before.
            dates["compromised_at"] = "2029-06-01T00:00:00Z"
        own = {
            "operator": [PASSPORT_PREDICATE, f"{PREDICATE_BASE}/run/v1"],
            "data-source": [f"{PREDICATE_BASE}/data-source/v1"],
            "governance": [f"{PREDICATE_BASE}/policy/v1", f"{PREDICATE_BASE}/revocation/v1"],
            "auditor": [PASSPORT_PREDICATE],
        }[role]
        stated = own if role == "auditor" or self.maybe(0.3) else None
        other = ("auditor",) if role == "operator" and self.maybe(0.2) else ()
        name = f"{role} {len(self.holders.get(role, []))} {signer.keyid[-6:]}"
        return Holder(signer, name, (role, *other), dates, stated if not other else own)

    def signers(self, role: str) -> list[Any]:
        """As many as are asked for, or more."""
        held = self.holders[role]
        count = self.dice.randrange(self.thresholds[role], len(held) + 1)
        return [holder.signer for holder in self.dice.sample(held, count)]

    # -- what is made ------------------------------------------------------------------------------

    def bom(self) -> ModelBOM:
        if self.run is not None:
            assert self.run.bom is not None
            return self.run.bom
        dice = self.dice
        return ModelBOM(
            model_id=dice.choice(NAMES),
            base_model=dice.choice(NAMES),
            data=[self._data(number) for number in range(dice.randrange(4))],
            code=dice.choice((None, CodeComponent(), CodeComponent(git_sha="a", dirty=True))),
            evals=[
                EvalComponent(
                    benchmark=dice.choice(NAMES),
                    score=dice.choice((None, 0.5, 1e300, -0.0)),
                    contaminated=dice.choice((None, True, False)),
                    judge=dice.choice((None, *NAMES)),
                    meta={name: name for name in dice.sample(NAMES, 2)},
                )
                for _ in range(dice.randrange(3))
            ],
            hyperparameters={dice.choice(NAMES): [1, 2.5, None, True, {"x": [2**53 - 1, 1e-7]}]},
        )

    def _data(self, number: int) -> DataComponent:
        dice = self.dice
        return DataComponent(
            name=dice.choice(NAMES),
            content_hash=digest_bytes(b"%d" % number),
            num_records=dice.choice((None, 7)),
            license=dice.choice(LICENCES),
            pii_scanned=self.maybe(),
            role=dice.choice(("train", "eval")),
            consent=dice.choice((None, *NAMES)),
        )

    def statements(self, bom: ModelBOM) -> list[RoleStatement]:
        dice = self.dice
        made = []
        for part in bom.data:
            if part.content_hash is None:
                continue
            claim = DataSourceStatement(
                name=dice.choice(NAMES),
                records_root=part.content_hash,
                n=7 if part.num_records is None else part.num_records,
                license=dice.choice((None, part.license)),
                issued_at=ISSUED,
            )
            made.append(sign_statement(claim, self.signers("data-source")))
        for number in range(dice.randrange(1, 3)):
            rules = PolicyStatement(
                name=dice.choice(NAMES), policy=digest_bytes(b"%d" % number), issued_at=ISSUED
            )
            made.append(sign_statement(rules, self.signers("governance")))
        if self.run is not None and self.maybe():
            own = RunStatement.of(self.run.manifest, clock=fixed_clock())
            made.append(sign_statement(own, self.signers("operator")))
        return made

    def passport(
        self, bom: ModelBOM, statements: list[RoleStatement], previous: ModelPassport | None
    ) -> ModelPassport:
        logged = self.log.state() if self.with_log and self.maybe(0.8) else None
        before = None if logged is None else LogCheckpoint(size=logged.size, root=logged.root)
        signers = [*self.signers("operator"), *self.signers("auditor")]
        return PassportSigner(signers).sign(
            bom,
            previous=previous,
            manifest=None if self.run is None else self.run.manifest,
            expires_at=AT + timedelta(seconds=self.dice.randrange(1, 10**8))
            if self.maybe()
            else None,
            required_roles=["auditor"] if self.maybe(0.3) else [],
            statements=[statement.digest for statement in statements],
            log_checkpoint=before,
            clock=fixed_clock(),
        )

    # -- the log --------------------------------------------------------------------------------

    def grow(self, most: int) -> None:
        others = range(self.dice.randrange(1, most))
        self.log.append_many([event(f"other {number}") for number in others])

    def note(self, size: int, root: str) -> bytes:
        """The log's checkpoint at a size, with enough signatures of everybody."""
        checkpoint = Checkpoint(ORIGIN, size, parse_digest(root))
        note = sign_checkpoint(checkpoint, self.holders["log"][0].signer, ORIGIN)
        for holder in self.holders["log"][1:]:
            second = sign_checkpoint(checkpoint, holder.signer, ORIGIN)
            note = note.with_signature(second.signatures[0])
        for holder in self.holders["witness"]:
            seconds = int(WITNESSED.timestamp()) + self.dice.randrange(1_000)
            note = cosign(note, holder.signer, holder.name, seconds)
        return note.to_bytes()

    def keep(self) -> None:
        """The verifier puts a checkpoint by."""
        state = self.log.state()
        self.kept.append(self.note(state.size, state.root))

    def prove(self, passport: ModelPassport, statements: list[RoleStatement]) -> PassportProof:
        """Enter a passport; the proof leads from every checkpoint that somebody kept."""
        sizes = [int(note.split(b"\n")[1]) for note in self.kept]
        stated = passport.predicate.log_checkpoint
        issued = issue_event(
            slug(self.dice.choice(NAMES)),
            passport.envelope,
            [statement.envelope for statement in statements],
            actor=Actor(id="producer", type="service"),
            clock=fixed_clock(),
            payload={},
        )
        receipt = self.log.append(issued)
        proof = issue_proof(
            self.log,
            issued.to_dict(),
            receipt.index,
            size=receipt.size,
            before=None if stated is None else stated.size,
        )
        more = [ConsistencyProof(**self.log.consistency(size, receipt.size)) for size in sizes]
        if self.maybe(0.3):  # somebody kept a checkpoint of the log as it is later
            self.grow(5)
            self.keep()
            more.append(ConsistencyProof(**self.log.consistency(receipt.size)))
        by_sizes = {(one.old_size, one.new_size): one for one in (*proof.consistency, *more)}
        note = self.note(receipt.size, receipt.root).decode()
        return proof.model_copy(update={"checkpoint": note, "consistency": list(by_sizes.values())})

    # -- the verifier ---------------------------------------------------------------------------

    def write_trust(self, bom: ModelBOM) -> Path:
        """The policy, and up to three versions after it."""
        folder = self.place / "trust"
        folder.mkdir()
        required = {"operator", "governance", "auditor"}
        required |= {"log", "witness"} if self.with_log else set()
        trained_on = [part.content_hash for part in bom.data if part.role == "train"]
        if trained_on and None not in trained_on:  # else nobody can vouch for the data
            required.add("data-source")
        roots = [Holder(key, f"root {n}", ("root",)) for n, key in enumerate(self.log_keys[:2])]
        self.log_keys = self.log_keys[2:]
        stolen = any("2029" in str(holder.dates) for holder in self.holders["operator"])
        wanted = [role for role in sorted(required) if self.maybe(0.7) or stolen]
        everybody = [holder for held in self.holders.values() for holder in held]
        levels = {self.dice.choice(("declared", "L0")): wanted} if wanted else {}
        parts: dict[str, Any] = {
            "name": self.dice.choice(("acme", "é", "a b")),
            "require": levels,
            "thresholds": {**self.thresholds, "root": self.dice.randrange(1, len(roots) + 1)}
            if roots
            else self.thresholds,
        }
        tables = [holder.table() for holder in (*everybody, *roots)]
        (folder / "trust.toml").write_bytes(policy_text(tables, **parts))
        for version in range(2, self.dice.randrange(2, 5) if roots else 2):
            self.dice.shuffle(tables)
            text = policy_text(tables, version=version, **parts)
            envelope = rotation_envelope(text, [holder.signer for holder in roots])
            (folder / rotation_name(version)).write_bytes(envelope.to_bytes())
        if self.maybe(0.3):
            self._revoke_another(folder)
        return folder / "trust.toml"

    def _revoke_another(self, folder: Path) -> None:
        (folder / "revocations").mkdir()
        another = Revocation(
            what=self.dice.choice(("passport", "statement")),
            revoked=digest_bytes(b"another"),
            reason=self.dice.choice(NAMES),
            revoked_at=ISSUED,
            issued_at=ISSUED,
        )
        signed = sign_statement(another, self.signers("governance"))
        (folder / "revocations" / "a.dsse.json").write_bytes(signed.envelope.to_bytes())

    def cases(self) -> Iterator[Order]:
        """What is handed over, version after version."""
        self.appoint()
        if self.with_log:
            self.grow(20)
            if self.maybe():
                self.keep()
        bom, previous = self.bom(), None
        trust = self.write_trust(bom)
        for version in range(1, self.dice.randrange(2, 5)):
            statements = self.statements(bom)
            passport = self.passport(bom, statements, previous)
            proof = self.prove(passport, statements) if self.with_log else None
            yield self.order(f"{version}", trust, passport, statements, proof)
            previous = passport
            if self.with_log:
                self.grow(5)

    def order(
        self,
        name: str,
        trust: Path,
        passport: ModelPassport,
        statements: list[RoleStatement],
        proof: PassportProof | None,
    ) -> Order:
        folder = self.place / name
        (folder / "statements").mkdir(parents=True)
        target = folder / "passport.json"
        target.write_bytes(passport.envelope.to_bytes())
        if proof is not None:
            (folder / "passport.proof.json").write_bytes(proof.to_bytes())
        for number, statement in enumerate(statements):
            file = folder / "statements" / f"{number}.dsse.json"
            file.write_bytes(statement.envelope.to_bytes())
        evidence = Handover(checkpoints=tuple(("kept", note) for note in self.kept))
        if proof is not None and self.maybe(0.3):
            evidence = replace(evidence, log=self.log.folder)
        pinned = [holder.signer for holder in self.holders["operator"]]
        names = {artifact.name for artifact in passport.bom.artifacts}
        return Order(
            target=target,
            trust=trust,
            # A key that is given beside the policy must have signed too.
            keys=tuple(
                key.verification_key
                for key in pinned
                if self.maybe(0.1) and passport.envelope.verified_by([key.verification_key])
            ),
            state=self.state,
            evidence=evidence,
            artifacts=tuple(path for path in self.pool.models if path.name in names),
            run=None if self.run is None or self.maybe(0.2) else self.run.output_dir,
            model=passport.bom.model_id if self.maybe() else None,
            at=AT,
        )


def event(name: str) -> LogEvent:
    return LogEvent(
        type="evaluation",
        name="other",
        time=ISSUED,
        actor=Actor(id="somebody", type="service"),
        subjects={name: digest_bytes(name.encode())},
        payload={},
    )


def alarms(place: Path, pool: Pool, seed: int, number: int) -> tuple[int, list[Any]]:
    """Judge at least so many good cases; those that are not found good, with their rows."""
    judged, found, producer = 0, [], 0
    while judged < number:
        folder = place / f"{seed}-{producer}"
        folder.mkdir()
        dice = random.Random(f"{seed} {producer}")
        for order in Producer(folder, pool, dice).cases():
            verdict = verify(order).verdict
            judged += 1
            if not verdict or any(row.status in ("fail", "undecided") for row in verdict.checks):
                rows = [row for row in verdict.checks if row.status in ("fail", "undecided")]
                found.append((folder.name, order.target.parent.name, rows))
        producer += 1
    return judged, found


def test_a_thousand_good_cases_and_no_alarm(tmp_path: Path, pool: Pool) -> None:
    judged, found = alarms(tmp_path, pool, 1, CASES)
    assert judged >= CASES
    assert found == []


@pytest.mark.slow
def test_six_thousand_others_and_no_alarm(
    tmp_path: Path, pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    judged, found = alarms(tmp_path, pool, 2, CASES_SLOW)
    with capsys.disabled():
        bound = 3 / judged
        print(f"\n{len(found)} alarms in n = {judged} good cases; 95% upper bound {bound:.2e}")
    assert found == []


def test_the_runs_of_the_pool_are_good_as_they_lie(pool: Pool) -> None:
    for run in pool.runs:
        assert run.passport is not None
        assert run.passport.predicate.bom == run.bom
        verdict = verify(Order(target=run.output_dir)).verdict
        # Nobody's key was given: that is all that stays open.
        assert verdict.reasons == ("no-key",)


def test_the_count_would_see_an_alarm(tmp_path: Path, pool: Pool) -> None:
    """The same cases by a clock at which some of them are over."""
    seen = 0
    for number in range(30):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        for order in Producer(folder, pool, random.Random(number)).cases():
            late = replace(order, at=AT + timedelta(days=4_000))
            seen += not verify(late).verdict
    assert seen > 10
