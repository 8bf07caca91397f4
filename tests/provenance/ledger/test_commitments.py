"""Salts: exact formulas, one opened without another, the secret kept elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import stat

import pytest

from provenir.core.errors import InputError, UsageError
from provenir.provenance.ledger.commitments import (
    Salts,
    example_commit,
    facts_commit,
    facts_value,
)
from provenir.provenance.ledger.lines import line_bytes

SALTS = Salts(bytes(range(32)))


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def test_an_example_is_committed_to_as_written_down():
    key = mac(SALTS.secret, b"provenir/example")
    salt = mac(key, (7).to_bytes(8, "big"))
    example = hashlib.sha256(b"row").digest()
    assert example_commit(SALTS.example_key, 7, example) == hashlib.sha256(salt + example).digest()


def test_facts_are_committed_to_as_written_down():
    key = mac(SALTS.secret, b"provenir/facts")
    salt = mac(key, (3).to_bytes(8, "big") + (5).to_bytes(8, "big"))
    line = line_bytes(facts_value("0.5", ["1.0", None]))
    assert line == b'{"loss":"0.5","norms":["1.0",null]}'
    assert SALTS.facts_salt(3, 5) == salt
    assert facts_commit(salt, line) == "sha256:" + hashlib.sha256(salt + line).hexdigest()


def test_keys_differ_and_the_secret_is_not_shown():
    keys = {SALTS.secret, SALTS.example_key, SALTS.facts_key, SALTS.sampler_seed}
    assert len(keys) == 4
    assert SALTS.secret.hex() not in repr(SALTS)


def test_equal_examples_in_two_rows_look_unlike():
    example = bytes(32)
    assert example_commit(SALTS.example_key, 0, example) != example_commit(
        SALTS.example_key, 1, example
    )


def test_the_secret_is_kept_for_its_owner_alone(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    salts = Salts.create(tmp_path / "salts", run_folder=run)
    assert stat.S_IMODE((tmp_path / "salts").stat().st_mode) == 0o600
    assert Salts.load(tmp_path / "salts") == salts
    with pytest.raises(UsageError, match="exists already"):
        Salts.create(tmp_path / "salts", run_folder=run)


def test_the_secret_is_not_kept_in_the_run_folder(tmp_path):
    (tmp_path / "other").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="inside the run folder"):
        Salts.create(tmp_path / "other" / "salts", run_folder=tmp_path)


@pytest.mark.parametrize("data", [b"", b"00" * 31, b"0G" * 32, b"00" * 32 + b"\n\n", b"00" * 9000])
def test_another_file_is_no_secret(tmp_path, data):
    (tmp_path / "salts").write_bytes(data)
    with pytest.raises(InputError):
        Salts.load(tmp_path / "salts")
