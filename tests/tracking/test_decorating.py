"""Every call of a tracked function is a run, however the function gives its result."""

from __future__ import annotations

import asyncio

import pytest

import provenir
from provenir.core.errors import UsageError
from provenir.provenance.run_layout import find_runs
from provenir.provenance.run_record import read_run


class Async:
    async def __call__(self, run):
        await asyncio.sleep(0)
        run.log_step({"kl": 0.1})
        return 7


def returns_a_coroutine(run):
    return Async()(run)


async def plain(run):
    return await Async()(run)


def only_run():
    (folder,) = find_runs("artifacts/runs")
    return read_run(folder)


@pytest.mark.parametrize("function", [plain, Async(), returns_a_coroutine])
def test_what_is_awaited_ends_the_run_when_it_is_done(function):
    tracked = provenir.track("awaited")(function)

    async def main():
        return await tracked()

    assert asyncio.run(main()) == 7
    record = only_run()
    assert (record.status, len(list(record.steps()))) == ("completed", 1)


def test_an_awaited_fault_is_the_user_s_and_fails_the_run():
    async def broken():
        raise ZeroDivisionError

    tracked = provenir.track("broken")(lambda: broken())
    with pytest.raises(ZeroDivisionError):
        asyncio.run(tracked())
    assert only_run().status == "failed"


def test_a_returned_generator_is_told():
    def gives(run):
        return (run.log_step({"kl": n}) for n in range(3))

    assert len(list(provenir.track("late")(gives)())) == 3
    record = only_run()
    assert record.status == "completed"
    assert "late_body" in {entry.get("kind") for entry in record.journal()}


@pytest.mark.parametrize("thing", [7, None, "train"])
def test_what_cannot_be_called_is_refused(thing):
    with pytest.raises(UsageError, match="cannot be decorated"):
        provenir.track("x")(thing)
