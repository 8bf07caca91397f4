"""`provenir canary`: tokens that show when a private eval set has leaked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from provenir.cli.output import note, print_json, say, stdout, table, warn
from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from provenir.eval.canary import Canary, CanaryGuard, CanaryReport

KEY_VARIABLE: Final = "PROVENIR_CANARY_KEY"
MAX_KEY_BYTES: Final = 4_096
GOOD_KEY_BYTES: Final = 16
SHOWN_HITS: Final = 20

EvalSet = Annotated[
    str, typer.Argument(metavar="EVAL_SET", help="What the eval set is called.", show_default=False)
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="<path>", help=f"The secret; else {KEY_VARIABLE}, or none."),
]
Recipients = Annotated[
    list[str] | None,
    typer.Option("--recipient", metavar="<name>", help="Whose copy; repeatable."),
]

app = typer.Typer(help="Tokens that tell of a leak.", no_args_is_help=True)


@app.callback()
def nouns() -> None:
    """Tokens that tell of a leak of a private eval set."""


@app.command()
def mint(
    eval_set: EvalSet,
    recipient: Recipients = None,
    key_file: KeyFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep them in this new register (0600).")
    ] = None,
    commitment: Annotated[
        Path | None,
        typer.Option("--commitment", help="A new file that may be published."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make the canaries of an eval set."""
    from provenir.core.new_files import check_new, write_new
    from provenir.eval.canary import CanaryRegister

    if commitment is not None and out is None:
        raise UsageError(
            "--commitment without --out could never be opened", mend="give --out FILE too"
        )
    for path in (out, commitment):
        if path is not None:
            check_new(path)
    minted = _minted(_guard(key_file), eval_set, recipient)
    register = CanaryRegister.of(minted)
    if out is not None:
        register.write_private(out)
    if commitment is not None:
        write_new(commitment, register.commitment().to_bytes())
    if json:
        print_json([{"canary": str(one), **_whose(one)} for one in minted])
        return
    if recipient:
        stdout().print(table(None, ("canary", "recipient"), [(c, c.recipient) for c in minted]))
    else:
        say(minted[0])
    if not minted[0].keyed:
        note("made without a key: whoever knows the id can work it out")


@app.command()
def tag(
    dataset: Annotated[Path, typer.Argument(help="The eval set: a file or a folder.")],
    eval_set: EvalSet,
    out: Annotated[Path, typer.Option("--out", help="The copy, .jsonl or .jsonl.gz.")],
    recipient: Annotated[
        str | None, typer.Option("--recipient", metavar="<name>", help="Whose copy this is.")
    ] = None,
    key_file: KeyFile = None,
    field: Annotated[str, typer.Option("--field", help="Where it goes.")] = "canary",
    records: Annotated[
        int | None, typer.Option("--records", help="In how many; all unless given.")
    ] = None,
) -> None:
    """Write a copy that holds its canary."""
    from provenir.core.new_files import check_new

    check_new(out)
    guard = _guard(key_file)
    canary = guard.mint(eval_set, recipient)
    copy = guard.tag(dataset, canary, field=field, records=records, out=out)
    held = len(guard.scan(copy, canary))
    say(f"{out}: {held:,} records hold the canary of {eval_set}, in field {field}")


@app.command()
def scan(
    train: Annotated[list[str], typer.Argument(metavar="TRAIN", help="Files, folders or globs.")],
    eval_set: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            envvar="PROVENIR_CANARY_SCAN_ID",
            metavar="<name>",
            help="The eval set whose canary it is; repeatable.",
        ),
    ] = None,
    recipient: Recipients = None,
    key_file: KeyFile = None,
    register: Annotated[
        list[Path] | None,
        typer.Option("--register", metavar="<path>", help="A register that was kept; repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for canaries in training data.

    Exits 1 when one is there, and 3 when none is and not everything could be looked at.
    """
    from provenir.core.progress import progress_bar
    from provenir.data import Dataset
    from provenir.eval.canary import CanaryRegister

    if not eval_set and not register:
        raise UsageError("there is nothing to look for", mend="give --id NAME or --register FILE")
    if (recipient or key_file) and not eval_set:
        raise UsageError(
            "--recipient and --key-file belong to --id: a register says whose its canaries are",
            mend="leave them out, or give --id NAME",
        )
    guard = _guard(key_file)
    sought = [each for name in eval_set or () for each in _minted(guard, name, recipient)]
    for path in register or ():
        sought += CanaryRegister.read(path).tokens()
    dataset = Dataset(train)
    total, unit = dataset.size
    with progress_bar(total, unit=unit, label="scanning") as progress:
        report = guard.scan_many(dataset, sought, progress=progress)
    if json:
        print_json({**report.to_dict(), "rows": list(report.leaked_rows)})
    else:
        _show(report)
    if not report.is_clean:
        raise typer.Exit(1 if report.leaked_rows else 3)


def _show(report: CanaryReport) -> None:
    rows, leaked = report.examined["rows"], len(report.leaked_rows)
    if report.hits:
        places = (
            (
                hit.data["eval_set_id"],
                hit.recipient,
                hit.row,
                hit.field,
                (hit.location or "").removeprefix(f"{Path.cwd()}/"),
            )
            for hit in report.hits[:SHOWN_HITS]
        )
        stdout().print(table(None, ("eval set", "recipient", "row", "field", "place"), places))
    if leaked > SHOWN_HITS:
        say(f"the first of {leaked:,} rows are shown; --json has all")
    if len(report.rows_by_recipient) > 1:
        by_rows = sorted(report.rows_by_recipient, key=lambda one: -report.rows_by_recipient[one])
        cells = ((name, report.rows_by_recipient[name]) for name in by_rows)
        stdout().print(table(None, ("recipient", "rows"), cells))
    verdict = f"{leaked:,} of {rows:,} rows hold a canary" if leaked else f"none in {rows:,} rows"
    say(f"{report.sought:,} sought: {verdict}", "bold red" if leaked else "")
    if not rows:
        warn("there was no row to look at")
    if others := report.not_examined.get("other files"):
        warn(f"not looked at: other files: {others}")


def _minted(guard: CanaryGuard, eval_set: str, recipients: list[str] | None) -> list[Canary]:
    names = dict.fromkeys(recipients or ())
    return [guard.mint(eval_set, name) for name in names] or [guard.mint(eval_set)]


def _whose(canary: Canary) -> dict[str, object]:
    return {
        "eval_set_id": canary.eval_set_id,
        "recipient": canary.recipient,
        "keyed": canary.keyed,
    }


def _guard(key_file: Path | None) -> CanaryGuard:
    """A guard with the secret of the file or the environment, or with none."""
    from provenir.core.files import read_bounded
    from provenir.eval.canary import CanaryGuard

    if key_file is None:
        stored = os.environ.get(KEY_VARIABLE)
        key = stored.encode("utf-8", "surrogateescape") if stored else None
    else:
        key = read_bounded(key_file, max_bytes=MAX_KEY_BYTES)
        # An editor ends a line of text with a newline that nobody means.
        key = key.rstrip(b"\r\n") if key.rstrip(b"\r\n").isascii() else key
    if key is not None and len(key) < GOOD_KEY_BYTES:
        warn(f"a key of {len(key)} bytes can be guessed from one canary; take 32 random ones")
    return CanaryGuard(key)
