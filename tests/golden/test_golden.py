"""What past versions wrote and signed verifies with this one.

The folders beside this file are made by `scripts/make_golden.py` and never rewritten.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import provenir
from provenir.attest.log import EventLog
from provenir.governance.passport import ModelPassport
from provenir.governance.run_check import verify_run

HERE = Path(__file__).parent
VERSIONS = sorted(path for path in HERE.iterdir() if (path / "key.pub.pem").is_file())
SECRET = b"golden secret"

every_version = pytest.mark.parametrize("golden", VERSIONS, ids=lambda path: path.name)


@pytest.fixture
def copy(golden, tmp_path):
    """A copy, so that nothing can write into the original."""
    return Path(shutil.copytree(golden, tmp_path / golden.name))


def test_this_version_has_its_folder():
    assert provenir.__version__ in [path.name for path in VERSIONS]


@every_version
def test_a_run_verifies_with_its_model_and_folder(copy):
    passport = ModelPassport.read(copy / "artifacts" / "run" / "passport.json")
    verdict = passport.verify(
        copy / "key.pub.pem", artifacts=copy / "model", run_dir=copy / "artifacts" / "run"
    )
    assert verdict, verdict.to_dict()
    assert verdict.assurance_established == "L0"
    assert passport.verify(SECRET)
    assert verify_run(copy / "artifacts" / "run")


@every_version
def test_passports_made_by_hand_verify(copy):
    assert ModelPassport.read(copy / "by_hand_ed25519.json").verify(copy / "key.pub.pem")
    assert ModelPassport.read(copy / "by_hand_hmac.json").verify(SECRET)


@every_version
def test_the_log_is_read_and_its_root_is_the_one_that_was_signed(copy):
    log = EventLog(copy / "artifacts" / "log")
    passport = ModelPassport.read(copy / "artifacts" / "run" / "passport.json")
    bound = passport.predicate.log_checkpoint
    entries = list(log.entries())
    assert [entry.name for entry in entries] == ["start", "end", "passport"]
    assert log.inclusion(0, size=bound.size)["root"] == bound.root


@every_version
def test_a_change_of_any_recorded_file_is_refused(copy):
    run = copy / "artifacts" / "run"
    passport = ModelPassport.read(run / "passport.json")
    recorded = [path for path in run.rglob("*") if path.is_file() and "passport" not in path.name]
    assert len(recorded) >= 8
    for path in recorded:
        original = path.read_bytes()
        path.write_bytes(original + b" ")
        if path.name == "bom.json":
            path.write_bytes(original.replace(b"golden-eval", b"golden-evil"))
        assert not passport.verify(copy / "key.pub.pem", run_dir=run), path.name
        path.write_bytes(original)
    assert passport.verify(copy / "key.pub.pem", run_dir=run)
