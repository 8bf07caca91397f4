"""Two documents: what an owner keeps about the canaries, and what is published beforehand.

The register is secret. The commitment is public and says nothing: one digest for each canary, in
an order that tells nothing. When a leak is claimed, the owner hands over a register of the one
canary. Whoever holds the commitment from before checks with `CanaryCommitment.covers` that this
canary, eval set and recipient were fixed back then, and looks for the canary in the data.

A canary made without a key can be worked out from its id, so its digest is salted.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import field_validator, model_validator

from provenir.core.document import DigestText, Document, Part
from provenir.core.errors import UsageError
from provenir.eval.canary.token import Canary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["CanaryCommitment", "CanaryRegister", "RegisteredCanary"]

_SALT_BYTES: Final = 32


class RegisteredCanary(Part):
    """One canary of a register.

    Attributes:
        canary: The 32 digits in their five groups.
        eval_set_id: The eval set that it marks.
        recipient: Whose copy it marks, None for all copies.
        keyed: Whether it was made with a key.
        salt: 64 hexadecimal digits, None where it was made with a key.
    """

    canary: str
    eval_set_id: str | None
    recipient: str | None
    keyed: bool
    salt: str | None

    @field_validator("canary")
    @classmethod
    def _spelled(cls, text: str) -> str:
        try:
            return str(Canary(text))
        except UsageError as fault:
            raise ValueError(fault.what) from fault

    @model_validator(mode="after")
    def _is_salted(self) -> Self:
        if self.salt is not None:
            bytes.fromhex(self.salt)
        elif not self.keyed:
            raise ValueError("a canary made without a key has a salt")
        return self

    def token(self) -> Canary:
        """The canary itself."""
        return Canary(
            self.canary,
            eval_set_id=self.eval_set_id,
            recipient=self.recipient,
            keyed=self.keyed,
        )

    def commitment(self) -> str:
        """The digest that stands for it in public."""
        return self.token().commitment(None if self.salt is None else bytes.fromhex(self.salt))


class CanaryRegister(Document):
    """The canaries that an owner has handed out. Whoever reads it can plant or remove them.

    Attributes:
        canaries: Each with whom it was made for.
    """

    schema_version: Literal["canary-register/1"] = "canary-register/1"
    canaries: list[RegisteredCanary]

    @classmethod
    def of(cls, canaries: Iterable[Canary]) -> Self:
        """Make a register, with a fresh random salt wherever one is needed."""
        return cls(
            canaries=[
                RegisteredCanary(
                    canary=str(each),
                    eval_set_id=each.eval_set_id,
                    recipient=each.recipient,
                    keyed=each.keyed,
                    salt=None if each.keyed else secrets.token_hex(_SALT_BYTES),
                )
                for each in canaries
            ]
        )

    def tokens(self) -> list[Canary]:
        """The canaries themselves, to look for."""
        return [each.token() for each in self.canaries]

    def claim(self, canary: Canary) -> CanaryRegister:
        """Return a register of this canary alone, to be handed to whoever checks a claimed leak.

        Raises:
            UsageError: The register does not hold it.
        """
        found = [each for each in self.canaries if each.canary == canary]
        if not found:
            raise UsageError("the register does not hold this canary", where="claim")
        return CanaryRegister(canaries=found)

    def commitment(self) -> CanaryCommitment:
        """Return what may be published."""
        return CanaryCommitment(digests=sorted({each.commitment() for each in self.canaries}))

    def write_private(self, path: Path) -> None:
        """Write the register for its owner alone, where nothing is yet.

        Raises:
            UsageError: Something is there.
            OSError: It cannot be written.
        """
        from provenir.core.new_files import write_new

        write_new(path, self.to_bytes(), mode=0o600)


class CanaryCommitment(Document):
    """Digests of canaries, published before any of them can be found.

    It proves its age only together with something that does: a log with a witness, or a copy in
    other hands.

    Attributes:
        digests: `Canary.commitment` of each, ascending.
    """

    schema_version: Literal["canary-commitment/1"] = "canary-commitment/1"
    digests: list[DigestText]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.digests != sorted(set(self.digests)):
            raise ValueError("the digests are ascending, each once")
        return self

    def covers(self, claim: CanaryRegister) -> bool:
        """Say whether every canary of a claim was committed to, for just that set and recipient.

        A claim of no canary is covered by nothing.
        """
        known = set(self.digests)
        return bool(claim.canaries) and all(each.commitment() in known for each in claim.canaries)
