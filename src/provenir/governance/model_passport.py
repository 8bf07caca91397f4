"""The Model Passport: a signed statement about a model, as a value.

A passport is its envelope and nothing else. Whatever is read from it (`bom`, `predicate`) is read
out of the signed bytes each time, so that no copy in memory can come apart from what was signed.
Reading is not verifying: ask `verify`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenir.attest.dsse import MAX_ENVELOPE_BYTES, Envelope
from provenir.core.digest import digest_bytes
from provenir.core.errors import InputError, UsageError
from provenir.core.files import read_bounded
from provenir.governance.markdown import passport_markdown
from provenir.governance.payload import read_payload
from provenir.governance.verification import verify_passport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from provenir.attest.statement import Statement
    from provenir.governance.bom import ModelBOM
    from provenir.governance.predicate import PassportPredicate
    from provenir.governance.signature_check import KeySpec
    from provenir.governance.verdict import Verdict

__all__ = ["ModelPassport"]


@dataclass(frozen=True, slots=True)
class ModelPassport:
    """A passport.

    Attributes:
        envelope: The DSSE envelope, as received.
        source: The file that it was read from; a `bom.json` beside it must be the signed one.
    """

    envelope: Envelope
    source: Path | None = field(default=None, compare=False)

    @property
    def statement(self) -> Statement:
        """The in-toto statement.

        Raises:
            EvidenceError: It is not a Model Passport.
            InputError: It cannot be read.
        """
        return read_payload(self.envelope)[0]

    @property
    def predicate(self) -> PassportPredicate:
        """What the passport says; raises as `statement`."""
        return read_payload(self.envelope)[1]

    @property
    def bom(self) -> ModelBOM:
        """The bill of materials; raises as `statement`."""
        return self.predicate.bom

    def digest(self) -> str:
        """Digest of the signed bytes, whoever signed them: what `previous` refers to."""
        return digest_bytes(self.envelope.payload)

    def verify(
        self,
        key: KeySpec | Iterable[KeySpec],
        *,
        artifacts: str | Path | Iterable[str | Path] | None = None,
        run_dir: str | Path | None = None,
        at: datetime | None = None,
    ) -> Verdict:
        """Verify the passport; see `provenir.governance.verification.verify_passport`.

        Args:
            key: The team's secret as bytes, the `Path` of a public key, a key, or several.
            artifacts: Model folders or files to compare.
            run_dir: The run folder to compare.
            at: The instant for judging expiry; now unless given.

        Returns:
            The verdict; true only when every check that was asked for holds.

        Raises:
            InputError: A file or folder that was handed over does not exist.
            UsageError: A key is none, or `at` has no time zone.
        """
        return verify_passport(
            self.envelope,
            keys=key,
            artifacts=artifacts,
            run_dir=run_dir,
            beside=None if self.source is None else self.source.parent,
            at=at,
        )

    def to_json(self) -> str:
        """The envelope as canonical JSON: the content of `passport.json`."""
        return self.envelope.to_bytes().decode("utf-8")

    def to_dict(self) -> dict[str, Any]:
        """The statement as JSON values; raises as `statement`."""
        read_payload(self.envelope)
        statement: dict[str, Any] = json.loads(self.envelope.payload)
        return statement

    def to_markdown(self) -> str:
        """The passport for people; raises as `statement`."""
        return passport_markdown(self.envelope)

    @classmethod
    def from_json(cls, data: str | bytes) -> ModelPassport:
        """Read a passport from the content of a `passport.json`.

        Raises:
            UsageError: `data` is neither text nor bytes.
            InputError: It is no DSSE envelope. What the envelope holds is looked at when it is
                asked for, and by `verify` only after its signature.
        """
        if not isinstance(data, str | bytes | bytearray | memoryview):
            raise UsageError(
                f"a passport is text or bytes, not {type(data).__name__}",
                mend="ModelPassport.read(path) reads a file",
            )
        try:
            raw = data.encode("utf-8") if isinstance(data, str) else bytes(data)
        except UnicodeEncodeError as fault:
            raise InputError("not UTF-8", where="passport") from fault
        return cls(Envelope.parse(raw, where="passport"))

    @classmethod
    def read(cls, path: str | Path) -> ModelPassport:
        """Read a passport from a file, and remember where it lies.

        Raises:
            InputError: The file cannot be read or holds no DSSE envelope.
        """
        data = read_bounded(path, max_bytes=MAX_ENVELOPE_BYTES)
        return cls(Envelope.parse(data, where=str(path)), source=Path(path))
