"""From the payload of an envelope to the passport in it. Reading is not verifying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.attest.dsse import PAYLOAD_TYPE
from provenir.attest.statement import PASSPORT_PREDICATE, Statement
from provenir.core.errors import EvidenceError
from provenir.core.text import printable
from provenir.governance.predicate import PassportPredicate

if TYPE_CHECKING:
    from provenir.attest.dsse import Envelope

__all__ = ["read_payload"]


def read_payload(envelope: Envelope) -> tuple[Statement, PassportPredicate]:
    """Read the statement and its predicate.

    Args:
        envelope: An envelope, verified or not.

    Raises:
        EvidenceError: It holds something else than a Model Passport (`wrong-predicate`).
        InputError: It holds something that cannot be read as one.
    """
    if envelope.payload_type != PAYLOAD_TYPE:
        raise EvidenceError(
            f"a payload of type {printable(envelope.payload_type)}",
            reason="wrong-predicate",
            mend="give a Model Passport, such as the passport.json of a run",
        )
    statement = Statement.parse(envelope.payload, expect=PASSPORT_PREDICATE, where="passport")
    # The statement's reader has refused every text that two readers could understand differently.
    return statement, PassportPredicate.from_value(statement.predicate, where="passport")
