"""Depth profiles: how far into a model an example's gradient may reach, block by block.

A table gives a profile to a rights class, a content class and an entropy band, and a cap to a
rights class (`docs/reference/ledger.md`, "profiles.json"). Weights are integers in thousandths, so
that the least of several is exact. Every vector of weights that a policy and a table can give is
enumerated before the run (`routes`), and a ledger names it by its index.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import product
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol, Self

from pydantic import AfterValidator, Field, model_validator

from provenir.core.document import DigestText, Document, Part
from provenir.core.errors import UsageError
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.governance.blocks import MAX_BLOCKS, Block, ordered
from provenir.governance.components import Few
from provenir.governance.metadata import Rights, is_content_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "FULL",
    "Bands",
    "Cap",
    "DepthTable",
    "Profile",
    "RoutesDocument",
    "Weight",
    "Weights",
    "bands_of",
    "least",
    "routes",
]

FULL: Final = 1_000
"""The weight of an ordinary gradient: weights are thousandths."""

Weights = tuple[int, ...]
"""One weight for each block of the table, in its order."""

Weight = Annotated[int, Field(ge=0, le=FULL)]

_MAX_EDGES: Final = 64
_MAX_PROFILES: Final = 256
_MAX_ROUTE_WEIGHTS: Final = 4_000_000
_MAX_VERSION: Final = 2**31


def _once(given: Sequence[object]) -> Sequence[object]:
    if len(set(given)) < len(given):
        raise ValueError("something stands twice")
    return given


def _content_class(word: str) -> str:
    if not is_content_class(word):
        raise ValueError("a content class is a word of [a-z0-9_-]{1,64}")
    return word


def _in_order(blocks: Sequence[str]) -> Sequence[str]:
    if tuple(blocks) != ordered(set(blocks)):
        raise ValueError("the blocks are not in the model's order, or one stands twice")
    return blocks


Blocks = Annotated[
    Few[Block], Field(min_length=1, max_length=MAX_BLOCKS), AfterValidator(_in_order)
]
"""Blocks of a model, from the embedding to the head."""

_Edge = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
_Band = Annotated[int, Field(ge=0, le=_MAX_EDGES)]
_Class = Annotated[str, AfterValidator(_content_class)]
_BlockWeights = dict[Block, Weight]


class Bands(Part):
    """Where the entropy bands lie, and by which measurement.

    Attributes:
        base: Tensor root of the base model that scored.
        calibration: Root over the calibration set's example digests.
        n: Size of the calibration set, in examples.
        edges: Rising, in millionths of a nat per token; an example's band is the number of edges
            that are not above its entropy.
    """

    base: DigestText
    calibration: DigestText
    n: Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
    edges: Annotated[Few[_Edge], Field(min_length=1, max_length=_MAX_EDGES)]

    @model_validator(mode="after")
    def _edges_rise(self) -> Self:
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError("the edges must rise")
        return self

    def band(self, entropy: int) -> int:
        """Return the band of an entropy in millionths of a nat per token."""
        return bisect_right(self.edges, entropy)


def bands_of(values: Iterable[int], count: int, *, base: str, calibration: str) -> Bands:
    """Return bands that each hold about as many examples of a calibration set.

    Args:
        values: Entropies of the calibration set, in millionths of a nat per token.
        count: How many bands; fewer come out where values are equal.
        base: Tensor root of the base model that scored.
        calibration: Root over the calibration set's example digests.

    Returns:
        Bands whose edges are the values at the ranks ``n * i // count``.

    Raises:
        UsageError: Not 2 to 65 bands, or no two different values.
    """
    ranked = sorted(values)
    if not 2 <= count <= _MAX_EDGES + 1:
        raise UsageError(f"{count} bands", mend=f"ask for 2 to {_MAX_EDGES + 1}")
    edges = sorted({ranked[len(ranked) * i // count] for i in range(1, count)}) if ranked else []
    # A first band below the least value would hold nobody.
    edges = [edge for edge in edges if edge > ranked[0]]
    if not edges:
        raise UsageError("no two different entropies", mend="calibrate on more examples")
    return Bands.model_validate(
        {"base": base, "calibration": calibration, "n": len(ranked), "edges": edges}
    )


class Cap(Part):
    """The most that any example of a rights class may move each block."""

    rights: Rights
    weights: _BlockWeights


class Profile(Part):
    """The weights of the examples that it is for.

    Attributes:
        id: What a ledger calls it.
        rights: Rights classes; None is any.
        content: Content classes; None is any.
        bands: Entropy bands; None is any.
        weights: Block to weight, in thousandths.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    rights: Annotated[Few[Rights], Field(min_length=1), AfterValidator(_once)] | None = None
    content: Annotated[Few[_Class], Field(min_length=1), AfterValidator(_once)] | None = None
    bands: Annotated[Few[_Band], Field(min_length=1), AfterValidator(_once)] | None = None
    weights: _BlockWeights

    def is_for(self, rights: str, content: str, band: int | None) -> bool:
        """Say whether an example is of the classes and the band that it is for."""
        return (
            (self.rights is None or rights in self.rights)
            and (self.content is None or content in self.content)
            and (self.bands is None or band in self.bands)
        )


