"""The demo without torch: the shipped run is accepted, its changed copy refused."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from rich.console import Console

from provenir.core.errors import InputError
from provenir.flows import checkout
from provenir.flows.checkout import shipped
from provenir.flows.demo_lite import SMALL_RUN, run_demo_lite

MAX_BYTES = 300_000


def small_run():
    try:
        return shipped(SMALL_RUN, holds="passport.json")
    except InputError:
        pytest.skip("the small run is shipped with the repository only")


def test_the_small_run_is_accepted_and_its_changed_copy_refused():
    before = {path: path.read_bytes() for path in small_run().rglob("*") if path.is_file()}
    console = Console(file=io.StringIO(), width=400, force_terminal=False)
    assert run_demo_lite(console=console) == 0
    text = console.file.getvalue()
    assert "good" in text
    assert "REFUSED: artifact-mismatch" in text
    assert "model.safetensors was changed" in text
    assert {path: path.read_bytes() for path in before} == before


def test_the_small_run_is_small_and_holds_no_private_key():
    files = [path for path in small_run().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    assert not any(b"PRIVATE KEY" in path.read_bytes() for path in files)


def test_it_loads_no_training_stack():
    small_run()
    code = (
        "import sys\nfrom provenir.flows.demo_lite import run_demo_lite\n"
        "code = run_demo_lite()\n"
        "heavy = {'torch', 'numpy', 'transformers', 'trl', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(code or (2 if heavy else 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_elsewhere_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkout, "_CHECKOUT", tmp_path / "site-packages")
    with pytest.raises(InputError, match="clone of the repository") as caught:
        run_demo_lite()
    assert "examples/small-run" in str(caught.value)


def test_shipped_files_are_found_from_a_subfolder(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_text("{}")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert str(shipped("data/train.jsonl")) == "data/train.jsonl"
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert shipped("data/train.jsonl") == tmp_path / "data" / "train.jsonl"
