"""`provenir run import`: a run folder out of a log that exists already."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from provenir.cli.output import note, print_json, reading_bar, say, stdout, table
from provenir.cli.signs import flags, show_flags
from provenir.core.errors import UsageError
from provenir.core.findings import SEVERITIES

if TYPE_CHECKING:
    from provenir.flows.import_log import ImportedLog

__all__ = ["import_log"]

BAR_FROM_BYTES: Final = 16_000_000
"""About a second's worth of a log."""


def import_log(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="The log, or a trainer's folder.")
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            envvar="PROVENIR_RUN_IMPORT_FROM",
            metavar="<kind>",
            help="trl, verl, wandb, tensorboard, csv or jsonl.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The run folder to make.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the run is called.")] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="<name>", help="Of an export of several runs, one."),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            envvar="PROVENIR_RUN_IMPORT_MAP",
            metavar="<name>=<channel>",
            help="Which channel a name of yours is; repeatable.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a run folder of a trainer's log.

    The kind is guessed where --from is left out. Nothing is signed.
    """
    from provenir.flows.import_log import import_log as read_into_folder
    from provenir.observability.logs import find_log

    _say_nothing_twice()
    channels = dict(_pair(text) for text in channel or [])
    found = find_log(files, source=source, run=run)
    with reading_bar(list(found.paths), from_bytes=BAR_FROM_BYTES) as progress:
        imported = read_into_folder(
            found, name=name, output_dir=out, channels=channels, progress=progress
        )
    if json:
        print_json(_facts(imported))
        return
    _show(imported)


def _pair(text: str) -> tuple[str, str]:
    name, mark, channel = text.rpartition("=")
    if not mark or not name:
        raise UsageError(f"--map {text!r} is no pair", mend="--map reward/f=true_reward_mean")
    return name, channel


def _say_nothing_twice() -> None:
    """The findings are printed here; Python prints warnings of a log that nobody listens to."""
    logging.getLogger("provenir").addHandler(logging.NullHandler())


def _show(imported: ImportedLog) -> None:
    summary = imported.recorder.summary()
    rows = {
        "folder": imported.folder,
        "kind of log": imported.source,
        "steps": summary["num_steps"],
        "evaluations": imported.evaluations,
        "channels": ", ".join(sorted(summary["final_metrics"])) or "none",
        "health": summary["verdict"],
    }
    stdout().print(table(None, ("item", "value"), rows.items()))
    anomalies = imported.recorder.anomalies
    if anomalies:
        cells = ((each.step, each.severity, each.kind, each.detail) for each in anomalies)
        stdout().print(table("anomalies", ("step", "severity", "kind", "detail"), cells))
    show_flags(flags(imported.hacking.to_dict()["signals"]))
    for finding in sorted(imported.findings, key=lambda one: -SEVERITIES.index(one.severity)):
        note(f"{finding.kind}: {finding.detail}")
    say(f"see it with: provenir report {imported.folder}")


def _facts(imported: ImportedLog) -> dict[str, object]:
    return {
        "folder": str(imported.folder),
        "run_id": imported.run_id,
        "source": imported.source,
        "evaluations": imported.evaluations,
        "summary": imported.recorder.summary(),
        "anomalies": [each.to_dict() for each in imported.recorder.anomalies],
        "signals": [signal.to_dict() for signal in imported.hacking.signals],
        "findings": [finding.to_dict() for finding in imported.findings],
    }
