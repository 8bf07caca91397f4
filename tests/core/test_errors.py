"""The error tree: messages, exit codes, and what they can be caught as."""

from __future__ import annotations

import inspect
import pickle

import pytest

from provenir.core import errors
from provenir.core.errors import (
    AlteredDocumentError,
    CanonicalizationError,
    DocumentError,
    EvidenceError,
    InputError,
    LineageCycleError,
    LockedError,
    MissingExtraError,
    ProvenirError,
    UndecidedError,
    UsageError,
)

ALL = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ProvenirError("broken"), "broken"),
        (InputError("not JSON", where="a.json:3"), "not JSON, a.json:3"),
        (UsageError("no key", mend="pass one"), "no key: pass one"),
        (InputError("gone", where="a", mend="look"), "gone, a: look"),
        (InputError("bad\nname \x1b[31m"), "bad\\nname \\x1b[31m"),
    ],
)
def test_message_in_one_line(error: ProvenirError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ProvenirError, 2),
        (UsageError, 2),
        (MissingExtraError, 2),
        (InputError, 2),
        (DocumentError, 2),
        (LockedError, 2),
        (EvidenceError, 1),
        (AlteredDocumentError, 1),
        (LineageCycleError, 1),
        (UndecidedError, 3),
    ],
)
def test_exit_codes(kind: type[ProvenirError], code: int) -> None:
    assert kind.exit_code == code


def test_they_are_what_callers_expect() -> None:
    assert issubclass(UsageError, ValueError)
    assert issubclass(MissingExtraError, ImportError)
    assert issubclass(CanonicalizationError, (InputError, ValueError))
    assert issubclass(LineageCycleError, ValueError)
    assert issubclass(AlteredDocumentError, DocumentError)
    assert issubclass(AlteredDocumentError, EvidenceError)


@pytest.mark.parametrize("kind", ALL)
def test_each_survives_a_process_boundary(kind: type[ProvenirError]) -> None:
    error = kind("what", where="where", mend="mend")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (back.what, back.where, back.mend) == ("what", "where", "mend")
    assert str(back) == "what, where: mend"


def test_evidence_carries_a_reason() -> None:
    assert EvidenceError("x", reason="wrong-predicate").reason == "wrong-predicate"
    assert EvidenceError("x").reason == "invalid-evidence"
    assert LineageCycleError("x").reason == "invalid-evidence"
    assert AlteredDocumentError("x").reason == "altered-document"


def test_the_picture_names_every_error() -> None:
    picture = inspect.getdoc(errors) or ""
    for kind in ALL:
        assert kind.__name__ in picture
        assert issubclass(kind, ProvenirError)
