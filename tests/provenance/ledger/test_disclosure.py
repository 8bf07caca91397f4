"""Disclosure: the right key for the right rows, and not a file more."""

from __future__ import annotations

import json
import os
import stat

import pytest

from ledgers import make_ledger
from provenir.core.errors import InputError, UsageError
from provenir.provenance.ledger.commitments import Salts
from provenir.provenance.ledger.disclosure import disclose, hand_over, salts_of


@pytest.fixture
def made(tmp_path):
    return make_ledger(tmp_path / "run" / "governed", snapshot_every=2, killed_after=(3,))


def test_the_key_of_the_examples_is_disclosed_and_no_other(made):
    written = disclose(made.folder, salts_of(made.folder))
    path = made.folder / "private" / "disclosure.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_bytes()) == {
        "schema_version": "ledger-disclosure/1",
        "run_id": made.settings.run_id,
        "example_key": made.salts.example_key.hex(),
    }
    assert written.run_id == made.settings.run_id


def test_another_secret_is_refused(made):
    with pytest.raises(UsageError, match="row 0 is not committed to"):
        disclose(made.folder, Salts(bytes(32)))
    assert not (made.folder / "private" / "disclosure.json").exists()


@pytest.mark.parametrize("name", ["private/rows.jsonl", "admission.jsonl"])
@pytest.mark.parametrize("kept", [0, 3])
def test_a_secret_is_held_against_every_row(made, name, kept):
    path = made.folder / name
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))
    salts = made.salts if kept else Salts(bytes(32))
    with pytest.raises(InputError, match=f"24 rows were committed to, and here are {kept}"):
        disclose(made.folder, salts)
    assert not (made.folder / "private" / "disclosure.json").exists()


def test_an_empty_ledger_is_named(made):
    (made.folder / "ledger.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match="without its header"):
        disclose(made.folder, made.salts)


def test_what_is_private_is_its_owners_whatever_the_umask(tmp_path):
    former = os.umask(0)
    try:
        made = make_ledger(tmp_path / "run" / "governed", snapshot_every=2, killed_after=(3,))
        disclose(made.folder, made.salts)
        hand_over(made.folder, tmp_path / "out")
    finally:
        os.umask(former)
    for folder in (made.folder / "private", tmp_path / "out" / "private"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert found == dict.fromkeys(found, 0o600)
    public = [path for path in (tmp_path / "out").iterdir() if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in public} == {0o644}


def test_what_is_handed_over(made, tmp_path):
    disclose(made.folder, made.salts)
    names = hand_over(made.folder, tmp_path / "out")
    found = {
        str(path.relative_to(tmp_path / "out"))
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == set(names)
    assert {"private/rows.jsonl", "private/metadata.jsonl", "private/disclosure.json"} <= found
    assert {"ledger.jsonl", "details.jsonl", "ledger.discarded-0.jsonl"} <= found
    everything = b"".join((tmp_path / "out" / name).read_bytes() for name in found)
    assert made.salts.facts_key.hex().encode() not in everything
    assert not {
        name for name in found if "facts" in name or "salts" in name or name.endswith("/lock")
    }
    with pytest.raises(UsageError):
        hand_over(made.folder, tmp_path / "out")


def test_a_secret_that_is_gone_is_named(made):
    made.salts_path.unlink()
    with pytest.raises(InputError, match="no such file") as refused:
        salts_of(made.folder)
    assert "--salts" in str(refused.value)


@pytest.mark.parametrize("said", [b"[]", b'{"path": 5}', b"{", b""])
def test_what_does_not_say_where_the_secret_is(made, said):
    (made.folder / "private" / "salts.json").write_bytes(said)
    with pytest.raises(InputError, match="no secret of the salts") as refused:
        salts_of(made.folder)
    assert "--salts" in str(refused.value)
    assert salts_of(made.folder, made.salts_path) == made.salts
