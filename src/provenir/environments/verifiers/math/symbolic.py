r"""Comparing two LaTeX expressions, inside the worker process.

math-verify's grammar (latex2sympy2_extended) reads them into trees; they are equal where they have
the same value, and where they hold symbols, the same value at several points. The points follow
from the two texts, so that the verdict is the same every time and no answer can aim at them
(Schwartz 1980, Zippel 1979: two different polynomials agree on few points).

Only characters and commands of a fixed list reach the grammar: no name of Python, no attribute and
no string does.
"""

from __future__ import annotations

import hashlib
import random
import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import mpmath
from latex2sympy2_extended.latex2sympy2 import ConversionConfig, latex2sympy

from provenir.environments.verifiers.math.arithmetic import Value, evaluate, inexact
from provenir.environments.verifiers.math.limits import Undecided
from provenir.environments.verifiers.math.magnitude import magnitude

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["proportional", "same_value"]

_ALPHABET: Final = re.compile(r"[0-9A-Za-z+\-*/^_(){}\[\]|!.,:&=\\ ]*")
_COMMAND_NAMES: Final = (
    "frac sqrt binom cdot times div pi infty log ln exp sin cos tan cot sec csc arcsin arccos "
    "arctan sinh cosh tanh lfloor rfloor lceil rceil max min gcd lcm mod sum prod begin end alpha "
    "beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau "
    "phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega Upsilon"
)
_COMMANDS: Final = frozenset(_COMMAND_NAMES.split())
# What the grammar would drop or evaluate: primes and subscripts of functions, bases of numerals,
# large binomials, double factorials, powers of mixed numbers.
_REFUSED: Final = re.compile(
    r"__|!\s*!|[A-Za-z]{12}|\\binom\s*\{[^{}]*(?:\d{4}|\\)|\\(?:Gamma|gamma)\s*[({]"
    r"|\\(?!log)(?:[a-z]{0,3}(?:sin|cos|tan|cot|sec|csc)h?|ln|exp|sqrt|max|min|gcd|lcm)\s*_"
    r"|\d\s*\\frac\s*\{(\d+)\}\s*\{(\d+)\}\s*\^|\d\s*_\s*[\d{]"
)
_MIXED: Final = re.compile(r"\d\s*\\frac\s*\{(\d+)\}\s*\{(\d+)\}")
_DECIMAL: Final = re.compile(r"(\d*)\.(\d+)")
_DEGREES: Final = re.compile(r"(\d|[A-Za-z)}])\s*\^\\circ(?![A-Za-z])")
_SUBSCRIPT: Final = re.compile(r"([A-Za-z])\s*_\s*(\d)(?!\d)")
# The grammar takes I for the imaginary unit and drops its subscript, cannot read one of e or E,
# and knows no letter with a mark: each becomes a symbol of its own. Names of commands, and
# subscripts of other letters, are stepped over.
_OWN_SYMBOL: Final = re.compile(
    r"\\(hbar|ell)(?![A-Za-z])"
    r"|\\(hat|vec|tilde|bar|dot|ddot)\s*(?:\{\s*([A-Za-z])\s*\}|(?<=[a-z])\s+([A-Za-z]))"
    r"|(?:\\[A-Za-z]+|(?<![eEI])_(?:\{[^{}]*\}|.))"
    r"|([eE](?=_)|I)(?:_(?:\{\s*([A-Za-z0-9, ]*)\s*\}|([A-Za-z0-9])))?"
)
_POINTS: Final = 9
_NEAR_BOUND: Final = 0.3  # of the decimal logarithm of a symbol's value near 1
_STEPPED: Final = frozenset(
    ("floor", "ceiling", "Mod", "Max", "Min", "Sum", "Product", "factorial", "gamma", "binomial")
)
_ENOUGH: Final = 5
_DIGITS: Final = 100
_AGREEING: Final = 60  # digits behind the point, and as many more as a value has before it


