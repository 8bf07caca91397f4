"""What a person sees on a terminal of 80 or 60 columns."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios

import pytest
import typer

import provenir
from provenir.cli.main import app

MARKS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(params=[80, 60])
def columns(request):
    return request.param


@pytest.fixture
def screen(columns):
    """Run a command line on a terminal; return the lines that it wrote there."""

    def run_words(*words):
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
        child = subprocess.Popen(
            [sys.executable, "-m", "provenir", *map(str, words)],
            env={**env, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        data = b""
        try:
            while piece := os.read(ours, 65536):
                data += piece
        except OSError:
            assert child.wait(60) in (0, 1, 2, 3)  # Linux says so when the child is gone
        os.close(ours)
        return [line.rstrip() for line in MARKS.sub("", data.decode()).splitlines()]

    return run_words


NOUNS = [
    (name,)
    for name, noun in typer.main.get_command(app).commands.items()
    if hasattr(noun, "commands")
]


@pytest.mark.parametrize("words", [(), *NOUNS])
def test_no_command_is_described_with_an_ellipsis(screen, place, words):
    listed = screen(*words, "--help")
    assert listed
    assert [line for line in listed if line.endswith("...") and "Usage" not in line] == []


def test_a_table_keeps_to_the_width(screen, signed, columns):
    for words in (("run", "show", signed), ("run", "list"), ("doctor",), ("run", "verify", signed)):
        assert max(map(len, screen(*words)[:-1])) <= columns


def test_the_log_keeps_its_types_whole_and_cuts_digests(screen, signed, columns):
    lines = screen("log", "show")
    assert max(map(len, lines)) <= columns
    assert sum(" training_run " in line for line in lines) == 2
    assert any(" passport_issued " in line for line in lines)
    joined = "".join(line.split()[-1] for line in lines if line.strip())
    assert not re.search("[0-9a-f]{32}", joined)


def test_a_list_that_does_not_fit_leaves_out_the_ids(screen, place, columns):
    with provenir.track("a name that is long enough to fill the width"):
        pass
    with provenir.track("b", output_dir="artifacts/b"):
        pass
    listed = screen("run", "list")
    assert not any("run_id" in line for line in listed)
    (row,) = [line for line in listed if line.endswith("artifacts/b")]
    assert row.split()[0] == "completed"


def test_a_path_is_never_cut(screen, signed, place):
    public = place / "team.pub.pem"
    passport = (place / signed / "passport.json").resolve()
    shown = screen("passport", "verify", passport, "--public-key", public)
    assert str(passport) in [line.removeprefix("good ") for line in shown]


def test_sentences_break_between_words_and_rows_stay_whole(screen, signed, columns):
    shown = screen("passport", "show", signed / "passport.json")
    sentences = [line for line in shown if line[:1].isalpha()]
    assert sentences
    assert max(map(len, sentences)) <= columns
    assert "A good signature shows that these statements are unchanged" in " ".join(shown)
    assert all(line.endswith("|") for line in shown if line.startswith("|"))


def test_the_origin_of_a_foreign_log_does_not_act_on_the_terminal(screen, place):
    (place / "log").mkdir()
    (place / "log" / "origin").write_text("x\x9b31m\u202ey")
    shown = screen("log", "checkpoint", "log")
    assert any("no origin of a log" in line for line in shown)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", "".join(shown))


def test_the_two_files_of_a_key_stand_in_columns(screen, place):
    private, public, *_ = screen("key", "new", "--out", "k")
    assert private.index("the private key") == public.index("the public key")


def test_help_names_no_type_of_the_language(screen, place):
    assert [line for line in screen("verify", "--help") if "list[" in line] == []
