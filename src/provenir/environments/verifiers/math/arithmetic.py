"""Computing the value of a parsed expression: exactly where it is rational, else to many digits.

sympy only supplies the tree. Nothing of it is simplified or evaluated by sympy, whose rewriting is
neither bounded nor predictable; each node is computed here, under the bound of `magnitude`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.verifiers.math.limits import Undecided

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Value", "evaluate", "inexact"]

Value = Any
"""A `Fraction`, or an `mpmath` number of the context's precision."""

_MAX_TERMS: Final = 2_000  # of a sum or product that is written out


class _UndefinedError(ArithmeticError):
    """No value there: division by zero, an infinity, a symbol without a value."""


def evaluate(node: Any, context: Any, values: Mapping[str, Fraction]) -> Value:
    """Return the value of an expression.

    Args:
        node: A sympy expression.
        context: The `mpmath` context whose precision counts.
        values: Name of a symbol → its value; without one, i is the imaginary unit.

    Raises:
        ArithmeticError: It has no finite value there.
        Undecided: It holds something that is not computed here.
    """
    if node.is_Rational:
        return Fraction(int(node.p), int(node.q))
    if node.is_Symbol:
        return _symbol(node.name, context, values)
    name = type(node).__name__
    if name in _NO_VALUES:
        raise _UndefinedError("not finite")
    if name in _CONSTANTS:
        return _CONSTANTS[name](context)
    if name in ("Sum", "Product"):
        return _repeated(node, context, values)
    arguments = [evaluate(argument, context, values) for argument in node.args]
    exact = _EXACT.get(name)
    if exact is not None and all(isinstance(a, Fraction) for a in arguments):
        result = exact(arguments)
        if result is not None:
            return result
    rule = _RULES.get(name)
    if rule is None:
        raise Undecided("not_comparable", f"{name} is not computed here")
    value = rule(context, [inexact(a, context) for a in arguments])
    if not context.isfinite(value):
        raise _UndefinedError("not finite")
    return value


def inexact(value: Value, context: Any) -> Value:
    """Return the value as a number of the context."""
    if isinstance(value, Fraction):
        return context.mpf(value.numerator) / value.denominator
    return value


def _symbol(name: str, context: Any, values: Mapping[str, Fraction]) -> Value:
    if name in values:
        return values[name]
    if name == "i":
        return context.mpc(0, 1)
    raise Undecided("not_comparable", f"the symbol {name} has no value")


def _repeated(node: Any, context: Any, values: Mapping[str, Fraction]) -> Value:
    if len(node.args) != 2:
        raise Undecided("not_comparable", "a sum over several indices is not computed here")
    body, (index, low, high) = node.args
    first, last = (evaluate(end, context, values) for end in (low, high))
    whole = all(isinstance(end, Fraction) and end.denominator == 1 for end in (first, last))
    if not whole or last - first >= _MAX_TERMS:
        raise Undecided("not_comparable", "a sum or product without few terms is not computed here")
    adding = type(node).__name__ == "Sum"
    total: Value = Fraction(0) if adding else Fraction(1)
    for step in range(int(first), int(last) + 1):
        term = evaluate(body, context, {**values, index.name: Fraction(step)})
        if not (isinstance(total, Fraction) and isinstance(term, Fraction)):
            total, term = inexact(total, context), inexact(term, context)
        total = total + term if adding else total * term
    return total


def _exact_sum(terms: Sequence[Fraction]) -> Fraction:
    return sum(terms, Fraction(0))


def _exact_product(factors: Sequence[Fraction]) -> Fraction:
    product = Fraction(1)
    for factor in factors:
        product *= factor
    return product


def _exact_power(parts: Sequence[Fraction]) -> Fraction | None:
    base, exponent = parts
    if base == 0 and exponent <= 0:
        raise _UndefinedError("zero to a power that is not positive")
    if exponent.denominator == 1:
        return base**exponent.numerator
    return None


def _exact_factorial(parts: Sequence[Fraction]) -> Fraction | None:
    (argument,) = parts
    if argument.denominator != 1:
        return None
    if argument < 0:
        raise _UndefinedError("a factorial of a negative number")
    product = 1
    for factor in range(2, int(argument) + 1):
        product *= factor
    return Fraction(product)


