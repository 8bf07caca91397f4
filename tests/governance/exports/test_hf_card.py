"""The model card: front matter that nothing in a name can break out of."""

from __future__ import annotations

from fakes import fixed_clock
from provenir.governance.bom import DataComponent, EvalComponent, ModelBOM
from provenir.governance.exports import export_passport
from provenir.governance.passport import PassportSigner


def card(passport):
    return export_passport(passport.envelope, "hf-card").decode("utf-8")


def front(text):
    head, _, _ = text.removeprefix("---\n").partition("\n---\n")
    return head


def test_the_card_is_front_matter_and_the_passports_page(passport):
    text = card(passport)
    assert text.startswith("---\ntags:\n")
    assert text.endswith(passport.to_markdown())
    assert '  - task:\n      type: "other"\n    dataset:\n      name: "gsm8k"' in front(text)
    assert "value: 0.71" in front(text)


def test_a_name_ends_no_scalar_and_begins_no_key(hostile):
    lines = front(card(hostile)).splitlines()
    assert not any(line.startswith(("license", "---", "#")) for line in lines)
    assert all("\x1b" not in line for line in lines)
    # YAML 1.1 takes a number with an exponent for one only when it has a point.
    assert any(line.endswith("value: 1.0e-05") for line in lines)


def test_only_names_of_the_hubs_form_become_links(ed25519):
    bom = ModelBOM(
        model_id="m",
        base_model="Qwen/Qwen2.5-7B",
        data=[
            DataComponent(name="openai/gsm8k"),
            DataComponent(name="train"),
            DataComponent(name="cais/mmlu", role="eval"),
        ],
    )
    head = front(card(PassportSigner(ed25519).sign(bom, clock=fixed_clock())))
    assert 'base_model: "Qwen/Qwen2.5-7B"' in head
    assert 'datasets:\n- "openai/gsm8k"' in head
    assert "train" not in head
    assert "mmlu" not in head


def test_a_score_that_is_not_known_is_no_result(bare):
    assert "model-index" not in front(card(bare))


def test_an_exotic_name_stays_one_line(ed25519):
    bom = ModelBOM(model_id="a\U0001f600\u2028b", evals=[EvalComponent(benchmark="e", score=1)])
    head = front(card(PassportSigner(ed25519).sign(bom, clock=fixed_clock())))
    assert '- name: "a\U0001f600\\\\u2028b"' in head
