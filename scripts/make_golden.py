"""Write tests/golden/<version>/: documents and signatures as this version makes them.

Every later version has to verify them, so the folder of a released version is never written again;
the script refuses to. Keys are made here and lost with the process.

    python scripts/make_golden.py
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import provenir
from provenir.attest.keys import Ed25519Signer
from provenir.governance.bom import DataComponent, EvalComponent, ModelBOM
from provenir.governance.passport import PassportSigner

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "golden" / provenir.__version__
SECRET = b"golden secret"


def write_model(folder: Path) -> Path:
    """A model folder with one small safetensors file, written by hand."""
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "golden"}\n')
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    weights = len(header).to_bytes(8, "little") + header + bytes(range(8))
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def write_run(signer: Ed25519Signer, model: Path) -> None:
    with provenir.track(
        "golden run",
        dataset=[{"prompt": f"{n} + 1", "answer": str(n + 1)} for n in range(20)],
        base_model="golden-base",
        config={"lr": 1e-5, "name": "größe"},
        seed=7,
        output_dir="artifacts/run",
        sign_passport=True,
        signing_key=[signer, SECRET],
    ) as run:
        for step in range(60):
            grad = float("nan") if step == 10 else (40.0 if step == 50 else 1.0)
            run.log_step({"step": step, "kl": 0.1, "reward_mean": 0.5, "grad_norm": grad})
            for place in range(4):
                reward = float(place > 0)
                run.log_trajectory(
                    {"prompt": "p", "prediction": "x", "reward": 1.0, "true_reward": reward}
                    | {"group_id": step}
                )
        run.record_eval("golden-eval", 0.25, contaminated=False, n=4)
        run.log_artifact(model)


def write_by_hand(folder: Path, signer: Ed25519Signer) -> None:
    bom = ModelBOM(
        model_id="golden by hand",
        data=[DataComponent(name="train", license="MIT", num_records=3)],
        evals=[EvalComponent(benchmark="e", score=None)],
    )
    for name, key in (("by_hand_ed25519.json", signer), ("by_hand_hmac.json", SECRET)):
        (folder / name).write_text(PassportSigner(key).sign(bom).to_json())


def main() -> int:
    if FOLDER.exists():
        print(f"{FOLDER} is there already; a golden folder is never rewritten", file=sys.stderr)
        return 1
    signer = Ed25519Signer.generate()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        os.chdir(place)
        write_run(signer, write_model(place / "model"))
        write_by_hand(place, signer)
        (place / "key.pub.pem").write_bytes(signer.public_pem())
        shutil.copytree(place, FOLDER, ignore=shutil.ignore_patterns("*.lock"))
    print(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
