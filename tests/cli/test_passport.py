"""`provenir passport`: a good one is good, anything else is refused with its exit code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import provenir


def verify(call, signed, *options):
    return call("passport", "verify", signed / "passport.json", *options)


def test_good_with_model_and_run(call, signed):
    code, out, err = verify(
        call, signed, "--public-key", "team.pub.pem", "--artifact", "model", "--run", signed
    )
    assert code == 0
    assert "good" in out
    assert "L0 claimed, L0 established" in out
    assert err == ""


def test_a_lone_passport_establishes_no_more_than_declared(call, signed):
    code, out, _ = verify(call, signed, "--public-key", "team.pub.pem")
    assert code == 0
    assert "L0 claimed, declared established" in out
    assert "not-checked" in out


def test_a_p256_key_signs_and_verifies(call, place):
    assert call("key", "new", "--out", "token", "--alg", "p256")[0] == 0
    with provenir.track(
        "t", output_dir="artifacts/t", sign_passport=True, signing_key="token.pem"
    ) as run:
        run.log_step({"kl": 0.1})
    assert verify(call, run.output_dir, "--public-key", "token.pub.pem")[0] == 0
    assert call("key", "new", "--out", "other", "--alg", "p256")[0] == 0
    assert verify(call, run.output_dir, "--public-key", "other.pub.pem")[0] == 1
    secret = ("--key", Path("token.pub.pem").read_text())
    assert verify(call, run.output_dir, *secret)[0] == 2


def change_a_byte(model):
    data = bytearray((model / "weights.bin").read_bytes())
    data[100] ^= 1
    (model / "weights.bin").write_bytes(bytes(data))


def add_a_file(model):
    (model / "added.txt").write_text("")


def rename_a_file(model):
    (model / "config.json").rename(model / "renamed.json")


def remove_a_file(model):
    (model / "config.json").unlink()


def replace_by_a_link(model):
    target = model.parent / "elsewhere"
    (model / "config.json").rename(target)
    (model / "config.json").symlink_to(target)


@pytest.mark.parametrize(
    "attack", [change_a_byte, add_a_file, rename_a_file, remove_a_file, replace_by_a_link]
)
def test_any_change_of_the_model_folder_is_refused(call, signed, place, attack):
    attack(place / "model")
    code, out, _ = verify(call, signed, "--public-key", "team.pub.pem", "--artifact", "model")
    assert code == 1
    assert "artifact-mismatch" in out


def test_another_key_is_refused(call, signed):
    code, out, _ = verify(call, signed, "--public-key", "other.pub.pem")
    assert code == 1
    assert "unknown-key" in out


def test_no_key_cannot_be_decided(call, signed):
    code, out, err = verify(call, signed)
    assert (code, out) == (3, "")
    assert err.startswith("error: no key was given")


@pytest.mark.parametrize(
    "options",
    [
        ["--public-key", "missing.pem"],
        ["--public-key", "team.pem"],
        ["--key", "team.pub.pem"],
        ["--key", ""],
        ["--key", "a", "--public-key", "team.pub.pem"],
        ["--public-key", "team.pub.pem", "--artifact", "missing"],
        ["--public-key", "team.pub.pem", "--run", "missing"],
        ["--public-key", "team.pub.pem", "--at", "yesterday"],
        ["--bogus"],
    ],
    ids=" ".join,
)
def test_misuse_is_one_line_and_exit_2(call, signed, options):
    code, out, err = verify(call, signed, *options)
    assert (code, out) == (2, "")
    lines = [line for line in err.splitlines() if not line.startswith("warning:")]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b"null", b"\0" * 99])
def test_a_file_that_is_no_passport_is_unreadable(call, signed, place, content):
    (place / "bad.json").write_bytes(content)
    code, _, err = call("passport", "verify", "bad.json", "--public-key", "team.pub.pem")
    assert code == 2
    assert "bad.json" in err
    assert "Traceback" not in err


def test_hmac_warns_and_says_what_it_is(call, place):
    with provenir.track("t", output_dir="artifacts/t", sign_passport=True, signing_key=b"secret"):
        pass
    code, out, err = call("passport", "verify", "artifacts/t/passport.json", "--key", "secret")
    assert code == 0
    assert "whoever can verify it can forge it" in out
    assert err.startswith("warning: ")
    code, _, _ = call("passport", "verify", "artifacts/t/passport.json", "--key", "secre")
    assert code == 1


def test_the_secret_can_come_from_the_environment(call, place, monkeypatch):
    with provenir.track("t", output_dir="artifacts/t", sign_passport=True, signing_key=b"secret"):
        pass
    monkeypatch.setenv("PROVENIR_PASSPORT_VERIFY_KEY", "secret")
    code, _, err = call("passport", "verify", "artifacts/t/passport.json")
    assert (code, err) == (0, "")


def test_an_edited_bom_beside_the_passport_is_refused(call, signed):
    path = signed / "bom.json"
    path.write_text(path.read_text().replace('"gsm8k"', '"gsm9k"'))
    code, out, _ = verify(call, signed, "--public-key", "team.pub.pem")
    assert code == 1
    assert "bom-mismatch" in out


def test_json_is_one_document(call, signed):
    code, out, _ = verify(call, signed, "--public-key", "team.pub.pem", "--json")
    verdict = json.loads(out)
    assert code == 0
    assert verdict["assurance_established"] == "declared"
    assert {row["name"] for row in verdict["checks"]} >= {"signature", "expiry"}


def test_defaults_come_from_a_file(call, signed, place):
    settings = place / "config" / "provenir" / "provenir.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[passport.verify]\npublic-key = ["{place}/team.pub.pem"]\n')
    assert verify(call, signed)[0] == 0
    (place / "provenir.toml").write_text("[passport.verify\n")
    code, _, err = verify(call, signed)
    assert code == 2
    assert "provenir.toml" in err


def test_show_prints_nothing_that_acts(call, place):
    name = "evil \x1b]8;;http://x\x07 \u202e <script>"
    with provenir.track(name, output_dir="out", sign_passport=True, signing_key=b"k"):
        pass
    code, out, _ = call("passport", "show", "out/passport.json")
    assert code == 0
    assert not any(char in out for char in ("\x1b", "\x07", "\u202e"))


def test_the_files_verify_in_a_process_with_nothing(signed, place):
    """A stranger: an empty environment, the passport, the model and the public key."""
    import shutil
    import sys

    stranger = place / "stranger"
    stranger.mkdir()
    shutil.copy(signed / "passport.json", stranger)
    shutil.copy("team.pub.pem", stranger)
    shutil.copytree("model", stranger / "model")
    words = [sys.executable, "-I", "-m", "provenir", "passport", "verify", "passport.json"]
    words += ["--public-key", "team.pub.pem", "--artifact", "model"]
    done = subprocess.run(words, cwd=stranger, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--at", ""),
        ("--at=",),
        ("--artifact", ""),
        ("--run", ""),
        ("--public-key=",),
        ("--key", ""),
    ],
)
def test_an_empty_value_is_misuse(call, signed, words):
    """An unset variable must not turn into "now" or into the current folder."""
    code, out, err = verify(call, signed, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "empty" in err


@pytest.mark.parametrize("columns", ["0", "1", "20"])
def test_no_column_is_lost_on_a_narrow_terminal(call, signed, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = verify(call, signed, "--public-key", "other.pub.pem")
    assert all(word in out for word in ("signature", "not-checked", "unknown-key", "REFUSED"))


def test_a_verdict_that_cannot_be_remembered_says_why(call, signed, place):
    from policies import key_table, policy_text
    from provenir.attest.keys import public_key

    team = key_table(public_key(place / "team.pub.pem"), "operator", id="team")
    (place / "trust.toml").write_bytes(policy_text([team]))
    (place / "home").write_text("")
    words = ("verify", signed, "--trust", "trust.toml", "--state", "home/x/state.json")
    code, out, err = call(*words)
    assert code == 0
    assert "not_remembered" in out
    assert err.startswith("warning: the remembered versions cannot be written")
    assert err.count("\n") == 1
    code, out, _ = call(*words, "--json")
    assert json.loads(out)["notes"][-1].startswith("not_remembered: ")
