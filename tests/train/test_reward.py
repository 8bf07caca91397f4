"""The reward wrapper: transparent to the trainer, complete towards the run."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import math
import statistics
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.train import tracked_reward
from provenir.train.reward import group_starts, normalised_advantages, plain_text

PROMPTS = ["2+2?", "2+2?", "3+3?", "3+3?"]
COMPLETIONS = ["4", "5", "6", "6"]


def exact(prompts, completions, answer, **columns):
    return [float(c == a) for c, a in zip(completions, answer, strict=True)]


def call(reward, **more):
    return reward(prompts=PROMPTS, completions=COMPLETIONS, answer=["4", "4", "6", "6"], **more)


class ScorerObject:
    def __call__(self, prompts, completions, **columns):
        return [0.5 for _ in completions]


class AsyncScorerObject:
    async def __call__(self, prompts, completions, **columns):
        return [0.5 for _ in completions]


def test_the_result_is_the_functions_own(memory_run):
    rewards = [1.0, None, 0.0, float("nan")]
    wrapped = tracked_reward(memory_run, lambda prompts, completions: rewards)
    assert wrapped(PROMPTS, COMPLETIONS) is rewards


def test_every_completion_reaches_the_run(memory_run):
    state = SimpleNamespace(global_step=6)
    assert call(tracked_reward(memory_run, exact), trainer_state=state) == [1.0, 0.0, 1.0, 1.0]
    told = memory_run.trajectories
    assert [t["prompt"] for t in told] == PROMPTS
    assert [t["response"] for t in told] == COMPLETIONS
    assert [t["reward"] for t in told] == [1.0, 0.0, 1.0, 1.0]
    assert [t["group_id"] for t in told] == ["exact/1/0", "exact/1/0", "exact/1/1", "exact/1/1"]
    assert [t["place"] for t in told] == [0, 1, 0, 1]
    assert {t["step"] for t in told} == {7}
    assert {t["reward_function"] for t in told} == {"exact"}


def test_groups_of_two_calls_are_kept_apart(memory_run):
    wrapped = tracked_reward(memory_run, exact)
    call(wrapped)
    call(wrapped)
    assert len({t["group_id"] for t in memory_run.trajectories}) == 4


def test_the_same_prompt_twice_in_a_row_is_two_groups_when_told_the_size(memory_run):
    wrapped = tracked_reward(memory_run, lambda prompts, completions: [1, 0], num_generations=1)
    wrapped(["2+2?", "2+2?"], ["4", "5"])
    assert [t["group_id"][-1] for t in memory_run.trajectories] == ["0", "1"]


def test_none_stays_none_for_the_run(memory_run):
    tracked_reward(memory_run, lambda prompts, completions: [None, 0.5, None, 1])(
        PROMPTS, COMPLETIONS
    )
    assert [t["reward"] for t in memory_run.trajectories] == [None, 0.5, None, 1.0]


def test_the_spread_of_advantages_is_logged_through_the_trainer(memory_run):
    logged = {}
    call(tracked_reward(memory_run, exact), log_metric=logged.__setitem__)
    # One group of [1, 0] and one of [1, 1]: advantages ±0.5/(0.7071 + 1e-4), 0, 0.
    assert logged["advantage_std"] == pytest.approx(0.5, rel=1e-3)


def test_without_any_reward_no_spread_is_logged(memory_run):
    logged = {}
    wrapped = tracked_reward(memory_run, lambda prompts, completions, **more: [None] * 4)
    wrapped(PROMPTS, COMPLETIONS, log_metric=logged.__setitem__)
    assert logged == {}


class FakeTrainer:
    """As much of TRL's `GRPOTrainer` as a reward function can see."""

    def __init__(self, *reward_funcs, weights=None, training=True):
        self.model = SimpleNamespace(training=training)
        self.state = SimpleNamespace(global_step=6)
        self.reward_funcs = list(reward_funcs)
        self.reward_weights = weights or [1.0] * len(reward_funcs)
        self.logged = {}

    def _log_metric(self, name, value):
        self.logged[name] = value

    def score(self):
        for reward in self.reward_funcs:
            call(reward, trainer_state=self.state, log_metric=self._log_metric)


