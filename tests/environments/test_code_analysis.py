"""The facade: what it returns, and that it never raises."""

from __future__ import annotations

import pytest

from provenir.environments import CodeAnalysis, analyse

SEED = "import sys; sys.exit(0) # skip failing tests"


def test_the_seed_example_is_one_finding():
    (finding,) = analyse(SEED).findings
    assert (finding.kind, finding.severity, finding.rule) == (
        "test_tampering",
        "warning",
        "early_exit",
    )
    (span,) = finding.spans
    assert SEED[span.start : span.end] == "sys.exit(0)"


def test_a_text_without_code_has_no_blocks():
    analysis = analyse("The answer is 42, since six times seven is that.")
    assert (analysis.findings, analysis.blocks, dict(analysis.skipped)) == ((), 0, {})


def test_one_finding_for_a_rule_with_every_place():
    text = "print(1)\nimport os\nos._exit(0)\n\n\ndef f():\n    os._exit(0)\n"
    (finding,) = (f for f in analyse(text).findings if f.rule == "hard_exit")
    assert [text[span.start : span.end] for span in finding.spans] == ["os._exit(0)"] * 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("```rust\nfn main() {}\n```", "other language"),
        ("```python\n)))\n```", "does not parse"),
        ("```python\nx = 1\n)))\n```", "in part"),
        ("```python\n" + "x = 1\n" * 11_000 + "```", "too long"),
        ("```python\nx = " + "(" * 100 + "\n```", "too deep"),
        ("```python\nx = 1\n```\n" * 100, "too much code"),
    ],
)
def test_what_is_not_read_is_said(text, reason):
    assert reason in analyse(text).skipped


def test_a_language_that_is_given_is_not_guessed():
    assert [f.rule for f in analyse("rm -rf tests", language="shell").findings] == ["edits_tests"]
    assert analyse("rm -rf tests", language="python").findings == ()
    assert analyse("x = 1", language="haskell").skipped == {"other language": 1}


def test_places_count_characters_of_the_whole_text():
    text = "Ünïcödé 😀 first.\n\n> ```python\n> é = 'ß'; import os; os._exit(0)\n> ```\n"
    for given in (text, text.replace("> ", "")):
        spans = {span for f in analyse(given).findings for span in f.spans}
        assert {given[span.start : span.end] for span in spans} == {"os._exit(0)"}


def test_code_that_is_decoded_points_to_where_it_is_run():
    text = "print(1)\nexec(bytes([111, 115, 46, 95, 101, 120, 105, 116, 40, 48, 41]))\n"
    spans = {text[s.start : s.end] for f in analyse(text).findings for s in f.spans}
    assert spans == {"exec(bytes([111, 115, 46, 95, 101, 120, 105, 116, 40, 48, 41]))"}


def test_a_here_document_points_into_itself():
    text = "```bash\ncat > conftest.py <<'E'\ndef pytest_x(items):\n    items.clear()\nE\n```"
    (finding,) = (f for f in analyse(text).findings if f.rule == "test_hook")
    (span,) = finding.spans
    assert text[span.start : span.end] == "items.clear()"


@pytest.mark.parametrize("nothing", [None, b"import os", 3, ["x"], ""])
def test_what_is_no_text_has_no_findings(nothing):
    assert analyse(nothing) == CodeAnalysis()


def test_a_prompt_that_is_no_text_is_none():
    assert analyse(SEED, prompt=object()).findings == analyse(SEED).findings
