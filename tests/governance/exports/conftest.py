"""Fixtures: a passport about a model folder, one that knows next to nothing, and a hostile one."""

from __future__ import annotations

import pytest

from fakes import fixed_clock
from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
from provenir.governance.passport import PassportSigner
from provenir.provenance.artifact import identify_artifact

HOSTILE = (
    "x\x1b]8;;http://e\x07\x9b31m\u202e\n---\nlicense: mit\n# </script> <b> \"q\" 's' | `c` [l](j)"
)


@pytest.fixture
def passport(seed_bom, model, ed25519):
    """The guide's passport with a model."""
    signer = PassportSigner(ed25519)
    return signer.sign(seed_bom, artifacts=[identify_artifact(model)], clock=fixed_clock())


@pytest.fixture
def bare(ed25519):
    """Nothing is known but a name, a dataset's name and that a score could not be had."""
    bom = ModelBOM(
        model_id="bare",
        data=[DataComponent(name="some")],
        evals=[EvalComponent(benchmark="gsm8k", score=None)],
    )
    return PassportSigner(ed25519).sign(bom, clock=fixed_clock())


@pytest.fixture
def hostile(ed25519):
    """Every free text is an attack on a terminal, on YAML, on Markdown and on HTML."""
    bom = ModelBOM(
        model_id=HOSTILE,
        base_model=HOSTILE,
        run_id=HOSTILE,
        data=[DataComponent(name=HOSTILE, license=HOSTILE, consent=HOSTILE)],
        code=CodeComponent(git_sha=HOSTILE, framework=HOSTILE),
        evals=[EvalComponent(benchmark=HOSTILE, score=1e-05, judge=HOSTILE)],
        hyperparameters={HOSTILE: HOSTILE},
    )
    return PassportSigner(ed25519).sign(bom, clock=fixed_clock())