def _exact_floor(parts: Sequence[Fraction]) -> Fraction:
    return Fraction(parts[0].numerator // parts[0].denominator)


def _exact_ceiling(parts: Sequence[Fraction]) -> Fraction:
    return -_exact_floor([-parts[0]])


def _exact_remainder(parts: Sequence[Fraction]) -> Fraction:
    if parts[1] == 0:
        raise _UndefinedError("a remainder of a division by zero")
    return parts[0] % parts[1]


def _power(context: Any, parts: Sequence[Value]) -> Value:
    base, exponent = parts
    if base == 0:
        if context.re(exponent) > 0:
            return context.mpf(0)
        raise _UndefinedError("zero to a power that is not positive")
    root = _odd_root(exponent, context)
    if root and context.im(base) == 0 and context.re(base) < 0:
        # The field writes the real root: the cube root of -8 is -2.
        size = context.power(-context.re(base), exponent)
        return -size if int(context.nint(exponent * root)) % 2 else size
    return context.power(base, exponent)


def _odd_root(exponent: Value, context: Any) -> int:
    """Return the odd denominator of a small rational exponent, or 0."""
    if context.im(exponent) != 0:
        return 0
    for under in (3, 5, 7, 9):
        scaled = context.re(exponent) * under
        if abs(scaled - context.nint(scaled)) < context.mpf(10) ** -30 and abs(scaled) < 50:
            return under if int(context.nint(scaled)) % under else 0
    return 0


def _logarithm(context: Any, parts: Sequence[Value]) -> Value:
    if parts[0] == 0 or (len(parts) > 1 and parts[1] in (0, 1)):
        raise _UndefinedError("a logarithm that is not defined")
    value = context.log(parts[0])
    return value / context.log(parts[1]) if len(parts) > 1 else value


def _real(context: Any, value: Value) -> Value:
    if context.im(value) != 0:
        raise _UndefinedError("order among complex numbers")
    return context.re(value)


def _stepped(name: str) -> Callable[[Any, Sequence[Value]], Value]:
    """Floor or ceiling; a value that lies on a step but for its last digits is on it."""

    def rule(context: Any, parts: Sequence[Value]) -> Value:
        value = _real(context, parts[0])
        if abs(value - context.nint(value)) < context.mpf(10) ** -40:
            return context.nint(value)
        return getattr(context, name)(value)

    return rule


def _sum(context: Any, parts: Sequence[Value]) -> Value:
    return context.fsum(parts)


def _product(context: Any, parts: Sequence[Value]) -> Value:
    return context.fprod(parts)


def _plain(name: str) -> Callable[[Any, Sequence[Value]], Value]:
    def rule(context: Any, parts: Sequence[Value]) -> Value:
        return getattr(context, name)(*parts)

    return rule


_NO_VALUES: Final = frozenset({"ComplexInfinity", "Infinity", "NaN", "NegativeInfinity"})
_CONSTANTS: Final[dict[str, Callable[[Any], Value]]] = {
    "Pi": lambda context: +context.pi,
    "Exp1": lambda context: +context.e,
    "ImaginaryUnit": lambda context: context.mpc(0, 1),
}
_EXACT: Final[dict[str, Callable[[Sequence[Fraction]], Fraction | None]]] = {
    "Abs": lambda parts: abs(parts[0]),
    "Add": _exact_sum,
    "Max": max,
    "Min": min,
    "Mod": _exact_remainder,
    "Mul": _exact_product,
    "Pow": _exact_power,
    "UnevaluatedExpr": lambda parts: parts[0],
    "ceiling": _exact_ceiling,
    "factorial": _exact_factorial,
    "floor": _exact_floor,
}
_SAME_NAMES: Final = (
    "acos acosh acot asin asinh atan atanh cos cosh cot csc exp sec sin sinh tan tanh"
)
_RULES: Final[dict[str, Callable[[Any, Sequence[Value]], Value]]] = {
    **{name: _plain(name) for name in _SAME_NAMES.split()},
    "Abs": _plain("fabs"),
    "Add": _sum,
    "Max": lambda context, parts: max(_real(context, p) for p in parts),
    "Min": lambda context, parts: min(_real(context, p) for p in parts),
    "Mul": _product,
    "Pow": _power,
    "UnevaluatedExpr": lambda _context, parts: parts[0],
    "binomial": _plain("binomial"),
    "ceiling": _stepped("ceil"),
    "factorial": _plain("factorial"),
    "floor": _stepped("floor"),
    "gamma": _plain("gamma"),
    "log": _logarithm,
}
