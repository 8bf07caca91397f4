"""The facade: what it returns, and that it never raises."""

from __future__ import annotations

from provenir.environments import analyse

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