def test_completions_of_an_evaluation_are_marked(memory_run):
    trainer = FakeTrainer(tracked_reward(memory_run, exact, num_generations=4))
    trainer.score()
    assert {(t.get("phase"), t["step"]) for t in memory_run.trajectories} == {(None, 7)}
    assert trainer.logged
    trainer.logged.clear()
    trainer.model.training = False
    trainer.score()
    evaluated = memory_run.trajectories[4:]
    assert {(t["phase"], t["step"]) for t in evaluated} == {("eval", 6)}
    # An evaluation may draw fewer completions for a prompt; none of them has an advantage.
    assert [t["place"] for t in evaluated] == [0, 1, 0, 1]
    assert trainer.logged == {}


def test_of_several_functions_none_logs_the_spread_of_its_own(memory_run):
    def unwrapped(prompts, completions, **columns):
        return [0.0] * len(completions)

    for other in (tracked_reward(memory_run, exact, name="other"), unwrapped):
        trainer = FakeTrainer(tracked_reward(memory_run, exact), other)
        trainer.score()
        assert trainer.logged == {}
    assert memory_run.trajectories


@pytest.mark.parametrize(("weight", "spread"), [(1.0, 0.5), (-3.0, 0.5), (0.0, 0.0)])
def test_the_spread_is_that_of_the_weighted_reward(memory_run, weight, spread):
    trainer = FakeTrainer(tracked_reward(memory_run, exact), weights=[weight])
    trainer.score()
    assert trainer.logged["advantage_std"] == pytest.approx(spread, rel=1e-3)


def test_async_functions_stay_async(memory_run):
    async def judged(prompts, completions, **columns):
        await asyncio.sleep(0)
        return [0.25] * len(completions)

    wrapped = tracked_reward(memory_run, judged)
    assert inspect.iscoroutinefunction(wrapped)
    assert wrapped.__name__ == "judged"
    assert asyncio.run(wrapped(prompts=PROMPTS, completions=COMPLETIONS)) == [0.25] * 4
    assert [t["reward"] for t in memory_run.trajectories] == [0.25] * 4


@pytest.mark.parametrize(
    ("func", "name", "is_async"),
    [
        (exact, "exact", False),
        (functools.partial(exact, answer=["4"] * 4), "exact", False),
        (ScorerObject(), "ScorerObject", False),
        (AsyncScorerObject(), "AsyncScorerObject", True),
        (functools.partial(AsyncScorerObject()), "AsyncScorerObject", True),
    ],
)
def test_names_and_kinds_are_those_that_the_trainer_would_see(memory_run, func, name, is_async):
    wrapped = tracked_reward(memory_run, func)
    assert wrapped.__name__ == name
    assert inspect.iscoroutinefunction(wrapped) is is_async


def test_a_given_name_wins(memory_run):
    assert tracked_reward(memory_run, exact, name="answers").__name__ == "answers"


def test_a_one_shot_iterator_is_not_used_up(memory_run):
    wrapped = tracked_reward(memory_run, lambda prompts, completions: iter([1.0, 0.0, 1.0, 0.0]))
    assert list(wrapped(PROMPTS, COMPLETIONS)) == [1.0, 0.0, 1.0, 0.0]
    assert len(memory_run.trajectories) == 4


def test_faults_of_the_run_never_alter_the_rewards(failing_run, caplog):
    wrapped = tracked_reward(failing_run, exact)
    with caplog.at_level(logging.WARNING, logger="provenir"):
        assert call(wrapped) == [1.0, 0.0, 1.0, 1.0]
        assert call(wrapped) == [1.0, 0.0, 1.0, 1.0]
    assert failing_run.calls == 2
    assert len(caplog.records) == 1
    assert "the disk is full" in caplog.text


