"""Every setting that cannot work is refused at once, in one line that says the mend."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.core.errors import UsageError
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
from provenir.eval.contamination.config import METHODS, RULE_NAMES
from provenir.eval.contamination.scanners import SCANNERS


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"method": "13gram"}, "ngram, exact"),
        ({"method": None}, "ngram, exact"),
        ({"rule": "gpt4"}, "gpt3-13gram"),
        ({"method": "exact", "rule": "idf-aligned"}, "leave the rule out"),
        ({"n": 13}, "n belongs to the published n-gram rules"),
        ({"method": "exact", "n": 13}, "n belongs to the published n-gram rules"),
        ({"rule": "gpt3-13gram", "n": 0}, "from 1 to 64"),
        ({"rule": "gpt3-13gram", "n": True}, "from 1 to 64"),
        ({"rule": "gpt3-13gram", "threshold": 0.5}, "has no threshold"),
        ({"threshold": 0}, "above 0"),
        ({"threshold": 1.5}, "above 0"),
        ({"threshold": "high"}, "above 0"),
        ({"threshold": float("nan")}, "above 0"),
        ({"fields": "prompt"}, "list of field names"),
        ({"fields": []}, "list of field names"),
        ({"eval_fields": [1]}, "list of field names"),
        ({"engine": "spark"}, "threads, ray"),
        ({"workers": 0}, "from 1 on"),
        ({"strict": 1}, "True or False"),
        ({"embedder": len}, "method='embedding'"),
        ({"method": "exact", "exhaustive": True}, "leave exhaustive out"),
        ({"max_hits": -1}, "from 1 on"),
    ],
)
def test_what_cannot_work_is_refused_with_its_mend(settings, told):
    with pytest.raises(UsageError) as refused:
        ContaminationConfig(**settings)
    text = str(refused.value)
    assert told in text
    assert "\n" not in text


def test_the_defaults_are_the_aligned_rule():
    config = ContaminationConfig(method="ngram")
    assert (config.rule, config.n, config.threshold) == ("idf-aligned", None, None)
    assert ContaminationConfig(rule="palm-8gram", n=9, fields=["a", "a"]).fields == ("a",)


def test_a_checker_takes_a_config_only():
    with pytest.raises(UsageError, match="no ContaminationConfig"):
        ContaminationChecker({"method": "ngram"})


def test_the_tables_have_every_name():
    from provenir.data.overlap.rules import RULES

    assert tuple(SCANNERS) == METHODS
    assert tuple(RULES) == RULE_NAMES


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_every_rule_finds_a_copy(rule):
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    checker = ContaminationChecker(ContaminationConfig(rule=rule))
    report = checker.check([{"a": "clean"}, {"a": text.upper()}], [text])
    assert report.contaminated_rows == "1"
    assert report.config.rule == rule
