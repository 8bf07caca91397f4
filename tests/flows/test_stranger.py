"""Verification by another process that has three files and no environment."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct

import pytest
from rich.console import Console

import provenir
from provenir.attest.keys import Ed25519Signer
from provenir.cli.main import run
from provenir.core.errors import InputError, UndecidedError
from provenir.flows.display import Display
from provenir.flows.stranger import ask_stranger, change_one_byte, show_verdict


def write_weights(folder) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]}}).encode()
    content = struct.pack("<Q", len(header)) + header + struct.pack("<8f", *range(8))
    (folder / "model.safetensors").write_bytes(content)
    (folder / "config.json").write_text("{}")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """A signed run: (passport, model folder, public key)."""
    place = tmp_path_factory.mktemp("evidence") / "artifacts"
    model = place / "run" / "model"
    signer = Ed25519Signer.generate()
    with provenir.track(
        "small", output_dir=place / "run", sign_passport=True, signing_key=signer
    ) as run:
        run.log_step({"reward": 1.0})
        model.mkdir()
        write_weights(model)
        run.log_artifact(model)
    key = place / "team.pub.pem"
    key.write_bytes(signer.public_pem())
    return place / "run" / "passport.json", model, key


def test_a_stranger_accepts_the_evidence(evidence):
    verdict = ask_stranger(*evidence)
    assert verdict.accepted
    assert verdict.exit_code == 0
    assert verdict.saw == ("key.pub.pem", "model", "passport.json")
    statuses = {name: status for name, status, _, _ in verdict.checks}
    assert statuses["signature"] == "pass"
    assert statuses["artifact:model"] == "pass"


def test_a_stranger_refuses_one_changed_byte_and_says_where(evidence):
    before = (evidence[1] / "model.safetensors").read_bytes()
    verdict = ask_stranger(*evidence, tamper=change_one_byte)
    assert not verdict.accepted
    assert verdict.exit_code == 1
    assert verdict.reasons == ("artifact-mismatch",)
    assert verdict.change is not None
    assert any("model.safetensors" in line for line in verdict.lines())
    assert (evidence[1] / "model.safetensors").read_bytes() == before
    assert ask_stranger(*evidence).accepted


def test_what_a_stranger_did_not_check_is_named_in_one_line(evidence):
    verdict = ask_stranger(*evidence)
    unchecked = [name for name, status, _, _ in verdict.checks if status == "not-checked"]
    assert unchecked
    last = verdict.lines()[-1]
    assert last.startswith("not checked: ")
    assert [name for name in unchecked if name not in last] == []
    refused = ask_stranger(*evidence, tamper=change_one_byte)
    assert refused.lines()[-1].startswith("not checked: ")


def test_another_key_is_refused(evidence, tmp_path):
    other = tmp_path / "other.pub.pem"
    other.write_bytes(Ed25519Signer.generate().public_pem())
    assert ask_stranger(evidence[0], evidence[1], other).exit_code == 1


def test_the_environment_does_not_reach_the_stranger(evidence, monkeypatch):
    # Any of these would change what the process does, if it saw them.
    monkeypatch.setenv("PYTHONPATH", os.devnull)
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("PROVENIR_PASSPORT_VERIFY_KEY", "secret")
    assert ask_stranger(*evidence).accepted


def test_what_cannot_be_read_is_not_a_refusal(evidence, tmp_path):
    broken = tmp_path / "passport.json"
    broken.write_text("not a passport")
    with pytest.raises(UndecidedError, match="no verdict"):
        ask_stranger(broken, evidence[1], evidence[2])
    with pytest.raises(InputError, match="hand over"):
        ask_stranger(tmp_path / "none.json", evidence[1], evidence[2])


@pytest.fixture
def copied(evidence, tmp_path):
    """The evidence with a model folder of its own."""
    passport, model, key = evidence
    shutil.copytree(model, tmp_path / "model")
    return passport, tmp_path / "model", key


def test_a_link_in_the_model_is_refused_as_it_is_on_the_spot(copied, tmp_path, capsys):
    passport, model, key = copied
    (model / "config.json").rename(tmp_path / "elsewhere")
    (model / "config.json").symlink_to("../elsewhere")
    words = ["passport", "verify", passport, "--public-key", key, "--artifact", model]
    with pytest.raises(SystemExit) as left:
        run([str(word) for word in words])
    capsys.readouterr()
    verdict = ask_stranger(*copied)
    assert (left.value.code, verdict.exit_code) == (1, 1)
    assert any("config.json: a symbolic link" in line for line in verdict.lines())


def test_no_byte_is_changed_through_a_link(copied, tmp_path):
    model = copied[1]
    weights = model / "model.safetensors"
    before = weights.rename(tmp_path / "elsewhere").read_bytes()
    weights.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no weights"):
        ask_stranger(*copied, tamper=change_one_byte)
    assert (tmp_path / "elsewhere").read_bytes() == before


def test_what_is_no_file_cannot_be_handed_over_and_is_named(copied, tmp_path):
    pipe = copied[1] / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="is a named pipe") as caught:
        ask_stranger(*copied)
    assert str(pipe) in str(caught.value)
    assert "None" not in str(caught.value)
    with pytest.raises(InputError, match="named pipe") as caught:
        ask_stranger(pipe, copied[1], copied[2])
    assert str(pipe) in str(caught.value)


def test_one_byte_is_one_byte(tmp_path):
    write_weights(tmp_path)
    before = (tmp_path / "model.safetensors").read_bytes()
    change = change_one_byte(tmp_path)
    after = (tmp_path / "model.safetensors").read_bytes()
    assert [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [
        change.offset
    ]
    assert (before[change.offset], after[change.offset]) == (change.before, change.after)


def test_no_weights_no_change(tmp_path):
    with pytest.raises(InputError, match="no weights"):
        change_one_byte(tmp_path)


def test_the_shown_verdict_names_files_command_and_reason(evidence):
    console = Console(file=io.StringIO(), width=400, force_terminal=False)
    display = Display(console)
    show_verdict(display, "Before", ask_stranger(*evidence))
    show_verdict(display, "After", ask_stranger(*evidence, tamper=change_one_byte))
    text = console.file.getvalue()
    assert "key.pub.pem, model, passport.json" in text
    assert "provenir passport verify passport.json --public-key key.pub.pem" in text
    assert "REFUSED: artifact-mismatch" in text
    assert text.index("good") < text.index("REFUSED")
