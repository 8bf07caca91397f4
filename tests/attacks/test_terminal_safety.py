"""No command lets data act on a terminal, whatever the data is called.

`COMMANDS` says for every command of the Typer application how it is asked about a hostile place:
a run under hostile names in a folder of a hostile name, its documents poisoned by hand, hostile
passports, trust policies, keys, logs and paths. A command that is added to the application without
a line here fails the suite.

Everything that a command writes, on stdout and stderr, into a pipe and into a pseudo-terminal, as
text and as JSON, must be free of characters that act: C0 (but the newline), DEL, C1, so every CSI,
OSC and hyperlink; bidirectional controls; zero-width characters and line separators. On a terminal
the colours are our own: `OURS` lists them, and the hostile ones are others. Markup of rich stays
text, and so do the names of its emoji.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import typer

import provenir
from ledgers import make_ledger
from policies import key_table, policy_text
from provenir.attest.keys import Ed25519Signer
from provenir.cli.main import app
from provenir.core.digest import digest_bytes
from provenir.data import Dataset
from provenir.eval.contamination import ContaminationChecker
from provenir.governance.admission import AdmissionPolicy
from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
from provenir.governance.metadata import ExampleMetadata, Metadata
from provenir.governance.passport import PassportSigner
from provenir.governance.starter import default_policy, default_table
from provenir.governance.statements import PolicyStatement, Revocation, sign_statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

SEEN = "SEEN"
"""Stands before every hostile text, so that a test can tell that it was shown at all."""
HOSTILE = {
    "C0 and DEL": "".join(map(chr, range(1, 32))) + "\x7f",
    "C1": "".join(map(chr, range(0x80, 0xA0))),
    "CSI": "\x1b[8mhidden\x1b[2J\x1b[1;1H\x1b[5;7m\x9b8m",
    "OSC": "\x1b]8;;http://evil.example\x07click\x1b]8;;\x1b\\\x1b]0;title\x07\x1b]52;c;eA==\x07",
    "bidi": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "invisible": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u2028h\u2029i\u180ej\U000e0041",
    "markup": "[bold]B[/bold][link=http://evil.example]L[/link][/]:bomb:[red",
    # First and short, so that it is whole wherever names are cut.
    "all": "[bold]B[/bold]:bomb:\x1b[8m\x9b8m\x1b]8;;x\x07\u202e\u2066\u200b\u2028\x7f\r\n\t",
}
SCENES = [pytest.param(name, marks=() if name == "all" else pytest.mark.slow) for name in HOSTILE]
"""One place with something of everything in the ordinary suite, the others in the slow one."""
ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e0fff\ud800-\udfff]"
)
OURS = re.compile(r"\x1b\[(?:0|1|2|3[1-6]|1;3[1-6])m")
EXEMPT = {
    "demo": "trains and shows a model of its own; there is no data of others",
}


def made_visible(text: str) -> str:
    """What may stand in the name of a file."""
    return text.replace("/", "_").replace("\0", "")


@dataclass(frozen=True)
class Scene:
    """A place in which everything that can be named is named hostilely.

    Attributes:
        text: The hostile text, `SEEN` before it.
        place: Its folder, whose name is the text.
        fresh: Makes a path that is not there yet.
    """

    text: str
    place: Path

    @property
    def run(self) -> Path:
        return self.place / "artifacts" / "run"

    @property
    def poisoned(self) -> Path:
        return self.place / "artifacts" / "poisoned"

    @property
    def died(self) -> Path:
        return self.place / "artifacts" / "died"

    @property
    def log(self) -> Path:
        return self.place / "artifacts" / "log"

    @property
    def passport(self) -> Path:
        return self.run / "passport.json"

    @property
    def by_hand(self) -> Path:
        return self.place / "by-hand.json"

    @property
    def junk(self) -> Path:
        return self.place / "junk"

    @property
    def trust(self) -> Path:
        return self.place / "trust.toml"

    @property
    def hostile_trust(self) -> Path:
        return self.place / "hostile.toml"

    @property
    def private(self) -> Path:
        return self.place / "team.pem"

    @property
    def public(self) -> Path:
        return self.place / "team.pub.pem"

    @property
    def missing(self) -> Path:
        return self.place / "nothing here"

    def fresh(self, name: str) -> Path:
        path = self.place / f"fresh-{name}"
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        return path


def make_scene(place: Path, hostile: str) -> Scene:
    text = SEEN + hostile
    scene = Scene(text, place / made_visible(text))
    scene.place.mkdir()
    signer = Ed25519Signer.generate()
    signer.write(scene.place / "team")
    _track(scene, signer)
    shutil.copytree(scene.run, scene.poisoned)
    for file in (*scene.poisoned.glob("*.json"), *(scene.poisoned / "manifests").iterdir()):
        file.write_text(json.dumps(poisoned(json.loads(file.read_text()), text)))
    shutil.copytree(scene.run, scene.died)
    for file in (scene.died / "manifests").iterdir():
        file.write_text(json.dumps({**json.loads(file.read_text()), "status": "running"}))
    _write_passport(scene, signer)
    scene.junk.write_text(text)
    scene.trust.write_bytes(policy_text([key_table(signer, "operator", id="team")]))
    escaped = [key_table(signer, "operator", id=text)]
    scene.hostile_trust.write_bytes(policy_text(escaped, name=text, require={"declared": [text]}))
    another = sign_statement(
        Revocation(revoked=digest_bytes(b"x"), reason=text, revoked_at=ISSUED, issued_at=ISSUED),
        [signer],
    )
    (scene.place / "revocation.json").write_bytes(another.envelope.to_bytes())
    with (scene.log / "events-000000.jsonl").open("a") as log:
        log.write(json.dumps({"id": text, "name": text, "type": text}) + "\n" + text + "\n")
    return scene


ISSUED = "2026-01-02T03:04:05.000Z"


def _track(scene: Scene, signer: Any) -> None:
    text = scene.text
    rules = PolicyStatement(name=text, policy=digest_bytes(b"rules"), issued_at=ISSUED)
    with provenir.track(
        text,
        dataset=Dataset([{"q": text}], name=text, license=text),
        base_model=text,
        config={text: text, "framework": text},
        output_dir=scene.run,
        workspace=scene.place / "artifacts",
        sign_passport=True,
        signing_key=signer,
    ) as tracked:
        tracked.attach(sign_statement(rules, [signer]))
        for step in range(40):
            tracked.log_step({text: 1.0, "kl": 0.1, "grad_norm": 90.0 if step == 30 else 1.0})
        tracked.log_trajectory({"prompt": text, "prediction": text, "reward": 1.0, text: text})
        tracked.record_eval(text, float("nan"), note=text)
        tracked.log_artifact(scene.private, kind=text)


def _write_passport(scene: Scene, signer: Any) -> None:
    text = scene.text
    bom = ModelBOM(
        model_id=text,
        base_model=text,
        data=[DataComponent(name=text, license=text, consent=text, identity_note=text)],
        code=CodeComponent(git_sha=text, framework=text),
        evals=[EvalComponent(benchmark=text, score=0.5, judge=text, meta={text: text})],
        hyperparameters={text: [text]},
    )
    signed = PassportSigner(signer).sign(
        bom, required_roles=[text], reports={"r" + made_visible(text): digest_bytes(b"x")}
    )
    scene.by_hand.write_bytes(signed.envelope.to_bytes())


def poisoned(value: Any, text: str) -> Any:
    """The same shape with hostile texts, but for the few that a reader goes by."""
    if isinstance(value, str):
        return value if value in ("completed", "critical", "warning") else value + text
    if isinstance(value, list):
        return [poisoned(item, text) for item in value]
    if isinstance(value, dict):
        return {text: text, **{key: poisoned(item, text) for key, item in value.items()}}
    return value


# What is asked ------------------------------------------------------------------------------------

Lines = list[tuple[object, ...]]


def shown(*words: object) -> Lines:
    """A command as text and as JSON."""
    return [words, (*words, "--json")]


def judging(scene: Scene, *words: object) -> Lines:
    trusted = ("--trust", scene.trust, "--state", scene.place / "state.json")
    return [
        *shown(*words, *trusted, "--artifact", scene.private),
        *shown(*words, *trusted, "--model", scene.text),
        *shown(*words, "--public-key", scene.public),
        (*words, "--public-key", scene.junk),
        (*words, "--key", scene.text),
        (*words, "--trust", scene.hostile_trust),
        (*words, "--trust", scene.junk),
        (*words, *trusted, "--revocation", scene.place / "revocation.json"),
        (*words, *trusted, "--statement", scene.junk),
        (*words, *trusted, "--checkpoint", scene.junk),
        (*words, *trusted, "--proof", scene.junk),
        (*words, *trusted, "--log", scene.log),
        (*words, *trusted, "--at", scene.text),
        (*words, "--trust", scene.trust, "--state", scene.junk),
        (*words, scene.text),
    ]


def exports(scene: Scene) -> Lines:
    formats = ("cyclonedx", "hf-card", "intoto", "openlineage", "sigstore-bundle", "spdx3")
    return [
        *(
            ("passport", "export", passport, "--format", form)
            for form in formats
            for passport in (scene.passport, scene.by_hand)
        ),
        ("passport", "export", scene.junk, "--format", "spdx3"),
        ("passport", "export", scene.by_hand, "--format", scene.text),
        ("passport", "export", scene.by_hand, "--format", "spdx3", "--out", scene.fresh("export")),
    ]


def attestations(scene: Scene) -> Lines:
    signed = ("--signing-key", scene.private, "--name", scene.text)
    asked = (("--policy", scene.junk), ("--dataset", scene.junk), ("--run", scene.run))
    return [
        ("passport", "attest", *what, *signed, "--out", scene.fresh(what[0][2:])) for what in asked
    ]


def policies(scene: Scene) -> Lines:
    key = f"{scene.text}={scene.public}:operator"
    good = ("--trust", scene.trust)
    return [
        *shown("key", "trust", "--out", scene.fresh("a"), "--name", scene.text, "--key", key),
        ("key", "trust", "--out", scene.trust, "--name", "x", "--key", key),
        ("key", "trust", "--out", scene.fresh("b"), "--name", "x", "--key", scene.text),
        ("key", "trust", "--out", scene.fresh("b"), "--name", "x", "--key", key, "--require", key),
        ("key", "rotate", *good, "--new", scene.hostile_trust, "--signing-key", scene.private),
        ("key", "rotate", *good, "--new", scene.junk, "--signing-key", scene.private),
        ("key", "revoke", scene.text, *good, "--compromised-at", "x", "--out", scene.fresh("c")),
        ("key", "revoke", "team", *good, "--compromised-at", ISSUED, "--out", scene.fresh("d")),
        ("key", "revoke", "x", *good, "--compromised-at", ISSUED, "--out", scene.fresh("e")),
    ]


def imports(s: Scene) -> Lines:
    """A log whose names, run and file are hostile, and what is none."""
    log = s.fresh("log") / made_visible(f"{s.text[:60]}.jsonl")
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"step": 1, "kl": "NaN", s.text: 1, f"eval_{s.text}": 2}) + "\n{\n")
    chart = log.with_suffix(".csv")
    columns = (json.dumps(f"{name} - train/kl") for name in (s.text, "b"))
    chart.write_text(f'"Step",{",".join(columns)}\n1,2,3\n')
    return [
        *shown("run", "import", log, "--out", s.fresh("imported"), "--name", s.text),
        ("run", "import", chart, "--out", s.fresh("imported")),
        ("run", "import", log, "--map", f"{s.text}=kl", "--out", s.fresh("imported")),
        ("run", "import", s.junk, "--from", s.text),
        ("run", "import", s.missing),
        ("run", "import", s.junk),
    ]


def duplicates(s: Scene) -> Lines:
    """Rows whose texts, fields and file are hostile, one of them twice, and what is none."""
    rows = s.fresh("rows") / made_visible(f"{s.text[:60]}.jsonl")
    rows.parent.mkdir(parents=True)
    line = json.dumps({"text": s.text + " and five more words here", s.text: s.text})
    rows.write_text(f"{line}\n{s.text}\n{line}\n")
    return [
        *shown("dataset", "dedup", rows),
        ("dataset", "dedup", rows, "--strict"),
        ("dataset", "dedup", rows, "--fields", s.text, "--output", s.fresh("kept.jsonl")),
        ("dataset", "dedup", rows, "--output", rows),
        ("dataset", "dedup", rows, "--keep", s.text),
        ("dataset", "dedup", rows, "--keep", f"max:{s.text}"),
        ("dataset", "dedup", rows, "--fields", s.text + "x"),
        ("dataset", "dedup", s.missing),
        ("dataset", "dedup", s.junk),
    ]


def leaks(s: Scene) -> tuple[Path, Path]:
    """Training rows and an eval set whose texts, fields, names and files are hostile."""
    train = s.fresh("leaks") / made_visible(f"{s.text[:60]}.jsonl")
    train.parent.mkdir(parents=True)
    item = f"How many pears and apples did {s.text} buy in all before the rain came down at last?"
    line = json.dumps({s.text: [{"role": s.text, "content": f"{s.text} {item}"}]})
    train.write_text(f"{line}\n{s.text}\n")
    evals = train.with_name("eval-" + train.name)
    evals.write_text(json.dumps({"question": item, s.text: item}) + "\n")
    return train, evals


def contamination(s: Scene) -> Lines:
    train, evals = leaks(s)
    named = ("--eval", f"{made_visible(s.text[:40])}={evals}")
    return [
        *shown("contamination", "check", train, evals),
        *shown("contamination", train, *named),
        ("contamination", train, evals, "--html", s.fresh("page.html")),
        ("contamination", train, evals, "--output", train),
        ("contamination", train, evals, "--filter-to", train.with_name("clean.jsonl")),
        ("contamination", train, evals, "--fields", s.text),
        ("contamination", train, evals, "--eval-fields", s.text + "x"),
        ("contamination", train, evals, "--strict"),
        ("contamination", train, evals, "--rule", s.text),
        ("contamination", train, evals, "--engine", s.text),
        ("contamination", s.junk, evals),
        ("contamination", s.missing, evals),
        ("contamination", train, s.junk),
    ]


def rechecks(s: Scene) -> Lines:
    pytest.importorskip("numpy", reason="a check needs the extra data")
    train, evals = leaks(s)
    report, forged = train.with_name("report.json"), train.with_name("forged.json")
    checker = ContaminationChecker()
    made = checker.check_datasets(train, {s.text: evals}).to_document()
    report.write_bytes(made.to_bytes())
    value = json.loads(made.to_bytes())
    value["config"] |= {"rule_version": 7}
    value["hits"][0] |= {"detail": s.text, "role": s.text}
    forged.write_text(json.dumps(value))
    named = ("--train", train, "--eval", evals)
    return [
        *shown("contamination", "recheck", report, *named),
        *shown("contamination", "recheck", forged, *named),
        ("contamination", "recheck", report),
        ("contamination", "recheck", report, "--train", s.missing),
        ("contamination", "recheck", report, "--train", train, "--eval", s.junk),
        ("contamination", "recheck", s.junk),
        ("contamination", "recheck", s.missing),
    ]


def indexes(s: Scene) -> Lines:
    _, evals = leaks(s)
    named = f"{made_visible(s.text[:40])}={evals}"
    return [
        *shown("dataset", "index", named, "-o", evals.with_suffix(".idx")),
        ("dataset", "index", evals, "-o", evals),
        ("dataset", "index", evals, evals, "-o", evals.with_suffix(".idx")),
        ("dataset", "index", s.junk, "-o", evals.with_suffix(".idx")),
        ("dataset", "index", s.missing, "-o", evals.with_suffix(".idx")),
    ]


def canaries(s: Scene) -> Lines:
    """Eval sets, recipients, fields, files and registers that are called by hostile texts."""
    rows, key = s.fresh("rows") / made_visible(f"{s.text[:60]}.jsonl"), s.fresh("key-file")
    rows.parent.mkdir(parents=True)
    rows.write_text(json.dumps({s.text: s.text}) + "\n")
    key.write_text("k" * 32)
    keyed = ("--recipient", s.text, "--key-file", key)
    copy, register = rows.with_name("copy.jsonl"), rows.with_name("register.json")
    return [
        *shown("canary", "mint", s.text, *keyed),
        ("canary", "mint", s.text, *keyed, "--out", register),
        ("canary", "mint", s.text, *keyed, "--out", register),
        ("canary", "mint", s.text, "--recipient", s.text),
        ("canary", "mint", s.text, "--key-file", s.missing),
        ("canary", "tag", rows, s.text, *keyed, "--field", s.text, "--out", copy),
        ("canary", "tag", rows, s.text, *keyed, "--field", s.text, "--out", copy),
        ("canary", "tag", rows, s.text, "--out", s.text),
        *shown("canary", "scan", rows.parent, "--id", s.text, *keyed),
        *shown("canary", "scan", copy, "--register", register),
        ("canary", "scan", s.junk, "--register", register),
        ("canary", "scan", copy, "--register", s.junk),
        ("canary", "scan", s.missing, "--id", s.text),
        ("canary", "scan", rows),
    ]


def admissions(s: Scene) -> Lines:
    """A policy, metadata, and a model whose names are hostile, and what is none of these."""
    place = s.fresh("governed") / made_visible(s.text[:60])
    place.mkdir(parents=True)
    rules, profiles, rows = place / "policy.json", place / "profiles.json", place / "rows.jsonl"
    depth = default_table(("embedding", "head"), name=s.text)
    depth.write(profiles)
    always = [
        {"name": s.text, "when": ["==", {"field": "source"}, s.text], "effect": "deny"},
        {"name": "late", "when": ["in", {"field": "rights"}, [s.text, 1]], "effect": "deny"},
    ]
    AdmissionPolicy.made_of(
        name=s.text,
        profiles=depth.digest(),
        rules=[one | {"reasons": ["why"]} for one in always],
    ).write(rules)
    default_policy(depth, name=s.text).write(place / "good.json")
    stated = [ExampleMetadata.of(row, source=s.text, rights="open", license=s.text) for row in "ab"]
    Metadata(stated).write(rows)
    model = place / "model"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({"model_type": s.text}))
    header = {s.text: {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}
    data = json.dumps(header).encode()
    (model / "adapter_model.safetensors").write_bytes(len(data).to_bytes(8, "little") + data)
    other = place / "other"
    shutil.copytree(model, other)
    (other / "adapter_model.safetensors").unlink()
    table, key = ("--profiles", profiles), ("--signing-key", s.private)
    return [
        *shown("policy", "check", rules, *table),
        *shown("policy", "check", place / "good.json", *table),
        *(("policy", "check", file) for file in (rules, s.junk, s.missing)),
        ("policy", "check", rules, "--profiles", s.junk),
        ("policy", "sign", rules, *table, *key, "--out", s.fresh("signed")),
        *shown("policy", "sign", place / "good.json", *table, *key, "--out", s.fresh("signed")),
        *shown("policy", "explain", rules, rows, *table),
        *shown("policy", "explain", rules, rows, *table, "--line", 1),
        *shown("policy", "explain", place / "good.json", rows, *table, "--line", 2),
        ("policy", "explain", rules, rows, *table, "--content", s.text),
        ("policy", "explain", rules, rows, *table, "--on", s.text),
        ("policy", "explain", rules, rows, *table, "--base", s.text),
        ("policy", "explain", rules, s.junk, *table),
        *(("policy", "blocks", folder) for folder in (model, other, s.junk, s.missing)),
    ]


def ledger(s: Scene) -> tuple[Path, str]:
    """A run whose ledger has hostile names in every place that takes a text, and its root."""
    run = s.fresh("governed-run")
    run.mkdir()
    made = make_ledger(
        run / "governed",
        run_id=s.text,
        blocks=("embedding", s.text),
        interventions={1: [(1, "lower", 300)]},
        reason=s.text,
        snapshot_every=2,
        killed_after=(3,),
    )
    return run, made.closed.root


def questions(s: Scene) -> Lines:
    run, _ = ledger(s)
    commitment = json.loads((run / "governed" / "admission.jsonl").read_text().splitlines()[1])
    return [
        *shown("ledger", "query", run, "--block", s.text),
        *shown("ledger", "query", run, "--example", commitment["example"]),
        ("ledger", "query", run, "--example", s.text),
        ("ledger", "query", run, "--block", s.text + "x"),
        ("ledger", "query", run, "--block", s.text, "--steps", s.text),
        ("ledger", "query", s.missing, "--block", s.text),
    ]


def proofs(s: Scene) -> Lines:
    run, root = ledger(s)
    proof = run / "proof.json"
    return [
        ("ledger", "prove", run, "--step", 1, "--block", s.text),
        ("ledger", "prove", run, "--step", 1, "--block", s.text, "--out", proof),
        ("ledger", "prove", run, "--step", 1, "--block", s.text + "x"),
        ("ledger", "prove", run, "--row", 1, "--unseal"),
        ("ledger", "prove", run, "--row", 1, "--unseal", "--salts", s.junk),
        *shown("ledger", "check-proof", proof, "--root", root),
        ("ledger", "check-proof", proof, "--root", s.text),
        ("ledger", "check-proof", proof),
        ("ledger", "check-proof", s.junk, "--root", root),
        ("ledger", "check-proof", s.missing, "--root", root),
    ]


def showings(s: Scene) -> Lines:
    run, _ = ledger(s)
    broken = s.fresh("broken-run")
    broken.mkdir()
    (broken / "ledger.jsonl").write_text(json.dumps({"kind": s.text}) + "\n" + s.text + "\n")
    return [
        *shown("ledger", "show", run),
        ("ledger", "show", run, "--steps", s.text),
        ("ledger", "show", broken),
        ("ledger", "show", s.missing),
    ]


def disclosures(s: Scene) -> Lines:
    run, _ = ledger(s)
    return [
        *shown("ledger", "disclose", run),
        ("ledger", "disclose", run, "--out", s.fresh("handed-over")),
        ("ledger", "disclose", run, "--salts", s.junk),
        ("ledger", "disclose", run, "--out", s.junk),
    ]


COMMANDS: dict[str, Callable[[Scene], Lines]] = {
    "ledger show": showings,
    "ledger query": questions,
    "ledger prove": proofs,
    "ledger check-proof": proofs,
    "ledger disclose": disclosures,
    "dataset dedup": duplicates,
    "dataset index": indexes,
    "contamination check": contamination,
    "contamination recheck": rechecks,
    "run list": lambda s: [*shown("run", "list", s.place), ("run", "list", s.missing)],
    "run show": lambda s: [
        *shown("run", "show", s.run),
        *shown("run", "show", s.poisoned),
        *shown("run", "show", s.died),
        ("run", "show", s.missing),
    ],
    "run verify": lambda s: [
        *shown("run", "verify", s.run),
        *shown("run", "verify", s.poisoned),
        *shown("run", "verify", s.died),
    ],
    "run watch": lambda s: [
        *shown("run", "watch", s.run, "--once"),
        *shown("run", "watch", s.poisoned, "--once"),
        *shown("run", "watch", s.died, "--once"),
        ("run", "watch", s.missing),
    ],
    "run recover": lambda s: [
        *shown("run", "recover", s.run),
        *shown("run", "recover", s.poisoned),
        *shown("run", "recover", s.died),
    ],
    "run import": imports,
    "passport show": lambda s: [
        *shown("passport", "show", s.passport),
        *shown("passport", "show", s.by_hand),
        ("passport", "show", s.junk),
        ("passport", "show", s.missing),
    ],
    "passport verify": lambda s: [
        *judging(s, "passport", "verify", s.by_hand),
        ("passport", "verify", s.passport, "--run", s.poisoned, "--public-key", s.public),
    ],
    "passport export": exports,
    "passport attest": attestations,
    "passport sign": lambda s: [
        ("passport", "sign", s.by_hand, "--signing-key", s.private, "--out", s.fresh("signed")),
        ("passport", "sign", s.junk, "--signing-key", s.private, "--out", s.fresh("signed")),
        ("passport", "sign", s.by_hand, "--signing-key", s.junk, "--out", s.fresh("signed")),
    ],
    "passport revoke": lambda s: [
        (
            *("passport", "revoke", passport, "--signing-key", s.private),
            *("--reason", s.text, "--out", s.fresh("revoked")),
        )
        for passport in (s.by_hand, s.junk)
    ],
    "passport prove": lambda s: [
        ("passport", "prove", passport, "--log", log, "--out", s.fresh("proof"))
        for passport, log in ((s.passport, s.log), (s.by_hand, s.log), (s.junk, s.junk))
    ],
    "verify": lambda s: [*judging(s, "verify", s.run), *judging(s, "verify", s.poisoned)],
    "report": lambda s: [
        ("report", s.poisoned),
        ("report", s.missing),
        ("report", s.run, "--out", s.place / "no such folder" / "x"),
    ],
    "lineage show": lambda s: [
        *shown("lineage", "show", s.run),
        *shown("lineage", "show", s.poisoned),
        ("lineage", "show", s.run, "--dot"),
        ("lineage", "show", s.run, "--of", s.text),
        ("lineage", "show", s.junk),
    ],
    "policy check": lambda s: [line for line in admissions(s) if line[1] == "check"],
    "policy sign": lambda s: [line for line in admissions(s) if line[1] == "sign"],
    "policy explain": lambda s: [line for line in admissions(s) if line[1] == "explain"],
    "policy blocks": lambda s: [line for line in admissions(s) if line[1] == "blocks"],
    "key new": lambda s: [*shown("key", "new", "--out", s.fresh("key")), ("key", "new", s.text)],
    "key show": lambda s: [
        *(line for file in (s.private, s.public, s.trust) for line in shown("key", "show", file)),
        *(("key", "show", file) for file in (s.hostile_trust, s.junk, s.missing)),
    ],
    "key trust": lambda s: [line for line in policies(s) if line[1] == "trust"],
    "key rotate": lambda s: [line for line in policies(s) if line[1] == "rotate"],
    "key revoke": lambda s: [line for line in policies(s) if line[1] == "revoke"],
    "log show": lambda s: [*shown("log", "show", s.log), ("log", "show", s.log, "--type", s.text)],
    "log verify": lambda s: [
        *shown("log", "verify", s.log),
        ("log", "verify", s.log, "--checkpoint", s.junk),
        ("log", "verify", s.log, "--public-key", s.public, "--origin", s.text),
    ],
    "log checkpoint": lambda s: [
        *shown("log", "checkpoint", s.log),
        ("log", "checkpoint", s.log, "--signing-key", s.private),
        ("log", "checkpoint", s.log, "--origin", s.text),
        ("log", "checkpoint", renamed_log(s)),
        ("log", "show", renamed_log(s)),
    ],
    "log prove": lambda s: [
        ("log", "prove", s.log, "--index", 0),
        ("log", "prove", s.log, "--index", 3),
        ("log", "prove", s.log, "--digest", s.text),
        ("log", "prove", s.log, "--from-size", 1, "--out", s.fresh("proof")),
    ],
    "log export": lambda s: shown("log", "export", s.log, "--tiles", s.fresh("tiles")),
    "canary mint": lambda s: [line for line in canaries(s) if line[1] == "mint"],
    "canary tag": lambda s: [line for line in canaries(s) if line[1] == "tag"],
    "canary scan": lambda s: canaries(s),
    "doctor": lambda s: shown("doctor"),
}


WITH_DATA = ("dataset ", "contamination ")
"""Commands that say one thing alone where the extra is not there."""


def renamed_log(scene: Scene) -> Path:
    """A log whose keeper gave it a hostile name."""
    folder = scene.place / "renamed"
    if not folder.exists():
        shutil.copytree(scene.log, folder)
        name = "evil.example/" + re.sub(r"[\s+\x00-\x1f\x7f]", "", scene.text)
        (folder / "origin").write_text(f"{name}\n")
    return folder


def names_of(group: typer.Typer) -> Iterator[str]:
    for command in group.registered_commands:
        yield command.name or command.callback.__name__.replace("_", "-")
    for sub in group.registered_groups:
        yield from (f"{sub.name} {name}" for name in names_of(sub.typer_instance))


def test_every_command_is_asked() -> None:
    assert set(names_of(app)) == {*COMMANDS, *EXEMPT}


# Asking -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Scene]:
    """The place of a hostile text, made when it is first asked for."""
    place, made = tmp_path_factory.mktemp("s"), {}

    def scene(hostile: str) -> Scene:
        if hostile not in made:
            made[hostile] = make_scene(place, HOSTILE[hostile])
        return made[hostile]

    return scene


@pytest.fixture(autouse=True)
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("COLUMNS", raising=False)


def acting(text: str) -> list[str]:
    return [f"{ord(char):#x}" for char in ACTING.findall(text)]


def swallowed(text: str) -> bool:
    """Whether markup was taken for what it says."""
    return bool(re.search(rf"{SEEN}\s*B|💣", text))


ALL = """
import json, sys
from provenir.cli.main import run
for number, words in enumerate(json.load(open(sys.argv[1]))):
    try:
        run(words)
    except SystemExit as left:
        print(f"\\n=== {number} {left.code}", flush=True)
