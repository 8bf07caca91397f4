"""The tokenizer of shell scripts."""

from __future__ import annotations

import pytest
from hypothesis import given

from provenir.environments.code.shell import commands
from strategies import any_text


def words(script: str) -> list[list[str]]:
    return [command.words for command in commands(script)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("rm -rf tests", [["rm", "-rf", "tests"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a; b && c || d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a # b\nc", [["a"], ["c"]]),
        ("a \\\n b", [["a", "b"]]),
        ("T=x; rm $T ${T}", [["T=x"], ["rm", "x", "x"]]),
        ("echo $(date; ls) x", [["echo", "$(date; ls)", "x"]]),
        ("(cd a; make)", [["cd", "a"], ["make"]]),
        ("echo 'never closed", [["echo", "never closed"]]),
        ("", []),
    ],
)
def test_words(script, expected):
    assert words(script) == expected


def test_redirections_are_no_words():
    (command,) = commands("cat < in >> out 2>/dev/null 2>&1")
    assert command.words == ["cat"]
    assert [(r.operator, r.target) for r in command.redirects] == [
        ("<", "in"),
        (">>", "out"),
        (">", "/dev/null"),
    ]


@pytest.mark.parametrize("mark", ["EOF", "'EOF'", '"EOF"'])
def test_a_here_document_and_where_it_stands(mark):
    script = f"cat > a.py <<{mark}\nx = 1\n\ny = 2\nEOF\nls\n"
    cat, ls = commands(script)
    (document,) = cat.documents
    assert document.text == "x = 1\n\ny = 2\n" == script[document.start : document.end]
    assert ls.words == ["ls"]


def test_the_background():
    assert [c.then for c in commands("a & b")] == ["&", ""]


@given(any_text)
def test_any_text_ends(script):
    length = len(script * 3)
    assert all(0 <= c.start <= c.end <= length for c in commands(script * 3))
