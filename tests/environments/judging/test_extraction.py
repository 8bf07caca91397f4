"""The program in a response."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.judging.extraction import defined, extract, last_function

F, G = "def f(x):\n    return x\n", "def g(x):\n    return x\n"


def fenced(*sources, info="python"):
    return "\nso\n".join(f"```{info}\n{source}```\n" for source in sources)


@pytest.mark.parametrize(
    ("response", "wanted", "found"),
    [
        (fenced(F), {"f"}, F),
        (fenced(F, "print(f(1))\n"), {"f"}, F),
        (fenced("def f(x):\n    return 0\n", F), {"f"}, F),
        (fenced(F, G), {"f", "g"}, f"{F}\n{G}"),
        (fenced(F, info="py") + fenced("ls\n", info="bash"), (), F),
        (fenced(F, info=""), {"f"}, F),
        (fenced("ls\n", info="") + fenced(F, info=""), {"f"}, F),
        ("1. so\n\n   ```python\n   def f(x):\n       return x\n   ```\n", {"f"}, F),
        (fenced(">>> f(1)\n") + fenced(F), {"f"}, F),
    ],
)
def test_the_block_that_defines_what_is_wanted(response, wanted, found):
    program = extract(response, wanted)
    assert (program.source.strip(), program.loose) == (found.strip(), False)


def test_without_fences_it_is_the_text():
    assert extract(F) == extract(F, {"f"})
    assert extract(F).loose


def test_a_prompt_is_put_before_what_continues_it():
    prompt = "def f(x):\n"
    assert extract("    return x\n", {"f"}, prompt=prompt).source == F
    assert extract(F, {"f"}, prompt=prompt).source == F
    assert extract(fenced("return 1\n"), {"f"}, prompt=prompt).source.startswith(prompt)


def test_names_at_the_top_level():
    source = "import os\nA = 1\nB: int = 2\nA == 3\nclass C:\n    d = 4\nasync def e(): ...\n"
    assert defined(source) == {"A", "B", "C", "e"}


def test_the_last_function():
    assert last_function(f"{F}{G}def _h(): ...\ndef test_g(): ...\ndef main(): ...\n") == "g"
    assert last_function("def main(): ...\n") == "main"
    assert last_function("x = 1\n") == ""


@given(st.text(st.sampled_from("`~ \n\tdefpython():x\ud800\0"), max_size=60))
def test_any_text_has_a_program(text):
    assert isinstance(extract(text, {"f"}).source, str)