def same_value(
    reference: str,
    answer: str,
    *,
    relative: Fraction = Fraction(0),
    absolute: Fraction = Fraction(0),
) -> bool:
    """Whether two expressions have the same value wherever both have one.

    Args:
        reference: LaTeX, in the spelling of `notation.normalise`.
        answer: The same.
        relative: How far two numbers may differ, as a share of the reference.
        absolute: How far they may differ besides.

    Raises:
        Undecided: One of them cannot be read, is too large, or is not defined often enough.
    """
    trees = _entries(_tree(reference)), _entries(_tree(answer))
    if len(trees[0]) != len(trees[1]):
        return False
    names = sorted(_symbols(trees[0]) | _symbols(trees[1]))
    context = _context([*trees[0], *trees[1]])
    allowed = (Fraction(0), Fraction(0)) if names else (relative, absolute)
    agreeing = 0
    for values in _points(names, reference, answer, near=context.near):
        left = _evaluated(trees[0], context, values)
        right = _evaluated(trees[1], context, values)
        if left is None or right is None:
            continue
        if not all(_close(a, b, context, allowed) for a, b in zip(left, right, strict=True)):
            return False
        agreeing += 1
    if not names:
        return agreeing > 0
    if agreeing < _ENOUGH:
        raise Undecided("not_comparable", "the expressions have no values to compare")
    return True


def proportional(reference: Sequence[str], answer: Sequence[str], *, ordered: bool) -> bool:
    """Whether two relations say the same: their differences are multiples of each other.

    Args:
        reference: Left and right side.
        answer: The same.
        ordered: Whether the multiple must be positive, as it must for an inequality.

    Raises:
        Undecided: One of them cannot be read.
    """
    trees = [[_tree(side) for side in sides] for sides in (reference, answer)]
    names = sorted(_symbols(trees[0]) | _symbols(trees[1]))
    if _symbols(trees[0]) != _symbols(trees[1]) or not names:
        return False
    context = _context([*trees[0], *trees[1]])
    ratios: list[Value] = []
    texts = "\0".join(reference), "\0".join(answer)
    for values in _points(names, *texts, near=context.near):
        wanted = _evaluated(trees[0], context, values)
        given = _evaluated(trees[1], context, values)
        if wanted is None or given is None:
            continue
        left = _subtract(wanted[0], wanted[1], context)
        right = _subtract(given[0], given[1], context)
        if _is_zero(left, context) != _is_zero(right, context):
            return False
        if not _is_zero(left, context):
            ratios.append(_divide(left, right, context))
    if len(ratios) < _ENOUGH:
        return False
    nothing = (Fraction(0), Fraction(0))
    constant = all(_close(ratios[0], ratio, context, nothing) for ratio in ratios)
    real = isinstance(ratios[0], Fraction) or context.im(ratios[0]) == 0
    return constant and (not ordered or (real and ratios[0] > 0))


@lru_cache(maxsize=256)
def _tree(text: str) -> Any:
    """Read one expression; what is not on the list of what may be read is refused."""
    text = _DEGREES.sub(r"\1\\cdot\\frac{\\pi}{180}", text)
    text = _OWN_SYMBOL.sub(_own_symbol, text)
    text = _SUBSCRIPT.sub(r"\1_{\2}", text)
    commands = set(re.findall(r"\\([A-Za-z]+)", text))
    environments = set(re.findall(r"\\(?:begin|end)\s*\{([a-z]*)\}", text))
    if (
        not _ALPHABET.fullmatch(text)
        or not commands <= _COMMANDS
        or not environments <= {"pmatrix", "bmatrix", "matrix"}
        or _REFUSED.search(text)
        or re.search(r"\d\s+\d", text)
        or any(int(over) >= int(under) for over, under in _MIXED.findall(text) if len(under) < 9)
    ):
        raise Undecided("not_comparable", "the notation is not one that is compared")
    text = _DECIMAL.sub(_exact_decimal, text)
    config = ConversionConfig(lowercase_symbols=False)
    try:
        tree = latex2sympy(text, is_real=None, normalization_config=None, conversion_config=config)
    except Exception as error:  # the grammar raises whatever it likes
        raise Undecided("not_comparable", "the expression cannot be read") from error
    if not hasattr(tree, "free_symbols"):
        raise Undecided("not_comparable", "the expression is no value")
    return tree