"""


def on_terminal(arguments: Sequence[str]) -> str:
    """Run Python in a process whose three streams are a terminal; what it wrote there."""
    ours, theirs = os.openpty()
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    child = subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, "TERM": "xterm"}, **streams
    )
    os.close(theirs)
    data = b""
    try:
        while piece := os.read(ours, 65536):
            data += piece
    except OSError:
        pass  # Linux says so when the child is gone
    os.close(ours)
    assert child.wait(60) == 0
    return data.decode("utf-8").replace("\r\n", "\n")


@pytest.mark.parametrize("hostile", SCENES)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_pipe_gets_no_character_that_acts(
    scenes: Callable[[str], Scene], call: Any, name: str, hostile: str
) -> None:
    if name.startswith(WITH_DATA):
        pytest.importorskip("numpy", reason="needs the extra data")
    told = ""
    for words in COMMANDS[name](scenes(hostile)):
        code, out, err = call(*(str(word).replace("\0", "") for word in words))
        assert code in (0, 1, 2, 3), (words, err)
        assert "Traceback" not in err
        assert "a defect in provenir" not in err, err
        assert acting(out) == [], words
        assert acting(err) == [], words
        if out and "--json" in words:
            json.loads(out)
        assert not swallowed(out + err), words
        told += out + err
    if name != "doctor":
        assert SEEN in told


@pytest.mark.parametrize("hostile", SCENES)
def test_a_terminal_gets_colours_of_ours_and_nothing_else(
    scenes: Callable[[str], Scene], tmp_path: Path, hostile: str
) -> None:
    lines = [words for ask in COMMANDS.values() for words in ask(scenes(hostile))]
    told = tmp_path / "lines.json"
    told.write_text(json.dumps([[str(word) for word in words] for words in lines]))
    written = on_terminal(["-c", ALL, str(told)])
    parts = re.split(r"\n=== (\d+) (\d+)\n", written)
    assert [int(number) for number in parts[1::3]] == list(range(len(lines)))
    assert {int(code) for code in parts[2::3]} <= {0, 1, 2, 3}
    for words, text in zip(lines, parts[0::3], strict=False):
        assert acting(OURS.sub("", text)) == [], words
        assert not swallowed(text), words


def test_the_check_itself_can_fail() -> None:
    for text in HOSTILE.values():
        assert acting(text) or swallowed("SEENB")
        assert acting(OURS.sub("", text)) or "[bold]" in text
    assert not acting(OURS.sub("", "\x1b[1;31mREFUSED\x1b[0m"))


@pytest.mark.parametrize("hostile", SCENES)
def test_the_pages_of_a_run_are_inert(
    scenes: Callable[[str], Scene], call: Any, hostile: str
) -> None:
    folder = scenes(hostile).run
    assert acting((folder / "passport.md").read_text()) == []
    assert "<" not in (folder / "passport.md").read_text().replace("&lt;", "")
    code, _, err = call("report", folder)
    if code == 2 and "install" in err:
        pytest.skip("the page needs the extra report")
    page = (folder / "report.html").read_text()
    assert acting(page.replace("\t", "")) == []
    assert "<script" not in page
    assert SEEN in page


def test_a_run_under_way_says_nothing_that_acts(tmp_path: Path) -> None:
    """What `track` itself says on a terminal: its warnings quote the user's names."""
    script = (
        "import provenir, sys\n"
        "text = sys.argv[1]\n"
        "with provenir.track(text, output_dir='r', workspace='.') as run:\n"
        "    run.record_eval(text, float('nan'))\n"
        "    run.log_artifact(text)\n"
        "    run.log_step({text: object(), 'kl': '\\ud800'})\n"
    )
    for text in HOSTILE.values():
        told = on_terminal(["-c", f"import os; os.chdir({str(tmp_path)!r})\n{script}", SEEN + text])
        assert SEEN in told
        assert acting(told) == []
