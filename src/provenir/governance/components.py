"""The parts of a model's bill of materials.

Each part says what is known of one ingredient. None means "not known"; it is never read as "none"
or as zero, and the risk rules (`provenir.governance.risk`) turn it into a flag where it matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    model_validator,
)

from provenir.core.document import DigestText, Part
from provenir.core.findings import Severity
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.plain import to_plain

__all__ = [
    "ArtifactComponent",
    "ArtifactFile",
    "CodeComponent",
    "Count",
    "DataComponent",
    "EvalComponent",
    "Few",
    "FlightSummary",
    "HackingSummary",
    "Name",
    "PlainMapping",
    "RunSummary",
]

# Free mappings stand inside components, those inside documents, those inside a signed statement;
# the readers of all of them accept 64 levels.
MAX_FREE_DEPTH: Final = 56

T = TypeVar("T")


def _plain(value: object) -> object:
    """Turn numpy scalars, paths, enums and the like into JSON values; refuse what would be lost."""
    if not isinstance(value, Mapping):
        return value
    plain, lost = to_plain(value, max_depth=MAX_FREE_DEPTH)
    if lost:
        raise ValueError("; ".join(finding.detail for finding in lost[:3]))
    return plain


Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Seed = Annotated[int, Field(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]
Rate = Annotated[float, Field(ge=0, le=1)]
PlainMapping = Annotated[dict[str, JsonValue], BeforeValidator(_plain)]
Few = Annotated[Sequence[T], AfterValidator(tuple)]
"""A sequence that may be given as a list and is kept as a tuple."""


class DataComponent(Part):
    """One dataset that went in.

    Attributes:
        name: What its owner calls it.
        content_hash: `dataset_hash` of `provenir.data.Dataset`; None raises `unknown_data`.
        num_records: Number of records, None when it was not counted.
        license: SPDX expression or the owner's own words; None raises `unknown_license`.
        pii_scanned: Whether someone says that it was scanned for personal data.
        contamination_checked: Whether someone says that it was checked against the eval sets.
        role: What it was used for.
        consent: What the data subjects agreed to, in the owner's words.
        pii_report: Digest of the report that stands behind `pii_scanned`.
        contamination_report: Digest of the report that stands behind `contamination_checked`.
        identity_note: Why the content hash is unknown, where it is.
    """

    name: Name
    content_hash: DigestText | None = None
    num_records: Count | None = None
    license: str | None = None
    pii_scanned: bool = False
    contamination_checked: bool = False
    role: Literal["train", "eval"] = "train"
    consent: str | None = None
    pii_report: DigestText | None = None
    contamination_report: DigestText | None = None
    identity_note: str | None = None


class CodeComponent(Part):
    """The code that ran.

    Attributes:
        git_sha: Commit id; None outside git and raises `unknown_code`.
        dependencies_hash: Digest of the installed package set; None raises `unknown_code`.
        framework: Name of the trainer.
        dirty: Whether tracked files differed from the commit; None when not known.
        diff_digest: Digest of that difference.
    """

    git_sha: Name | None = None
    dependencies_hash: DigestText | None = None
    framework: str | None = None
    dirty: bool | None = None
    diff_digest: DigestText | None = None


class EvalComponent(Part):
    """One score on one benchmark.

    Attributes:
        benchmark: Name of the eval set.
        score: The score; None when it came out as NaN or was never a number.
        contaminated: True raises `contaminated_eval`; None means not checked.
        n: Number of items that were scored.
        judge: Name of the model that judged, None for a rule.
        judge_calibrated: Whether that judge's bias was measured; anything but True raises
            `uncalibrated_judge` where there is a judge.
        report: Digest of the report behind the score or behind `contaminated`.
        meta: Whatever else was recorded with it.
    """

    benchmark: Name
    score: float | None
    contaminated: bool | None = None
    n: Count | None = None
    judge: str | None = None
    judge_calibrated: bool | None = None
    report: DigestText | None = None
    meta: PlainMapping = Field(default_factory=dict)


class ArtifactFile(Part):
    """One file of an artifact: its name inside it, its SHA-256 as 64 hex digits, its bytes."""

    name: Name
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Count


class ArtifactComponent(Part):
    """What came out: a model folder or an adapter, by both of its identities.

    Attributes:
        name: Name of the folder or file.
        kind: `model`, `adapter`, or the user's own word.
        tensor_root: Merkle root over the tensors (RFC 6962), None when there are no tensors.
        n_tensors: Number of leaves under that root; a root is always stated with its number.
        dir_hash: in-toto `dirHash1` over the files, 64 hex digits.
        files: Every file that went into `dir_hash`, so that a refusal can name the one that
            changed.
        ignored: What was left out of the identity.
    """

    name: Annotated[Name, Field(max_length=512)]
    kind: Name = "model"
    tensor_root: DigestText | None = None
    n_tensors: Count = 0
    dir_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    files: Few[ArtifactFile]
    ignored: Few[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _root_and_count_agree(self) -> Self:
        if (self.tensor_root is None) != (self.n_tensors == 0):
            raise ValueError("tensor_root and n_tensors must both be there or both be missing")
        return self


class RunSummary(Part):
    """How the run went, as its manifest says.

    Attributes:
        name: The name given to `provenir.track`.
        status: Anything but `completed` raises `incomplete_run`.
        started_at: RFC 3339 time in UTC.
        ended_at: The same for the end, None while it runs.
        config_hash: Digest of the hyperparameters.
        seed: The seed, None when none was given.
        findings: Number of the tracker's own findings by kind: what it could not record as given.
    """

    name: Name
    status: Literal["running", "completed", "failed", "interrupted"]
    started_at: str | None = None
    ended_at: str | None = None
    config_hash: DigestText | None = None
    seed: Seed | None = None
    findings: dict[str, Count] = Field(default_factory=dict)


class FlightSummary(Part):
    """What the flight recorder saw.

    Attributes:
        num_steps: Number of logged steps.
        verdict: `DEGRADED` and `CRITICAL` raise `unhealthy_run`; `UNKNOWN` means no data.
        by_kind: Episodes by kind.
        by_severity: Episodes by severity.
    """

    num_steps: Count
    verdict: Literal["HEALTHY", "DEGRADED", "CRITICAL", "UNKNOWN"]
    by_kind: dict[str, Count] = Field(default_factory=dict)
    by_severity: dict[Severity, Count] = Field(default_factory=dict)


class HackingSummary(Part):
    """What the reward-hacking report says.

    Attributes:
        num_trajectories: Number of rollouts that were logged.
        hacking_rate: Share of examined rollouts with a signal; None when none was examined.
        is_clean: False also when nothing was examined.
        by_kind: Signals by kind.
        by_severity: Kept signals by severity; any of `warning` or `critical`, or a rate above
            zero, raises `reward_hacking`. Empty where the severities are not known.
        not_examined: What was not looked at, and why.
    """

    num_trajectories: Count
    hacking_rate: Rate | None = None
    is_clean: bool
    by_kind: dict[str, Count] = Field(default_factory=dict)
    by_severity: dict[Severity, Count] = Field(default_factory=dict)
    not_examined: dict[str, str] = Field(default_factory=dict)
