from __future__ import annotations

from pathlib import Path

import pytest

from provenir.attest.workspace import WORKSPACE_VARIABLE, find_workspace, log_folder

NOWHERE: dict[str, str] = {}


def test_the_argument_comes_first() -> None:
    environ = {WORKSPACE_VARIABLE: "/from/environment"}
    assert find_workspace("/a/artifacts/run", "/given", environ=environ) == Path("/given")


def test_then_the_environment() -> None:
    environ = {WORKSPACE_VARIABLE: "/from/environment"}
    found = find_workspace("/a/artifacts/run", environ=environ)
    assert found == Path("/from/environment")


@pytest.mark.parametrize(
    "path",
    [
        "/a/artifacts/my-run",
        "/a/artifacts/runs/my-run-20260101t000000z-00000000",
        "/a/artifacts/passports",
        "/artifacts/b/c/../../../a/artifacts/d",
        "/a/artifacts",
    ],
)
def test_then_the_nearest_folder_named_artifacts(path: str) -> None:
    assert find_workspace(path, environ=NOWHERE) == Path("/a/artifacts")


def test_the_nearest_of_two_wins() -> None:
    found = find_workspace("/artifacts/b/artifacts/c", environ=NOWHERE)
    assert found == Path("/artifacts/b/artifacts")


def test_else_the_parent_of_the_output_folder() -> None:
    assert find_workspace("/scratch/out/run", environ=NOWHERE) == Path("/scratch/out")
    assert find_workspace("/scratch/my-artifacts/run", environ=NOWHERE).name == "my-artifacts"
    assert find_workspace("/", environ=NOWHERE) == Path("/")


def test_the_real_environment_is_asked_and_an_empty_value_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(tmp_path))
    assert find_workspace("/a/b") == tmp_path
    monkeypatch.setenv(WORKSPACE_VARIABLE, " ")
    assert find_workspace("/a/b") == Path("/a")


def test_relative_paths_become_absolute_and_links_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "artifacts").symlink_to("disk")
    monkeypatch.chdir(tmp_path)
    assert find_workspace("artifacts/run", environ=NOWHERE) == tmp_path / "artifacts"
    assert find_workspace("run", environ=NOWHERE) == tmp_path
    assert find_workspace("run", "w", environ=NOWHERE) == tmp_path / "w"
    assert not (tmp_path / "w").exists()


def test_the_log_lies_in_the_workspace() -> None:
    assert log_folder("/a/artifacts") == Path("/a/artifacts/log")
