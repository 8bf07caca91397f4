"""What a verifier remembers between verifications, so that nobody shows it an older truth.

The highest accepted version of each trust policy, the highest version of each model's passport
seen in a good verdict, and the log's checkpoints with the time at which they were first seen. The
state is the verifier's own file: whoever can change it can make the verifier forget.

Laws: a version never goes down, an instant never becomes earlier than it was, and remembering
something twice is remembering it once.

Source: `docs/reference/verification.md`, "What is remembered".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self

from pydantic import Field

from provenir.core.clock import parse_utc, utc_text
from provenir.core.document import DigestText, Document, Part, UtcText
from provenir.core.errors import DocumentError, EvidenceError, InputError, UsageError
from provenir.core.files import FileLock, atomic_write
from provenir.core.limits import MAX_SAFE_INTEGER

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "MAX_CHECKPOINTS",
    "STATE_VARIABLE",
    "RememberedCheckpoint",
    "RememberedVersion",
    "VerifierState",
    "default_state_path",
    "update_state",
]

STATE_VARIABLE: Final = "PROVENIR_STATE"
"""Names the file of the state where no option does."""
MAX_CHECKPOINTS: Final = 1_000
"""Most checkpoints of one log that are kept."""

_FILE: Final = "verifier-state.json"
_LOCK_WAIT_S = 30.0
_FORGET = "put back a copy of it; or move it away and forget which versions were seen"

_Whole = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]


class RememberedVersion(Part):
    """The highest version of something, and the digest of what bore it.

    Attributes:
        version: From 1.
        digest: Of a trust policy's bytes, or of a passport.
    """

    version: Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
    digest: DigestText


class RememberedCheckpoint(Part):
    """A state of a log, and since when the verifier knows it.

    Attributes:
        size: Number of entries.
        root: Root of the tree over them.
        seen_at: When it was first seen, by the verifier's clock.
    """

    size: _Whole
    root: DigestText
    seen_at: UtcText


class VerifierState(Document):
    """The remembered versions and checkpoints.

    Attributes:
        schema_version: Always `verifier-state/1`.
        policies: By the name of the policy.
        passports: By the scope under which they were judged and their model: `trust:acme|model`.
        checkpoints: By the origin of the log, in the order in which they were seen.
    """

    max_bytes: ClassVar[int] = 64 * 1024 * 1024

    schema_version: Literal["verifier-state/1"] = "verifier-state/1"
    policies: Mapping[str, RememberedVersion] = {}
    passports: Mapping[str, RememberedVersion] = {}
    checkpoints: Mapping[str, tuple[RememberedCheckpoint, ...]] = {}

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the state; a file that is not there is an empty one.

        Raises:
            DocumentError: The file is broken or cannot be read: it is not passed over, since an
                empty state forgets what was seen.
        """
        if not os.path.lexists(path):
            return cls()
        try:
            return cls.read(path)
        except DocumentError as fault:
            what = f"the remembered versions cannot be read ({fault.what})"
            raise DocumentError(what, where=str(path), mend=_FORGET) from fault

    def policy_version(self, name: str) -> RememberedVersion | None:
        """The highest version of a policy that was accepted, or None."""
        return self.policies.get(name)

    def passport_version(self, scope: str, model_id: str) -> int | None:
        """The highest version of a model's passport that was seen, or None."""
        known = self.passports.get(_passport(scope, model_id))
        return None if known is None else known.version

    def check_policy(
        self, name: str, version: int, digest: str, *, where: str | None = None
    ) -> None:
        """Refuse a policy that is older than, or another one than, the remembered one.

        Args:
            name: Its name.
            version: Its version.
            digest: Of its exact bytes.
            where: Its file, for the message.

        Raises:
            EvidenceError: It is (reason `rolled-back`).
        """
        known = self.policies.get(name)
        if known is None or version > known.version:
            return
        if version < known.version:
            what = f"the trust policy {name!r} has version {version}, seen was {known.version}"
        elif digest != known.digest:
            what = f"the trust policy {name!r} has other bytes than the version {version} seen"
        else:
            return
        mend = "get the newest policy and its chain"
        raise EvidenceError(what, reason="rolled-back", where=where, mend=mend)

    def remember_policy(self, name: str, version: int, digest: str) -> Self:
        """The state with a policy that was accepted; a lower version changes nothing.

        Raises:
            EvidenceError: Other bytes bear the remembered version (reason `rolled-back`).
        """
        known = self.policies.get(name)
        if known is not None and version < known.version:
            return self
        self.check_policy(name, version, digest)
        new = RememberedVersion(version=version, digest=digest)
        return self.model_copy(update={"policies": {**self.policies, name: new}})

    def remember_passport(self, scope: str, model_id: str, version: int, digest: str) -> Self:
        """The state with a passport that was found good.

        Only a higher version is news: two runs may both have made a version 1.

        Args:
            scope: Under what it was judged, such as `trust:acme`.
            model_id: The model that it is of.
            version: Its version.
            digest: Its digest.
        """
        key = _passport(scope, model_id)
        known = self.passports.get(key)
        if known is not None and version <= known.version:
            return self
        new = RememberedVersion(version=version, digest=digest)
        return self.model_copy(update={"passports": {**self.passports, key: new}})

    def remember_checkpoint(self, origin: str, size: int, root: str, seen_at: datetime) -> Self:
        """The state with a checkpoint that was found good.

        Of one that is known the earlier time is kept. Beyond `MAX_CHECKPOINTS` of one log the
        one that was seen soonest after another is dropped; the first and the last stay.

        Raises:
            EvidenceError: The log had another root at this size (reason `log-inconsistent`).
            UsageError: The time has no zone.
        """
        before = self.checkpoints.get(origin, ())
        new = RememberedCheckpoint(size=size, root=root, seen_at=utc_text(seen_at))
        same = next((one for one in before if one.size == size), None)
        if same is not None and same.root != root:
            what = f"the log {origin!r} had another root at {size} entries"
            raise EvidenceError(what, reason="log-inconsistent", mend="ask who keeps the log")
        if same is not None and same.seen_at <= new.seen_at:
            return self
        others = (one for one in before if one is not same)
        kept = sorted((*others, new), key=lambda one: (one.seen_at, one.size))
        if len(kept) > MAX_CHECKPOINTS:
            del kept[_least_missed(kept)]
        return self.model_copy(update={"checkpoints": {**self.checkpoints, origin: tuple(kept)}})