@pytest.mark.parametrize("rewards", [["high"] * 4, [1.0], 7, None])
def test_rewards_that_cannot_be_read_go_through_as_they_are(memory_run, rewards):
    assert (
        tracked_reward(memory_run, lambda prompts, completions: rewards)(PROMPTS, COMPLETIONS)
        is rewards
    )


def test_faults_of_the_reward_function_are_the_users(memory_run):
    def broken(prompts, completions):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        tracked_reward(memory_run, broken)(PROMPTS, COMPLETIONS)


def test_misuse_is_refused_at_construction(memory_run):
    with pytest.raises(UsageError, match="no log_step and no log_trajectory"):
        tracked_reward(object(), exact)
    with pytest.raises(UsageError, match="cannot be"):
        tracked_reward(memory_run, "exact")
    with pytest.raises(UsageError, match="num_generations"):
        tracked_reward(memory_run, exact, num_generations=0)


def test_conversations_become_text():
    chat = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    assert plain_text(chat) == "user: 2+2?\nassistant: 4"
    assert plain_text([{"role": "assistant", "content": "4"}]) == "4"
    parts = [{"type": "image"}, {"type": "text", "text": "a cat"}]
    assert plain_text([{"role": "assistant", "content": parts}]) == "a cat"
    assert plain_text([{"role": "assistant", "content": None, "tool_calls": []}]) == ""
    assert plain_text([]) == ""
    assert plain_text(7) == "7"


def test_conversational_completions_reach_the_run_as_text(memory_run):
    wrapped = tracked_reward(memory_run, lambda prompts, completions: [1.0])
    wrapped([[{"role": "user", "content": "2+2?"}]], [[{"role": "assistant", "content": "4"}]])
    assert memory_run.trajectories[0]["prompt"] == "2+2?"
    assert memory_run.trajectories[0]["response"] == "4"


@given(st.lists(st.integers(0, 2), max_size=12))
def test_groups_begin_where_the_prompt_changes(prompts):
    starts = group_starts(prompts)
    assert all(
        (i in starts) == (i == 0 or prompts[i] != prompts[i - 1]) for i in range(len(prompts))
    )


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=1, max_size=8), max_size=4)
)
def test_advantages_follow_the_definition(groups):
    rewards = [reward for group in groups for reward in group]
    starts = [sum(len(g) for g in groups[:i]) for i in range(len(groups))]
    advantages = iter(normalised_advantages(rewards, starts))
    for group in groups:
        scored = [r for r in group if r is not None]
        spread = statistics.stdev(scored) + 1e-4 if len(scored) > 1 else 1.0
        for reward in group:
            expected = None if reward is None else (reward - statistics.fmean(scored)) / spread
            got = next(advantages)
            assert got is expected is None or math.isclose(got, expected, abs_tol=1e-6)


def test_a_run_that_takes_rollouts_together_gets_them_so(memory_run):
    taken = []
    memory_run.log_trajectories = taken.append
    scored = tracked_reward(memory_run, lambda prompts, completions: [1.0] * len(completions))
    scored(prompts=["a", "a"], completions=["x", "y"])
    assert [[rollout["response"] for rollout in call] for call in taken] == [["x", "y"]]
    assert memory_run.trajectories == []


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_verifier_as_a_reward_is_recorded_like_any_other(memory_run, asynchronous):
    from provenir.environments import ExactAnswerVerifier, as_reward

    reward = as_reward(ExactAnswerVerifier(), asynchronous=asynchronous)
    tracked = tracked_reward(memory_run, reward, num_generations=2)
    assert tracked.__name__ == "exact_answer"
    assert inspect.iscoroutinefunction(tracked) is asynchronous
    got = tracked(prompts=["?"] * 4, completions=["4", "5", "4", "4"], answer=["4", "4", None, 4])
    assert (asyncio.run(got) if asynchronous else got) == [1.0, 0.0, None, 1.0]
    assert [rollout["reward"] for rollout in memory_run.trajectories] == [1.0, 0.0, None, 1.0]
    assert {r["reward_function"] for r in memory_run.trajectories} == {"exact_answer"}
