"""The program is found in every shape in which models answer."""

from __future__ import annotations

import pytest

from provenir.environments.judging.extraction import extract

CODE = "def add(a, b):\n    return a + b\n"
FENCED = f"```python\n{CODE}```"
HELPER = "```python\ndef plus(a, b):\n    return a + b\n```"
NESTED = '    """Add.\n\n        ```\n        add(1, 2)\n        ```\n    """\n'

SHAPES = {
    "example of its use behind it": f"{FENCED}\n\nUsage:\n\n```python\nprint(add(1, 2))\n```\n",
    "tests behind it": f"{FENCED}\n```python\nfrom solution import add\n\nassert add(1, 2) == 3\n```",
    "a draft before it": f"```python\ndef add(a, b):\n    pass\n```\nFinal:\n{FENCED}",
    "four backticks": f"````python\n{CODE}````",
    "tildes": f"~~~python\n{CODE}~~~",
    "in a list": "1. Code:\n\n   ```python\n   def add(a, b):\n       return a + b\n   ```\n\n2. Done.",
    "never closed": f"```python\n{CODE}",
    "a helper in a block of its own": f"{HELPER}\nThen:\n```python\n{CODE.replace('a + b', 'plus(a, b)')}```",
    "imports in a block of their own": "```python\nimport operator\n```\n```python\n"
    + CODE.replace("a + b", "operator.add(a, b)")
    + "```",
    "quoted": "".join(f"> {line}\n" for line in FENCED.splitlines()),
    "a fence in its docstring": f"```python\ndef add(a, b):\n{NESTED}    return a + b\n```",
    "a mark of the template behind it": f"{FENCED}<|im_end|>",
    "marks of MBPP around it": f"[BEGIN]\n{CODE}[DONE]",
}
PROMPT = 'def add(a, b):\n    """Add two numbers."""\n'
BODIES = {
    "indented": "    return a + b\n",
    "in a fence": "```python\n    return a + b\n```",
    "stripped": "total = a + b\n    return total",
    "dedented": "total = a + b\nreturn total",
    "the whole function": CODE,
}


def result_of(source):
    scope = {}
    exec(compile(source, "<program>", "exec"), scope)
    return scope["add"](1, 2)


@pytest.mark.parametrize("response", SHAPES.values(), ids=SHAPES)
def test_a_program_is_found(response):
    assert result_of(extract(response, {"add"}).source) == 3


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_prompt_is_continued(body):
    assert result_of(extract(body, {"add"}, prompt=PROMPT).source) == 3


def test_a_block_that_uses_the_program_is_no_helper():
    draft = "```python\nvalues = [1, 2]\nprint(add(*values))\n```"
    assert "print" not in extract(f"{draft}\n{FENCED}", {"add"}).source
