"""The lines of the ledger's files as values: exactly the fields of docs/reference/ledger.md.

A record is read strictly (no unknown field, no other JSON type) and written as its line. `kind`
says which of the ledger's six records a line is; the lines of the other files have no `kind`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from provenir.core.document import DigestText, Document, Part, UtcText, first_fault
from provenir.core.errors import InputError
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.provenance.ledger.lines import line_bytes, parse_line, parse_real

__all__ = [
    "ADMITTED",
    "FULL_WEIGHT",
    "AdmissionLine",
    "BatchEntry",
    "BlockEntry",
    "Clip",
    "Close",
    "Details",
    "Facts",
    "FactsLine",
    "FinalTensor",
    "FinalTensors",
    "Header",
    "Intent",
    "Intervention",
    "Line",
    "Record",
    "Resume",
    "Root",
    "RowLine",
    "SamplerSettings",
    "Snapshot",
    "Step",
    "TensorLeaf",
    "parse_record",
]

FULL_WEIGHT: Final = 1000
"""A weight of one; weights are integers in thousandths."""

ADMITTED: Final = frozenset({"allow", "attenuate"})
"""Effects under which a row may be drawn."""


def _check_real(text: str) -> str:
    try:
        parse_real(text)
    except InputError as fault:
        raise ValueError(fault.what) from fault
    return text


Weight = Annotated[int, Field(ge=0, le=FULL_WEIGHT)]
Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Positive = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
Real = Annotated[str, AfterValidator(_check_real)]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64)]
Effect: TypeAlias = Literal["allow", "attenuate", "deny", "review"]
Skipped: TypeAlias = Literal["empty-batch", "gradient-spike", "non-finite", "starved"]
State: TypeAlias = Literal["moved", "skipped", "frozen"]


class Line(Part):
    """Base of what is one line of a file."""

    def line(self) -> bytes:
        """Return the line's bytes, without the newline."""
        return line_bytes(self.model_dump())

    @classmethod
    def from_line(cls, line: bytes, *, where: str) -> Self:
        """Return the record that a line holds.

        Raises:
            InputError: Not a canonical line, or not this record.
        """
        parse_line(line, where=where)
        try:
            return cls.model_validate_json(line, strict=True)
        except ValidationError as error:
            raise _refusal(cls.__name__, error, where) from error


class Root(Part):
    """An RFC 6962 root with the number of its leaves."""

    n: Count
    root: DigestText


class TensorLeaf(Line):
    """One tensor: name, dtype as safetensors names it, shape, bare hex SHA-256 of its bytes."""

    name: str
    dtype: str
    shape: tuple[Count, ...]
    sha256: Hex32


class FinalTensor(TensorLeaf):
    """A tensor at the end of the run, with what it was to it."""

    trainable: bool
    released: bool

    def leaf(self) -> TensorLeaf:
        """Return the leaf alone."""
        return TensorLeaf(name=self.name, dtype=self.dtype, shape=self.shape, sha256=self.sha256)


class FinalTensors(Document):
    """`final.json`: every tensor at the end, sorted by name."""

    schema_version: Literal["final-tensors/1"] = "final-tensors/1"
    tensors: tuple[FinalTensor, ...]


class SamplerSettings(Part):
    """How batches are drawn; `version` null is a sampler that is not ours."""

    version: Literal[1] | None = 1
    seed_commit: DigestText | None
    epochs: Positive
    batch: Positive
    micro: Positive
    drop_last: bool
    world_size: Literal[1] = 1


class Clip(Part):
    """How gradients are clipped."""

    mode: Literal["per-block", "none"]
    max_norm: Real | None


class _Planned(Part):
    """What the intent and the header both state."""

    run_id: str
    base: Root
    dataset: Root
    commitments: Root
    metadata: Root
    admission: Root
    policy: DigestText
    profiles: DigestText
    sampler: SamplerSettings
    optimizer: dict[str, str]
    loss: Literal["per-example-mean"] = "per-example-mean"
    clip: Clip


class Intent(_Planned, Document):
    """`intent.json`: what was planned, published before the start."""

    schema_version: Literal["training-intent/1"] = "training-intent/1"
    created_at: UtcText
    total_steps: Count


class _Chained(Line):
    """What every line of `ledger.jsonl` begins with."""

    seq: Count
    prev: DigestText | None
    time: UtcText


