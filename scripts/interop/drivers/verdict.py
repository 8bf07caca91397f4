"""How a driver answers: exit 0 and `accepted`, exit 1 and `refused: why`; all else is a fault."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def answer(
    check: Callable[[list[str]], str | None], refusals: tuple[type[Exception], ...] = ()
) -> None:
    """Run a check over the arguments and leave with its verdict.

    Args:
        check: Returns None for good, else why not.
        refusals: What the foreign tool raises when it refuses. Any other exception is a fault of
            the driver, and no refusal.
    """
    try:
        fault = check(sys.argv[1:])
    except refusals as refusal:
        fault = f"{type(refusal).__name__}: {refusal}"
    except Exception as unexpected:  # noqa: BLE001 - whatever it is, it is no refusal
        sys.stdout.write(f"fault: {type(unexpected).__name__}: {unexpected}\n")
        sys.exit(3)
    sys.stdout.write("accepted\n" if fault is None else f"refused: {fault[:300]}\n")
    sys.exit(0 if fault is None else 1)
