"""The code of the README and of the guides runs as it stands: block after block, in one place.

A guide whose code needs an extra is skipped where that extra is missing.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))
NEEDS = {
    "console.md": ("altair", "vl_convert"),
    "contamination.md": ("numpy", "numba"),
    "data.md": ("pyarrow", "zstandard", "datasets"),
    "dedup.md": ("numpy",),
    "governed.md": ("torch", "transformers", "trl", "datasets", "peft"),
    "import.md": ("altair", "vl_convert"),
    "routing.md": ("torch", "transformers"),
    "train.md": ("torch", "transformers", "trl", "datasets"),
}
COMMANDS_TOO = {
    *("auditor.md", "contamination.md", "dedup.md", "import.md", "policy.md", "trust.md"),
    "verify.md",
}
"""Guides whose commands are run between the Python blocks."""
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path: Path) -> list[tuple[str, str]]:
    """Language and text of the blocks that are run, in their order.

    Python that shows a shape with `...` as an argument is not run.
    """
    found = BLOCK.findall(path.read_text("utf-8"))
    wanted = ("python", "bash") if path.name in COMMANDS_TOO else ("python",)
    return [(kind, text) for kind, text in found if kind in wanted and "(..., " not in text]


def run_commands(text: str) -> None:
    """Run each command of a block; a line that ends in a backslash goes on.

    `python FILE` stands in a copy of the repository. A line may say at its end that it exits 1.
    """
    from provenir.cli.main import run

    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "python":
            subprocess.run([sys.executable, str(ROOT / words[1]), *words[2:]], check=True)
            continue
        assert words[0] == "provenir"
        with pytest.raises(SystemExit) as left:
            run(words[1:])
        assert left.value.code == line.rstrip().endswith("# exits 1"), line


@pytest.mark.parametrize("guide", [path.name for path in GUIDES])
def test_the_code_of_a_guide_runs(guide, tmp_path, monkeypatch, capsys):
    missing = [name for name in NEEDS.get(guide, ()) if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    names = {"__name__": "guide"}
    for number, (kind, block) in enumerate(blocks(ROOT / "docs" / "guide" / guide)):
        if kind == "bash":
            run_commands(block)
        else:
            exec(compile(block, f"{guide}#{number}", "exec"), names)


def test_every_guide_is_in_the_index_and_every_entry_exists():
    index = (ROOT / "docs" / "index.md").read_text()
    assert set(re.findall(r"\(guide/([a-z-]+\.md)\)", index)) == {path.name for path in GUIDES}


def links(path: Path) -> list[str]:
    found = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    return [link for link in found if "://" not in link]


@pytest.mark.parametrize(
    "page",
    sorted(
        str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    ),
)
def test_every_link_leads_somewhere(page):
    path = ROOT / page
    assert [link for link in links(path) if not (path.parent / link).exists()] == []
