"""What the fields of each family's variants stand for, task by task."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rollouts import Fields, fill

if TYPE_CHECKING:
    import random

_OPENINGS = (
    "Let us work this out step by step.",
    "First I read the question carefully.",
    "We are asked for one number.",
    "Here is how I would do it.",
    "This can be computed directly.",
)
_LINKS = ("Then ", "Next, ", "After that, ", "Now ", "")
_THOUGHTS = (
    "The question gives {n} as one of its numbers, which I keep in mind.",
    "If I had misread that, the result would differ by {n}.",
    "A rough estimate is somewhere near {n}.",
    "Let me compare this with the other way of counting, where {n} appears.",
    "Hmm, does the order matter here? Not for a sum of {n} parts.",
    "Half of that would be about {n}, which is too small to be the answer.",
    "Wait, I should check the units: they are the same on both sides, {n} or not.",
    "Trying a small case with {n} first shows the pattern.",
    "So far this agrees with the {n} found above.",
    "That leaves one more thing to take care of, the {n} at the end.",
)


def python_fields(task: dict[str, Any]) -> Fields:
    """Fields of a task for a Python function; cases are written as in a call."""
    args = task["args"]
    several = "," in args
    fields = {
        "func": task["func"],
        "module": task["func"],
        "args": args,
        "first": args.split(",")[0],
        "tuple_key": f"({args})" if several else args,
        "wrong_value": task["wrong_value"],
        "body": task["body"].strip("\n"),
        "body2": task["body2"].strip("\n"),
        "indented": textwrap.indent(task["body"].strip("\n"), "    ").strip(),
    }
    for i, (call, want) in enumerate(task["cases"]):
        fields[f"call{i}"] = f"{task['func']}({call})"
        fields[f"key{i}"] = f"({call})" if several else call
        fields[f"rkey{i}"] = repr(fields[f"key{i}"])
        fields[f"want{i}"] = want
    return fields


def answer_fields(task: dict[str, Any], rng: random.Random) -> Fields:
    """Fields of a task with one answer: a word problem or a choice."""
    answer = str(task["answer"])
    if answer in "ABCD":
        wrong = [letter for letter in "ABCD" if letter != answer]
    else:
        near = [3, -2, 10, -5, 1, 12, 7, 20]
        wrong = [str(abs(int(answer) + step)) for step in near]
    rng.shuffle(wrong)
    style = task.get("format", "boxed")

    def mark(value: str) -> str:
        if style == "gsm8k":
            return f"#### {value}"
        return f"<answer>{value}</answer>" if style != "boxed" else f"\\boxed{{{value}}}"

    def opening() -> str:
        return f"{rng.choice(_OPENINGS)} {task['steps'][0]}"

    def good() -> str:
        lines = [task["steps"][0], *(rng.choice(_LINKS) + step for step in task["steps"][1:])]
        joint = rng.choice(("\n", " ", "\n\n"))
        start = rng.choice(("", rng.choice(_OPENINGS) + "\n"))
        return f"{start}{joint.join(lines)}\n{mark(answer)}"

    def chain() -> str:
        thoughts = [
            rng.choice(_THOUGHTS).format(n=rng.randrange(2, 400))
            for _ in range(rng.randint(30, 60))
        ]
        return "\n".join([*task["steps"], *thoughts])

    fields: dict[str, Any] = {
        "answer": answer,
        "prompt": task["prompt"],
        "mark": mark(answer),
        "wrongmark": mark(wrong[0]),
        "opening": opening,
        "lower_opening": lambda: task["steps"][0][0].lower() + task["steps"][0][1:],
        "good": good,
        "longchain": chain,
        "zwsp": "\u200b",
    }
    return fields | {f"w{i}": wrong[i % len(wrong)] for i in range(6)}


def prose_fields(task: dict[str, Any], rng: random.Random) -> Fields:
    """Fields of a task whose answer is prose."""
    sentences = task["sentences"]

    def sentence() -> str:
        return str(rng.choice(sentences))

    def good() -> str:
        kept = sorted(rng.sample(range(len(sentences)), rng.randint(3, len(sentences))))
        return rng.choice((" ", " ", "\n\n")).join(sentences[i] for i in kept)

    def lower() -> str:
        text = sentence()
        return text[0].lower() + text[1:]

    return {
        "topic": task["topic"],
        "prompt": task["prompt"],
        "words": task["words"],
        "reference": task["reference"],
        "sentence": sentence,
        "lower_sentence": lower,
        "good": good,
        "weak": lambda: (
            f"{task['topic']} is a topic that one can say something about. {sentence()}"
        ),
        "bullets": lambda: "\n".join(f"- {line}" for line in sentences),
        "rows": lambda: "\n".join(f"| {i} | {line} |" for i, line in enumerate(sentences, 1)),
        "zwsp": "\u200b",
    }


_PYTHON_NOTES = (
    "Here is my solution:",
    "The function below runs in linear time.",
    "I walk over the input once and keep what is needed.",
    "Sure! This should do it.",
)


def wrap_code(text: str, language: str, rng: random.Random) -> str:
    """Present a program as models do: bare, fenced, with a note, or after a chain of thought."""
    note = rng.choice(_PYTHON_NOTES)
    tag = rng.choice((language, language, language, ""))
    shapes = (
        "{{text}}\n",
        "```{{tag}}\n{{text}}\n```",
        "{{note}}\n\n```{{tag}}\n{{text}}\n```",
        "{{note}}\n\n```{{tag}}\n{{text}}\n```\n\nLet me know if anything is unclear.",
        "<think>\nI look at the edge cases first.\n</think>\n```{{tag}}\n{{text}}\n```",
        "~~~{{tag}}\n{{text}}\n~~~\n",
    )
    return fill(rng.choice(shapes), {"text": text, "note": note, "tag": tag})


def wrap_shell(text: str, rng: random.Random) -> str:
    """Present commands as a script, a fence, a terminal session or a tool call."""
    shape = rng.randrange(5)
    if shape == 0 or (shape == 3 and "<<" in text):
        return text + "\n"
    if shape == 1:
        return f"```bash\n{text}\n```"
    if shape == 2:
        return f"I will run the following.\n\n```sh\n{text}\n```\nThat should settle it."
    if shape == 3:
        return "".join(f"$ {line}\n" for line in text.splitlines())
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{"tool": "bash", "command": "{quoted}"}}'


def wrap_diff(text: str, rng: random.Random) -> str:
    """Present a patch bare, fenced or with a sentence before it."""
    shapes = (
        "{{text}}\n",
        "```diff\n{{text}}\n```",
        "The patch:\n\n```diff\n{{text}}\n```",
        "<think>The failing test shows where to look.</think>\n```\n{{text}}\n```",
    )
    return fill(rng.choice(shapes), {"text": text})
