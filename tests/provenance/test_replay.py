from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provenir.core.digest import digest_value
from provenir.core.errors import InputError, UsageError
from provenir.core.manifest import RunManifest, RunManifestStore
from provenir.provenance.fingerprint import Fingerprint, capture_fingerprint
from provenir.provenance.flags import kernel_determinism_flags
from provenir.provenance.replay import ReplayEngine, ReplayVerification

CONFIG, DATA, LOCK = (digest_value(text) for text in ("config", "data", "lock"))
RUN_ID = "demo-20260301T100000Z-00000000"


def fingerprint(compared: dict[str, Any] | None = None, **observed: Any) -> Fingerprint:
    content = {"cpu": {"model": "A", "count": 2}, "git": None} if compared is None else compared
    return Fingerprint(digest=digest_value(content), compared=content, observed=observed)


def engine(folder: Path, **fields: Any) -> ReplayEngine:
    store = RunManifestStore(folder / "manifests")
    defaults: dict[str, Any] = {
        "run_id": RUN_ID,
        "name": "demo",
        "config_hash": CONFIG,
        "dataset_hash": DATA,
        "git_sha": "c" * 40,
        "dependencies_lockfile": LOCK,
        "seed": 7,
        "fingerprint": fingerprint().to_dict(),
        "status": "completed",
        "started_at": "2026-03-01T10:00:00Z",
        "ended_at": "2026-03-01T10:01:00Z",
    }
    store.save(RunManifest.create(**{**defaults, **fields}))
    return ReplayEngine(store)


def verify(folder: Path, recorded: dict[str, Any] | None = None, **now: Any) -> ReplayVerification:
    supplied: dict[str, Any] = {
        "current_config_hash": CONFIG,
        "current_dataset_hash": DATA,
        "current_fingerprint": fingerprint(),
        "current_git_sha": "c" * 40,
        "current_seed": 7,
    }
    return engine(folder, **(recorded or {})).verify(RUN_ID, **{**supplied, **now})


def test_everything_equal_is_reproducible(tmp_path: Path) -> None:
    answer = verify(tmp_path)
    assert answer
    assert answer.reproducible is True
    assert (answer.differences, answer.not_compared) == ([], [])


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("config_hash", {"current_config_hash": DATA}),
        ("dataset_hash", {"current_dataset_hash": CONFIG}),
        ("git_sha", {"current_git_sha": "d" * 40}),
        ("seed", {"current_seed": 8}),
        ("fingerprint.cpu.model", {
            "current_fingerprint": fingerprint({"cpu": {"model": "B", "count": 2}, "git": None})
        }),
        ("fingerprint.git.dirty", {
            "current_fingerprint": fingerprint(
                {"cpu": {"model": "A", "count": 2}, "git": {"dirty": True}}
            )
        }),
    ],
)  # fmt: skip
def test_one_item_that_differs_is_named(tmp_path: Path, name: str, now: dict[str, Any]) -> None:
    answer = verify(tmp_path, **now)
    assert not answer
    (difference,) = answer.differences
    assert difference.startswith(name + ": recorded ")


@pytest.mark.parametrize("name", ["config_hash", "dataset_hash", "fingerprint"])
def test_without_a_needed_item_nothing_is_reproducible(tmp_path: Path, name: str) -> None:
    answer = verify(tmp_path, **{f"current_{name}": None})
    assert not answer.reproducible
    assert answer.differences == []
    assert len(answer.not_compared) == 1
    assert answer.not_compared[0].startswith(f"{name}: not supplied, needed")


def test_git_and_seed_may_be_left_out(tmp_path: Path) -> None:
    answer = verify(tmp_path, current_git_sha=None, current_seed=None)
    assert answer.reproducible
    assert answer.not_compared == ["git_sha: not supplied", "seed: not supplied"]


def test_supplied_but_not_recorded_is_a_difference(tmp_path: Path) -> None:
    recorded = {"dataset_hash": None, "git_sha": None, "seed": None, "fingerprint": {}}
    answer = verify(tmp_path, recorded)
    names = [difference.partition(":")[0] for difference in answer.differences]
    assert names == ["dataset_hash", "git_sha", "seed", "fingerprint"]


def test_what_one_side_observed_is_not_compared(tmp_path: Path) -> None:
    answer = verify(
        tmp_path,
        {"fingerprint": fingerprint(**{"env.OMP_NUM_THREADS": "1"}).to_dict()},
        current_fingerprint=fingerprint(**{"torch.threads": 2}),
    )
    assert answer.reproducible
    assert answer.not_compared == [
        "fingerprint.env.OMP_NUM_THREADS: not observed now",
        "fingerprint.torch.threads: not observed by the run",
    ]