def _own_symbol(match: re.Match[str]) -> str:
    name = "".join(part for part in match.groups() if part)
    return rf"\Upsilon_{{{re.sub('[, ]', '', name)}}}" if name else match[0]


def _exact_decimal(match: re.Match[str]) -> str:
    """Write a decimal as a fraction: the grammar would make a binary float of it."""
    return rf"\frac{{{int(match[1] + match[2])}}}{{{10 ** len(match[2])}}}"


def _entries(tree: Any) -> list[Any]:
    """Return the entries of a matrix, with its shape in front, or the expression alone."""
    if not getattr(tree, "is_Matrix", False):
        return [tree]
    for part in getattr(tree, "args", ()):
        for entry in (
            part if getattr(part, "is_Matrix", False) and hasattr(part, "flat") else [part]
        ):
            if hasattr(entry, "is_Rational"):
                magnitude(entry)
    try:
        matrix = tree.doit().as_explicit() if hasattr(tree, "as_explicit") else tree
    except Exception as error:
        raise Undecided("not_comparable", "the matrix cannot be computed") from error
    from sympy import Integer

    return [Integer(matrix.rows), Integer(matrix.cols), *matrix]


def _symbols(trees: Sequence[Any]) -> set[str]:
    names = {symbol.name for tree in trees for symbol in tree.free_symbols}
    return names - {"i"}  # the imaginary unit; see `arithmetic`


def _context(trees: Sequence[Any]) -> Any:
    """Return an mpmath context with enough digits for the largest and smallest value on the way."""
    context = mpmath.mp.clone()
    context.near = False
    try:
        bound = max(magnitude(tree) for tree in trees)
    except Undecided:
        # e^(-mgh/kT): symbols near 1 tell apart what has no steps.
        if any(type(node).__name__ in _STEPPED for tree in trees for node in _nodes(tree)):
            raise
        bound = max(magnitude(tree, _NEAR_BOUND) for tree in trees)
        context.near = True
    largest = int(bound) + 1
    context.dps = _DIGITS + 4 * largest
    context.nothing = context.mpf(10) ** -(_AGREEING + largest)
    return context


def _nodes(tree: Any) -> Iterator[Any]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += getattr(node, "args", ())


def _points(
    names: Sequence[str], reference: str, answer: str, *, near: bool
) -> list[Mapping[str, Fraction]]:
    if not names:
        return [{}]
    seed = hashlib.sha256(f"{reference}\0\0{answer}".encode()).digest()
    chance = random.Random(seed)  # noqa: S311 - has to be the same every time
    points: list[Mapping[str, Fraction]] = []
    for number in range(_POINTS):
        signs = {0: (1,), 1: (-1,)}.get(number, (1, -1))
        points.append({name: _coordinate(chance, signs, near=near) for name in names})
    return points


def _coordinate(chance: random.Random, signs: Sequence[int], *, near: bool) -> Fraction:
    if near:
        return Fraction(chance.choice(signs) * chance.randint(31, 97), chance.choice((53, 59, 61)))
    return Fraction(chance.choice(signs) * chance.randint(1, 97), chance.choice((7, 11, 13)))


def _evaluated(
    trees: Sequence[Any], context: Any, values: Mapping[str, Fraction]
) -> list[Value] | None:
    try:
        return [evaluate(tree, context, values) for tree in trees]
    except (ArithmeticError, ValueError):
        return None


def _subtract(a: Value, b: Value, context: Any) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a - b
    return inexact(a, context) - inexact(b, context)


def _divide(a: Value, b: Value, context: Any) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a / b
    return inexact(a, context) / inexact(b, context)


def _is_zero(value: Value, context: Any) -> bool:
    if isinstance(value, Fraction):
        return value == 0
    return bool(abs(value) < context.nothing)


def _close(
    reference: Value, answer: Value, context: Any, allowed: tuple[Fraction, Fraction]
) -> bool:
    relative, absolute = allowed
    if isinstance(reference, Fraction) and isinstance(answer, Fraction):
        return abs(reference - answer) <= max(relative * abs(reference), absolute)
    left, right = inexact(reference, context), inexact(answer, context)
    slack = max(inexact(relative, context) * abs(left), inexact(absolute, context))
    return bool(abs(left - right) <= max(slack, context.nothing))
