"""The shipped word problems: reproducible, disjoint, and answered rightly."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "make_word_problems.py"

pytestmark = pytest.mark.skipif(
    not SCRIPT.is_file(), reason="the scripts are not part of an installed package"
)


def generator():
    import sys

    spec = importlib.util.spec_from_file_location("make_word_problems", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def shipped(name: str) -> list[dict[str, str]]:
    text = (ROOT / "data" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def runs_of_words(text: str, n: int = 13) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}


def test_the_shipped_files_are_what_the_generator_writes():
    train, evaluation = generator().make(seed=11)
    assert shipped("train") == train
    assert shipped("eval") == evaluation
    assert generator().make(seed=12)[0] != train


def test_training_and_evaluation_are_disjoint():
    train = set().union(*(runs_of_words(row["prompt"]) for row in shipped("train")))
    evaluation = set().union(*(runs_of_words(row["prompt"]) for row in shipped("eval")))
    assert train
    assert not train & evaluation
    assert not {r["prompt"] for r in shipped("train")} & {r["prompt"] for r in shipped("eval")}


def test_no_problem_is_told_twice():
    prompts = [row["prompt"] for row in shipped("train") + shipped("eval")]
    assert len(set(prompts)) == len(prompts)


@pytest.mark.parametrize("name", ["train", "eval"])
def test_the_answers_are_right(name):
    for row in shipped(name):
        a, b = (int(n) for n in re.findall(r"\d+", row["prompt"]))
        boxes = "boxes" in row["prompt"]
        takes_away = re.search(r"gave \d+ of them|took|fewer|needs", row["prompt"])
        assert int(row["answer"]) == (a * b if boxes else a - b if takes_away else a + b)
        assert row.keys() == {"prompt", "answer"}
