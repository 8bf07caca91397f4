"""The guide of the room, run block by block as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provenir.provenance.flags import kernel_determinism_flags

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "provenance.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("index", range(len(BLOCKS)))
def test_a_block_of_the_guide_runs(
    index: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[index], f"{GUIDE.name}#{index}", "exec"), {"__name__": "guide"})
    assert capsys.readouterr().out


def test_the_guide_names_every_variable() -> None:
    text = GUIDE.read_text()
    assert [name for name in kernel_determinism_flags(1) if name not in text] == []
