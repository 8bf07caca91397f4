"""Verifying while others write, and being killed or interrupted in the middle of it.

What a verifier remembers survives all of that: versions never go down, nothing that was answered
for is lost, a state that is cut is an error and never an empty one. A folder that changes while it
is verified gives a verdict or an error of ours. Ctrl-C is exit code 130 and one line.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from handed_over import AT
from policies import key_table, policy_text
from provenir.attest.keys import Ed25519Signer
from provenir.attest.verifier_state import VerifierState, update_state
from provenir.core.digest import digest_bytes
from provenir.core.errors import DocumentError, ProvenirError
from provenir.flows.verify import Order, verify
from provenir.governance.bom import ModelBOM
from provenir.governance.passport import PassportSigner

if TYPE_CHECKING:
    from collections.abc import Callable

    from handed_over import Case

VERIFIERS = 8
VERSIONS = 6
KILLS = 12
KILLS_SLOW = 120
DIGEST = digest_bytes(b"x")


def forked(action: Callable[[], None]) -> int:
    """Do something in a child; its process id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# The state --------------------------------------------------------------------------------------


def orders(place: Path, state: Path) -> list[list[Order]]:
    """For each verifier: a model's passports in the versions 1, 2, and so on."""
    key = Ed25519Signer.generate()
    trust = place / "trust.toml"
    trust.write_bytes(policy_text([key_table(key, "operator", id="o")]))
    made = []
    for number in range(VERIFIERS):
        previous, mine = None, []
        for version in range(1, VERSIONS + 1):
            # Two verifiers each look at the same models, so that they meet.
            bom = ModelBOM(model_id=f"model-{number // 2}")
            previous = PassportSigner(key).sign(bom, previous=previous)
            folder = place / f"{number}-{version}"
            folder.mkdir()
            (folder / "passport.json").write_bytes(previous.envelope.to_bytes())
            mine.append(Order(target=folder / "passport.json", trust=trust, state=state, at=AT))
        made.append(mine)
    return made


