"""The shared interfaces: the fakes implement them, and the values refuse nonsense."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from fakes import EqualityVerifier, LongerJudge, ScriptedExecutor, TableReplayer
from provenir.core.digest import digest_bytes
from provenir.core.errors import UsageError
from provenir.core.protocols import (
    Execution,
    Executor,
    Judge,
    Preference,
    ReplayedSegment,
    Replayer,
    RubricScore,
    VerificationResult,
    Verifier,
)
from strategies import any_text


def test_the_fakes_implement_the_protocols() -> None:
    assert isinstance(EqualityVerifier(), Verifier)
    assert isinstance(LongerJudge(), Judge)
    assert isinstance(ScriptedExecutor(), Executor)
    assert isinstance(TableReplayer({}), Replayer)
    assert not isinstance(object(), Verifier)


@pytest.mark.parametrize("reward", [-0.1, 1.1, math.nan, math.inf])
def test_a_reward_lies_in_the_unit_interval(reward: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        VerificationResult(passed=True, reward=reward)


def test_preferences() -> None:
    assert Preference(preferred="tie").confidence == 1.0
    bad: Any = "both"
    with pytest.raises(UsageError, match="a, b, tie"):
        Preference(preferred=bad)
    with pytest.raises(UsageError):
        Preference(preferred="a", confidence=math.nan)


def test_rubric_scores() -> None:
    assert RubricScore(score=0.5, by_criterion={"clear": 1.0}).score == 0.5
    with pytest.raises(UsageError, match="clear"):
        RubricScore(score=0.5, by_criterion={"clear": 2.0})
    with pytest.raises(UsageError):
        RubricScore(score=-1)


def test_replayed_segments() -> None:
    root = digest_bytes(b"")
    assert ReplayedSegment(first_step=0, last_step=0, param_root=root).param_root == root
    for first, last, param_root in ((2, 1, root), (-1, 1, root), (0, 1, "abc")):
        with pytest.raises(UsageError):
            ReplayedSegment(first_step=first, last_step=last, param_root=param_root)


@given(any_text, any_text)
def test_the_fakes_keep_the_laws(a: str, b: str) -> None:
    assert EqualityVerifier().verify(a, b).passed == (a == b)
    flipped = {"a": "b", "b": "a", "tie": "tie"}
    judge = LongerJudge()
    assert (
        judge.score_pairwise("p", a, b).preferred
        == flipped[judge.score_pairwise("p", b, a).preferred]
    )
    assert 0.0 <= judge.score_rubric("p", a, [b]).score <= 1.0


def test_scripted_runs() -> None:
    executor = ScriptedExecutor(Execution(exit_code=0, stdout="hi"))
    assert executor.execute("print('hi')").stdout == "hi"
    assert executor.execute("again").exit_code is None
    assert executor.sources == ["print('hi')", "again"]
    replayer = TableReplayer({3: digest_bytes(b"x")})
    assert replayer.replay(Path(), first_step=2, last_step=3).param_root == digest_bytes(b"x")
    assert replayer.replay(Path(), first_step=2, last_step=4).param_root is None
