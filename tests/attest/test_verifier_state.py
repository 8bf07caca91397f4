from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.attest import verifier_state
from provenir.attest.verifier_state import (
    MAX_CHECKPOINTS,
    VerifierState,
    default_state_path,
    update_state,
)
from provenir.core.errors import DocumentError, EvidenceError, InputError, UsageError

START = datetime(2026, 1, 1, tzinfo=UTC)


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


def test_the_document_is_the_one_of_the_reference() -> None:
    state = (
        VerifierState()
        .remember_policy("acme", 1, digest("a"))
        .remember_passport("trust:acme", "my-model", 2, digest("b"))
        .remember_checkpoint("provenir.log/ab12", 7, digest("c"), START)
    )
    assert json.loads(state.to_bytes()) == {
        "schema_version": "verifier-state/1",
        "policies": {"acme": {"version": 1, "digest": digest("a")}},
        "passports": {"trust:acme|my-model": {"version": 2, "digest": digest("b")}},
        "checkpoints": {
            "provenir.log/ab12": [
                {"size": 7, "root": digest("c"), "seen_at": "2026-01-01T00:00:00.000Z"}
            ]
        },
    }
    assert VerifierState.from_bytes(state.to_bytes(), where="x") == state


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from("ab")), max_size=12))
def test_a_passports_version_never_goes_down(seen: list[tuple[int, str]]) -> None:
    state = VerifierState()
    for place, (version, letter) in enumerate(seen, start=1):
        state = state.remember_passport("trust:acme", "m", version, digest(letter))
        assert state.remember_passport("trust:acme", "m", version, digest(letter)) == state
        highest = max(version for version, _ in seen[:place])
        assert state.passport_version("trust:acme", "m") == highest
        # Of one version the first is kept: two runs may both have made it.
        first = next(letter for version, letter in seen if version == highest)
        assert state.passports["trust:acme|m"].digest == digest(first)
    assert state.passport_version("trust:other", "m") is None


def test_a_policys_version_never_goes_down() -> None:
    state = VerifierState().remember_policy("acme", 2, digest("a"))
    assert state.remember_policy("acme", 1, digest("b")) == state
    assert state.remember_policy("acme", 2, digest("a")) == state
    assert state.remember_policy("acme", 3, digest("b")).policies["acme"].version == 3
    with pytest.raises(EvidenceError, match="other bytes") as caught:
        state.remember_policy("acme", 2, digest("b"))
    assert caught.value.reason == "rolled-back"
    with pytest.raises(EvidenceError, match="version 1, seen was 2") as caught:
        state.check_policy("acme", 1, digest("a"))
    assert caught.value.reason == "rolled-back"
    state.check_policy("acme", 3, digest("z"))
    state.check_policy("other", 1, digest("z"))


def test_a_checkpoint_keeps_its_earliest_time() -> None:
    hour = timedelta(hours=1)
    state = VerifierState().remember_checkpoint("log", 7, digest("c"), START)
    assert state.remember_checkpoint("log", 7, digest("c"), START + hour) == state
    earlier = state.remember_checkpoint("log", 7, digest("c"), START - hour)
    assert [one.seen_at for one in earlier.checkpoints["log"]] == ["2025-12-31T23:00:00.000Z"]
    both = state.remember_checkpoint("log", 3, digest("d"), START + hour)
    assert [one.size for one in both.checkpoints["log"]] == [7, 3]
    with pytest.raises(EvidenceError, match="another root at 7") as caught:
        state.remember_checkpoint("log", 7, digest("d"), START)
    assert caught.value.reason == "log-inconsistent"
    assert state.remember_checkpoint("other", 7, digest("d"), START).checkpoints["log"]
    with pytest.raises(UsageError, match="zone"):
        state.remember_checkpoint("log", 8, digest("d"), datetime(2026, 1, 1))  # noqa: DTZ001


