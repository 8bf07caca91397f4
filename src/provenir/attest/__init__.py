"""Attest: who says so, over exactly which bytes, and in which order.

Keys sign and verify (Ed25519; HMAC-SHA256 for use inside a team), a DSSE envelope carries the
signed bytes, an in-toto Statement says which artifact they speak of, and an append-only log keeps
the order of events under an RFC 6962 tree. A stranger needs nothing but this room and `core` to
check a signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.attest.checkpoint import Checkpoint, cosignatures_by
    from provenir.attest.dsse import PAYLOAD_TYPE, Envelope, Signature, pae
    from provenir.attest.event import EVENT_TYPES, TRAINING_RUN_NAMES, Actor, LogEntry, LogEvent
    from provenir.attest.keys import (
        HMAC_NOTE,
        Ed25519Signer,
        HmacKey,
        HmacSigner,
        P256PublicKey,
        P256Signer,
        PublicKey,
        Signer,
        VerificationKey,
        hmac_secret,
        load_signer,
        public_key,
    )
    from provenir.attest.log import EventLog, LogReceipt, LogState
    from provenir.attest.log_proofs import consistency_holds, inclusion_holds
    from provenir.attest.note import SignedNote
    from provenir.attest.statement import PASSPORT_PREDICATE, PREDICATE_BASE, Statement, Subject
    from provenir.attest.tile_export import export_tiles
    from provenir.attest.trust_chain import ROTATION_TYPE, load_trust, rotation_envelope
    from provenir.attest.trust_policy import TrustKey, TrustPolicy
    from provenir.attest.verifier_state import VerifierState, default_state_path, update_state
    from provenir.attest.witness import FileWitness
    from provenir.attest.workspace import find_workspace, log_folder

__all__ = [
    "EVENT_TYPES",
    "HMAC_NOTE",
    "PASSPORT_PREDICATE",
    "PAYLOAD_TYPE",
    "PREDICATE_BASE",
    "ROTATION_TYPE",
    "TRAINING_RUN_NAMES",
    "Actor",
    "Checkpoint",
    "Ed25519Signer",
    "Envelope",
    "EventLog",
    "FileWitness",
    "HmacKey",
    "HmacSigner",
    "LogEntry",
    "LogEvent",
    "LogReceipt",
    "LogState",
    "P256PublicKey",
    "P256Signer",
    "PublicKey",
    "Signature",
    "SignedNote",
    "Signer",
    "Statement",
    "Subject",
    "TrustKey",
    "TrustPolicy",
    "VerificationKey",
    "VerifierState",
    "consistency_holds",
    "cosignatures_by",
    "default_state_path",
    "export_tiles",
    "find_workspace",
    "hmac_secret",
    "inclusion_holds",
    "load_signer",
    "load_trust",
    "log_folder",
    "pae",
    "public_key",
    "rotation_envelope",
    "update_state",
]

_EXPORTS = {
    "EVENT_TYPES": "provenir.attest.event",
    "HMAC_NOTE": "provenir.attest.keys",
    "PASSPORT_PREDICATE": "provenir.attest.statement",
    "PAYLOAD_TYPE": "provenir.attest.dsse",
    "PREDICATE_BASE": "provenir.attest.statement",
    "ROTATION_TYPE": "provenir.attest.trust_chain",
    "TRAINING_RUN_NAMES": "provenir.attest.event",
    "Actor": "provenir.attest.event",
    "Checkpoint": "provenir.attest.checkpoint",
    "Ed25519Signer": "provenir.attest.keys",
    "Envelope": "provenir.attest.dsse",
    "EventLog": "provenir.attest.log",
    "FileWitness": "provenir.attest.witness",
    "HmacKey": "provenir.attest.keys",
    "HmacSigner": "provenir.attest.keys",
    "LogEntry": "provenir.attest.event",
    "LogEvent": "provenir.attest.event",
    "LogReceipt": "provenir.attest.log",
    "LogState": "provenir.attest.log",
    "P256PublicKey": "provenir.attest.keys",
    "P256Signer": "provenir.attest.keys",
    "PublicKey": "provenir.attest.keys",
    "Signature": "provenir.attest.dsse",
    "SignedNote": "provenir.attest.note",
    "Signer": "provenir.attest.keys",
    "Statement": "provenir.attest.statement",
    "Subject": "provenir.attest.statement",
    "TrustKey": "provenir.attest.trust_policy",
    "TrustPolicy": "provenir.attest.trust_policy",
    "VerificationKey": "provenir.attest.keys",
    "VerifierState": "provenir.attest.verifier_state",
    "consistency_holds": "provenir.attest.log_proofs",
    "cosignatures_by": "provenir.attest.checkpoint",
    "default_state_path": "provenir.attest.verifier_state",
    "export_tiles": "provenir.attest.tile_export",
    "find_workspace": "provenir.attest.workspace",
    "hmac_secret": "provenir.attest.keys",
    "inclusion_holds": "provenir.attest.log_proofs",
    "load_signer": "provenir.attest.keys",
    "load_trust": "provenir.attest.trust_chain",
    "log_folder": "provenir.attest.workspace",
    "pae": "provenir.attest.dsse",
    "public_key": "provenir.attest.keys",
    "rotation_envelope": "provenir.attest.trust_chain",
    "update_state": "provenir.attest.verifier_state",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
