"""What a side of a channel allows, and how it says no.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from provenir.environments.judging.mirror import Asks

__all__ = ["RefusedError", "Rules"]


class RefusedError(BaseException):
    """A rule of this side forbids what was asked. No ``except Exception`` of a test catches it.

    Attributes:
        reason: One word for programs.
        all: Every one that was made in this process, should a test catch it all the same.
    """

    all: ClassVar[list[RefusedError]] = []

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.all.append(self)


class Rules(Protocol):
    """What a side allows and does itself."""

    real_functions: bool
    """Whether functions of the other side become functions here, or objects to ask."""
    by_name: bool
    """Whether functions of the standard library are sent by name."""

    def export(self, value: Any) -> None:
        """Raise `RefusedError` where an object must not cross."""

    def serve(self, op: str, target: Any, name: str) -> None:
        """Raise where the other side may not do this to an object of this side."""

    def watches(self, target: Any, name: str) -> bool:
        """Whether calls of a method of an object of the other side are looked at first."""

    def look(self, target: Any, name: str, args: tuple[Any, ...]) -> None:
        """Raise where a method of an object of the other side must not be called."""

    def decide(self, peer: Asks, name: str, target: Any, args: tuple[Any, ...]) -> Any:
        """Perform a special method of an object of the other side."""

    def question(self, name: str, args: tuple[Any, ...]) -> Any:
        """Answer a question of the other side that is about no object."""

    def library(self, name: str) -> Any:
        """The function of the standard library with a name, if that is allowed."""

    def outgoing(self) -> tuple[str, str]:
        """Text that was written to the standard streams since the last message."""

    def incoming(self, out: str, err: str) -> None:
        """Text that the other side's program wrote."""