def test_checkpoints_are_bounded_and_spread_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_CHECKPOINTS >= 100
    monkeypatch.setattr(verifier_state, "MAX_CHECKPOINTS", 4)
    state = VerifierState()
    for size, second in enumerate((0, 100, 101, 200, 300), start=1):
        at = START + timedelta(seconds=second)
        state = state.remember_checkpoint("log", size, digest("c"), at)
    assert [one.size for one in state.checkpoints["log"]] == [1, 2, 4, 5]


def test_a_missing_file_is_an_empty_state(tmp_path: Path) -> None:
    assert VerifierState.load(tmp_path / "none.json") == VerifierState()


def broken() -> dict[str, bytes]:
    good = VerifierState().remember_policy("acme", 2, digest("a")).to_bytes()
    return {
        "empty": b"",
        "cut": good[:-1],
        "no JSON": b"\x00" * 50,
        "another version": good.replace(b"state/1", b"state/2"),
        "field": good.replace(b'"policies"', b'"extra":1,"policies"'),
        "version 0": good.replace(b'"version":2', b'"version":0'),
        "version text": good.replace(b'"version":2', b'"version":"2"'),
        "digest": good.replace(b"sha256:aa", b"sha256:AA"),
        "twice": good.replace(b'{"digest"', b'{"version":9,"digest"'),
    }


@pytest.mark.parametrize("data", broken().values(), ids=broken())
def test_a_broken_file_is_not_an_empty_state(tmp_path: Path, data: bytes) -> None:
    (path := tmp_path / "state.json").write_bytes(data)
    with pytest.raises(DocumentError, match=r"cannot be read.*state\.json.*move it away"):
        VerifierState.load(path)
    with pytest.raises(DocumentError):
        update_state(path, lambda state: state.remember_policy("acme", 9, digest("a")))
    assert path.read_bytes() == data


def test_what_is_no_regular_file_is_not_an_empty_state(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("pipe", "dangling", "."):
        with pytest.raises(InputError):
            VerifierState.load(tmp_path / name)


def test_an_update_is_on_disk_and_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "state.json"
    made = update_state(path, lambda state: state.remember_policy("acme", 1, digest("a")))
    assert VerifierState.load(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.stat().st_mtime_ns
    assert update_state(path, lambda state: state) == made
    assert path.stat().st_mtime_ns == before


def test_nothing_is_written_when_the_change_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    update_state(path, lambda state: state.remember_policy("acme", 1, digest("a")))
    before = path.read_bytes()
    with pytest.raises(EvidenceError):
        update_state(path, lambda state: state.remember_policy("acme", 1, digest("b")))
    assert path.read_bytes() == before


def test_what_is_known_already_is_not_written(tmp_path: Path) -> None:
    """A state beside which nothing can be made, as on read-only media."""
    path = tmp_path / "state.json"
    made = update_state(path, lambda state: state.remember_policy("acme", 1, digest("a")))
    lock = tmp_path / "state.json.lock"
    lock.unlink()
    lock.mkdir()
    again = update_state(path, lambda state: state.remember_policy("acme", 1, digest("a")))
    assert again == made
    with pytest.raises(InputError, match="cannot lock"):
        update_state(path, lambda state: state.remember_policy("acme", 2, digest("b")))


def test_a_folder_that_is_none_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written.*--state FILE"):
        update_state(
            tmp_path / "file" / "state.json",
            lambda state: state.remember_policy("acme", 1, digest("a")),
        )


COUNT_UP = """
import sys
from provenir.attest.verifier_state import update_state
for step in range(15):
    name = f"{sys.argv[2]}-{step}"
    update_state(sys.argv[1], lambda s: s.remember_policy(name, 1, "sha256:" + "a" * 64))
"""


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    command = [sys.executable, "-c", COUNT_UP, str(path)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(VerifierState.load(path).policies) == 45


def test_the_default_lies_in_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROVENIR_STATE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_state_path() == tmp_path / "provenir" / "verifier-state.json"
    monkeypatch.setenv("PROVENIR_STATE", "elsewhere.json")
    assert default_state_path() == Path("elsewhere.json")
