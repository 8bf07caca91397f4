from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "attest.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text("utf-8"), re.M | re.S)


def test_the_guide_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    code = "\n".join(_blocks("python"))
    exec(compile(code, str(GUIDE), "exec"), {})  # the guide's own lines
    assert (tmp_path / "artifacts" / "log" / "events-000000.jsonl").is_file()
    if shutil.which("openssl") is None:
        pytest.skip("the guide's last command needs openssl")
    (command,) = [block for block in _blocks("sh") if block.startswith("openssl")]
    done = subprocess.run(command.split(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
