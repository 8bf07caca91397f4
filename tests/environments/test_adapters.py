"""Verifiers as the reward functions of trainers."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle

import pytest

from fakes import EqualityVerifier
from provenir.core.errors import UsageError
from provenir.core.protocols import VerificationResult
from provenir.environments.adapters import as_reward, as_verl_score, response_text
from provenir.environments.verifiers.contains import ContainsVerifier
from provenir.environments.verifiers.exact import ExactAnswerVerifier
from provenir.environments.verifiers.regex_format import RegexFormatVerifier
from provenir.environments.verifiers.tool_call import ToolCallVerifier

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}


class Broken:
    def verify(self, response, reference):
        raise RuntimeError("no")


class Half:
    def verify(self, response, reference):
        return VerificationResult(passed=False, reward=0.5, metadata={"reason": "half"})


def rewards(function, completions, **columns):
    """What TRL gets: it calls by name and hands over what it has (`GRPOTrainer`, 1.16)."""
    given = {
        "prompts": ["?"] * len(completions),
        "completions": completions,
        "completion_ids": [[1]] * len(completions),
        "trainer_state": object(),
        "log_extra": print,
        "log_metric": print,
        **columns,
    }
    got = function(**given)
    return asyncio.run(got) if inspect.isawaitable(got) else got


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def asynchronous(request):
    return request.param


def test_a_reward_for_each_completion(asynchronous):
    reward = as_reward(ExactAnswerVerifier(), asynchronous=asynchronous)
    assert inspect.iscoroutinefunction(reward.__call__) is asynchronous
    assert rewards(reward, ["4", "5", r"\boxed{4}"], answer=["4", "4", 4]) == [1.0, 0.0, 1.0]
    assert rewards(as_reward(Half(), asynchronous=asynchronous), ["a"], answer=["b"]) == [0.5]


def test_the_column_and_the_name_can_be_told(asynchronous):
    reward = as_reward(
        ExactAnswerVerifier(), "gold", name="accuracy", asynchronous=asynchronous, max_workers=1
    )
    assert reward.__name__ == "accuracy"
    assert rewards(reward, ["4"], gold=["4"], answer=["5"]) == [1.0]
    assert as_reward(ExactAnswerVerifier()).__name__ == "exact_answer"
    assert as_reward(ToolCallVerifier()).__name__ == "tool_call"


def test_a_verifier_without_references_needs_no_column(asynchronous):
    reward = as_reward(RegexFormatVerifier("[ab]"), None, asynchronous=asynchronous)
    assert rewards(reward, ["a", "c"]) == [1.0, 0.0]


def test_what_nobody_can_score_has_no_reward(asynchronous):
    reward = as_reward(ExactAnswerVerifier(), asynchronous=asynchronous)
    assert rewards(reward, ["4", "4", "4"], answer=["4", None, ""]) == [1.0, None, None]
    assert rewards(as_reward(Broken(), asynchronous=asynchronous), ["4"], answer=["4"]) == [None]


def test_a_missing_column_is_told_with_those_that_are_there(asynchronous):
    reward = as_reward(ExactAnswerVerifier(), asynchronous=asynchronous)
    with pytest.raises(UsageError, match=r"no column 'answer'.*completion_ids, gold"):
        rewards(reward, ["4"], gold=["4"])


def test_what_is_no_verifier_is_told_at_once():
    for wrong in (ExactAnswerVerifier, len, None):
        with pytest.raises(UsageError):
            as_reward(wrong)
        with pytest.raises(UsageError):
            as_verl_score(wrong)


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        ("plain", "plain"),
        ([{"role": "assistant", "content": "said"}], "said"),
        ([{"content": "said"}], "said"),
        ([{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"text": "b"}]}], "ab"),
        ([{"role": "assistant", "content": None}], ""),
        ([{"role": "assistant", "content": "first"}, {"role": "tool", "content": "4"},
          {"role": "assistant", "content": "last"}], "last"),
        ([{"role": "assistant", "content": "first"}, {"role": "user", "content": "4"}], "first"),
        ([{"role": "tool", "content": "4"}], ""),
        ([], ""),
        ([3], [3]),
        (None, None),
        (3, 3),
    ],
)  # fmt: skip
def test_of_a_conversation_the_assistants_last_word(completion, text):
    assert response_text(completion) == text


def test_tool_calls_of_a_message_are_read_as_calls():
    reward = as_reward(ToolCallVerifier(["f"]), "call")
    message = {"role": "assistant", "content": "I will.", "tool_calls": [CALL]}
    wanted = {"name": "f", "arguments": {"x": 1}}
    assert rewards(reward, [[message]], call=[wanted]) == [1.0]
    assert rewards(reward, [[{**message, "tool_calls": [CALL, CALL]}]], call=[wanted]) == [0.0]


def test_a_completion_of_another_kind_is_no_reward():
    assert rewards(as_reward(ExactAnswerVerifier()), [3, None], answer=["3", "3"]) == [0.0, 0.0]


def test_verl_calls_by_name_or_by_place():
    score = as_verl_score(ExactAnswerVerifier())
    right = {"score": 1.0, "passed": 1.0, "acc": 1.0}
    named = {"data_source": "gsm8k", "solution_str": "#### 4", "ground_truth": "4"}
    assert score(**named) == right
    assert score(**named, extra_info={"index": 3}) == right
    assert (
        score(**named, extra_info=None, reward_router_address="x", sandbox_fusion_url=None) == right
    )
    assert score("gsm8k", "#### 4", "4", None) == right
    assert score("gsm8k", "#### 5", "4", None) == {"score": 0.0, "passed": 0.0, "acc": 0.0}
    assert as_verl_score(Half())("", "", "")["score"] == 0.5


@pytest.mark.parametrize(
    ("verifier", "response", "truth", "score"),
    [
        (ContainsVerifier(), "a", json.dumps({"required": ["a"]}), 1.0),
        (ContainsVerifier(), "b", json.dumps({"required": ["a"]}), 0.0),
        (ExactAnswerVerifier(), "[1, 2]", "[1, 2]", 1.0),
        (ExactAnswerVerifier(), "1", "[1, 2]", 0.0),
        (ExactAnswerVerifier(), "{1, 2}", "{1, 2}", 1.0),
        (ExactAnswerVerifier(), "\ud800", "{\ud800", 0.0),
        (ExactAnswerVerifier(), "4", None, 0.0),
        (Broken(), "4", "4", 0.0),
        (EqualityVerifier(), "{", "{", 1.0),
    ],
)
def test_ground_truth_that_is_the_text_of_an_object(verifier, response, truth, score):
    assert as_verl_score(verifier)("source", response, truth)["score"] == score


def test_ground_truth_out_of_parquet_may_be_arrays():
    class Array:
        shape = (2,)

        def tolist(self):
            return ["4", "four"]

    assert as_verl_score(ExactAnswerVerifier())("source", "four", Array())["passed"] == 1.0
    truth = {"required": Array()}
    assert as_verl_score(ContainsVerifier())("source", "4 is four", truth)["passed"] == 1.0
    assert as_verl_score(ExactAnswerVerifier())("source", "four", object())["passed"] == 0.0


@pytest.mark.parametrize("make", [as_reward, as_verl_score])
def test_they_can_be_pickled(make):
    made = make(ExactAnswerVerifier())
    again = pickle.loads(pickle.dumps(made))
    assert again.__name__ == "exact_answer"
