"""`kill -9` while a signed run ends, and while a dead one is recovered.

At the end of a run its reports, the operator's statement, the passport, two lines of the log, the
proof and last of all the manifest are written. A child is killed at a random instant of that; all
of them share one workspace, so that one log goes through all the kills. After every kill:

* the verdict over the folder is good only when everything is there: the final manifest, every step,
  the passport, its proof; before that it is refused or undecided, never good and never a crash;
* what is not complete is recovered: status `interrupted`, nothing signed, and the files verify;
* the log is sound, grows from every size and root that was read before, and holds a line for every
  start and every end that a folder tells of.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import provenir
from policies import key_table, policy_text
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log import EventLog
from provenir.core.errors import InputError
from provenir.flows.verify import Order, verify
from provenir.governance.run_check import verify_run
from provenir.tracking import recover_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provenir.attest.log import LogState

KILLS = 40
KILLS_SLOW = 300
RECOVERIES = 10
RECOVERIES_SLOW = 60
STEPS = 6
AT = datetime(2040, 1, 1, tzinfo=UTC)
HARMLESS = {"truncation_not_checked", "torn_tail"}


def killed_after(action: Callable[[int], None], delay_s: float) -> int:
    """Run something in a child that says when it begins; kill it so much later."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        try:
            action(theirs)
        finally:
            os._exit(0)
    os.close(theirs)
    os.read(ours, 1)
    os.close(ours)
    time.sleep(delay_s)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@dataclass
class Workshop:
    """One workspace, one key, one log, and many runs that are killed.

    Attributes:
        outcomes: How many folders were found in which state.
    """

    place: Path
    dice: random.Random
    outcomes: Counter[str] = field(default_factory=Counter)
    known: LogState | None = None

    def __post_init__(self) -> None:
        self.signer = Ed25519Signer.generate()
        self.trust = self.place / "trust.toml"
        table = key_table(self.signer, "operator", id="olga")
        self.trust.write_bytes(policy_text([table]))
        self.model = self.place / "model"
        self.model.mkdir()
        (self.model / "weights.bin").write_bytes(bytes(1_000))

    def folder(self, number: int) -> Path:
        return self.place / "artifacts" / f"run-{number}"

    @property
    def log(self) -> EventLog:
        return EventLog(self.place / "artifacts" / "log")

    def begin(self, folder: Path) -> Any:
        run = provenir.track(
            "killed",
            dataset=[{"a": 1}],
            output_dir=folder,
            workspace=self.place / "artifacts",
            sign_passport=True,
            signing_key=self.signer,
        ).start()
        for step in range(STEPS):
            run.log_step({"kl": 0.1 * step})
            run.log_trajectory({"prediction": "x", "reward": 1.0})
        run.record_eval("e", 0.5)
        run.log_artifact(self.model)
        return run

    def end_length_s(self) -> float:
        """How long an end takes here that nobody disturbs."""
        run = self.begin(self.place / "artifacts" / "undisturbed")
        began = time.monotonic()
        run.finish()
        return time.monotonic() - began

    def verdict(self, folder: Path) -> Any:
        return verify(Order(target=folder, trust=self.trust, artifacts=(self.model,), at=AT))

    def kill_an_end(self, number: int, longest_s: float) -> None:
        folder = self.folder(number)

        def work(told: int) -> None:
            run = self.begin(folder)
            os.write(told, b".")
            run.finish()
            time.sleep(60)

        code = killed_after(work, self.dice.random() * longest_s)
        assert code == -signal.SIGKILL
        self.check(folder)

    def check(self, folder: Path) -> None:
        (manifest,) = (folder / "manifests").glob("*.json")
        status = json.loads(manifest.read_bytes())["status"]
        steps = (folder / "steps.jsonl").read_bytes().splitlines()
        assert len(steps) == STEPS
        good = bool(self.verdict(folder).verdict)
        assert good == (status == "completed")
        if good:
            self.outcomes["complete"] += 1
            assert verify_run(folder)
            assert (folder / "passport.proof.json").exists()
        else:
            kept = [name for name in ("passport.json", "bom.json") if (folder / name).exists()]
            self.outcomes["died with " + (" and ".join(kept) or "nothing")] += 1
            assert status == "running"
            assert verify_run(folder).exit_code != 0
            self.recover(folder)
        self.check_log()

    def recover(self, folder: Path) -> None:
        assert recover_run(folder).status == "interrupted"
        assert verify_run(folder)
        assert not (folder / "passport.json").exists()
        assert not (folder / "passport.proof.json").exists()
        asked = self.verdict(folder).verdict
        assert (asked.exit_code, asked.reasons) == (3, ("not-given",))

    def check_log(self) -> None:
        found = {finding.kind for finding in self.log.check(self.known)}
        assert found <= HARMLESS, found
        self.known = self.log.state()

    def check_lines(self, numbers: range) -> None:
        """Every run that a folder tells of has its start in the log, and its end."""
        told = Counter(
            (entry.subjects[0].name, entry.name)
            for entry in self.log.entries()
            if entry.type == "training_run"
        )
        for number in numbers:
            (manifest,) = (self.folder(number) / "manifests").glob("*.json")
            run_id, status = manifest.stem, json.loads(manifest.read_bytes())["status"]
            assert told[f"run:{run_id}", "start"] == 1
            name = {"completed": "end", "interrupted": "interrupted"}[status]
            assert told[f"run:{run_id}", name] >= 1