def test_eight_verifiers_lose_nothing_and_never_go_back(tmp_path: Path) -> None:
    state = tmp_path / "state" / "state.json"
    children = []
    for mine in orders(tmp_path, state):

        def work(mine: list[Order] = mine) -> None:
            for order in mine:
                verdict = verify(order).verdict
                # The other one at the same model may be ahead, and then this one is too old.
                assert verdict or verdict.reasons == ("rolled-back",)
                known = VerifierState.load(state)
                version = int(order.target.parent.name.partition("-")[2])
                model = f"model-{int(order.target.parent.name.partition('-')[0]) // 2}"
                assert (known.passport_version("trust:acme", model) or 0) >= version

        children.append(forked(work))
    seen: dict[str, int] = {}
    watching = True

    def watch() -> None:
        while watching:
            for name, found in VerifierState.load(state).passports.items():
                assert found.version >= seen.get(name, 0)
                seen[name] = found.version

    watcher = threading.Thread(target=watch)
    watcher.start()
    codes = [ended(child) for child in children]
    watching = False
    watcher.join()
    assert codes == [0] * VERIFIERS
    known = VerifierState.load(state)
    assert {name: found.version for name, found in known.passports.items()} == {
        f"trust:acme|model-{number}": VERSIONS for number in range(VERIFIERS // 2)
    }
    assert not list(state.parent.glob(".tmp-*"))


def test_a_state_that_is_cut_is_an_error_and_is_left_as_it_is(case: Case) -> None:
    whole = case.state.read_bytes()
    for length in (0, 1, 2, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        case.state.write_bytes(whole[:length])
        with pytest.raises(DocumentError, match="the remembered versions cannot be read"):
            case.judge()
        assert case.state.read_bytes() == whole[:length]


def seen(version: int) -> Callable[[VerifierState], VerifierState]:
    return lambda state: state.remember_passport("trust:acme", "m", version, DIGEST)


def kill_while_remembering(place: Path, dice: random.Random) -> None:
    """A child remembers version after version and says so; it is killed at some instant."""
    state, answered = place / "state.json", place / "answered"
    answered.write_bytes(b"0" * 8)
    file = os.open(answered, os.O_WRONLY)

    def work() -> None:
        version = VerifierState.load(state).passport_version("trust:acme", "m") or 0
        while True:
            version += 1
            update_state(state, seen(version))
            os.pwrite(file, b"%08d" % version, 0)

    child = forked(work)
    while int(answered.read_bytes()) == 0:
        time.sleep(0.001)
    time.sleep(dice.random() * 0.02)
    os.kill(child, signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    os.close(file)
    known = VerifierState.load(state).passport_version("trust:acme", "m") or 0
    assert known - int(answered.read_bytes()) in (0, 1)


@pytest.mark.parametrize(
    "kills", [KILLS, pytest.param(KILLS_SLOW, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_kill_while_the_state_is_written_loses_nothing(tmp_path: Path, kills: int) -> None:
    dice = random.Random(kills)
    for _ in range(kills):
        kill_while_remembering(tmp_path, dice)


def test_a_home_that_cannot_be_written_gives_a_verdict_that_says_so(
    case: Case, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own state, where no `--state` is given; a file is where its folder would be."""
    blocked = case.place / "home"
    blocked.write_text("")
    monkeypatch.setenv("HOME", str(blocked))
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked / "state"))
    monkeypatch.delenv("PROVENIR_STATE", raising=False)
    words = case.words()
    at = words.index("--state")
    code, out, err = call(*words[:at], *words[at + 2 :])
    assert code == 0
    assert "not_remembered" in out
    assert "the remembered versions cannot be written" in err


# A folder that changes ----------------------------------------------------------------------------


def test_a_folder_that_changes_meanwhile_gives_a_verdict_or_an_error(case: Case) -> None:
    """Whole files are exchanged by a thread for others, vanish, and come back."""
    files = [path for path in case.run.rglob("*") if path.is_file() and path.suffix != ".lock"]
    honest = {path: path.read_bytes() for path in files}
    dice, stop = random.Random(3), threading.Event()

    def meddle() -> None:
        while not stop.is_set():
            path = dice.choice(files)
            other = path.with_name(".other")
            match dice.randrange(4):
                case 0:
                    path.unlink(missing_ok=True)
                case 1:
                    other.write_bytes(honest[path][: dice.randrange(len(honest[path]))])
                    other.replace(path)
                case 2:
                    other.write_bytes(honest[dice.choice(files)])
                    other.replace(path)
                case _:
                    path.write_bytes(honest[path])
            for path in dice.sample(files, 6):
                path.write_bytes(honest[path])

    meddler = threading.Thread(target=meddle)
    meddler.start()
    outcomes = set()
    try:
        for _ in range(80):
            try:
                outcomes.add(case.judge().verdict.exit_code)
            except ProvenirError:
                outcomes.add(2)
    finally:
        stop.set()
        meddler.join()
    assert outcomes & {1, 2}
    for path, data in honest.items():
        path.write_bytes(data)
    (case.run / ".other").unlink(missing_ok=True)
    assert case.judge().verdict


# Ctrl-C -------------------------------------------------------------------------------------------


def reads(pid: int, path: Path) -> bool:
    """Whether a process holds a file open."""
    try:
        return any(each.readlink() == path for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_an_interrupt_while_a_model_is_hashed_is_one_line(case: Case) -> None:
    large = (case.model / "large.bin").resolve()
    with large.open("wb") as file:
        file.truncate(2**36)  # sparse: more than anybody reads in a minute
    child = subprocess.Popen(
        [sys.executable, "-m", "provenir", *case.words()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    state = case.state.read_bytes()
    while child.poll() is None and not reads(child.pid, large):
        time.sleep(0.01)
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (130, "", "interrupted\n")
    assert case.state.read_bytes() == state


def test_a_verifier_that_is_killed_leaves_what_it_found(case: Case) -> None:
    """At any instant of the verification: the next one comes to the same verdict."""
    case.state.unlink()
    dice = random.Random(5)
    for _ in range(6):
        child = forked(lambda: [case.judge() for _ in range(1_000)] and None)
        time.sleep(0.02 + dice.random() * 0.1)
        os.kill(child, signal.SIGKILL)
        ended(child)
        assert case.judge().verdict
        assert json.loads(case.state.read_bytes())["policies"]["acme"]["version"] == 2


def test_a_rollback_in_a_race_is_found_by_whoever_comes_later(case: Case) -> None:
    """The state is read before and written after: in between another may have seen more."""
    assert case.judge().verdict
    model = VerifierState.load(case.state).passports
    (name,) = model
    scope, _, model_id = name.partition("|")
    update_state(case.state, lambda s: s.remember_passport(scope, model_id, 7, DIGEST))
    assert case.judge().verdict.reasons == ("rolled-back",)
    assert VerifierState.load(case.state).passport_version(scope, model_id) == 7
