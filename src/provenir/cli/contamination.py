"""`provenir contamination`: is any of an eval set in the training data?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenir.cli.output import note, print_json, say
from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from provenir.eval.contamination import ContaminationReport

COMMANDS = ("check", "recheck", "-h", "--help")
DEFAULT_SAMPLE = 200

Paths = Annotated[
    list[str],
    typer.Argument(metavar="TRAIN... EVAL", help="Files, folders or globs; EVAL or an index."),
]
Evals = Annotated[
    list[str] | None,
    typer.Option(
        "--eval",
        envvar="PROVENIR_CONTAMINATION_CHECK_EVAL",
        metavar="<path>",
        help="[NAME=]PATH; repeatable.",
    ),
]
Method = Annotated[str, typer.Option("--method", help="ngram, exact, minhash, embedding.")]
RuleName = Annotated[
    str | None, typer.Option("--rule", help="idf-aligned, gpt3-13gram, palm-8gram, llama3.")
]
Threshold = Annotated[
    float | None, typer.Option("--threshold", help="Share that is a leak, above 0 to 1.")
]
Words = Annotated[int | None, typer.Option("--n", help="Words of the rule's n-grams.")]
Fields = Annotated[
    list[str] | None,
    typer.Option("--fields", metavar="<name>", help="Only these of a row; repeatable."),
]
EvalFields = Annotated[
    list[str] | None,
    typer.Option("--eval-fields", metavar="<name>", help="Only these of an item."),
]
Exhaustive = Annotated[
    bool, typer.Option("--exhaustive", help="Name any 13 words in common too; slower.")
]
Engine = Annotated[str, typer.Option("--engine", help="threads or ray.")]
Workers = Annotated[int | None, typer.Option("--workers", help="Threads or tasks; one a core.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse rows that cannot be read.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write the report: a new file.")
]
Html = Annotated[Path | None, typer.Option("--html", help="Write the page of hits: a new file.")]
FilterTo = Annotated[
    Path | None, typer.Option("--filter-to", help="Write the clean rows: a new file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


app = typer.Typer(
    help="Find evals in training data.",
    no_args_is_help=True,
    subcommand_metavar="[check|recheck]",
)


def spelled_out(words: list[str]) -> list[str]:
    """Return the words of a command line with `check` put where it is left out."""
    if words[:1] == ["contamination"] and len(words) > 1 and words[1] not in COMMANDS:
        return ["contamination", "check", *words[1:]]
    return words


@app.callback()
def nouns() -> None:
    """Find evals in training data.

    provenir contamination TRAIN EVAL is short for contamination check.
    """


@app.command()
def check(
    paths: Paths,
    evals: Evals = None,
    method: Method = "ngram",
    rule: RuleName = None,
    threshold: Threshold = None,
    n: Words = None,
    fields: Fields = None,
    eval_fields: EvalFields = None,
    exhaustive: Exhaustive = False,
    engine: Engine = "threads",
    workers: Workers = None,
    strict: Strict = False,
    output: Output = None,
    html: Html = None,
    filter_to: FilterTo = None,
    json: Json = False,
) -> None:
    """Compare training data with eval sets. Exits 1 on a leak."""
    from provenir.cli.contamination_tables import show_check
    from provenir.eval.contamination import ContaminationConfig
    from provenir.flows.contamination import Wanted, check_contamination

    train, sets = _sides(paths, evals or [])
    config = ContaminationConfig(
        method=method,
        rule=rule,
        threshold=threshold,
        n=n,
        fields=tuple(fields) if fields else None,
        eval_fields=tuple(eval_fields) if eval_fields else None,
        exhaustive=exhaustive,
        engine=engine,
        workers=workers,
        strict=strict,
    )
    wanted = Wanted(output=output, page=html, render=_render, filter_to=filter_to)
    checked = check_contamination(train, sets, config, wanted)
    if json:
        print_json(checked.report.to_dict())
    else:
        show_check(checked)
    for what, path in checked.written:
        (note if json else say)(f"written: {path} ({what})")
    if checked.exit_code:
        raise typer.Exit(checked.exit_code)


@app.command()
def recheck(
    report: Annotated[Path, typer.Argument(help="A report that check wrote.")],
    train: Annotated[
        list[str] | None,
        typer.Option("--train", metavar="<path>", help="The training data; repeatable."),
    ] = None,
    evals: Annotated[
        list[str] | None,
        typer.Option(
            "--eval",
            envvar="PROVENIR_CONTAMINATION_RECHECK_EVAL",
            metavar="<path>",
            help="[NAME=]PATH or an index; repeatable.",
        ),
    ] = None,
    hits: Annotated[int | None, typer.Option("--hits", help="So many hits; else all.")] = None,
    sample: Annotated[
        int, typer.Option("--sample", help="So many rows that are no hits.")
    ] = DEFAULT_SAMPLE,
    seed: Annotated[int, typer.Option("--seed", help="What is drawn depends on it.")] = 0,
    json: Json = False,
) -> None:
    """Check a report again, by the data. Exits 1 where it is wrong."""
    from provenir.cli.contamination_tables import show_recheck
    from provenir.flows.contamination_recheck import recheck_contamination

    outcome = recheck_contamination(
        report, train=train or (), evals=evals or (), hits=hits, sample=sample, seed=seed
    )
    if json:
        print_json(outcome.to_dict())
    else:
        show_recheck(outcome, str(report))
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


def _sides(paths: list[str], evals: list[str]) -> tuple[list[str], list[str]]:
    """The training data and the eval sets: the last path is one where no option names any."""
    if evals:
        return paths, evals
    if len(paths) < 2:
        raise UsageError(
            f"{paths[0]} is compared with nothing", mend="give TRAIN and EVAL, or --eval PATH"
        )
    return paths[:-1], paths[-1:]


def _render(report: ContaminationReport) -> bytes:
    from provenir.console.contamination_page import render_contamination

    return render_contamination(report)
