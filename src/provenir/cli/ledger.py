"""`provenir ledger`: what fed a block, what an example fed, and the proof of either."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenir.cli.ledger_tables import (
    print_ledger,
    print_ranking,
    print_visits,
    ranking_value,
    visit_value,
)
from provenir.cli.output import note, print_json, reading_bar, say, say_lines
from provenir.core.errors import UndecidedError, UsageError
from provenir.core.files import atomic_write, read_bounded

if TYPE_CHECKING:
    from provenir.provenance.ledger.query import LedgerQuery

app = typer.Typer(help="The training ledger of a governed run.", no_args_is_help=True)

RunDir = Annotated[Path, typer.Argument(help="A governed run's folder, or its governed/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Write it to this file.")]
SaltsFile = Annotated[
    Path | None,
    typer.Option("--salts", help="The secret of the salts; private/salts.json says where it is."),
]
Steps = Annotated[str | None, typer.Option("--steps", help="A range of steps, such as 1:100.")]
RANGE = re.compile(r"(\d{0,16}):(\d{0,16})")


@app.callback()
def nouns() -> None:
    """The training ledger of a governed run."""


@app.command()
def show(run_dir: RunDir, steps: Steps = None, json: AsJson = False) -> None:
    """Show what a ledger holds. Showing it verifies nothing."""
    from provenir.provenance.ledger.layout import governed_folder
    from provenir.provenance.ledger.summary import summarize

    folder = governed_folder(run_dir)
    first, last = _range(steps)
    with reading_bar([folder / "ledger.jsonl"]) as progress:
        summary = summarize(folder, first=first, last=last, progress=progress)
    if json:
        print_json(summary)
    else:
        print_ledger(summary)


@app.command()
def query(
    run_dir: RunDir,
    example: Annotated[
        str | None,
        typer.Option("--example", help="Digest of a content, or a commitment (ex_commit)."),
    ] = None,
    block: Annotated[str | None, typer.Option("--block", help="Name of a block.")] = None,
    steps: Steps = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Most lines.")] = 20,
    json: AsJson = False,
) -> None:
    """Ask what fed what, in either direction.

    Which steps and blocks an example fed, or which examples fed a block. With --json each
    line carries its proof, which leads to the ledger's root.
    """
    if (example is None) == (block is None):
        raise UsageError("--example or --block says what to ask", mend="give one of them")
    with _opened(run_dir) as asked:
        first, last = _range(steps)
        if block is not None:
            ranking = asked.ranking(block, first or 1, last, limit=limit)
            value = ranking_value(asked, block, first or 1, last or asked.steps, ranking)
        else:
            value = visit_value(asked, str(example), first, last, limit)
    if json:
        print_json(value)
    elif block is not None:
        print_ranking(value)
    else:
        print_visits(value)


@app.command()
def prove(
    run_dir: RunDir,
    step: Annotated[int | None, typer.Option("--step", min=1, help="A step.")] = None,
    row: Annotated[int | None, typer.Option("--row", min=0, help="A row of the dataset.")] = None,
    block: Annotated[str | None, typer.Option("--block", help="Name of a block.")] = None,
    unseal: Annotated[
        bool,
        typer.Option("--unseal", help="Open what is sealed: loss and norms, or a row's content."),
    ] = False,
    salts: SaltsFile = None,
    out: Out = None,
) -> None:
    """Prove one line of the ledger.

    --step and --row: the row fed the step. --step and --block: what became of the block.
    --row alone: what was decided for the row. The proof is JSON and needs no other file.
    """
    from provenir.provenance.ledger.disclosure import salts_of

    wanted = (step is not None, row is not None, block is not None)
    if wanted not in ((True, True, False), (True, False, True), (False, True, False)):
        raise UsageError(
            "what is to be proved is --step and --row, --step and --block, or --row",
            mend="give one of the three",
        )
    if unseal and block is not None:
        raise UsageError("a block holds nothing sealed", mend="leave out --unseal")
    with _opened(run_dir) as asked:
        secret = salts_of(asked.folder, salts) if unseal else None
        if block is not None:
            proof = asked.prover.block(step or 0, block)
        elif step is None:
            proof = asked.prover.row(row or 0, salts=secret)
        else:
            proofs = asked.prover.entry(step, row or 0, salts=secret)
            proof = proofs[0]
            if len(proofs) > 1:
                note(f"row {row} stands {len(proofs)} times in step {step}; this is the first")
        root = asked.root
    if out is None:
        print_json(json_module.loads(proof))
        return
    atomic_write(out, proof)
    say(f"{out}  leads to the root {root.root} of {root.n} lines")


@app.command("check-proof")
def check_proof(
    proof: Annotated[Path, typer.Argument(help="A proof that `ledger prove` made.")],
    root: Annotated[
        str | None, typer.Option("--root", help="The ledger root, from a verified passport.")
    ] = None,
    n: Annotated[int | None, typer.Option("--n", min=1, help="Lines of that ledger.")] = None,
    json: AsJson = False,
) -> None:
    """Check a proof against a ledger root.

    Exits 1 where it does not lead there, 3 where no root is given.
    """
    from provenir.core.digest import is_digest
    from provenir.provenance.ledger.proofs import LedgerProof
    from provenir.provenance.ledger.proofs import check_proof as check

    data = read_bounded(proof, max_bytes=LedgerProof.max_bytes)
    if root is None:
        stated = LedgerProof.from_bytes(data, where=str(proof)).ledger
        raise UndecidedError(
            f"nothing to hold the proof against; it states the root {stated.root}",
            where=str(proof),
            mend="give the ledger root of a passport that you verified: --root",
        )
    if not is_digest(root):
        raise UsageError("not a digest", where="--root", mend="give sha256:<64 hex digits>")
    checked = check(data, root, n=n, where=str(proof))
    value: dict[str, Any] = {
        "root": root,
        "entry": checked.entry.model_dump(),
        "record": checked.record.model_dump(),
        "opened": None if checked.opened is None else checked.opened.model_dump(),
    }
    if json:
        print_json(value)
        return
    say("the ledger of this root holds", "green")
    for name in ("entry", "opened"):
        if value[name] is not None:
            say_lines(f"{name}: {_spelled(value[name])}")
    record = checked.record
    shown = {"seq": record.seq, "kind": record.kind, "time": record.time}
    step = getattr(record, "step", None)
    say_lines(f"record: {_spelled(shown if step is None else {**shown, 'step': step})}")


@app.command()
def disclose(
    run_dir: RunDir,
    salts: SaltsFile = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Also copy the ledger, so disclosed, to this new folder."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Disclose what a check at level V2 needs.

    Which content each row is, and its metadata: private/disclosure.json links them to the ledger.
    Losses and norms stay sealed; `ledger prove --unseal` opens single ones.
    """
    from provenir.provenance.ledger.disclosure import disclose as write
    from provenir.provenance.ledger.disclosure import hand_over, salts_of
    from provenir.provenance.ledger.layout import DISCLOSURE, governed_folder

    folder = governed_folder(run_dir)
    written = write(folder, salts_of(folder, salts))
    copied = [] if out is None else hand_over(folder, out)
    if json:
        print_json({"run_id": written.run_id, "file": str(folder / DISCLOSURE), "copied": copied})
        return
    say(str(folder / DISCLOSURE))
    if out is not None:
        say(f"{out}  {len(copied)} files, without losses, norms and the secret")
    note("whoever has it knows which row is which content, and can tell whether a text was used")


@contextmanager
def _opened(run_dir: Path) -> Iterator[LedgerQuery]:
    from provenir.provenance.ledger.layout import governed_folder
    from provenir.provenance.ledger.query import LedgerQuery

    folder = governed_folder(run_dir)
    with (
        reading_bar([folder / "ledger.jsonl"]) as progress,
        LedgerQuery(folder, progress=progress) as asked,
    ):
        yield asked


def _range(text: str | None) -> tuple[int | None, int | None]:
    """First and last step of `a:b`, where each may be left out."""
    if text is None:
        return None, None
    match = RANGE.fullmatch(text)
    if match is None:
        raise UsageError(f"--steps {text[:40]!r} is no range", mend="write first:last, as in 1:100")
    first, last = (int(part) if part else None for part in match.groups())
    if first == 0 or (last is not None and last < (first or 1)):
        raise UsageError(f"--steps {text} holds no step", mend="the first is 1: write first:last")
    return first, last


def _spelled(value: Mapping[str, Any]) -> str:
    return json_module.dumps(value, ensure_ascii=True, default=list)
