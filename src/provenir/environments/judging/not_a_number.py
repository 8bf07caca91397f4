"""What is no number, where a test would order it.

Every comparison with NaN is false, so ``if abs(result - 2) > 1e-9: fail()`` takes it for an answer.
A NaN of the candidate's therefore is one that is not ordered.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

from typing import Any, Final

from provenir.environments.judging.rules import RefusedError

__all__ = ["NotANumber"]

_ARITHMETIC: Final = (
    "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "floordiv", "rfloordiv",
    "mod", "rmod", "pow", "rpow", "neg", "pos", "abs",
)  # fmt: skip


def _stays(self: NotANumber, *_: Any) -> NotANumber:
    return self


def _ordered(_self: NotANumber, _other: Any) -> bool:
    raise RefusedError("not_a_number", "the test orders NaN, which the program gave for a number")


class NotANumber(float):
    """A NaN that came from the candidate."""

    __slots__ = ()

    def __new__(cls, *_: Any) -> NotANumber:
        """NaN, whatever is given."""
        return super().__new__(cls, "nan")

    __lt__ = __le__ = __gt__ = __ge__ = _ordered


for _name in _ARITHMETIC:
    setattr(NotANumber, f"__{_name}__", _stays)
