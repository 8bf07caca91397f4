"""What governed trainings say to the workspace's log, and which of them never ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenir.attest.log import EventLog
from provenir.core.clock import FixedClock
from provenir.core.digest import digest_bytes
from provenir.core.errors import InputError
from provenir.tracking.governed import log_close, log_intent, open_intents

DATASET, OTHER = digest_bytes(b"dataset"), digest_bytes(b"other")
CLOCK = FixedClock(step_s=1.0)


def intent(number: int) -> str:
    return digest_bytes(b"intent %d" % number)


def test_an_intent_stays_open_until_its_close(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log_intent(log, "run-1", intent(1), DATASET, CLOCK)
    log_intent(log, "run-2", intent(2), DATASET, CLOCK)
    log_intent(log, "run-3", intent(3), OTHER, CLOCK)
    assert open_intents(log, DATASET) == [intent(1), intent(2)]
    log_close(log, "run-1", intent(1), digest_bytes(b"root"), CLOCK)
    assert open_intents(log, DATASET) == [intent(2)]
    assert open_intents(log, OTHER) == [intent(3)]


def test_a_resumed_intent_that_is_entered_again_is_one(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    for _ in range(2):
        log_intent(log, "run-1", intent(1), DATASET, CLOCK)
    assert open_intents(log, DATASET) == [intent(1)]


def test_where_there_is_no_log_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no log here"):
        open_intents(EventLog(tmp_path / "log"), DATASET)