class DepthTable(Document):
    """The profiles and caps over the blocks of one model (`depth-profiles/1`).

    Attributes:
        name: What it is called.
        version: Counts from 1.
        blocks: The model's blocks, from the embedding to the head.
        bands: Entropy bands; None does without.
        caps: At most one for each rights class.
        profiles: The first that is for an example is its profile.
    """

    schema_version: Literal["depth-profiles/1"] = "depth-profiles/1"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    version: Annotated[int, Field(ge=1, le=_MAX_VERSION)] = 1
    blocks: Blocks
    bands: Bands | None = None
    caps: Few[Cap] = Field(default_factory=list)
    profiles: Annotated[Few[Profile], Field(min_length=1, max_length=_MAX_PROFILES)]

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        _once([cap.rights for cap in self.caps])
        _once([profile.id for profile in self.profiles])
        last = -1 if self.bands is None else len(self.bands.edges)
        for profile in self.profiles:
            if profile.bands is not None and max(profile.bands) > last:
                raise ValueError(f"profile {profile.id} names a band that there is not")
        for weights in (part.weights for parts in (self.caps, self.profiles) for part in parts):
            if weights.keys() != set(self.blocks):
                raise ValueError("every `weights` names each block once, and no other")
        return self

    def profile_for(self, rights: str, content: str, band: int | None) -> Profile | None:
        """Return the first profile that is for an example, None where none is."""
        return next((one for one in self.profiles if one.is_for(rights, content, band)), None)

    def weights(self, profile: Profile, rights: str, cap: int | None) -> Weights:
        """Return the least of a profile, of the rights class's cap and of a rule's cap.

        Args:
            profile: One of the table's.
            rights: The example's rights class.
            cap: The rule's cap in thousandths, None where it has none.
        """
        caps = next((self.vector(one) for one in self.caps if one.rights == rights), None)
        return least(self.vector(profile), caps, cap)

    def vector(self, part: Cap | Profile) -> Weights:
        """Return the weights of a cap or profile, in the order of the blocks."""
        return tuple(part.weights[block] for block in self.blocks)


def least(weights: Weights, caps: Weights | None, cap: int | None) -> Weights:
    """Return the least weight in each block, of all that are given."""
    bound = FULL if cap is None else cap
    pairs = zip(weights, weights if caps is None else caps, strict=True)
    return tuple(min(left, right, bound) for left, right in pairs)


class RoutesDocument(Document):
    """Every vector of weights that a policy and a table can give (`routes/1`).

    Attributes:
        blocks: The table's blocks.
        routes: Sorted, each once; a route is its index.
    """

    schema_version: Literal["routes/1"] = "routes/1"
    blocks: Blocks
    routes: Annotated[Few[Few[Weight]], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_sorted(self) -> Self:
        vectors = [tuple(one) for one in self.routes]
        if any(len(one) != len(self.blocks) for one in vectors):
            raise ValueError("a route has one weight for each block")
        if vectors != sorted(set(vectors)):
            raise ValueError("the routes are not sorted, or one stands twice")
        return self

    def index(self, weights: Weights) -> int:
        """Return the route of a vector of weights.

        Raises:
            UsageError: It is none of the routes: another policy or table gave it.
        """
        place = bisect_left(self.routes, weights, key=tuple)
        if place == len(self.routes) or tuple(self.routes[place]) != weights:
            raise UsageError("these weights are no route of this policy and table")
        return place


class Capped(Protocol):
    """A rule, as far as `routes` looks at it."""

    @property
    def cap(self) -> int | None:
        """The most that an example may move any block, in thousandths."""


class CappedRules(Protocol):
    """A policy, as far as `routes` looks at it: an `AdmissionPolicy` is one."""

    @property
    def rules(self) -> Sequence[Capped]:
        """Its rules."""


def routes(policy: CappedRules, table: DepthTable) -> RoutesDocument:
    """Enumerate what any profile, with any class's cap or none and any rule's cap or none, gives.

    Raises:
        UsageError: There are too many to enumerate.
    """
    profiles = [table.vector(one) for one in table.profiles]
    caps = [None, *(table.vector(one) for one in table.caps)]
    rule_caps = [None, *sorted({rule.cap for rule in policy.rules if rule.cap is not None})]
    count = len(profiles) * len(caps) * len(rule_caps)
    if count * len(table.blocks) > _MAX_ROUTE_WEIGHTS:
        raise UsageError(
            f"{count:,} combinations of profiles and caps over {len(table.blocks)} blocks are too "
            f"many to enumerate",
            mend="use fewer different caps",
        )
    found = {least(*one) for one in product(profiles, caps, rule_caps)}
    return RoutesDocument(blocks=table.blocks, routes=sorted(found))
