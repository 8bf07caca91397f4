from __future__ import annotations

from provenir.console.identity import read_evals, read_identity


def test_what_was_recorded_with_an_eval_is_rounded_as_its_score_is() -> None:
    meta = {"before": 0.4087362289428711, "seed": 7, "by": {"part": 1 / 3}}
    shown = read_evals({"evals": [{"benchmark": "b", "score": 0.5, "meta": meta}]})
    assert shown.columns[-1].title == "Recorded with it"
    assert shown.rows[0][-1].text == "before: 0.4087, seed: 7, by: part: 0.3333"


def test_a_setting_is_never_rounded() -> None:
    settings = read_identity({"hyperparameters": {"beta": 0.99995123}}, {}).settings
    assert settings[0].value == "0.99995123"
