from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import fixed_clock
from provenir.attest.dsse import Envelope
from provenir.core.digest import digest_bytes
from provenir.core.errors import InputError
from provenir.governance.bom import DataComponent, EvalComponent, ModelBOM
from provenir.governance.markdown import code
from provenir.governance.passport import ModelPassport, PassportSigner

EVIL = [
    "`</code><script>alert(1)</script>",
    "a | b | c",
    "```\n# Verified\n```",
    "[click](http://evil.example)",
    "\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "\u202etxet",
    "a\r\n\r\n# Risk flags\n\nNone",
    "`` ` ``",
    "\\`x\\`",
    "~~~",
    "   ",
]


def make(text: str, signer) -> str:
    bom = ModelBOM(
        model_id=text,
        base_model=text,
        data=[DataComponent(name=text, license="mit", consent=text)],
        evals=[EvalComponent(benchmark=text, score=1.0)],
        hyperparameters={text: text},
    )
    return PassportSigner(signer).sign(bom, clock=fixed_clock()).to_markdown()


@pytest.mark.parametrize("text", EVIL)
def test_hostile_text_stays_inside_its_code_spans(text, ed25519):
    page = make(text, ed25519)
    plain = make("harmless", ed25519)
    # Outside of code spans the page is the same whatever the data says.
    assert outside(page) == outside(plain)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def outside(page: str) -> str:
    """What is read as Markdown: the page without its code spans."""
    return re.sub(r"`[^`\n]+`", "`…`", page)


@given(st.text(max_size=50))
@settings(max_examples=200)
def test_a_code_span_cannot_be_left(text):
    span = code(text)
    assert span[0] == span[-1] == "`"
    assert "`" not in span[1:-1]
    assert "|" not in span
    assert "\n" not in span
    assert span[1:-1].strip()


def test_a_page_is_bounded(ed25519):
    bom = ModelBOM(
        model_id="m" * 100_000, hyperparameters={f"k{n}": "v" * 5000 for n in range(500)}
    )
    page = PassportSigner(ed25519).sign(bom).to_markdown()
    assert len(page) < 100_000
    assert "400 more rows" in page


def test_the_page_says_what_is_known_and_what_is_not(make_run, model):
    page = make_run(model=model).passport.to_markdown()
    for expected in (
        "`my-model`",
        "metrics were recorded during the run",
        "`not examined: test_tampering`",
        "`model/files`",
        "yes, by the signer's word",
        "not checked",
        "This page is not signed",
        "manifests/",
    ):
        assert expected in page
    assert "team-internal" not in page


def test_a_raised_flag_is_explained(seed_bom, ed25519):
    bom = ModelBOM(**{**dict(seed_bom), "code": None})
    page = PassportSigner(ed25519).sign(bom).to_markdown()
    assert "`unknown_code`" in page
    assert "package set is not known" in page


def test_the_flags_of_the_page_are_those_that_were_signed(seed_bom, ed25519, forge):
    def sign(flags: list[str], rules: int) -> str:
        def change(statement):
            statement["predicate"] |= {"risk_flags": flags, "risk_rules": rules}

        bom = ModelBOM(**{**dict(seed_bom), "code": None})
        return forge(PassportSigner(ed25519).sign(bom), change).to_markdown()

    later = sign(["unknown_code", "flag_of_later_rules"], 99)
    assert "| `unknown_code` | `code` |" in later
    assert "| `flag_of_later_rules` | – |" in later
    assert "more than was signed" not in later
    hidden = sign([], 1)
    assert "None of the known flags is raised" in hidden
    assert "The inventory gives more than was signed: unknown_code." in hidden


def test_no_legal_promise_is_made(seed_bom, ed25519):
    page = PassportSigner(ed25519).sign(seed_bom).to_markdown().lower()
    assert "helps with" in page
    for word in ("complies", "compliant", "compliance", "tamper-proof", "guarantee", "certif"):
        assert word not in page


def test_an_unreadable_payload_has_no_page(ed25519):
    with pytest.raises(InputError):
        ModelPassport(Envelope.sign(b"{}", [ed25519])).to_markdown()


def test_the_page_lists_what_is_bound_elsewhere(seed_bom, ed25519):
    signer = PassportSigner(ed25519)
    first = signer.sign(seed_bom)
    assert "Bound elsewhere" not in first.to_markdown()
    digests = {name: digest_bytes(name.encode()) for name in ("statement", "ledger", "gate")}
    page = signer.sign(
        seed_bom,
        previous=first,
        statements=[digests["statement"]],
        required_roles=["gover|nance"],
        ledger_root=digests["ledger"],
        gate_decisions=[digests["gate"]],
    ).to_markdown()
    for digest in (*digests.values(), first.digest()):
        assert f"`{digest}`" in page
    assert "`gover\\x7cnance`" in page
