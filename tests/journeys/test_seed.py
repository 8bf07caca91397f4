"""The code that users were promised, run as it was written, around a small real loop.

The snippets lie in `seed/`; their lines are the promise and are not touched. `training_loop` here
trains a softmax policy on a bandit by REINFORCE, so the metrics are those of something that learns.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

SEED = Path(__file__).parent / "seed"
PAYOFFS = (0.1, 0.2, 0.9)
STEPS, GROUP = 40, 16


def reinforce(steps: int = STEPS):
    """Metrics of a three-armed bandit under REINFORCE, one dict a step."""
    dice = random.Random(7)
    logits = [0.0, 0.0, 0.0]
    for step in range(steps):
        weights = [math.exp(value) for value in logits]
        probabilities = [weight / sum(weights) for weight in weights]
        arms = dice.choices(range(3), probabilities, k=GROUP)
        rewards = [float(dice.random() < PAYOFFS[arm]) for arm in arms]
        mean = sum(rewards) / GROUP
        std = math.sqrt(sum((reward - mean) ** 2 for reward in rewards) / GROUP)
        gradient = [0.0, 0.0, 0.0]
        for arm, reward in zip(arms, rewards, strict=True):
            for other in range(3):
                gradient[other] += (reward - mean) * ((other == arm) - probabilities[other]) / GROUP
        logits = [value + 2.0 * slope for value, slope in zip(logits, gradient, strict=True)]
        yield {
            "step": step,
            "kl": sum(p * math.log(3 * p) for p in probabilities),
            "entropy": -sum(p * math.log(p) for p in probabilities),
            "reward_mean": mean,
            "reward_std": std,
            "advantage_std": std,
            "response_length_mean": 12.0,
            "grad_norm": math.sqrt(sum(slope * slope for slope in gradient)),
        }


def batches():
    for metrics in reinforce():
        metrics["mean_response_length"] = metrics.pop("response_length_mean")
        yield SimpleNamespace(**metrics)


def train_rows():
    return [{"prompt": f"pull {n}", "answer": str(n % 3)} for n in range(60)]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A git checkout with one commit, as most users have; everything happens in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    (tmp_path / "train.py").write_text("print('training')\n")
    for words in (["init", "-q"], ["add", "train.py"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    return tmp_path


@pytest.fixture
def names():
    return {
        "train_ds": train_rows(),
        "training_loop": reinforce,
        "rl_loop": batches,
        "last_response": "pull 2",
        "reward": 1.0,
    }


def play(snippet: str, names: dict) -> dict:
    path = SEED / f"{snippet}.py"
    exec(compile(path.read_text(), str(path), "exec"), names)
    return names


def test_section_1_the_wrapper(workplace, names):
    play("wrapper", names)
    run = names["run"]
    assert names["manifest"].status == "completed"
    assert names["flight_recorder"].summary()["num_steps"] == STEPS
    assert names["hacking_report"].is_clean is False
    assert names["passport"] is None
    assert run.output_dir.parent == Path("artifacts/runs").absolute()
    assert [entry.benchmark for entry in names["bom"].evals] == ["mmlu"]
    kinds = {node["node_type"] for node in names["lineage"].to_dict()["nodes"]}
    assert kinds == {"dataset", "run", "eval"}
    expected = {f"manifests/{run.run_id}.json", "lineage.json", "flight_recorder.json"}
    expected |= {"hacking_report.json", "bom.json"}
    assert {name for name in expected if (run.output_dir / name).is_file()} == expected


def test_section_1_signed(workplace, names):
    play("wrapper", names)
    play("wrapper_signed", names)
    folder = Path("artifacts/my-run")
    assert (folder / "passport.json").is_file()
    assert (folder / "passport.md").is_file()
    assert json.loads((folder / "passport.proof.json").read_text())["index"] >= 0


def test_section_2_the_recorder(names, capsys):
    play("recorder", names)
    assert capsys.readouterr().out.split()[-1]
    assert names["recorder"].health_report().split()[0].strip(":") in {
        "HEALTHY",
        "DEGRADED",
        "CRITICAL",
    }
    assert names["summary"]["num_steps"] == STEPS


def test_section_3_the_hacking_detector(names, capsys):
    tampered = {"prediction": "import os\nos._exit(0)", "reward": 1.0}
    names["rollouts"] = [
        tampered,
        {**tampered, "true_reward": 0.0},
        {"prediction": "def f(x):\n    return x + 1", "reward": 1.0, "true_reward": 1.0},
        tampered,
    ]
    play("hacking", names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "['test_tampering', 'proxy_divergence']"
    assert [line.split(":")[0] for line in lines[1:5]] == [
        " - test_tampering",
        " - test_tampering",
        " - proxy_divergence",
        " - test_tampering",
    ]
    assert lines[5:] == ["hacking rate: 75.0%", "{'test_tampering': 3, 'proxy_divergence': 1}"]
    assert [(s.kind, s.severity) for s in names["group_signals"]] == [
        ("advantage_collapse", "warning")
    ]


@pytest.mark.parametrize(
    ("model_output", "gold_answer", "passed", "reward"),
    [
        (r"3 + 4 is \boxed{7}", "7", "True", "1.0"),
        (r"3 + 4 is \boxed{8}", "7", "False", "0.3"),
        ("3 + 4 is who knows", "7", "False", "0.0"),
    ],
)
def test_section_4_verifiers(names, capsys, model_output, gold_answer, passed, reward):
    names.update(model_output=model_output, gold_answer=gold_answer)
    play("verifiers", names)
    assert capsys.readouterr().out.split()[:2] == [passed, reward]


UNIT_TESTS = """
import unittest


