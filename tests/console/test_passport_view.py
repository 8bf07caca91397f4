from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from provenir.attest.dsse import Envelope
from provenir.attest.keys import HmacSigner
from provenir.console.passport_view import PassportView, read_passport
from provenir.governance.passport import ModelPassport
from provenir.provenance.run_record import read_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = b"team-signing-key"


@pytest.fixture
def view(make_run: Callable[..., Path]) -> Callable[..., PassportView]:
    """Return a function that shows the passport of a run after a change of what was signed."""
    folder = make_run(steps=5, sign_passport=True, signing_key=KEY)
    path = folder / "passport.json"

    def show(**changes: Any) -> PassportView:
        statement = ModelPassport.read(path).to_dict()
        statement["predicate"].update(changes.pop("predicate", {}))
        payload = json.dumps({**statement, **changes}).encode()
        path.write_bytes(Envelope.sign(payload, [HmacSigner(KEY)]).to_bytes())
        return read_passport(read_run(folder))

    return show


def test_flags_are_judged_by_the_rules_that_the_passport_names(
    view: Callable[..., PassportView],
) -> None:
    plain = view()
    assert "derived" not in " ".join(notice.title for notice in plain.notices)
    wrong = view(predicate={"risk_flags": []})
    assert wrong.notices[0].tone == "critical"
    newer = view(predicate={"risk_rules": 99})
    assert newer.notices[0].title == "The risk flags were not derived again."
    assert newer.notices[0].tone == "warning"


def test_the_notes_are_those_of_a_verdict(view: Callable[..., PassportView]) -> None:
    notes = [line.partition(":")[0] for line in view().notes]
    assert "no_model_artifact" in notes
    assert "not_examined" in notes


def test_an_envelope_of_another_kind_is_no_passport(view: Callable[..., PassportView]) -> None:
    shown = view(predicateType="https://slsa.dev/provenance/v1")
    assert shown.tile.value == "unreadable"
    assert shown.flags is None
