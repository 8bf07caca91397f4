"""What README promises: its code run as it stands, its commands in a copy of the checkout."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OWN_PART = {"report": "vl_convert"}
"""Commands that need an extra, by the module that shows whether it is there."""


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(README) if kind == language]


def shell_lines(first_word: str) -> list[list[str]]:
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))[0] == first_word]


def provenir(words: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "provenir", *words[1:]],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "XDG_CONFIG_HOME": str(place / "config")},
    )


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder of the user's own, with the key that README has made there first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    made = provenir(next(w for w in shell_lines("provenir") if w[1] == "key"), tmp_path)
    assert made.returncode == 0, made.stderr
    return tmp_path


def run_first_snippet(training_loop) -> dict[str, object]:
    names = {"train_ds": [{"prompt": "1 + 1", "answer": "2"}], "training_loop": training_loop}
    exec(compile(blocks("python")[0], "README#0", "exec"), names)
    return names


def test_three_lines_leave_what_readme_lists(desk):
    listing = next(text for text in blocks("") if "manifests/" in text)
    folder = desk / listing.splitlines()[0]
    listed = re.findall(r"[\w.]+\.jsonl?|[\w.]+\.md", listing)

    def training_loop():
        from provenir.tracking import current_run

        yield {"reward": 0.5}
        current_run().log_trajectory({"prompt": "1 + 1", "response": "2", "reward": 1.0})
        yield {"reward": 0.7}

    run_first_snippet(training_loop)
    assert len(listed) >= 9
    assert [name for name in listed if not (folder / name).is_file()] == []
    assert len(list((folder / "manifests").glob("*.json"))) == 1
    words = ["provenir", "passport", "verify", f"{folder}/passport.json"]
    assert provenir([*words, "--public-key", "team.pub.pem"], desk).returncode == 0


def test_the_snippet_spends_three_lines_on_us():
    tree = ast.parse(blocks("python")[0])
    ours = [
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert sorted(ours) == ["log_step", "record_eval", "track"]


def test_the_calls_that_tell_more_are_there():
    from provenir.tracking import Run

    calls = re.findall(r"`run\.(\w+)\(", README)
    assert {"log_trajectory", "log_artifact"} <= set(calls)
    assert [name for name in calls if not hasattr(Run, name)] == []


def test_the_imports_of_the_other_snippets_are_there():
    for block in blocks("python")[1:]:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                pytest.importorskip("transformers", reason="needs the extra train")
                module = importlib.import_module(node.module)
                assert [a.name for a in node.names if not hasattr(module, a.name)] == []


@pytest.mark.parametrize(
    "words", [w for w in shell_lines("provenir") if w[1] != "key"], ids=" ".join
)
def test_the_first_steps_work_after_the_demo(words, tmp_path):
    needed = OWN_PART.get(words[1])
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"needs {needed}")
    shutil.copytree(ROOT / "examples" / "small-run", tmp_path / "artifacts" / "demo")
    done = provenir(words, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_make_targets_and_the_extras_are_there():
    makefile = (ROOT / "Makefile").read_text()
    targets = {words[1] for words in shell_lines("make")} | set(
        re.findall(r"`make ([\w-]+)`", README)
    )
    assert {"demo", "test"} <= targets
    assert [name for name in targets if f"\n{name}:" not in makefile] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = re.findall(r"'\.\[(\w+)\]'", README)
    assert extras
    assert set(extras) <= set(project["optional-dependencies"])


def test_the_sizes_are_those_that_the_tool_announces():
    sizes = tomllib.loads((ROOT / "scripts" / "download_sizes.toml").read_text())
    assert f"measured on {sizes['measured']}" in README
    for target, build in (("demo", "cpu"), ("demo", "cuda"), ("test", "cpu"), ("test", "cuda")):
        assert f"{sizes[target][build]:,} MB" in README
    assert f"{sizes['base']['all']} MB for `make demo-lite`" in README
