from provenir.provenance import (
    ReplayEngine,
    capture_fingerprint,
    kernel_determinism_flags,
)
from provenir.core.manifest import RunManifestStore

engine = ReplayEngine(RunManifestStore("artifacts/manifests"))
verification = engine.verify(
    run.manifest.run_id,
    current_config_hash=run.manifest.config_hash,
    current_dataset_hash=run.manifest.dataset_hash,
    current_fingerprint=capture_fingerprint(),
)
print(verification.reproducible, verification.differences)

# A full reproducibility recipe (seed, hashes, env flags, git SHA):
recipe = engine.replay_command(run.manifest.run_id)
print(kernel_determinism_flags())  # env vars for bitwise reproducibility
