"""How large a value of an expression may become, found without computing it.

A tower such as 9^(9^(9^9)) has more digits than there are atoms; it is refused by its shape.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.verifiers.math.limits import MAX_MAGNITUDE, Undecided

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["magnitude"]

_LARGEST_ARGUMENT: Final = 700  # factorials of more have over MAX_MAGNITUDE digits
_LARGEST_EXPONENT: Final = 4  # in decimal digits


def magnitude(node: Any, symbol: float = 1.2) -> float:
    """Return a bound on the absolute value of the decimal logarithm of any value met in `node`.

    Args:
        node: A sympy expression that was built without evaluating it.
        symbol: The bound for its symbols.

    Raises:
        Undecided: The bound lies above `MAX_MAGNITUDE`.
    """
    return _checked(_bound(node, 0, symbol))


def _bound(node: Any, level: int, symbol: float) -> float:
    if level > 200:
        raise Undecided("too_large", "the expression is nested too deeply")
    if node.is_Rational:
        return max(_digits(node.p), _digits(node.q))
    if node.is_Float:
        return abs(math.log10(abs(float(node)))) + 1 if node else 1
    rule = _RULES.get(type(node).__name__, _sum)
    return _checked(rule(node, level + 1, symbol))


def _checked(bound: float) -> float:
    if not bound <= MAX_MAGNITUDE:
        raise Undecided("too_large", "a value is too large to be computed")
    return bound


def _digits(whole: int) -> float:
    return abs(int(whole)).bit_length() * 0.302 + 0.1


def _sum(node: Any, level: int, symbol: float) -> float:
    if not getattr(node, "args", ()):
        return symbol
    parts = [_bound(part, level, symbol) for part in node.args if hasattr(part, "is_Rational")]
    return max(parts, default=symbol) + math.log10(len(node.args) + 1)


def _product(node: Any, level: int, symbol: float) -> float:
    return sum(_bound(a, level, symbol) for a in node.args)


def _power(node: Any, level: int, symbol: float) -> float:
    base, exponent = node.args
    times = _bound(exponent, level, symbol)
    if times > _LARGEST_EXPONENT and base not in (0, 1, -1):
        raise Undecided("too_large", "an exponent is too large to be computed")
    if exponent.is_Rational:
        return max(_bound(base, level, symbol) * abs(float(exponent)), 1.0)
    return max(_bound(base, level, symbol), 1.0) * 10 ** min(times, 10)


def _exponential(node: Any, level: int, symbol: float) -> float:
    exponent = node.args[0]
    if exponent.is_Rational:
        return max(abs(float(exponent)) / 2.3, 1.0)
    return 10 ** min(_bound(exponent, level, symbol), 10) / 2.3 + 1


def _factorial(node: Any, level: int, symbol: float) -> float:
    argument = node.args[0]
    if _bound(argument, level, symbol) > math.log10(_LARGEST_ARGUMENT) + 0.5:
        raise Undecided("too_large", "a factorial is too large to be computed")
    value = abs(float(argument)) if argument.is_Rational else 10 ** _bound(argument, level, symbol)
    return value * math.log10(value + 2)


_RULES: Final[dict[str, Callable[[Any, int, float], float]]] = {
    "Mul": _product,
    "Pow": _power,
    "exp": _exponential,
    "factorial": _factorial,
    "gamma": _factorial,
}
