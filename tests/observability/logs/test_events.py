"""TensorBoard's event files, written by its own writer."""

from __future__ import annotations

import pytest

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

from provenir.core.errors import InputError
from provenir.observability.logs import RowFaults, find_log, read_log


@pytest.fixture
def folder(tmp_path):
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path / "tb"))
    for step in range(5):
        for tag, value in (("train/kl", 0.1 * step), ("train/rewards/chosen", 1.0)):
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            writer.add_event(Event(wall_time=1.0, step=step, summary=summary))
    writer.close()
    return tmp_path / "tb"


def test_scalars_come_in_the_order_of_the_file(folder):
    found, faults = find_log([folder]), RowFaults()
    rows = list(read_log(found, faults))
    assert (found.source, faults.counts) == ("tensorboard", {})
    assert [row.step for row in rows] == [step for step in range(5) for _ in range(2)]
    assert rows[2].metrics == {"train/kl": pytest.approx(0.1)}


def test_a_file_that_only_has_the_name_is_refused(tmp_path):
    path = tmp_path / "events.out.tfevents.1"
    path.write_text("no events " * 100)
    with pytest.raises(InputError, match="no event in it"):
        list(read_log(find_log([path]), RowFaults()))
