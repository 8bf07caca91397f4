"""Settings files: whose they are, where their paths lead, and what a stranger's may do."""

from __future__ import annotations

import json
import os

import pytest

HOSTILE = {
    "a value where a table belongs": 'passport = "x"',
    "a list where a table belongs": "[passport]\nverify = [1]",
    "no table of tools": "tool = 1",
    "an option that there is not": '[passport.verify]\nkeyy = "x"',
    "an argument": '[passport.verify]\npassport = "x"',
    "a number for a file": "[passport.verify]\nartifact = 1",
    "a date for a folder": "[passport.verify]\nrun = 2020-01-01",
    "nothing for a path": '[passport.verify]\nartifact = ""',
    "text for a flag": '[passport.verify]\njson = "maybe"',
    "not TOML": "x =",
    "deep lists": "a = " + "[" * 20_000 + "]" * 20_000,
    "deep tables": ".".join(["a"] * 50_000) + " = 1",
    "an escape sequence": '"\\u001b[31m" = 1',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_file_is_one_line_that_names_it(call, place, name):
    (place / "provenir.toml").write_text(HOSTILE[name])
    code, out, err = call("doctor")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "provenir.toml" in err
    assert "defect" not in err
    assert "\x1b" not in err
    assert call("--help")[0] == 0


def test_an_endless_file_is_not_read_to_its_end(call, place):
    with (place / "provenir.toml").open("wb") as stream:
        stream.truncate(2**34)
    assert call("doctor")[0] == 2


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_passed_over(call, place, make):
    make(place / "provenir.toml")
    assert call("doctor")[0] == 0


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nprovenir = 1", "[[tool]]\na = 1"])
def test_a_project_file_without_settings_is_passed_over(call, place, text):
    (place / "pyproject.toml").write_text(text)
    assert call("doctor")[0] == 0


@pytest.fixture
def own(place):
    """The user's own settings file."""
    folder = place / "config" / "provenir"
    folder.mkdir(parents=True)
    return folder / "provenir.toml"


def test_a_relative_path_is_meant_from_the_file(call, signed, place, own, monkeypatch):
    own.write_text('[passport.verify]\npublic-key = "../../team.pub.pem"\n')
    (place / "provenir.toml").write_text('[passport.verify]\nartifact = ["model"]\njson = true\n')
    below = place / "sub" / "folder"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    code, out, err = call("passport", "verify", signed.resolve() / "passport.json")
    assert code == 0
    assert '"artifact:model"' in out
    assert f"--public-key comes from {own}" in err
    assert "--artifact comes from" in err


@pytest.mark.parametrize(
    "setting",
    ['public-key = "evil.pub.pem"', 'key = "evil"', 'at = "2020-01-01T00:00:00Z"'],
)
@pytest.mark.parametrize("name", ["provenir.toml", "pyproject.toml"])
def test_a_file_beside_the_evidence_cannot_decide_its_verdict(call, signed, place, name, setting):
    table = "passport.verify" if name == "provenir.toml" else "tool.provenir.passport.verify"
    (place / name).write_text(f"[{table}]\n{setting}\n")
    words = ("passport", "verify", signed / "passport.json")
    for options, ends in (([], 3), (["--public-key", "team.pub.pem"], 0)):
        code, out, err = call(*words, *options)
        assert code == ends
        assert "is not read from a file beside the evidence" in err
        assert "evil" not in out
    assert "beside the evidence" not in call("run", "list")[2]


@pytest.mark.parametrize("option", ["trust", "new", "signing-key"])
def test_a_file_beside_the_evidence_cannot_choose_what_is_signed(call, place, option):
    given = {"trust": "trust.toml", "new": "new.toml", "signing-key": "root.pem"}
    (place / "provenir.toml").write_text(f'[key.rotate]\n{option} = "{given.pop(option)}"\n')
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    code, _, err = call("key", "rotate", *words)
    assert code == 2
    assert f"--{option}" in err.splitlines()[-1]
    assert "is not read from a file beside the evidence" in err


def test_a_folder_that_others_can_write_in_is_passed_over(call, signed, place, monkeypatch):
    (place / "provenir.toml").write_text("[run.list]\njson = true\n")
    shared = place / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    (shared / "provenir.toml").write_text("[no.such]\nsetting = 1\n")
    monkeypatch.chdir(shared)
    code, out, err = call("run", "list", "../artifacts")
    assert code == 0
    assert "other users can write in its folder" in err
    assert json.loads(out)[0]["status"] == "completed"


def test_a_flag_wins_over_a_key_of_the_other_kind(call, signed, own):
    own.write_text('[passport.verify]\nkey = "secret"\n')
    words = ("passport", "verify", signed / "passport.json")
    code, _, err = call(*words, "--public-key", "team.pub.pem")
    assert code == 0
    assert "command line can be read" not in err
    own.write_text('[passport.verify]\npublic-key = "../../team.pub.pem"\n')
    assert call(*words, "--key", "secret")[0] == 1
    assert call(*words, "--key", "secret", "--public-key", "team.pub.pem")[0] == 2


def test_without_a_home_there_are_no_settings_of_the_user(call, monkeypatch):
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert call("doctor")[0] == 0
