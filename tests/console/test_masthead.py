"""The figures at the head of the page."""

from __future__ import annotations

import pytest

from provenir.console.masthead import hacking_tile
from provenir.observability import RewardHackingDetector

GOOD = {"reward": 1.0, "true_reward": 1.0}
UNKNOWN = {"reward": 1.0}
HACK = {"reward": 1.0, "true_reward": 0.0}


@pytest.mark.parametrize(
    ("rollouts", "value", "note", "tone"),
    [
        ([UNKNOWN], "unknown", "no rollout was examined", "plain"),
        ([GOOD, GOOD], "0%", "0 signals, 2 rollouts", "good"),
        ([GOOD, UNKNOWN], "0%", "0 signals, 2 rollouts, not all examined", "warning"),
        ([GOOD, HACK], "50%", "1 signal, 2 rollouts", "critical"),
    ],
)
def test_what_was_not_examined_is_neither_good_nor_bad(rollouts, value, note, tone):
    tile = hacking_tile(RewardHackingDetector().detect_batch(rollouts).to_dict())
    assert (tile.value, tile.note, tile.tone) == (value, note, tone)
