"""`provenir report`: the page of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from provenir.cli.output import say, warn
from provenir.core.errors import InputError

_SHOWN: Final = 3


def report(
    run_dir: Annotated[Path, typer.Argument(help="A run folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The page; default RUN_DIR/report.html.")
    ] = None,
) -> None:
    """Write the page of a run. It is one file, without script or network."""
    from provenir.console.report import NAME, write_page

    if not run_dir.is_dir():
        raise InputError(
            "there is no such run folder", where=str(run_dir), mend="see: provenir run list"
        )
    page = run_dir / NAME if out is None else out
    try:
        written = write_page(run_dir, page)
    except OSError as fault:
        raise InputError(
            f"the page cannot be written ({fault.strerror})",
            where=str(page),
            mend="give --out FILE in a folder that is there and writable",
        ) from fault
    say(str(written.path))
    if written.failures:
        n = len(written.failures)
        failed = f"{n:,} check{'s' if n > 1 else ''}"
        shown = "; ".join(written.failures[:_SHOWN])
        more = " …" if n > _SHOWN else ""
        warn(f"{failed} failed: {shown}{more}; the page says what that means")