class TestAdd(unittest.TestCase):
    def test_small(self):
        self.assertEqual(add(1, 2), 3)

    def test_negative(self):
        self.assertEqual(add(-1, -2), -3)
"""


@pytest.mark.parametrize(
    ("candidate_solution", "passed", "suspected"),
    [
        ("```python\ndef add(a, b):\n    return a + b\n```", True, False),
        ("def add(a, b):\n    return a - b\n", False, False),
        ("import sys\nsys.exit(0)\n", False, True),
        ("import unittest\n\ndef add(a, b):\n    raise unittest.SkipTest\n", False, True),
        (
            (
                "import unittest\nunittest.TestCase.run = lambda *a: None\n"
                "@unittest.skip('no')\nclass TestAdd(unittest.TestCase): pass\n"
            ),
            False,
            True,
        ),
    ],
)
def test_section_4_code(names, candidate_solution, passed, suspected):
    names.update(candidate_solution=candidate_solution, unit_tests=UNIT_TESTS)
    play("code_verifier", names)
    result = names["result"]
    assert (result.passed, result.reward) == (passed, float(passed))
    assert result.metadata["suspected_hacking"] is suspected


@pytest.mark.skipif(find_spec("numpy") is None, reason="needs the extra data")
def test_section_5_the_contamination_firewall(workplace, names, capsys):
    question = "Which of the three levers pays out nine times in ten when it is pulled all day?"
    names["eval_dataset"] = [{"question": question, "answer": "the third"}]
    names["train_dataset"] = [*train_rows(), {"prompt": question.upper(), "answer": "3"}]
    play("contamination", names)
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["1.6% contaminated across 1 hits", " train#60 <-> eval#0 (ngram)"]
    assert names["clean_train"] == train_rows()

    Path("train.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in names["train_dataset"])
    )
    names["train_dataset"] = "train.jsonl"
    play("contamination", names)
    assert capsys.readouterr().out.splitlines() == lines
    assert list(names["clean_train"]) == train_rows()


def test_section_5_canaries(names):
    names["eval_dataset"] = [{"question": f"{n} + {n}?"} for n in range(3)]
    names["train_dataset"] = train_rows()
    play("canary", names)
    assert names["leaked_rows"] == []
    names["train_dataset"] += names["tagged_eval"]
    with pytest.raises(RuntimeError, match=r"at rows \[60, 61, 62\]"):
        play("canary", names)


@pytest.mark.parametrize("form", ["wrapper", "wrapper_signed"])
def test_section_6_passport_and_replay_twice_in_a_row(workplace, names, capsys, form):
    import provenir

    names["provenir"] = provenir
    for _ in range(2):
        play(form, names)
        play("passport", names)
        play("risk_flags", names)
        capsys.readouterr()
        play("replay", names)
        assert capsys.readouterr().out.startswith("True []")
        assert names["passport"].bom.risk_flags() == []
        recipe = names["recipe"]
        assert recipe["run_id"] == names["run"].manifest.run_id
        assert recipe["git_sha"]
        assert recipe.shell()
    assert len(list(Path("artifacts/passports").glob("my-model-*.json"))) == 2


def test_both_runs_in_one_folder_can_still_be_replayed(workplace, names):
    import provenir

    names["provenir"] = provenir
    ids = []
    for _ in range(2):
        play("wrapper_signed", names)
        ids.append(names["run"].manifest.run_id)
    for run_id in ids:
        names["run"] = SimpleNamespace(manifest=names["run"].manifest.with_changes(run_id=run_id))
        play("replay", names)
        assert names["verification"].reproducible


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["artifacts/my-run/passport.json", "--key", "team-signing-key"], 0),
        (["artifacts/my-run/passport.json", "--key", "another-key"], 1),
        (["artifacts/my-run/missing.json", "--key", "team-signing-key"], 2),
        (["artifacts/my-run/passport.json"], 3),
    ],
)
def test_section_6_on_the_command_line(workplace, names, options, code):
    import provenir

    names["provenir"] = provenir
    play("wrapper_signed", names)
    done = subprocess.run(
        [sys.executable, "-m", "provenir", "passport", "verify", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    if code == 0:
        assert "warning:" in done.stderr
    if code in (2, 3):
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("error: ")


def test_section_6_show(workplace, names):
    import provenir

    names["provenir"] = provenir
    play("wrapper_signed", names)
    done = subprocess.run(
        [sys.executable, "-m", "provenir", "passport", "show", "artifacts/my-run/passport.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "my-run" in done.stdout
    assert "Qwen2.5-7B" in done.stdout
