from provenir.governance.bom import (
    ModelBOM,
    DataComponent,
    CodeComponent,
    EvalComponent,
)
from provenir.governance.passport import PassportSigner, PassportStore

bom = ModelBOM(
    model_id="my-model",
    base_model="Qwen2.5-7B",
    run_id=run.manifest.run_id,
    data=[DataComponent(
        name="train",
        content_hash=run.manifest.dataset_hash,
        num_records=1200,
        license="apache-2.0",
        pii_scanned=True,
        contamination_checked=True,
    )],
    code=CodeComponent(
        git_sha=run.manifest.git_sha,
        dependencies_hash=run.manifest.dependencies_lockfile,
        framework="trl",
    ),
    evals=[EvalComponent(benchmark="gsm8k", score=0.71)],
    hyperparameters={"lr": 1e-5},
)

signer = PassportSigner(key=b"team-signing-key", key_id="team")
passport = signer.sign(bom)

# Verify the HMAC-SHA256 signature — fails if the BOM was tampered with:
assert passport.verify(b"team-signing-key")

# Persist (also appends an immutable audit-log line):
PassportStore("artifacts/passports").save(passport)