@pytest.fixture
def workshop(tmp_path: Path, request: pytest.FixtureRequest) -> Workshop:
    return Workshop(tmp_path, random.Random(request.node.name))


@pytest.mark.parametrize(
    "kills", [KILLS, pytest.param(KILLS_SLOW, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_killed_end_is_complete_or_recovered(workshop: Workshop, kills: int) -> None:
    longest_s = workshop.end_length_s() * 2
    for number in range(kills):
        workshop.kill_an_end(number, longest_s)
    workshop.check_lines(range(kills))
    assert workshop.outcomes.total() == kills
    assert len(workshop.outcomes) > 1, workshop.outcomes


@pytest.mark.parametrize(
    "kills",
    [RECOVERIES, pytest.param(RECOVERIES_SLOW, marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_a_killed_recovery_is_recovered(workshop: Workshop, kills: int) -> None:
    longest_s = workshop.end_length_s() * 2
    for number in range(kills):
        folder = workshop.folder(number)
        killed_after(lambda told, at=folder: begin_and_say(workshop, at, told), 0.0)

        def recover(told: int, at: Path = folder) -> None:
            os.write(told, b".")
            recover_run(at)
            time.sleep(60)

        for _ in range(2):  # also while what a killed recovery left is recovered
            killed_after(recover, workshop.dice.random() * longest_s)
        assert not workshop.verdict(folder).verdict
        workshop.recover(folder)
        workshop.check_log()
    workshop.check_lines(range(kills))


def begin_and_say(workshop: Workshop, folder: Path, told: int) -> None:
    workshop.begin(folder)
    os.write(told, b".")
    time.sleep(60)


@pytest.mark.parametrize(
    "missing",
    ["passport.json", "passport.proof.json", "bom.json", "steps.jsonl", "statements", "manifests"],
)
def test_what_is_missing_of_a_complete_run_is_named(workshop: Workshop, missing: str) -> None:
    """Not a kill's doing, since the manifest comes last; somebody may delete all the same."""
    folder = workshop.folder(0)
    workshop.begin(folder).finish()
    assert workshop.verdict(folder).verdict
    path = folder / missing
    path.rename(workshop.place / "moved")
    try:
        verdict = workshop.verdict(folder).verdict
    except InputError as fault:
        assert missing in str(fault) or "manifest" in str(fault)  # noqa: PT017
        return
    if missing == "passport.proof.json":
        assert verdict  # no role of the log is asked for
        assert not any(row.name == "log entry" for row in verdict.checks)
        return
    assert not verdict
    named = " ".join(f"{row.name} {row.detail}" for row in verdict.checks if row.reason)
    assert missing.removesuffix("s") in named
