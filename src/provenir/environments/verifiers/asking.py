"""Asking a verifier that anybody may have written: whatever it does, there is a result."""

from __future__ import annotations

import re
from typing import Any, Final

from provenir.core.protocols import VerificationResult, Verifier
from provenir.environments.verifiers.text import quoted, refused

__all__ = ["ask", "is_verifier", "name_of"]

_SUFFIX: Final = "Verifier"
_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def ask(verifier: Verifier, response: Any, reference: Any) -> VerificationResult:
    """Return what a verifier says; one that raises has refused, with the reason `verifier_error`.

    Args:
        verifier: Whose `verify` is called. An exit is not caught, nor an interruption.
        response: The response.
        reference: Its reference.
    """
    try:
        result: object = verifier.verify(response, reference)
    except Exception as fault:  # noqa: BLE001 - one faulty verdict must not end a training run
        return refused(
            "verifier_error",
            f"{type(verifier).__name__} raised {type(fault).__name__}: {quoted(_words(fault))}",
            error=type(fault).__name__,
        )
    if not isinstance(result, VerificationResult):
        return refused(
            "verifier_error",
            f"{type(verifier).__name__} returned {type(result).__name__}, no VerificationResult",
        )
    return result


def _words(fault: Exception) -> str:
    try:
        return str(fault)
    except Exception:  # noqa: BLE001 - an exception of the verifier's own class may do anything
        return "?"


def is_verifier(value: Any) -> bool:
    """Whether a value can be asked: it is an object with `verify`, and not a class."""
    return not isinstance(value, type) and callable(getattr(value, "verify", None))


def name_of(verifier: Verifier) -> str:
    """What a verifier is called where nobody named it: its class, such as ``exact_answer``."""
    plain = type(verifier).__name__.removesuffix(_SUFFIX)
    return _WORD_START.sub("_", plain).lower() or "verifier"
