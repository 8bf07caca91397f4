"""A finished, signed run with a model, and a way to call the command line in this process."""

from __future__ import annotations

import pytest

import provenir
from provenir.attest.keys import Ed25519Signer


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    return tmp_path


@pytest.fixture
def call(capsys):
    """Run a command line; return its exit code, stdout and stderr."""
    from provenir.cli.main import run

    def run_words(*words):
        with pytest.raises(SystemExit) as left:
            run([str(word) for word in words])
        captured = capsys.readouterr()
        return left.value.code, captured.out, captured.err

    return run_words


@pytest.fixture
def signed(place):
    """The folder of a run with a model `model/`, signed by `team.pem`."""
    Ed25519Signer.generate().write(place / "team")
    Ed25519Signer.generate().write(place / "other")
    model = place / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "weights.bin").write_bytes(bytes(range(256)))
    with provenir.track(
        "signed",
        dataset=[{"prompt": "1+1", "answer": "2"}],
        base_model="base",
        output_dir="artifacts/signed",
        sign_passport=True,
        signing_key="team.pem",
    ) as run:
        for step in range(30):
            run.log_step({"kl": 0.1, "grad_norm": 30.0 if step == 25 else 1.0})
        run.log_trajectory({"prediction": "2", "reward": 1.0, "true_reward": 0.0})
        run.record_eval("gsm8k", 0.5, n=10)
        run.log_artifact(model)
    return run.output_dir
