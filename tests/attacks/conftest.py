"""One good case a session, copied for every test that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from handed_over import Case, make_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Never changed by a test."""
    return make_case(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def case(pristine: Case, tmp_path: Path) -> Case:
    return pristine.copy(tmp_path / "case")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]):
    """Run a command line in this process; return its exit code, stdout and stderr."""
    from provenir.cli.main import run

    def run_words(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            run([str(word) for word in words])
        captured = capsys.readouterr()
        return left.value.code, captured.out, captured.err

    return run_words
