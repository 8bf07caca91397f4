from __future__ import annotations

import threading

import pytest

from fakes import fixed_clock
from provenir.attest.dsse import Envelope
from provenir.attest.log import EventLog, log_folder
from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError, ProvenirError
from provenir.governance.bom import ModelBOM
from provenir.governance.passport import ModelPassport, PassportSigner, PassportStore


@pytest.fixture
def passport(seed_bom, ed25519):
    return PassportSigner(ed25519).sign(seed_bom, clock=fixed_clock())


@pytest.fixture
def store(tmp_path):
    return PassportStore(tmp_path / "artifacts" / "passports", clock=fixed_clock())


def events(store) -> list:
    return list(EventLog(log_folder(store.root.parent)).entries())


def test_a_passport_is_saved_and_logged(store, passport):
    path = store.save(passport)
    digits = digest_bytes(path.read_bytes()).partition(":")[2]
    assert path.name == f"my-model-{digits[:8]}.json"
    assert ModelPassport.read(path) == passport
    (entry,) = events(store)
    assert entry.type == "passport_issued"
    assert entry.subjects[0].digest == digest_bytes(path.read_bytes())


def test_saving_again_keeps_the_file_and_logs_again(store, passport):
    path = store.save(passport)
    before = path.stat().st_ino
    assert store.save(passport) == path
    assert path.stat().st_ino == before
    assert store.list() == [path]
    assert len(events(store)) == 2


def test_what_the_log_came_upon_is_told(store, passport, caplog):
    store.save(passport)
    assert caplog.records == []
    log = EventLog(log_folder(store.root.parent))
    with log.path.open("ab") as file:
        file.write(b'{"torn')
    store.save(passport)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.messages[0].startswith("torn_tail_cut: 6 bytes")
    assert len(events(store)) == 2


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_nothing_is_ever_overwritten(store, passport, kind, tmp_path):
    first = store.save(passport)
    first.unlink()
    precious = tmp_path / "precious"
    precious.write_text("keep")
    if kind == "file":
        first.write_text("keep")
    elif kind == "link":
        first.symlink_to(precious)
    else:
        first.mkdir()
    second = store.save(passport)
    assert second != first
    assert ModelPassport.read(second) == passport
    assert precious.read_text() == "keep"
    if kind == "file":
        assert first.read_text() == "keep"


def test_every_version_has_its_file(store, seed_bom, ed25519):
    signer = PassportSigner(ed25519)
    first = signer.sign(seed_bom)
    second = signer.sign(seed_bom, previous=first)
    paths = {store.save(first), store.save(second)}
    assert len(paths) == 2
    assert second.predicate.previous == first.digest()
    assert set(store.list()) == paths


@pytest.mark.parametrize("model_id", ["../../etc/passwd", "a/b", "..", "🚀\n", "x" * 5000, "-rf"])
def test_a_name_cannot_lead_out_of_the_store(store, ed25519, model_id):
    path = store.save(PassportSigner(ed25519).sign(ModelBOM(model_id=model_id)))
    assert path.parent == store.root
    assert path.resolve().parent == store.root.resolve()
    assert path.name.isascii()
    assert not path.name.startswith("-")


def test_a_foreign_envelope_is_refused_before_anything_is_written(store, ed25519):
    foreign = ModelPassport(Envelope.sign(b"{}", [ed25519]))
    with pytest.raises(InputError):
        store.save(foreign)
    other = ModelPassport(Envelope.sign(b"{}", [ed25519], payload_type="text/plain"))
    with pytest.raises(EvidenceError):
        store.save(other)
    assert not store.root.exists()


def test_a_log_that_takes_no_line_is_reported_with_the_passport_saved(store, passport):
    (store.root.parent).mkdir(parents=True)
    (store.root.parent / "log").write_text("not a folder")
    with pytest.raises(ProvenirError, match="saved, but the log took no line"):
        store.save(passport)
    (path,) = store.list()
    (store.root.parent / "log").unlink()
    assert store.save(passport) == path
    assert len(events(store)) == 1


def test_the_log_of_a_named_workspace_is_used(tmp_path, passport):
    PassportStore(tmp_path / "p", workspace=tmp_path / "w").save(passport)
    assert EventLog(log_folder(tmp_path / "w")).size == 1


def test_load_by_name(store, passport):
    path = store.save(passport)
    assert store.load(path.name) == passport
    for name in ("../" + path.name, "nothing.json", "", str(path)):
        with pytest.raises(InputError):
            store.load(name)


def test_many_writers_lose_nothing(store, seed_bom, ed25519):
    signer = PassportSigner(ed25519)
    bodies = [
        signer.sign(ModelBOM(**{**dict(seed_bom), "hyperparameters": {"n": n}})) for n in range(8)
    ]
    threads = [threading.Thread(target=store.save, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {ModelPassport.read(path).to_json() for path in store.list()} == {
        body.to_json() for body in bodies
    }
    assert len(events(store)) == 8
