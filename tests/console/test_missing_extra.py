from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from provenir.console import render
from provenir.core.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def without_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)


@pytest.mark.usefixtures("without_charts")
def test_the_install_line_is_given_and_no_page_is_left(make_run: Callable[..., Path]) -> None:
    folder = make_run(steps=3)
    with pytest.raises(MissingExtraError, match=r"pip install -e '\.\[report\]'"):
        render(folder)
    assert not (folder / "report.html").exists()


@pytest.mark.usefixtures("without_charts")
def test_a_run_without_a_channel_needs_no_charts(make_run: Callable[..., Path]) -> None:
    assert "No step was recorded" in render(make_run(steps=0)).read_text()


def test_importing_the_room_loads_no_chart_library() -> None:
    code = "import provenir.console.report, sys; print({'altair', 'vl_convert'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "set()"
