from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from provenir.provenance.git import git_state

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True,
        env=environment,
    ).stdout.strip()  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "train.py").write_text("lr = 1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "größe.py").write_text("x = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def test_a_clean_tree(repository: Path) -> None:
    state = git_state(repository)
    assert state.sha == git(repository, "rev-parse", "HEAD")
    assert (state.dirty, state.diff_digest, state.problem) == (False, None, None)
    assert git_state(repository / "sub") == state


def test_untracked_files_do_not_make_it_dirty(repository: Path) -> None:
    (repository / "artifacts").mkdir()
    (repository / "artifacts" / "steps.jsonl").write_text("{}")
    assert git_state(repository).dirty is False


def test_the_diff_digest_follows_the_content(repository: Path) -> None:
    path = repository / "sub" / "größe.py"
    digests = []
    for content in ("x = 2\n", "x = 3\n", "x = 2\n"):
        path.write_text(content)
        state = git_state(repository)
        assert state.dirty
        digests.append(state.diff_digest)
    assert digests[0] == digests[2] != digests[1]
    assert git_state(repository / "sub").diff_digest == digests[0]


@pytest.mark.parametrize("setting", ["diff.noprefix=true", "diff.algorithm=patience"])
def test_the_diff_digest_does_not_depend_on_settings(repository: Path, setting: str) -> None:
    (repository / "train.py").write_text("lr = 2\n")
    before = git_state(repository).diff_digest
    git(repository, "config", *setting.split("="))
    assert git_state(repository).diff_digest == before is not None


def test_deleted_staged_and_linked_files_are_dirty(repository: Path) -> None:
    (repository / "train.py").unlink()
    deleted = git_state(repository)
    (repository / "train.py").symlink_to("/etc/hostname")
    linked = git_state(repository)
    (repository / "train.py").unlink()
    (repository / "train.py").write_text("lr = 1\n")
    assert git_state(repository).dirty is False
    (repository / "new.py").write_text("")
    git(repository, "add", "new.py")
    staged = git_state(repository)
    states = (deleted, linked, staged)
    assert all(state.dirty for state in states)
    assert len({state.diff_digest for state in states}) == 3


def test_a_touched_file_with_equal_content_is_clean_and_nothing_is_written(
    repository: Path,
) -> None:
    os.utime(repository / "train.py", (1, 1))
    index = (repository / ".git" / "index").read_bytes()
    assert git_state(repository).dirty is False
    assert (repository / ".git" / "index").read_bytes() == index


def test_a_merge_conflict_is_dirty(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "other")
    (repository / "train.py").write_text("lr = 2\n")
    git(repository, "commit", "-q", "-a", "-m", "two")
    git(repository, "checkout", "-q", "-")
    (repository / "train.py").write_text("lr = 3\n")
    git(repository, "commit", "-q", "-a", "-m", "three")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    state = git_state(repository)
    assert state.dirty
    assert state.diff_digest is not None


def test_no_repository_no_commit_no_folder(tmp_path: Path) -> None:
    outside = git_state(tmp_path)
    assert (outside.sha, outside.dirty) == (None, None)
    assert outside.problem
    git(tmp_path, "init", "-q")
    empty = git_state(tmp_path)
    assert (empty.sha, empty.dirty) == (None, False)
    assert git_state(tmp_path / "absent").problem


def test_variables_of_a_hook_do_not_lead_elsewhere(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert git_state(repository).sha is not None


def test_a_git_that_fails_or_is_missing_is_a_problem(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = repository / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'fatal: dubious ownership' >&2\nexit 128\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    assert git_state(repository).problem == "fatal: dubious ownership"
    fake.unlink()
    state = git_state(repository)
    assert (state.sha, state.dirty) == (None, None)
    assert state.problem is not None
