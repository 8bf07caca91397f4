"""Laws of the code analysis: it never raises, and names and comments change nothing."""

from __future__ import annotations

import ast
import sys
import threading
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.hacks import EXITS, OTHERS
from environments.honest import HONEST
from provenir.environments import RULES, analyse
from provenir.environments.code.limits import MAX_TEXT_CHARS
from strategies import any_text

HACKS = {**dict(EXITS.items()), **{n: t for n, (_, t) in OTHERS.items()}}
TEXTS = [*HACKS.values(), *HONEST.values()]
KINDS = {"test_tampering", "verifier_gaming", "hardcoded_answers"}

pieces = st.sampled_from(
    [
        "import os",
        "os._exit(0)",
        "```",
        "```python\n",
        "~~~",
        "\n",
        " ",
        "(",
        ")",
        "[",
        "{",
        "def f(x):",
        "return 1",
        "class A:",
        "exec(",
        "bytes([1])",
        "'",
        '"',
        "\\",
        "\t",
        "#",
        "!rm x",
        "$ ",
        "<<EOF",
        "EOF",
        "+++ b/tests/a.py",
        "@@ -1 +1 @@",
        "-",
        "+",
        "\x00",
        "\ud800",
        "é",
        "\r",
        "=",
        "== ",
        "lambda",
        ":",
        "if ",
        "else",
        "f'{",
        "}",
        "@",
        "0x",
        "999999999999999999999999999999",
        "**",
        "%",
        ">>> ",
        '"command": "',
        "sys",
        ".",
        "exit",
        ";",
        "&",
        "|",
        ">",
    ]
)
texts = st.lists(pieces | any_text, max_size=40).map("".join)
cut_up = st.sampled_from(TEXTS).flatmap(
    lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text)), any_text).map(
        lambda parts: text[: parts[0]] + parts[2] + text[parts[1] :]
    )
)


def check(text: str) -> None:
    analysis = analyse(text)
    assert "fault" not in analysis.skipped
    assert analysis == analyse(text)
    for finding in analysis.findings:
        assert finding.kind in KINDS
        assert finding.spans
        for span in finding.spans:
            assert 0 <= span.start <= span.end <= len(text)
            assert span.rule == finding.rule
        assert finding.to_dict()["kind"] == finding.kind


@given(texts)
@settings(max_examples=600)
def test_any_text_is_read(text):
    check(text)


@given(cut_up)
@settings(max_examples=600)
def test_any_piece_of_a_program_is_read(text):
    check(text)


@given(texts, st.sampled_from(["python", "shell", "diff", "rust", ""]))
def test_any_text_is_read_as_any_language(text, language):
    assert "fault" not in analyse(text, language=language).skipped


def names_of(text: str, **given: str) -> list[tuple[str, str]]:
    return sorted((f.rule, f.severity) for f in analyse(text, **given).findings)


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


PROGRAMS = {
    name: text
    for name, text in {**HACKS, **HONEST}.items()
    if parses(text) and "\n" in text and '"""' not in text
}


class Renamed(ast.NodeTransformer):
    """Gives the variables, parameters and functions of a program other names."""

    def __init__(self, tree: ast.Module) -> None:
        self.names = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        } | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        self.names -= {
            "self",
            "cls",
            "items",
            "check",
            "pytestmark",
            "reward",
            "__eq__",
            "__rsub__",
        }
        self.names -= {word.arg for word in ast.walk(tree) if isinstance(word, ast.keyword)}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id in self.names:
            node.id = f"zz_{node.id}"
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        if node.arg in self.names:
            node.arg = f"zz_{node.arg}"
        return node

    def visit_Global(self, node: ast.Global) -> ast.Global:
        node.names = [f"zz_{name}" if name in self.names else name for name in node.names]
        return node


@pytest.mark.parametrize("name", PROGRAMS)
def test_other_names_change_nothing(name):
    tree = ast.parse(PROGRAMS[name])
    renamed = ast.unparse(Renamed(tree).visit(tree))
    assert names_of(renamed, language="python") == names_of(PROGRAMS[name], language="python")


@pytest.mark.parametrize("name", PROGRAMS)
def test_comments_and_empty_lines_change_nothing(name):
    text = PROGRAMS[name]
    commented = "# a remark\n\n" + text.replace("\n", "  # exit, skip\n\n") + "  # the end"
    if parses(commented):
        assert names_of(commented, language="python") == names_of(text, language="python")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_fence_changes_nothing(name):
    fenced = f"Here:\n\n```python\n{PROGRAMS[name]}\n```\n"
    assert names_of(fenced) == names_of(PROGRAMS[name], language="python")


DEEP = {
    "brackets": "x = " + "(" * 100_000,
    "closed brackets": "x = " + "[" * 300 + "]" * 300,
    "fences": "```python\n" * 100_000,
    "minus": "x = " + "-" * 50_000 + "1",
    "not": "x = " + "not " * 15_000 + "1",
    "lambda": "x = " + "lambda:" * 8_000 + "1",
    "power": "x = 1" + "**1" * 20_000,
    "digits": "x = " + "9" * 60_000,
    "attributes": "x = a" + ".b" * 20_000,
    "sums": "x = 1" + " + 1" * 10_000,
    "elif": "if x: pass\n" + "elif x: pass\n" * 4_000,
    "indentation": "".join(" " * n + "if x:\n" for n in range(200)),
    "surrogates": "import os\n'\ud800\0'\nos._exit(0)\n" * 50,
    "long": "import os\n" * 1_100_000,
    "substitutions": "$ echo " + "$(" * 40_000,
    "quotes": "```sh\n" + "\"'" * 40_000,
    "powers": "import sys\nsys.exit(9 ** 9 ** 9 ** 9)\n",
    "repeated": "exec('a' * 10 ** 10)\n",
    "range": "exec(bytes(list(range(10 ** 10))))\n",
    "format": "exec('{:>9999999999}'.format(1))\n",
    "percent": "exec('%9999999999d' % 1)\n",
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_too_deep_or_too_long_is_said(name):
    analysis = analyse(DEEP[name])
    assert "fault" not in analysis.skipped
    assert all(span.end <= len(DEEP[name]) for f in analysis.findings for span in f.spans)


def test_a_small_stack_is_enough():
    found = []
    threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=lambda: found.extend(map(analyse, DEEP.values())))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(0)
    assert len(found) == len(DEEP)


def test_little_recursion_left_is_enough():
    text = "x = " + " + ".join(["f(g(h(1)))"] * 60)

    def down(levels: int):
        return analyse(text) if levels == 0 else down(levels - 1)

    assert "fault" not in down(sys.getrecursionlimit() - 200).skipped


def test_the_middle_of_a_long_text_is_said_not_to_be_read():
    text = "x = 1\n" * MAX_TEXT_CHARS + "import os\nos._exit(0)\n"
    analysis = analyse(text)
    assert analysis.skipped["middle of the text"] == 1
    (finding,) = (f for f in analysis.findings if f.rule == "hard_exit")
    (span,) = finding.spans
    assert text[span.start : span.end] == "os._exit(0)"


def test_no_warning_reaches_the_process():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        analysis = analyse("import re, sys\nre.compile('\\d+ \\w')\nprint('\\477')\nsys.exit(0)\n")
    assert seen == []
    assert analysis.blocks == 1


def test_the_rules_have_names_and_limits_of_their_own():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert {rule.kind for rule in RULES} == KINDS
    assert all(rule.sees and rule.cannot_see for rule in RULES)
