"""The starter's policy and table: what they admit, and how deep."""

from __future__ import annotations

import datetime as dt

import pytest

from governance.test_metadata import A
from provenir.core.errors import UsageError
from provenir.governance.admission import Admission
from provenir.governance.metadata import ExampleMetadata
from provenir.governance.starter import default_policy, default_table

BLOCKS = ("embedding", "layer.0", "layer.1", "layer.2", "final_norm", "head")
TABLE = default_table(BLOCKS)
DAY = dt.date(2026, 1, 1)
GOOD = {"rights": "open", "pii": "none", "consent": "not-needed"}


def ask(**stated):
    admission = Admission(default_policy(TABLE), TABLE, base="any")
    return admission.decide(ExampleMetadata(content=A, **stated), on=DAY, band=None)


@pytest.mark.parametrize(
    ("changed", "effect", "reason"),
    [
        ({}, "allow", "open_licence"),
        ({"pii": "masked", "consent": "given"}, "allow", "open_licence"),
        ({"rights": "licensed", "license": "X"}, "allow", "licence_current"),
        (
            {"rights": "licensed", "license": "X", "license_expires": DAY},
            "allow",
            "licence_current",
        ),
        ({"rights": "licensed"}, "deny", "no_rule"),
        ({"license_expires": DAY - dt.timedelta(1)}, "deny", "licence_expired"),
        ({"rights": "restricted"}, "attenuate", "upper_layers_only"),
        ({"rights": "scraped-public"}, "attenuate", "upper_layers_only"),
        ({"rights": "unknown"}, "deny", "rights_unknown"),
        ({"consent": "withdrawn"}, "deny", "consent_withdrawn"),
        ({"consent": "unknown"}, "deny", "consent_unknown"),
        ({"pii": "present"}, "deny", "pii_present"),
        ({"pii": "unknown"}, "deny", "pii_unknown"),
    ],
    ids=str,
)
def test_the_starter_decides(changed, effect, reason):
    decision = ask(**GOOD | changed)
    assert (decision.effect, decision.reasons) == (effect, (reason,))


def test_nothing_said_is_a_denial():
    admission = Admission(default_policy(TABLE), TABLE, base="any")
    assert admission.decide(None, on=DAY, band=None).reasons == ("rights_unknown",)


def test_restricted_content_moves_the_upper_layers_by_half():
    assert ask(**GOOD).weights == (1000,) * 6
    assert ask(**GOOD | {"rights": "restricted"}).weights == (0, 0, 500, 500, 0, 0)


@pytest.mark.parametrize("blocks", [(), ("head", "embedding"), ("tail",)])
def test_a_table_needs_blocks(blocks):
    with pytest.raises(UsageError):
        default_table(blocks)
