"""`provenir policy`: which examples may train, and how deep: check, sign, explain, blocks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenir.cli.output import note, print_json, say, warn
from provenir.cli.policy_tables import show_blocks, show_counts, show_decision, show_findings
from provenir.core.errors import EvidenceError, UsageError
from provenir.core.new_files import check_new, write_new

if TYPE_CHECKING:
    from provenir.core.document import Document
    from provenir.governance.admission import Admission, AdmissionPolicy
    from provenir.governance.blocks import BlockMap
    from provenir.governance.depth import DepthTable
    from provenir.governance.metadata import ExampleMetadata

PolicyFile = Annotated[Path, typer.Argument(metavar="POLICY", help="An admission policy, JSON.")]
Profiles = Annotated[
    Path, typer.Option("--profiles", metavar="<path>", help="The table of depth profiles, JSON.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(help="Admission policies and depth profiles.", no_args_is_help=True)


@app.callback()
def nouns() -> None:
    """Admission policies and depth profiles."""


@app.command()
def check(
    policy: PolicyFile,
    profiles: Annotated[
        Path | None,
        typer.Option("--profiles", metavar="<path>", help="The table that it goes with."),
    ] = None,
    json: Json = False,
) -> None:
    """Look for what nobody can have meant.

    Exits 1 where a rule or profile is never reached, a word is none of its field's, or the table is
    another one; 3 where there are too many combinations to try.
    """
    from provenir.governance.admission import AdmissionPolicy
    from provenir.governance.depth import DepthTable
    from provenir.governance.policy_check import check_policy

    read = AdmissionPolicy.read(policy)
    depth = None if profiles is None else DepthTable.read(profiles)
    report = check_policy(read, depth)
    if json:
        print_json({"digest": read.digest(), **report.to_dict()})
    else:
        show_findings(report.findings)
        for what, why in report.not_examined.items():
            warn(f"{what} not examined: {why}")
        say(f"{policy}: {read.name}, version {read.version}, {len(read.rules)} rules")
        say(f"policy    {read.digest()}")
        say(f"profiles  {read.profiles if depth is None else depth.digest()}")
    if any(finding.severity == "critical" for finding in report.findings):
        raise typer.Exit(1)
    if "reachability" in report.not_examined:
        raise typer.Exit(3)


@app.command()
def sign(
    policy: PolicyFile,
    profiles: Profiles,
    signing_key: Annotated[
        list[Path],
        typer.Option(
            "--signing-key", metavar="<path>", help="Who governs: a private key (PEM); repeatable."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The statement; it must not be there yet.")],
    json: Json = False,
) -> None:
    """Sign a policy that passes its check.

    What is signed is the digest of its canonical form, which names the table of profiles.
    """
    from provenir.attest.keys import load_signer
    from provenir.core.clock import SystemClock, utc_text
    from provenir.governance.admission import AdmissionPolicy
    from provenir.governance.depth import DepthTable
    from provenir.governance.policy_check import check_policy
    from provenir.governance.statements import PolicyStatement, sign_statement

    check_new(out)
    read = AdmissionPolicy.read(policy)
    report = check_policy(read, DepthTable.read(profiles))
    for finding in report.findings:
        if finding.severity == "critical":
            raise EvidenceError(
                f"{finding.subject or read.name}: {finding.detail}",
                reason=finding.kind,
                where=str(policy),
                mend="correct it, or see: provenir policy check",
            )
    claim = PolicyStatement.made_of(
        name=read.name, policy=read.digest(), issued_at=utc_text(SystemClock().now())
    )
    signed = sign_statement(claim, [load_signer(path) for path in signing_key])
    write_new(out, signed.envelope.to_bytes())
    if json:
        print_json({"file": str(out), "policy": claim.policy, "statement": signed.digest})
        return
    say(f"{out}  {claim.subject().name}, for the role {claim.role}")
    say(f"policy {claim.policy}")
    say(f"a passport lists it as {signed.digest}")


@app.command()
def explain(
    policy: PolicyFile,
    metadata: Annotated[Path, typer.Argument(help="Metadata of examples, JSON Lines.")],
    profiles: Profiles,
    line: Annotated[
        int | None, typer.Option("--line", metavar="<n>", help="Explain this one line, from 1.")
    ] = None,
    content: Annotated[
        str | None,
        typer.Option("--content", metavar="<digest>", help="Explain this one content."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="<date>", help="The day; today (UTC) unless given."),
    ] = None,
    band: Annotated[
        int | None, typer.Option("--band", metavar="<n>", help="The entropy band, from 0.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="<digest>", help="The base model's tensor root.")
    ] = None,
    json: Json = False,
) -> None:
    """Say which rule decides.

    For one example with every condition that was looked at, for a whole file as counts.
    """
    from dataclasses import asdict

    from provenir.core.clock import SystemClock
    from provenir.governance.admission import AdmissionPolicy, facts_of
    from provenir.governance.depth import DepthTable
    from provenir.governance.explaining import explain as steps_of
    from provenir.governance.expressions import parse_day

    if line is not None and content is not None:
        raise UsageError("--line and --content both name one example", mend="give one of them")
    read, depth = AdmissionPolicy.read(policy), DepthTable.read(profiles)
    day = SystemClock().now().date() if on is None else parse_day(on)
    admission = _admission(read, depth, base)
    examples = _examples(metadata, line, content)
    if depth.bands is not None and band is None:
        warn("decided without an entropy band; give --band N")
    decided = [(one, admission.decide(one, on=day, band=band)) for one in examples]
    if line is None and content is None and len(decided) != 1:
        show_counts([decision for _, decision in decided], day.isoformat(), json=json)
        return
    ((example, decision),) = decided
    facts = facts_of(example, on=day, base=admission.base, band=band)
    steps = steps_of(read, facts)
    if json:
        shown = {"content": example.content, "on": day.isoformat(), "decision": asdict(decision)}
        print_json(shown | {"steps": [asdict(step) for step in steps]})
    else:
        show_decision(f"{example.content} on {day}", decision, steps, depth.blocks)


@app.command()
def blocks(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL_DIR", help="A model's or adapter's folder.")
    ],
    starter: Annotated[
        Path | None,
        typer.Option("--starter", help="A folder for a policy and profiles to begin with."),
    ] = None,
    json: Json = False,
) -> None:
    """Print the blocks of a model.

    Only its configuration and the headers of its weights are read.
    """
    from provenir.governance.model_blocks import blocks_of_model

    found = blocks_of_model(model)
    if starter is not None:
        _write_starter(found, starter)
    if json:
        print_json(found.model_dump(mode="json"))
        return
    show_blocks(found)


def _admission(policy: AdmissionPolicy, depth: DepthTable, base: str | None) -> Admission:
    from provenir.core.digest import parse_digest
    from provenir.governance.admission import Admission
    from provenir.governance.policy_check import asked_fields

    if base is not None:
        parse_digest(base)
    known = base or policy.base or (None if depth.bands is None else depth.bands.base)
    if known is None and "base" in asked_fields(policy):
        raise UsageError("the policy asks which base model it is", mend="give --base DIGEST")
    return Admission(policy, depth, base=known or "")


def _examples(path: Path, line: int | None, content: str | None) -> list[ExampleMetadata]:
    from provenir.governance.metadata import ExampleMetadata, read_metadata

    every = list(read_metadata(path))
    if not every and content is None:
        raise UsageError(
            "no line of metadata", where=str(path), mend="give the file that was meant"
        )
    if line is not None:
        if not 1 <= line <= len(every):
            raise UsageError(f"there are {len(every)} lines", where=str(path), mend="count from 1")
        return [every[line - 1]]
    if content is None:
        return every
    unknown = ExampleMetadata(content=content)
    found = [one for one in every if one.content == content]
    if not found:
        note("no line speaks of this content: everything about it is unknown")
    return found or [unknown]


def _write_starter(found: BlockMap, folder: Path) -> None:
    from provenir.governance.starter import default_policy, default_table

    folder.mkdir(parents=True, exist_ok=True)
    for name in ("policy.json", "profiles.json"):
        check_new(folder / name)
    depth = default_table(found.blocks)
    write_new(folder / "profiles.json", _laid_out(depth))
    write_new(folder / "policy.json", _laid_out(default_policy(depth)))
    note(f"{folder}: policy.json and profiles.json, to be changed; then: provenir policy check")


def _laid_out(document: Document) -> bytes:
    """A document for people: a field on each line, and so each entry of a list of objects."""
    from json import dumps

    lines = []
    for name, value in document.model_dump(mode="json").items():
        text = dumps(value, ensure_ascii=False)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            entries = ",\n    ".join(dumps(entry, ensure_ascii=False) for entry in value)
            text = f"[\n    {entries}\n  ]"
        lines.append(f"  {dumps(name)}: {text}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()
