"""The bar: on a terminal alone, for long work alone, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from provenir.core.progress import progress_bar

WORK = """
from provenir.core.progress import progress_bar
with progress_bar({total}, unit={unit!r}, least={least}, label="reading [bold]x") as advance:
    for _ in range(10):
        advance({total} // 10)
"""


def on_a_terminal(code: str) -> str:
    """What a terminal on stderr gets from a piece of code."""
    ours, theirs = os.openpty()
    child = subprocess.Popen([sys.executable, "-c", code], stderr=theirs, stdout=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert child.wait() == 0, shown
    return shown.decode()


@pytest.mark.parametrize("unit", ["bytes", "rows"])
def test_a_terminal_sees_how_far_it_is(unit):
    shown = on_a_terminal(WORK.format(total=1000, unit=unit, least=100))
    assert "reading [bold]x" in shown
    assert "1.0" in shown if unit == "bytes" else "1000/1000" in shown


def test_small_work_shows_nothing():
    assert on_a_terminal(WORK.format(total=1000, unit="bytes", least=1001)) == ""


def test_another_display_on_the_terminal_is_left_alone():
    outer = "import sys\nfrom rich.console import Console\nfrom rich.progress import Progress\n"
    held = "with Progress(console=Console(file=sys.stderr)) as held:\n    held.add_task('mine')\n"
    inner = WORK.format(total=1000, unit="bytes", least=1).replace("\n", "\n    ")
    assert "mine" in on_a_terminal(outer + held + inner)


def test_a_pipe_sees_nothing(capfd):
    with progress_bar(10**12) as advance:
        advance(5)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_total_and_a_fault_inside_pass(capfd):
    with pytest.raises(KeyError), progress_bar(None):
        raise KeyError
    assert capfd.readouterr().err == ""


def test_a_closed_stderr_is_no_fault():
    code = "import sys\nsys.stderr = None\n" + WORK.format(total=1000, unit="bytes", least=1)
    assert on_a_terminal(code) == ""
