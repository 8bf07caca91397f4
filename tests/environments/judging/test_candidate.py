"""Which text is the program, where nothing marks it; what the program's process does with it."""

from __future__ import annotations

import pytest

from environments.judging.verdicts import verdict

TEST = "assert add(1, 2) == 3"
ADD = "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    "text",
    [
        ADD,
        f"Sure! Here is the function:\n\n{ADD}\nThis adds the two numbers.\n",
        f"{ADD}\n\nThis adds (as asked) two numbers.\nIt is simple.\n",
        f"I will write a function.\n\nimport math\nZERO = 0\n\n{ADD}",
        f"Explanation:\n- it adds\n- it returns\n\n{ADD}\nDone.",
        f"LIMIT = 3\n{ADD}",
        f"'''A module.'''\n{ADD}",
        f"#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n{ADD}",
    ],
)
def test_words_around_a_program_are_left_off(text):
    assert verdict(text, TEST).passed


@pytest.mark.parametrize(
    "text",
    [
        f"{ADD}x = (((\n",
        f"{ADD}def broken(:\n    pass\n",
        f"{ADD}    return (\n",
        f"x = [\n{ADD}",
        f"{ADD}print('open\n",
        f"{ADD}if True\n    pass\n",
        ADD.replace(":", ""),
    ],
)
def test_a_program_that_does_not_compile_is_no_program(text):
    result = verdict(text, TEST)
    assert result.metadata["reason"] == "load_error"
    assert not result.passed


def test_the_line_of_an_error_is_that_of_the_text():
    result = verdict(f"Here you are.\n\n{ADD.replace('a + b', 'a + c')}", TEST)
    assert "(line 4)" in result.detail


def test_words_are_left_off_a_script_too():
    text = "Here is the script:\n\nn = int(input())\nprint(2 * n)\n\nIt doubles a number.\n"
    assert verdict(text, {"input": "4", "output": "8"}).passed
    assert not verdict("print(8)\nprint((\n", {"input": "4", "output": "8"}).passed
