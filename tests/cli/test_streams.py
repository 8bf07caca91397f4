"""A reader that leaves, a closed stream or a poor encoding changes no exit code."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from provenir.cli.streams import Outlet, patient_streams


def status(words, place, **surroundings):
    """The exit code of a shell line in which $P is the command; every stream is inherited."""
    env = {**os.environ, "P": f"{sys.executable} -m provenir", **surroundings}
    line = ["bash", "-c", words]
    done = subprocess.run(line, cwd=place, env=env, capture_output=True, check=False)
    return done.returncode, done.stderr.decode()


VERIFY = "$P passport verify artifacts/signed/passport.json --public-key"


@pytest.mark.parametrize(
    "end", [">&-", "2>&- >&-", "2>&- >&- <&-", "| true; exit ${PIPESTATUS[0]}"]
)
@pytest.mark.parametrize(("key", "code"), [("team.pub.pem", 0), ("other.pub.pem", 1)])
def test_a_verdict_keeps_its_code_without_a_reader(signed, place, end, key, code):
    assert status(f"{VERIFY} {key} {end}", place) == (code, "")


def test_a_full_disk_is_an_error(signed, place):
    if not os.path.exists("/dev/full"):  # noqa: PTH110 - a device, not a file of ours
        pytest.skip("this system has no /dev/full")
    code, said = status(f"{VERIFY} team.pub.pem --json > /dev/full", place)
    assert (code, said) == (2, "error: No space left on device: make room on the disk\n")


@pytest.mark.parametrize("noun", ["passport show", "lineage show", "run show"])
def test_an_encoding_without_a_character_shows_its_escape(signed, place, noun):
    path = "artifacts/signed" + ("/passport.json" if noun.startswith("passport") else "")
    assert status(f"$P {noun} {path}", place, PYTHONIOENCODING="ascii")[0] == 0


def test_a_character_that_cannot_be_spelled_is_escaped():
    raw = io.BytesIO()
    outlet = Outlet(io.TextIOWrapper(raw, encoding="ascii"))
    assert outlet.write("a–b") == 3
    outlet.flush()
    assert raw.getvalue() == b"a\\u2013b"


def test_the_streams_come_back():
    before = sys.stdout, sys.stderr
    with patient_streams():
        assert isinstance(sys.stdout, Outlet)
    assert (sys.stdout, sys.stderr) == before


def test_a_pipe_gets_each_row_whole(signed, place):
    listed = subprocess.run(
        [sys.executable, "-m", "provenir", "run", "list"],
        cwd=place,
        env={**os.environ, "COLUMNS": "60"},
        capture_output=True,
        check=True,
    )
    (row,) = [line for line in listed.stdout.decode().splitlines() if "completed" in line]
    assert row.strip().startswith("signed-")
    assert row.rstrip().endswith("artifacts/signed")
