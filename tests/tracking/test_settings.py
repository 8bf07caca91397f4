"""Misuse is refused at construction, with the mend."""

from __future__ import annotations

import argparse
import dataclasses
import threading

import pytest

import provenir
from provenir.attest.keys import Ed25519Signer
from provenir.core.errors import ProvenirError, UsageError
from provenir.tracking import config_hash


class RaisesWhenRead:
    def __getattr__(self, name):
        raise RuntimeError(name)


@pytest.mark.parametrize(
    "arguments",
    [
        {"sign_passport": True},
        {"signing_key": b"k"},
        {"sign_passport": True, "signing_key": b""},
        {"sign_passport": True, "signing_key": []},
        {"sign_passport": True, "signing_key": "missing.pem"},
        {"sign_passport": True, "signing_key": 3},
        {"trajectories": "some"},
        {"recorder": "rloo"},
        {"recorder": 3},
        {"recorder": "missing.toml"},
        {"seed": 1.5},
        {"seed": True},
        {"config": 3},
        {"resume": True},
        {"resume": "no-such-run-20260101T000000Z-00000000"},
        {"output_dir": ""},
        {"output_dir": 3},
        {"output_dir": b"out"},
        {"output_dir": "\ud800"},
        {"output_dir": "x" * 5_000},
        {"workspace": 3},
        {"clock": 3},
        {"config": RaisesWhenRead()},
        {"dataset": "missing.jsonl"},
        {"dataset": 7},
    ],
    ids=lambda arguments: ascii(arguments)[:60].partition(" object at")[0],
)
def test_misuse_raises_with_a_mend(arguments):
    with pytest.raises(ProvenirError) as caught:
        provenir.track("run", **arguments).start()
    assert caught.value.mend
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_run_needs_a_name(name):
    with pytest.raises(UsageError):
        provenir.track(name)


def test_an_output_dir_that_is_a_file_is_refused(place):
    (place / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        provenir.track("run", output_dir="file")


@dataclasses.dataclass
class Config:
    lr: float = 0.1


class Arguments:
    def to_dict(self):
        return {"lr": 0.1}


def test_every_form_of_a_config_has_the_same_hash():
    forms = [{"lr": 0.1}, Config(), Arguments(), argparse.Namespace(lr=0.1)]
    assert len({config_hash(form) for form in forms}) == 1
    assert config_hash() == config_hash({})
    assert config_hash({"lr": 0.2}) != config_hash({"lr": 0.1})


def test_a_pem_path_a_signer_and_a_list_are_keys(place):
    signer = Ed25519Signer.generate()
    private, public = signer.write(place / "team")
    for key in (str(private), private, signer, [signer, b"shared"]):
        with provenir.track("run", sign_passport=True, signing_key=key) as run:
            pass
        assert run.passport.verify(public)


def test_a_streaming_dataset_is_never_consumed(place):
    rows = iter([{"a": 1}, {"a": 2}])
    with provenir.track("run", dataset=rows, output_dir="out") as run:
        assert len(list(rows)) == 2
    assert run.manifest.dataset_hash is None
    assert "unknown_data" in run.bom.risk_flags()
    assert "unknown_data" in {finding.kind for finding in run.findings}


def test_a_configuration_may_hold_what_cannot_be_copied():
    @dataclasses.dataclass
    class Config:
        lr: float = 0.1
        lock: object = dataclasses.field(default_factory=threading.Lock)

    with provenir.track("run", config=Config()) as run:
        pass
    assert run.bom.hyperparameters["lr"] == 0.1


def test_a_seed_may_be_an_integer_of_another_library():
    np = pytest.importorskip("numpy")
    with provenir.track("run", seed=np.int64(3)) as run:
        pass
    assert run.manifest.seed == 3
