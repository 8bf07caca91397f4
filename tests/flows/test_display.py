"""The display: a bar on a terminal, sparse lines elsewhere, nothing that acts on either."""

from __future__ import annotations

import io
import subprocess

import pytest
from rich.console import Console

from provenir.flows.display import Display


def shown(console: Console) -> str:
    return console.file.getvalue()


def plain_console() -> Console:
    return Console(file=io.StringIO(), width=60, force_terminal=False)


def terminal() -> Console:
    return Console(file=io.StringIO(), width=120, force_terminal=True)


def test_plain_output_has_a_line_before_and_after_and_a_few_between():
    console = plain_console()
    with Display(console) as display, display.phase("Train", total=100) as phase:
        for step in range(100):
            phase.advance(f"reward {step / 100:.2f}")
    lines = shown(console).splitlines()
    assert lines[0] == "Train …"
    assert lines[1] == "  Train: 20 of 100  reward 0.19"
    assert lines[-1].startswith("Train, ")
    assert lines[-1].endswith(": reward 0.99")
    assert len(lines) == 7


def test_a_short_phase_has_no_lines_between():
    console = plain_console()
    with Display(console) as display, display.phase("Sign") as phase:
        phase.advance()
    assert len(shown(console).splitlines()) == 2


def test_a_terminal_gets_a_bar_with_its_note():
    console = terminal()
    with Display(console) as display, display.phase("Train", total=3) as phase:
        for _ in range(3):
            phase.advance("reward 0.50")
    assert "3/3" in shown(console)
    assert "reward 0.50" in shown(console)


def test_a_long_note_does_not_push_the_bar_out():
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with Display(console) as display, display.phase("Hash and sign", total=3) as phase:
        phase.advance("ed25519:" + "0" * 200)
    assert "━━━━━━━━" in shown(console)
    assert "1/1" in shown(console)
    assert "ed25519:0" in shown(console)


def test_a_phase_that_stops_early_is_full():
    console = terminal()
    with Display(console) as display, display.phase("Warm up", total=600) as phase:
        phase.advance()
        phase.advance()
    assert "2/2" in shown(console)


@pytest.mark.parametrize("console", [plain_console(), terminal()], ids=["plain", "terminal"])
def test_nothing_in_a_note_or_line_acts_on_the_terminal(console):
    with Display(console) as display:
        with display.phase("Train") as phase:
            phase.advance("\x1b]0;owned\x07 [bold]x[/bold]")
        display.say("\x1b[2Jgone")
    assert "\x1b]0;" not in shown(console)
    assert "\x1b[2J" not in shown(console)
    assert "[bold]x[/bold]" in shown(console)


@pytest.mark.parametrize("make", [plain_console, terminal])
def test_a_fault_inside_a_phase_comes_through(make):
    with pytest.raises(ZeroDivisionError), Display(make()) as display, display.phase("Train"):
        raise ZeroDivisionError


def test_a_long_path_is_one_line():
    console = plain_console()
    path = "/a" * 100
    Display(console).say(f"Page {path}")
    assert shown(console).splitlines() == [f"Page {path}"]


def test_a_terminal_breaks_a_line_between_words_and_keeps_its_indent():
    console = Console(file=io.StringIO(), width=40, force_terminal=True)
    Display(console).say("  held-out problems answered rightly, probability of the answer")
    assert shown(console).splitlines() == [
        "  held-out problems answered rightly,",
        "    probability of the answer",
    ]


def test_what_is_copied_is_not_broken():
    console = Console(file=io.StringIO(), width=40, force_terminal=True)
    Display(console).say("Page /a path/" + "a" * 40, whole=True)
    Display(console).say("/a" * 40)
    Display(console).say("")
    assert shown(console).splitlines() == ["Page /a path/" + "a" * 40, "/a" * 40, ""]


@pytest.mark.parametrize(("terminal", "width"), [(True, 40), (True, 200), (False, 40)])
def test_a_command_is_a_command_at_every_width(terminal, width):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    Display(console).say_command("  ", "echo verify passport.json --key k --artifact model")
    lines = shown(console).splitlines()
    assert len(lines) == (2 if (terminal, width) == (True, 40) else 1)
    script = shown(console).partition("$ ")[2]
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "verify passport.json --key k --artifact model\n"


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("note", ["reward 0.50", "accepted"])
def test_a_short_note_is_read_whole_on_a_narrow_terminal(width, note):
    console = Console(file=io.StringIO(), width=width, force_terminal=True)
    with (
        Display(console) as display,
        display.phase("Make model and tokenizer", total=120) as phase,
    ):
        phase.advance(note)
    assert note in shown(console)
    assert "━━━━" in shown(console)