def default_state_path() -> Path:
    """Where the state is when nobody says otherwise: `PROVENIR_STATE`, else the user's folder.

    Raises:
        UsageError: The user has no folder.
    """
    from platformdirs import user_state_path

    told = os.environ.get(STATE_VARIABLE)
    if told:
        return Path(told)
    try:
        return user_state_path("provenir") / _FILE
    except RuntimeError as fault:  # no HOME, and no such user
        raise UsageError(
            "this user has no folder to remember versions in",
            mend=f"give --state FILE, or set {STATE_VARIABLE}",
        ) from fault


def update_state(
    path: str | Path, function: Callable[[VerifierState], VerifierState]
) -> VerifierState:
    """Change the state under a lock; it is on disk when this returns. What changes nothing is free.

    Args:
        path: The file; its folder is made when missing.
        function: Gets the state as it is on disk by then, and returns the new one; may be asked
            twice.

    Returns:
        The new state.

    Raises:
        DocumentError: The file is broken.
        InputError: It cannot be written.
        LockedError: Another process holds it for longer than half a minute.
        EvidenceError: What `function` raises goes through; then nothing is written.
    """
    file = Path(path)
    known = VerifierState.load(file)
    if function(known) == known:
        return known  # nothing to write: the file may lie where nobody can
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(file.with_name(f"{file.name}.lock"), timeout_s=_LOCK_WAIT_S):
            before = VerifierState.load(file)
            after = function(before)
            if after != before:
                atomic_write(file, after.to_bytes(), mode=0o600)
            return after
    except OSError as fault:
        raise InputError(
            f"the remembered versions cannot be written ({fault.strerror})",
            where=str(file),
            mend="give --state FILE in a folder that you can write in",
        ) from fault


def _passport(scope: str, model_id: str) -> str:
    return f"{scope}|{model_id}"


def _least_missed(kept: list[RememberedCheckpoint]) -> int:
    """The place of the checkpoint, neither first nor last, that came soonest after another."""
    times = [parse_utc(one.seen_at) for one in kept]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return min(range(1, len(kept) - 1), key=lambda place: gaps[place - 1])
