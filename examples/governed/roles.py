"""Three people who answer for three things, each with a key of their own.

Here one process plays all of them, and their private keys are never written. In earnest each key
stays with its owner, who signs with `provenir policy sign` and `provenir passport attest`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from provenir.attest.keys import Ed25519Signer, public_key
from provenir.attest.trust_writing import NamedKey, first_policy
from provenir.core.clock import SystemClock, utc_text
from provenir.governance.claims import (
    DataSourceStatement,
    ExampleMetadataStatement,
    PolicyStatement,
)
from provenir.governance.statements import RoleStatement, sign_statement

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.data import Dataset
    from provenir.governance.admission import AdmissionPolicy
    from provenir.governance.metadata import Metadata


@dataclass(frozen=True)
class Roles:
    """The operator trains, the data source answers for the rows, governance for the policy."""

    operator: Ed25519Signer = field(default_factory=Ed25519Signer.generate)
    data_source: Ed25519Signer = field(default_factory=Ed25519Signer.generate)
    governance: Ed25519Signer = field(default_factory=Ed25519Signer.generate)

    def sign(
        self, dataset: Dataset, metadata: Metadata, policy: AdmissionPolicy
    ) -> list[RoleStatement]:
        """What the data source and governance sign before anything is trained."""
        now = utc_text(SystemClock().now())
        identity = dataset.identity()
        rows = DataSourceStatement(
            name="mixed-corpus", records_root=identity.records_root, n=identity.n, issued_at=now
        )
        sidecar = ExampleMetadataStatement(
            name="mixed-corpus",
            records_root=identity.records_root,
            n=identity.n,
            metadata_root=metadata.root(),
            metadata_n=len(metadata),
            issued_at=now,
        )
        rules = PolicyStatement(name=policy.name, policy=policy.digest(), issued_at=now)
        return [
            sign_statement(rows, [self.data_source]),
            sign_statement(sidecar, [self.data_source]),
            sign_statement(rules, [self.governance]),
        ]

    def write_trust(self, path: Path) -> None:
        """What a verifier holds: the public keys, and which roles must have signed."""
        named = [
            NamedKey(id=name, key=public_key(signer.public_pem()), roles=(role,))
            for name, signer, role in (
                ("olga", self.operator, "operator"),
                ("dora", self.data_source, "data-source"),
                ("grace", self.governance, "governance"),
            )
        ]
        require = {"declared": ["operator"], "L1": ["data-source", "governance"]}
        policy = first_policy(
            "governed-example", named, thresholds={}, require=require, where=str(path)
        )
        path.write_bytes(policy)
