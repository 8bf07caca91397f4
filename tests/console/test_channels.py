from __future__ import annotations

import pytest

from provenir.console.channels import read_channels
from provenir.console.series import Bucket, Series

pytest.importorskip("altair", reason="the charts need the extra report")
pytest.importorskip("vl_convert", reason="the charts need the extra report")


def notes(channel: str, *, watched: bool = True) -> tuple[str, ...]:
    series = Series(channel=channel, buckets=(Bucket(0, 9, 1.0, 2.0, 1.0),), watched=watched)
    (card,) = read_channels([series], []).cards
    return card.notes


@pytest.mark.parametrize("channel", ["epoch", "num_tokens", "policy_loss", "value_loss"])
def test_a_channel_that_no_detector_judges_says_so(channel: str) -> None:
    assert notes(channel) == ("watched for NaN only",)


def test_a_judged_channel_needs_no_note_and_an_unknown_name_has_its_own() -> None:
    assert notes("kl") == notes("learning_rate") == ()
    assert notes("my/own", watched=False) == ("watched by no detector",)
