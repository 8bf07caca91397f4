"""What is asked of a passport, checked before anything is verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from provenir.core.clock import SystemClock
from provenir.core.errors import InputError, UsageError
from provenir.governance.handover import Handover
from provenir.governance.run_files import RunFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from provenir.attest.trust_policy import TrustPolicy
    from provenir.attest.verifier_state import VerifierState
    from provenir.governance.ledger_check import Level

__all__ = ["PathSpec", "Question", "Trust", "question"]

PathSpec = str | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose signature counts, and what this verifier remembers of earlier verdicts.

    Attributes:
        policy: The trust policy; None where keys were pinned instead.
        state: What is remembered; None where nothing is.
        scope: Under what name the versions of passports are remembered.
    """

    policy: TrustPolicy | None = None
    state: VerifierState | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the caller asked for and handed over.

    Attributes:
        artifacts: Model folders or files.
        run: The run folder.
        bom_files: Files `bom.json` that must hold the signed inventory.
        at: The verifier's clock.
        trust: Whose signature counts.
        evidence: What else was handed over.
        model: The model that the passport must be of, None where any will do.
        level: Up to which level the training ledger is asked about; None asks for whatever can be
            decided.
        progress: Called with the number of artifact bytes read since the last call.
    """

    artifacts: tuple[Path, ...]
    run: RunFiles | None
    bom_files: tuple[Path, ...]
    at: datetime
    trust: Trust = field(default_factory=Trust)
    evidence: Handover = field(default_factory=Handover)
    model: str | None = None
    level: Level | None = None
    progress: Callable[[int], None] | None = None


def question(
    *,
    artifacts: PathSpec | Iterable[PathSpec] | None,
    run_dir: PathSpec | None,
    beside: PathSpec | None,
    at: datetime | None,
    trust: Trust,
    evidence: Handover | None,
    model: str | None,
    level: Level | None,
    progress: Callable[[int], None] | None,
) -> Question:
    """Check what `verify_passport` was given; see there.

    Raises:
        InputError: A file or folder does not exist.
        UsageError: `at` has no time zone.
    """
    if at is not None and getattr(at, "tzinfo", None) is None:
        raise UsageError("at= is an instant with a time zone", mend="pass tzinfo=datetime.UTC")
    given = [artifacts] if isinstance(artifacts, str | Path) else list(artifacts or ())
    paths = tuple(_existing(path, "artifact") for path in given)
    run = None if run_dir is None else RunFiles(_existing(run_dir, "run folder"))
    folders = sorted({Path(folder).resolve() for folder in (beside, run_dir) if folder is not None})
    handed = evidence or Handover()
    if beside is not None:
        handed = handed.beside(Path(beside))
    if run_dir is not None:
        handed = handed.of_run(Path(run_dir))
    return Question(
        artifacts=paths,
        run=run,
        bom_files=tuple(folder / "bom.json" for folder in folders if _there(folder / "bom.json")),
        at=at or SystemClock().now(),
        trust=trust,
        evidence=handed,
        model=model,
        level=level,
        progress=progress,
    )


def _existing(path: object, what: str) -> Path:
    """A path that is there, whatever else it is."""
    if not isinstance(path, str | Path) or not str(path):
        raise UsageError(f"{what}: {path!r} is no path", mend="give a folder or a file")
    try:
        found = Path(path).exists()
    except (OSError, ValueError):
        found = False  # a name that no file can have
    if not found:
        raise InputError(f"no such {what}", where=str(path), mend="check the path")
    return Path(path)


def _there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
