"""How a run ends, and that it belongs to one process."""

from __future__ import annotations

from typing import Any, Literal, Self

from provenir.core.errors import UsageError

__all__ = ["OneOfAKind", "status_after"]


class OneOfAKind:
    """A thing that is not copied, also not in a copied callback or configuration."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the thing itself."""
        del memo
        return self

    def __reduce_ex__(self, protocol: object) -> Any:
        """Refuse to be pickled: another process cannot hold this run.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "a run cannot be pickled; it belongs to the process that opened it",
            mend="open a run in the other process, or pass run.output_dir",
        )


def status_after(error: BaseException | None) -> Literal["completed", "failed", "interrupted"]:
    """The status of a run that ended with an exception, or without one."""
    if error is None or (isinstance(error, SystemExit) and _is_success(error.code)):
        return "completed"
    # What is no Exception was asked for from outside: Ctrl-C, a closed generator, a cancelled task.
    return "failed" if isinstance(error, Exception | SystemExit) else "interrupted"


def _is_success(code: object) -> bool:
    """Whether an exit code is 0; a foreign object's own `==` is not asked."""
    return code is None or (type(code) in (int, bool) and code == 0)
