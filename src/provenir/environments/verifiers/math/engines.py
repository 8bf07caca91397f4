"""Who compares two expressions that are no numerals: worker processes, or nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

from provenir.core import extras
from provenir.environments.verifiers.math.limits import Undecided

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

__all__ = ["Engine", "NumericEngine", "SymbolicEngine", "symbolic_version"]


class Engine(Protocol):
    """Compares expressions; `Undecided` says why it could not.

    Attributes:
        name: What the metadata of a verdict calls it.
    """

    @property
    def name(self) -> str:
        """What the metadata of a verdict calls it."""
        ...

    def same_value(
        self, reference: str, answer: str, *, relative: Fraction, absolute: Fraction
    ) -> bool:
        """Whether two expressions have the same value, up to a difference."""
        ...

    def proportional(
        self, reference: Sequence[str], answer: Sequence[str], *, ordered: bool
    ) -> bool:
        """Whether two relations, each a left and a right side, say the same."""
        ...


def symbolic_version() -> str | None:
    """Return the version of math-verify that is installed, or None."""
    if not extras.available("math_verify", "latex2sympy2_extended"):
        return None
    try:
        return metadata.version("math-verify")
    except metadata.PackageNotFoundError:
        return None


@dataclass(slots=True)
class SymbolicEngine:
    """Hands expressions to worker processes; one budget for all that one verdict asks.

    Attributes:
        name: ``math-verify`` and its version.
        budget_s: CPU seconds for the whole verdict.
    """

    name: str
    budget_s: float
    _left_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._left_s = self.budget_s

    def same_value(
        self, reference: str, answer: str, *, relative: Fraction, absolute: Fraction
    ) -> bool:
        """Whether two expressions have the same value, up to a difference."""
        return self._ask(
            {
                "op": "same",
                "reference": reference,
                "answer": answer,
                "relative": str(relative),
                "absolute": str(absolute),
            }
        )

    def proportional(
        self, reference: Sequence[str], answer: Sequence[str], *, ordered: bool
    ) -> bool:
        """Whether two relations, each a left and a right side, say the same."""
        return self._ask(
            {
                "op": "proportional",
                "reference": list(reference),
                "answer": list(answer),
                "ordered": ordered,
            }
        )

    def _ask(self, request: dict[str, object]) -> bool:
        from provenir.environments.verifiers.math import pool

        if self._left_s <= 0:
            raise Undecided("timeout", "the comparison took too long")
        equal, spent_s = pool.ask(request, budget_s=self._left_s)
        self._left_s -= spent_s
        return equal


@dataclass(frozen=True, slots=True)
class NumericEngine:
    """Stands in without the extra: it compares nothing and says what would.

    Attributes:
        name: ``numeric``.
    """

    name: str = "numeric"

    def same_value(
        self, reference: str, answer: str, *, relative: Fraction, absolute: Fraction
    ) -> bool:
        """Raise `Undecided`."""
        raise self._missing()

    def proportional(
        self, reference: Sequence[str], answer: Sequence[str], *, ordered: bool
    ) -> bool:
        """Raise `Undecided`."""
        raise self._missing()

    @staticmethod
    def _missing() -> Undecided:
        line = extras.install_line("math")
        return Undecided(
            "not_comparable", f"only numerals are compared without math-verify: {line}"
        )
