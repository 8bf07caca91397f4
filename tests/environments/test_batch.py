"""Many verdicts at once."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading

import pytest

from fakes import EqualityVerifier
from provenir.core.errors import UsageError
from provenir.core.protocols import VerificationResult
from provenir.environments.batch import averify_many, verify_many

WORKERS = [1, 2, 7, None]


def in_a_loop(*args, **options):
    return asyncio.run(averify_many(*args, **options))


both_ways = pytest.mark.parametrize("many", [verify_many, in_a_loop], ids=["sync", "async"])


class Fickle:
    """Raises on some texts, exits on none, and lies on others."""

    def verify(self, response, reference):
        if response == "raise":
            raise ValueError("no")
        if response == "lie":
            return 1.0
        return VerificationResult(passed=True, reward=1.0, metadata={"reason": "ok"})


class Counting:
    """Knows how many ask at once."""

    def __init__(self, parties):
        self.lock, self.now, self.most = threading.Lock(), 0, 0
        self.together = threading.Barrier(parties)

    def verify(self, response, reference):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.together.wait(timeout=60)
        with self.lock:
            self.now -= 1
        return VerificationResult(passed=True, reward=1.0)


@both_ways
@pytest.mark.parametrize("workers", WORKERS)
def test_verdicts_come_in_the_order_of_the_responses(many, workers):
    responses = [str(n) for n in range(50)]
    references = [n if n % 3 else -1 for n in range(50)]
    results = many(EqualityVerifier(), responses, references, max_workers=workers)
    assert [result.passed for result in results] == [n % 3 != 0 for n in range(50)]


@both_ways
def test_nothing_gives_nothing(many):
    assert many(EqualityVerifier(), [], []) == []


@both_ways
@pytest.mark.parametrize("workers", WORKERS)
def test_a_verifier_that_fails_has_a_result(many, workers):
    results = many(Fickle(), ["a", "raise", "lie", "b"], [None] * 4, max_workers=workers)
    assert [r.metadata["reason"] for r in results] == [
        "ok", "verifier_error", "verifier_error", "ok"
    ]  # fmt: skip
    assert [r.reward for r in results] == [1.0, 0.0, 0.0, 1.0]
    assert "ValueError" in results[1].detail


@both_ways
def test_so_many_at_once_and_no_more(many):
    verifier = Counting(3)
    many(verifier, ["a"] * 12, [None] * 12, max_workers=3)
    assert verifier.most == 3


@both_ways
def test_the_input_is_consumed_as_it_is_needed(many):
    taken, told = [], []

    def responses():
        for n in range(100):
            taken.append(n)
            assert n - len(told) <= 8
            yield str(n)

    results = many(
        EqualityVerifier(), responses(), itertools.repeat("3", 100), max_workers=2,
        progress=told.append,
    )  # fmt: skip
    assert len(results) == len(taken) == sum(told) == 100
    assert [n for n, result in enumerate(results) if result.passed] == [3]


@both_ways
@pytest.mark.parametrize(
    ("responses", "references"),
    [(["a"], []), ([], ["a"]), (["a"] * 9, ["a"] * 8), (iter(["a"] * 9), ["a"] * 8),
     (["a"] * 8, iter(["a"] * 9)), ("abc", ["a"] * 3), (["a"], "a"), (["a"], 3), (None, ["a"])],
)  # fmt: skip
def test_lengths_that_differ_are_told(many, responses, references):
    with pytest.raises(UsageError):
        many(EqualityVerifier(), responses, references)


@both_ways
@pytest.mark.parametrize(
    ("verifier", "workers"), [(EqualityVerifier, 1), (len, 1), (EqualityVerifier(), 0)]
)
def test_misuse_is_told(many, verifier, workers):
    with pytest.raises(UsageError):
        many(verifier, ["a"], ["a"], max_workers=workers)


@both_ways
def test_a_faulty_input_comes_out_as_it_is(many):
    def responses():
        yield "a"
        raise LookupError("the file is gone")

    with pytest.raises(LookupError, match="gone"):
        many(EqualityVerifier(), responses(), itertools.repeat("a"))


def test_a_loop_goes_on_meanwhile():
    ticks = []

    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0)

    async def main():
        ticking = asyncio.create_task(tick())
        await averify_many(EqualityVerifier(), ["a"] * 200, ["a"] * 200, max_workers=2)
        ticking.cancel()

    asyncio.run(main())
    assert len(ticks) > 1


def test_a_cancelled_batch_begins_nothing_more():
    begun, go_on = [], threading.Event()

    class Slow:
        def verify(self, response, reference):
            begun.append(response)
            go_on.wait(timeout=60)
            return VerificationResult(passed=True, reward=1.0)

    async def main():
        batch = asyncio.create_task(averify_many(Slow(), ["a"] * 40, ["a"] * 40, max_workers=2))
        while len(begun) < 2:
            await asyncio.sleep(0.001)
        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch
        go_on.set()

    asyncio.run(main())
    assert len(begun) == 2


def test_ctrl_c_ends_it_cleanly():
    code = (
        "import sys, time\n"
        "from provenir.core.protocols import VerificationResult\n"
        "from provenir.environments.batch import verify_many\n"
        "class Slow:\n"
        "    def verify(self, response, reference):\n"
        "        print('begun', flush=True)\n"
        "        time.sleep(0.2)\n"
        "        return VerificationResult(passed=True, reward=1.0)\n"
        "try:\n"
        "    verify_many(Slow(), ['a'] * 10_000, ['a'] * 10_000, max_workers=2)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "begun\n"
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == "interrupted" or "interrupted" in out
    assert err == ""
