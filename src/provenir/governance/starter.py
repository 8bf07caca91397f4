"""A policy and a table to begin with, for whoever has none yet.

The policy denies what nobody vouches for (rights, consent or personal data unknown), what was
taken back, what has expired and what holds personal data; it admits open and currently licensed
content whole, and restricted or scraped content with half the weight. The table keeps the latter
two out of all but the upper half of the layers. Both are ordinary documents, meant to be changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.governance.admission import AdmissionPolicy, Rule
from provenir.governance.depth import FULL, DepthTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.governance.depth import Bands

__all__ = ["default_policy", "default_table"]

_HALF: Final = FULL // 2
_EXPIRES: Final = {"field": "license_expires"}


def default_policy(
    table: DepthTable, *, name: str = "starter", base: str | None = None
) -> AdmissionPolicy:
    """Return the policy to begin with, for a table.

    Args:
        table: The table of depth profiles that it names.
        name: What it is called.
        base: Tensor root of the one base model that it is for; None is any.
    """
    rules = (
        _deny("consent withdrawn", _is("consent", "withdrawn"), "consent_withdrawn"),
        _deny("personal data", _is("pii", "present"), "pii_present"),
        _deny(
            "licence expired",
            ["and", ["!=", _EXPIRES, None], ["<", _EXPIRES, {"field": "date"}]],
            "licence_expired",
        ),
        _deny("rights unknown", _is("rights", "unknown"), "rights_unknown"),
        _deny("consent unknown", _is("consent", "unknown"), "consent_unknown"),
        _deny("personal data unknown", _is("pii", "unknown"), "pii_unknown"),
        Rule(name="open", when=_is("rights", "open"), effect="allow", reasons=("open_licence",)),
        Rule(
            name="current licence",
            when=["and", _is("rights", "licensed"), ["!=", {"field": "license"}, None]],
            effect="allow",
            reasons=("licence_current",),
        ),
        Rule(
            name="restricted or scraped",
            when=["in", {"field": "rights"}, ["restricted", "scraped-public"]],
            effect="attenuate",
            reasons=("upper_layers_only",),
            cap=_HALF,
        ),
    )
    return AdmissionPolicy(name=name, base=base, profiles=table.digest(), rules=rules)


def default_table(
    blocks: Sequence[str], *, name: str = "starter", bands: Bands | None = None
) -> DepthTable:
    """Return the table to begin with, for a model's blocks.

    Args:
        blocks: `provenir.governance.blocks.block_order`, or a block map's.
        name: What it is called.
        bands: Entropy bands; the starter's profile is for any of them.

    Raises:
        UsageError: They are no blocks, or not in their order.
    """
    layers = [block for block in blocks if block.startswith("layer.")]
    upper = set(layers[len(layers) // 2 :])
    capped = {block: _HALF if block in upper else 0 for block in blocks}
    if not blocks:
        raise UsageError("a table needs blocks", mend="see: provenir policy blocks MODEL_DIR")
    return DepthTable.made_of(
        name=name,
        blocks=tuple(blocks),
        bands=bands,
        caps=[{"rights": rights, "weights": capped} for rights in ("restricted", "scraped-public")],
        profiles=[{"id": "whole", "weights": dict.fromkeys(blocks, FULL)}],
    )


def _deny(name: str, when: list[Any], reason: str) -> Rule:
    return Rule(name=name, when=when, effect="deny", reasons=(reason,))


def _is(field: str, word: str) -> list[Any]:
    return ["==", {"field": field}, word]