def test_what_both_sides_observed_must_match(tmp_path: Path) -> None:
    answer = verify(
        tmp_path,
        {"fingerprint": fingerprint(**{"torch.threads": 1}).to_dict()},
        current_fingerprint=fingerprint(**{"torch.threads": 2}),
    )
    assert answer.differences == ["fingerprint.torch.threads: recorded 1, now 2"]


def test_a_fingerprint_that_contradicts_itself_is_not_believed(tmp_path: Path) -> None:
    forged = replace(fingerprint(), compared={"cpu": {"model": "B"}})
    assert verify(tmp_path, current_fingerprint=forged).differences
    assert verify(tmp_path, {"fingerprint": forged.to_dict()}).differences
    assert verify(tmp_path, {"fingerprint": {"digest": 3}}).differences


def test_the_fingerprint_may_be_its_table(tmp_path: Path) -> None:
    assert verify(tmp_path, current_fingerprint=fingerprint().to_dict())
    with pytest.raises(InputError):
        verify(tmp_path, current_fingerprint={"digest": "x"})


@pytest.mark.parametrize("value", ["sha256:" + "0" * 64, 5, ["cpu"], b"x"])
def test_what_is_no_fingerprint_is_misuse(tmp_path: Path, value: Any) -> None:
    with pytest.raises(UsageError, match="capture_fingerprint"):
        verify(tmp_path, current_fingerprint=value)


def test_an_unknown_run_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        engine(tmp_path).verify("other", current_config_hash=None, current_dataset_hash=None)


def test_the_real_fingerprint_of_this_host_matches_itself(tmp_path: Path) -> None:
    before = capture_fingerprint(tmp_path)
    answer = verify(
        tmp_path,
        {"fingerprint": before.to_dict()},
        current_fingerprint=capture_fingerprint(tmp_path),
    )
    assert answer.reproducible
    assert answer.to_dict()["reproducible"] is True


def test_differences_are_shown_without_acting_on_a_terminal(tmp_path: Path) -> None:
    hostile = fingerprint({"cpu\x1b[2J": "\u202e" * 9, "list": ["\x1b"]})
    text = "".join(verify(tmp_path, current_fingerprint=hostile).differences)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_recipe_has_the_seeds_keys(tmp_path: Path) -> None:
    recipe = engine(tmp_path).replay_command(RUN_ID)
    assert list(recipe) == [
        "run_id", "seed", "config_hash", "dataset_hash", "git_sha", "dependencies_lockfile",
        "fingerprint", "env_flags",
    ]  # fmt: skip
    assert (recipe["seed"], recipe["git_sha"]) == (7, "c" * 40)
    assert recipe["fingerprint"] == fingerprint().to_dict()
    assert recipe["env_flags"] == kernel_determinism_flags()
    assert len(recipe) == 8


def test_the_recipe_pins_what_the_run_was_seen_with(tmp_path: Path) -> None:
    seen = fingerprint(
        **{"torch.threads": 3, "env.MKL_CBWR": "AVX2", "env.CUDA_VISIBLE_DEVICES": "1"}
    )
    flags = engine(tmp_path, fingerprint=seen.to_dict()).replay_command(RUN_ID)["env_flags"]
    assert (flags["OMP_NUM_THREADS"], flags["MKL_CBWR"]) == ("3", "AVX2")
    assert "CUDA_VISIBLE_DEVICES" not in flags


def test_the_shell_lines_run_in_a_shell_and_stop_at_quotes(tmp_path: Path) -> None:
    marker = tmp_path / "owned"
    hostile = f"1'; touch {marker}; '\n touch {marker}"
    compared = {"git": {"dirty": True, "diff_digest": f"x\ntouch {marker}"}}
    recorded = fingerprint(compared, **{"env.MKL_CBWR": hostile}).to_dict()
    recipe = engine(tmp_path, fingerprint=recorded, git_sha=f"$(touch {marker})").replay_command(
        RUN_ID
    )
    script = 'git() { echo git "$@"; }\n' + recipe.shell() + "env"
    result = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert not marker.exists()
    assert f"git checkout $(touch {marker})" in result.stdout
    assert "CUBLAS_WORKSPACE_CONFIG=:4096:8" in result.stdout
    assert "seed: 7" in recipe.shell()
