"""The demo without training: verify the small run that ships here, then refuse a changed byte.

It needs the base install alone: what a stranger who only verifies has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.flows.checkout import shipped
from provenir.flows.display import Display
from provenir.flows.stranger import challenge, show_verdict

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["run_demo_lite"]

SMALL_RUN: Final = "examples/small-run"


def run_demo_lite(*, console: Console | None = None) -> int:
    """Verify the shipped run in a second process, and show the refusal after one byte.

    Args:
        console: where to show it; by default stdout.

    Returns:
        0 when the evidence was accepted and the changed copy refused, else 1.

    Raises:
        InputError: the small run is not there.
        UndecidedError: the second process gave no verdict.
    """
    folder = shipped(SMALL_RUN, holds="passport.json")
    three = folder / "passport.json", folder / "model", folder / "key.pub.pem"
    with Display(console) as display:
        verified, refused = challenge(display, *three)
    show_verdict(display, f"A stranger verifies {folder}", verified)
    show_verdict(display, "One byte later", refused)
    return 0 if verified.accepted and refused.exit_code == 1 else 1