class Header(_Planned, _Chained):
    """The first line: everything that was fixed before the first step."""

    kind: Literal["header"] = "header"
    v: Literal[1] = 1
    intent: DigestText
    frozen: Root
    initial: Root
    routes: DigestText
    blocks: DigestText
    code: DigestText | None
    lockfile: DigestText | None
    env: dict[str, str]
    hash_every: Positive
    routing: Literal["routed", "admission-only"]


class Step(_Chained):
    """One update of the parameters, or why there was none."""

    kind: Literal["step"] = "step"
    step: Positive
    epoch: Count
    micro: tuple[Positive, ...]
    dropped: Count
    batch: Root
    units: Root
    w_digest: DigestText
    rng_digest: DigestText | None
    opt_root: DigestText | None
    param_pre: DigestText | None
    param_post: DigestText | None
    lr: Real
    clip_coef: Real | None
    mem_flags: tuple[Count, ...]
    skipped: Skipped | None


class Intervention(_Chained):
    """What becomes of one row from the next step on, and why."""

    kind: Literal["intervention"] = "intervention"
    step: Count
    row: Count
    action: Literal["annotate", "lower", "exclude", "halt"]
    factor: Weight | None
    reason: str
    measure: str

    @model_validator(mode="after")
    def _lowers_to_something(self) -> Self:
        if (self.factor is not None) != (self.action == "lower"):
            raise ValueError("a factor stands where the action is to lower, and nowhere else")
        return self


class Snapshot(_Chained):
    """Saved state after a step."""

    kind: Literal["snapshot"] = "snapshot"
    step: Count
    param_root: DigestText
    opt_root: DigestText | None
    rng_digest: DigestText | None
    files: DigestText


class Resume(_Chained):
    """The run went on from the state after a step; 0 is the start."""

    kind: Literal["resume"] = "resume"
    step: Count
    param_root: DigestText
    opt_root: DigestText | None
    rng_digest: DigestText | None
    env: dict[str, str]
    discarded: Root | None


class Close(_Chained):
    """The last line."""

    kind: Literal["close"] = "close"
    status: Literal["completed", "halted", "interrupted"]
    n_steps: Count
    final: Root
    frozen_after: Root
    released: Root | None
    records: Root
    sampler_seed: Hex32 | None
    aborted: tuple[DigestText, ...]


Record: TypeAlias = Header | Step | Intervention | Snapshot | Resume | Close
_RECORD: Final[TypeAdapter[Record]] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


def parse_record(line: bytes, *, where: str) -> Record:
    """Return the record that a line of `ledger.jsonl` holds.

    Raises:
        InputError: Not a canonical line, or none of the six records.
    """
    parse_line(line, where=where)
    try:
        return _RECORD.validate_json(line, strict=True)
    except ValidationError as error:
        raise _refusal("record of the ledger", error, where) from error


def _refusal(name: str, error: ValidationError, where: str) -> InputError:
    what, place = first_fault(error)
    return InputError(
        f"not a {name}: {place + ': ' if place else ''}{what}",
        where=where,
        mend="read another copy, or the file that was meant",
    )


class BatchEntry(Line):
    """One row of a step's batch: its route, the factor of an intervention, its sealed facts."""

    row: Count
    route: Count
    factor: Weight = FULL_WEIGHT
    facts: DigestText


class BlockEntry(Line):
    """One block in a step: sum of the weights, how far it moved, its clipping, its state."""

    block: str
    weight_sum: Count
    delta_norm: Real | None
    clip: Real | None
    state: State


class Details(Line):
    """A line of `details.jsonl`."""

    step: Positive
    batch: tuple[BatchEntry, ...]
    units: tuple[BlockEntry, ...]


class AdmissionLine(Line):
    """A line of `admission.jsonl`: what was decided for one row at the start."""

    row: Count
    example: DigestText
    effect: Effect
    rule: str | None
    reasons: tuple[str, ...]
    profile: str | None
    route: Count | None
    entropy: Count | None


class RowLine(Line):
    """A line of `private/rows.jsonl`: which content a row is."""

    content: DigestText
    row: Count


class Facts(Line):
    """Loss and norms of one entry, as they are committed to."""

    loss: Real
    norms: tuple[Real | None, ...]


class FactsLine(Line):
    """A line of `private/facts.jsonl`: the facts of a step's batch, in its order."""

    step: Positive
    facts: tuple[Facts, ...]
