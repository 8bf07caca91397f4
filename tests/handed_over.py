"""A whole case as it is handed over: a tracked and signed run with everything that vouches for it.

The run, its passport and the statements of its roles, the log's proof under a checkpoint that the
log signed and a witness co-signed, a trust policy that was rotated once, a revocation of something
else, the verifier's own state, and a checkpoint that it kept. Every part of it is needed for the
verdict, so that no change of a part can go by for want of being asked about.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import provenir
from policies import key_table, policy_text
from provenir.attest.checkpoint import Checkpoint, cosign, sign_checkpoint
from provenir.attest.keys import Ed25519Signer, P256Signer
from provenir.attest.log import EventLog
from provenir.attest.trust_chain import rotation_envelope
from provenir.core.digest import digest_bytes, parse_digest
from provenir.data import Dataset
from provenir.flows.verify import Judged, Order, verify
from provenir.governance.handover import Handover
from provenir.governance.passport_proof import PassportProof
from provenir.governance.statements import (
    DataSourceStatement,
    PolicyStatement,
    Revocation,
    sign_statement,
)

ISSUED = "2026-01-02T03:04:05.000Z"
AT = datetime(2030, 1, 1, tzinfo=UTC)
"""The verifier's clock: after everything that the machine's own clock has stamped."""
ORIGIN = "acme.example/log"
WITNESS = "witness.example/w1"
ROLES = ["operator", "data-source", "governance", "log", "witness"]
ROWS = [{"prompt": "1+1", "answer": "2"}, {"prompt": "2+2", "answer": "4"}]


@dataclass(frozen=True)
class Keys:
    """Everybody who signs; `former` is the operator of the first version of the policy."""

    operator: Any = field(default_factory=Ed25519Signer.generate)
    former: Any = field(default_factory=Ed25519Signer.generate)
    source: Any = field(default_factory=P256Signer.generate)
    governance: Any = field(default_factory=Ed25519Signer.generate)
    root: Any = field(default_factory=Ed25519Signer.generate)
    log: Any = field(default_factory=Ed25519Signer.generate)
    witness: Any = field(default_factory=Ed25519Signer.generate)


@dataclass(frozen=True)
class Case:
    """Where everything lies.

    `judge` verifies it as `provenir verify` would, with whatever the files hold by then.
    """

    place: Path
    keys: Keys

    @property
    def run(self) -> Path:
        return self.place / "artifacts" / "run"

    @property
    def log(self) -> Path:
        return self.place / "artifacts" / "log"

    @property
    def trust(self) -> Path:
        return self.place / "trust" / "trust.toml"

    @property
    def rotation(self) -> Path:
        return self.trust.with_name("trust.2.dsse.json")

    @property
    def revocation(self) -> Path:
        return self.trust.parent / "revocations" / "another.dsse.json"

    @property
    def state(self) -> Path:
        return self.place / "verifier" / "state.json"

    @property
    def checkpoint(self) -> Path:
        return self.place / "verifier" / "kept.txt"

    @property
    def model(self) -> Path:
        return self.place / "model"

    def statement(self, role: str) -> Path:
        (found,) = (self.run / "statements").glob(f"{role}-*.dsse.json")
        return found

    def order(self, **changes: Any) -> Order:
        order = Order(
            target=self.run,
            trust=self.trust,
            state=self.state,
            evidence=Handover.of_files(checkpoints=[self.checkpoint]),
            artifacts=(self.model,),
            at=AT,
        )
        return replace(order, **changes)

    def judge(self, **changes: Any) -> Judged:
        return verify(self.order(**changes))

    def words(self) -> list[str]:
        """The same question on the command line."""
        named = {
            "--trust": self.trust,
            "--state": self.state,
            "--checkpoint": self.checkpoint,
            "--artifact": self.model,
            "--at": "2030-01-01T00:00:00Z",
        }
        return ["verify", str(self.run), *(str(word) for pair in named.items() for word in pair)]

    def copy(self, place: Path) -> Case:
        """The same case in another folder."""
        shutil.copytree(self.place, place, symlinks=True, dirs_exist_ok=True)
        return replace(self, place=place)


def make_case(place: Path, keys: Keys | None = None) -> Case:
    """Make a case that is good, and judge it once, so that there is something to remember."""
    case = Case(place, keys or Keys())
    _make_model(case.model)
    _track(case)
    _sign_checkpoint(case)
    _write_trust(case)
    case.state.parent.mkdir()
    before = EventLog(case.log).consistency(2)
    kept = Checkpoint(ORIGIN, 2, parse_digest(before["old_root"]))
    case.checkpoint.write_bytes(sign_checkpoint(kept, case.keys.log, ORIGIN).to_bytes())
    assert case.judge().verdict
    return case


def _make_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    header = b'{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'
    weights = len(header).to_bytes(8, "little") + header + b"\x01\x02\x03\x04"
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_text('{"hidden_size": 4}')


def _track(case: Case) -> None:
    dataset = Dataset(ROWS, name="sums", license="apache-2.0")
    identity = dataset.identity()
    data = DataSourceStatement(
        name="sums",
        records_root=identity.records_root,
        n=identity.n,
        license="apache-2.0",
        issued_at=ISSUED,
    )
    rules = PolicyStatement(name="rules", policy=digest_bytes(b"rules"), issued_at=ISSUED)
    with provenir.track(
        "sums",
        dataset=dataset,
        base_model="tiny",
        config={"lr": 0.5, "framework": "none"},
        output_dir=case.run,
        workspace=case.place / "artifacts",
        sign_passport=True,
        signing_key=case.keys.operator,
    ) as run:
        run.attach(sign_statement(data, [case.keys.source]))
        run.attach(sign_statement(rules, [case.keys.governance]))
        for step in range(5):
            run.log_step({"kl": 0.1, "reward_mean": 0.1 * step})
            run.log_trajectory({"prompt": "1+1", "prediction": "2", "reward": 1.0})
        run.record_eval("sums-held-out", 0.5, n=10)
        run.log_artifact(case.model)
    assert run.passport is not None


def _sign_checkpoint(case: Case) -> None:
    """What the log's keeper and a witness do: sign the size and root of the proof."""
    path = case.run / "passport.proof.json"
    proof = PassportProof.parse(path.read_bytes(), where=str(path))
    tree = EventLog(case.log).state()
    assert (tree.size, tree.root) == (proof.size, proof.root)
    checkpoint = Checkpoint(ORIGIN, proof.size, parse_digest(proof.root))
    note = sign_checkpoint(checkpoint, case.keys.log, ORIGIN)
    note = cosign(note, case.keys.witness, WITNESS, 1_780_000_000)
    whole = proof.model_copy(update={"checkpoint": note.to_bytes().decode()})
    path.write_bytes(whole.to_bytes())


def _write_trust(case: Case) -> None:
    keys = case.keys
    others = (
        key_table(keys.source, "data-source", id="dan"),
        key_table(keys.governance, "governance", id="grace"),
        key_table(keys.log, "log", id=ORIGIN),
        key_table(keys.witness, "witness", id=WITNESS),
        key_table(keys.root, "root", id="root"),
    )
    require = {"declared": ROLES}
    first = policy_text((key_table(keys.former, "operator", id="former"), *others), require=require)
    second = policy_text(
        (key_table(keys.operator, "operator", id="olga"), *others), version=2, require=require
    )
    case.revocation.parent.mkdir(parents=True)
    case.trust.write_bytes(first)
    case.rotation.write_bytes(rotation_envelope(second, [keys.root]).to_bytes())
    another = Revocation(
        revoked=digest_bytes(b"another passport"),
        reason="stolen",
        revoked_at=ISSUED,
        issued_at=ISSUED,
    )
    signed = sign_statement(another, [keys.governance])
    case.revocation.write_bytes(signed.envelope.to_bytes())
