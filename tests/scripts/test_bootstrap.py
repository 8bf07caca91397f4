"""The script behind the make targets: what an interrupt or a missing network leaves, and says."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap.py"

pytestmark = pytest.mark.skipif(
    not SCRIPT.is_file(), reason="the scripts are not part of an installed package"
)


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bare(venv: Path) -> Path:
    """An environment as an interrupt between `venv` and `ensurepip` leaves it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    return venv / "bin" / "python"


def test_an_environment_without_pip_gets_one_and_loses_nothing(bootstrap, tmp_path):
    interpreter = bare(tmp_path / "venv")
    (tmp_path / "venv" / "mine").touch()
    assert bootstrap.make_venv(sys.executable, tmp_path / "venv") == interpreter
    assert bootstrap.pip_version(interpreter)
    assert (tmp_path / "venv" / "mine").exists()


def test_an_environment_whose_pip_was_cut_short_is_remade(bootstrap, tmp_path, capsys):
    venv = tmp_path / "venv"
    bare(venv)
    half = next(venv.glob("lib*/python*/site-packages")) / "pip"
    half.mkdir()
    (half / "__init__.py").touch()
    (venv / bootstrap.UNFINISHED).touch()
    assert bootstrap.pip_version(bootstrap.make_venv(sys.executable, venv))
    assert capsys.readouterr().out.startswith("remaking ")


def test_a_folder_with_something_else_is_left_alone(bootstrap, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SystemExit) as left:
        bootstrap.make_venv(sys.executable, tmp_path)
    assert left.value.code == 2
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_ctrl_c_is_one_line_and_the_next_call_takes_it_up(bootstrap, tmp_path):
    venv = tmp_path / "venv"
    begun = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--venv", str(venv), "base"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert begun.stdout.readline().startswith("making ")
    os.killpg(begun.pid, signal.SIGINT)
    _, said = begun.communicate(timeout=60)
    assert (begun.returncode, said.count("\n")) == (130, 1)
    assert said.startswith("interrupted")
    assert bootstrap.pip_version(bootstrap.make_venv(sys.executable, venv))


RETRYING = "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken"
FETCHED = "  Downloading rich-14.whl (240 kB)"
CONFLICT = "ERROR: Cannot install provenir: these versions have conflicting dependencies."


def failing_install(bootstrap, tmp_path, *pip_says: str) -> None:
    """Install with a pip that says these lines and fails."""
    pip = tmp_path / "python"
    pip.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(pip_says) + "\nEND\nexit 1\n")
    pip.chmod(0o755)
    with pytest.raises(SystemExit) as left:
        bootstrap.install(pip, "base")
    assert left.value.code == 2


def test_a_missing_network_is_said_in_one_line(bootstrap, tmp_path, capsys):
    failing_install(bootstrap, tmp_path, RETRYING, CONFLICT)
    said = capsys.readouterr().err
    assert said == "error: the packages could not be fetched; is a package index reachable?\n"


def test_any_other_fault_of_pip_is_shown(bootstrap, tmp_path, capsys):
    failing_install(bootstrap, tmp_path, RETRYING, FETCHED, CONFLICT)
    assert CONFLICT in capsys.readouterr().err
