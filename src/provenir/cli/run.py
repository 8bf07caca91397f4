"""`provenir run`: the runs on this disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenir.cli import importing
from provenir.cli.output import PIPE_COLUMNS, note, print_json, reading_bar, say, stdout, table
from provenir.cli.signs import flags, show_flags
from provenir.cli.verdicts import show_verdict
from provenir.cli.watch import watch
from provenir.core.errors import InputError, LockedError, ProvenirError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.provenance.run_record import RunRecord

app = typer.Typer(help="Runs on this disk.", no_args_is_help=True)
RunDir = Annotated[Path, typer.Argument(help="A run folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def nouns() -> None:
    """Runs on this disk."""


@app.command("list")
def list_runs(
    root: Annotated[Path, typer.Argument(help="Where to look.")] = Path("artifacts"),
    json: AsJson = False,
) -> None:
    """List the runs under a folder, oldest first."""
    from provenir.provenance.run_layout import find_runs

    if not root.is_dir():
        raise InputError("there is no such folder", where=str(root), mend="give the folder of runs")
    rows = [_row(path) for path in find_runs(root)]
    if json:
        print_json(rows)
    elif rows:
        _print_list(rows)
    else:
        note(f"no runs under {root}")


@app.command()
def show(run_dir: RunDir, json: AsJson = False) -> None:
    """Show what a run was and what it recorded."""
    record = _read(run_dir)
    facts = _facts(record)
    if json:
        print_json(facts)
        return
    shown = {key: value for key, value in facts.items() if not isinstance(value, dict | list)}
    if facts["not_examined"]:
        shown["not_examined"] = ", ".join(facts["not_examined"])
    stdout().print(table(None, ("item", "value"), shown.items()))
    anomalies = facts["anomalies"]
    if anomalies:
        columns = ("step", "severity", "kind", "detail")
        rows = ([item.get(column) for column in columns] for item in anomalies)
        stdout().print(table("anomalies", columns, rows))
    show_flags(facts["signals"])
    for finding in record.findings:
        note(f"{finding.kind}: {finding.detail}")
    if facts["imported"]:
        note(f"imported from a log ({facts['imported']}): nothing in it was observed")
    if record.state == "died":
        note(f"its process is gone; finish the folder with: provenir run recover {run_dir}")


@app.command()
def recover(run_dir: RunDir, json: AsJson = False) -> None:
    """Finish the folder of a run that died. Its status becomes interrupted, nothing is signed."""
    from provenir.provenance.run_layout import FINAL_STATUSES
    from provenir.tracking.recover import recover_run

    record = _read(run_dir)
    if record.alive:
        raise LockedError(
            "this run is alive", where=str(run_dir), mend="wait for it to end, or stop it first"
        )
    ended = record.status in FINAL_STATUSES
    with reading_bar(_artifacts(record)) as progress:
        manifest = recover_run(run_dir, progress=progress)
    after = _facts(_read(run_dir))
    if json:
        print_json(after)
        return
    if ended:
        say(f"{record.run_id} is {record.status}; there is nothing to recover")
        return
    say(f"{manifest.run_id}: {_count(after['steps'])} kept, status {manifest.status}, not signed")
    torn = {name: count for name, count in record.torn_lines().items() if count}
    for name, count in torn.items():
        note(f"{name}: {count} line cut short by the end of the process was left out")


app.command("import")(importing.import_log)


@app.command()
def verify(run_dir: RunDir, json: AsJson = False) -> None:
    """Check a run's files against its manifest."""
    from provenir.core.clock import SystemClock
    from provenir.governance.run_check import verify_run
    from provenir.governance.verdict_document import verdict_document

    verdict = verify_run(run_dir)
    document = None
    if json:
        now = SystemClock().now()
        document = verdict_document(verdict, subject=str(run_dir), digest=None, at=now)
    raise typer.Exit(show_verdict(verdict, subject=str(run_dir), document=document))


app.command()(watch)


def _artifacts(record: RunRecord) -> list[Path]:
    """Folders and files that a recovery will read again, as far as they are still there."""
    logged = (body.get("path") for body in record.journal() if body.get("type") == "artifact")
    named = {path for path in logged if isinstance(path, str) and path and "\0" not in path}
    return [record.path / path for path in sorted(named) if (record.path / path).exists()]


def _read(run_dir: Path) -> RunRecord:
    from provenir.provenance.run_record import read_run

    return read_run(run_dir)


def _row(path: Path) -> dict[str, Any]:
    record = _read(path)
    return {
        "run_id": record.run_id,
        "status": record.state,
        "started_at": record.manifest.get("started_at"),
        "health": _summary(_document(record, "flight_recorder.json")).get("verdict"),
        "passport": "signed" if "passport.json" in record.documents else None,
        "path": str(path),
    }


def _print_list(rows: list[dict[str, Any]]) -> None:
    """The runs as a table; where it does not fit, without the ids, which the paths lead to."""
    console = stdout()
    unbounded = console.options.update(max_width=PIPE_COLUMNS)
    columns = ("run_id", "status", "health", "passport", "path")
    for shown in (columns, columns[1:]):
        drawn = table(None, shown, ([row[column] for column in shown] for row in rows))
        if console.measure(drawn, options=unbounded).maximum <= console.width:
            break
    console.print(drawn)


def _count(steps: int) -> str:
    return f"{steps} step" if steps == 1 else f"{steps} steps"


def _facts(record: RunRecord) -> dict[str, Any]:
    recorder = _document(record, "flight_recorder.json")
    hacking = _document(record, "hacking_report.json")
    manifest = record.manifest
    not_examined = hacking.get("not_examined")
    return {
        "run_id": record.run_id,
        "name": manifest.get("name"),
        "status": record.state,
        "imported": _imported(manifest),
        "started_at": manifest.get("started_at"),
        "ended_at": manifest.get("ended_at"),
        "steps": sum(1 for rank in record.ranks for _ in record.steps(rank)),
        "health": _summary(recorder).get("verdict"),
        "hacking_rate": hacking.get("hacking_rate"),
        "rollouts": hacking.get("num_trajectories"),
        "dataset_hash": manifest.get("dataset_hash"),
        "config_hash": manifest.get("config_hash"),
        "git_sha": manifest.get("git_sha"),
        "seed": manifest.get("seed"),
        "documents": list(record.documents),
        "anomalies": _objects(recorder.get("anomalies")),
        "signals": flags(_objects(hacking.get("signals"))),
        "not_examined": not_examined if isinstance(not_examined, dict) else {},
    }


def _imported(manifest: Mapping[str, Any]) -> str | None:
    """The kind of log that a run was read from; None for a run that was observed."""
    from provenir.core.manifest import IMPORTED

    fingerprint = manifest.get("fingerprint")
    kind = fingerprint.get(IMPORTED) if isinstance(fingerprint, dict) else None
    return None if kind is None else str(kind)


def _summary(recorder: dict[str, Any]) -> dict[str, Any]:
    summary = recorder.get("summary")
    return summary if isinstance(summary, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list from a file that somebody may have changed."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _document(record: RunRecord, name: str) -> dict[str, Any]:
    if name not in record.documents:
        return {}
    try:
        value = record.document(name)
    except ProvenirError as fault:
        note(str(fault))
        return {}
    return value if isinstance(value, dict) else {}
