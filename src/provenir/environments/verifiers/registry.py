"""The verifiers of this package, by name: the one list that the laws are run over.

Adding a verifier is a class and its entry here; `tests/contracts/test_verifiers.py` then runs over
it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.extras import available
from provenir.environments.verifiers.code import CodeVerifier
from provenir.environments.verifiers.composite import CompositeVerifier
from provenir.environments.verifiers.contains import ContainsVerifier
from provenir.environments.verifiers.exact import ExactAnswerVerifier
from provenir.environments.verifiers.json_schema import JSONSchemaVerifier
from provenir.environments.verifiers.math.verifier import MathVerifier
from provenir.environments.verifiers.regex_format import RegexFormatVerifier
from provenir.environments.verifiers.tool_call import ToolCallVerifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.core.protocols import Verifier

__all__ = ["VERIFIERS", "Registered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One verifier.

    Attributes:
        build: Makes it with its defaults, or with an example of what it cannot do without.
        needs: Modules that must be installed.
    """

    build: Callable[[], Verifier]
    needs: tuple[str, ...] = ()

    @property
    def buildable(self) -> bool:
        """Whether it can be built on this machine."""
        return available(*self.needs)


def _boxed_format() -> Verifier:
    return RegexFormatVerifier(r"\\boxed\{.*\}", full_match=False)


def _boxed_answer() -> Verifier:
    return CompositeVerifier([(ExactAnswerVerifier(), 0.7), (_boxed_format(), 0.3)], mode="gated")


VERIFIERS: Final[dict[str, Registered]] = {
    "code": Registered(build=CodeVerifier),
    "composite": Registered(build=_boxed_answer),
    "contains": Registered(build=ContainsVerifier),
    "exact_answer": Registered(build=ExactAnswerVerifier),
    "json_schema": Registered(build=JSONSchemaVerifier),
    "math": Registered(build=MathVerifier),
    "regex_format": Registered(build=_boxed_format),
    "tool_call": Registered(build=ToolCallVerifier),
}
"""Name of a verifier → how it is built; the names are in order."""
