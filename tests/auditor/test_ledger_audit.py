"""The auditor's second file: what the package says of a training ledger, and nothing else."""

from __future__ import annotations

import ast
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governed import AT, KEYS, HonestCases, make_case, seal, vouching
from honest_ledgers import HONEST
from ledger_mutations import MUTATIONS
from provenir.core.errors import InputError, UsageError
from provenir.governance.blocks import block_of
from provenir.governance.expressions import check, evaluate, parse_day
from provenir.governance.statements import sign_statement
from provenir.provenance.ledger.sampler import Sampler

ROOT = Path(__file__).resolve().parents[2]
FIRST, SECOND = (
    ROOT / "auditor" / name for name in ("provenir_audit.py", "provenir_ledger_audit.py")
)
LEVELS = ("V0", "V1", "V2")
SEEDS = [*range(12), *(pytest.param(n, marks=pytest.mark.slow) for n in range(12, 120))]


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return HonestCases(tmp_path_factory.mktemp("honest"))


@pytest.fixture(scope="module")
def second(auditor):
    return auditor.second_file()


@pytest.fixture
def rows(both):
    """Ask both about a case, make sure that every row agrees, and give the rows."""

    def ask(case, *words):
        mine = both(*case.words(*words))
        return {row["name"]: (row["status"], row["reason"]) for row in _ledger(mine.out)}

    return ask


@pytest.fixture
def both(audit, package):
    def ask(*words):
        mine, theirs = audit(*words), package(*words)
        assert mine.said == theirs.said, (mine.out, mine.err, theirs.out, theirs.err)
        assert _said(mine.out) == _said(theirs.out)
        return mine

    return ask


def _ledger(out):
    return [row for row in json.loads(out)["checks"] if row["name"][:2] in LEVELS] if out else []


def _said(out):
    return [(row["name"], row["status"], row["reason"]) for row in _ledger(out)]


# ------------------------------------------------------------------------------ the file itself


def test_the_file_is_short_enough_to_be_read():
    lines = SECOND.read_text().splitlines()
    assert len(lines) <= 800
    functions = [n for n in ast.walk(ast.parse("\n".join(lines))) if isinstance(n, ast.FunctionDef)]
    assert [f.name for f in functions if f.end_lineno - f.lineno >= 60] == []


def test_it_needs_the_standard_library_and_the_first_file_alone():
    imported = set()
    for node in ast.walk(ast.parse(SECOND.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"provenir_audit"}


def test_the_two_run_as_a_script_under_any_name(honest, tmp_path):
    shutil.copy(FIRST, tmp_path / "audit.py")
    shutil.copy(SECOND, tmp_path)
    words = [sys.executable, "-I", "audit.py", *honest({}).words("--level", "V2")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "V2 order                 pass" in done.stdout
    (tmp_path / SECOND.name).unlink()
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "copy it beside this file" in done.stderr


# ---------------------------------------------------------------------- agreement on every table


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_both_find_a_mutation(mutation, honest, rows, tmp_path):
    case = honest(mutation.settings).copy(tmp_path / "case")
    mutation.apply(case)
    assert rows(case, "--level", mutation.level)[mutation.row] == ("fail", mutation.reason)


@pytest.mark.parametrize("name", HONEST)
def test_neither_finds_anything_in_an_honest_run(name, both, tmp_path):
    case = make_case(tmp_path / "case", **HONEST[name])
    mine = both(*case.words("--level", "V2"))
    assert mine.code == 0, mine.out
    assert json.loads(mine.out)["assurance_established"] == HONEST[name].get("claim", "L2")


@pytest.mark.parametrize("level", ["V0", "V1", "V2", None])
@pytest.mark.parametrize("lacking", ["rows.jsonl", "disclosure.json", "metadata.jsonl", None])
def test_they_agree_on_what_is_open(level, lacking, honest, rows, tmp_path):
    case = honest({}).copy(tmp_path / "case")
    if lacking is not None:
        (case.governed / "private" / lacking).unlink()
    rows(case, *(() if level is None else ("--level", level)))


def test_they_agree_without_a_trust_policy(honest, both, tmp_path):
    case = honest({})
    KEYS.operator.write(tmp_path / "olga")
    for more in ((), ("--level", "V2"), ("--level", "V1")):
        both(case.run, "--public-key", tmp_path / "olga.pub.pem", *more)
        both(case.run / "passport.json", "--public-key", tmp_path / "olga.pub.pem", *more)


def test_they_agree_on_a_claim_that_the_ledger_cannot_bear(both, tmp_path):
    foreign = make_case(tmp_path / "foreign", foreign_sampler=True)
    unrouted = make_case(tmp_path / "unrouted", routing="admission-only")
    for case in (foreign, unrouted):
        assert both(*case.words()).reasons == ["flags-mismatch"]
        both(*case.words("--level", "V2"))
    seal(foreign, claim="L0")
    assert both(*foreign.words()).code == 0
    assert both(*foreign.words("--level", "V2")).reasons == ["foreign-sampler"]


def test_they_agree_on_a_segment_left_open(both, tmp_path):
    case = make_case(tmp_path / "case", hash_every=3, halt_after=5)
    books = case.books()
    books.steps[-1]["param_post"] = None
    books.save()
    assert both(*case.words("--level", "V2")).code == 0


def test_one_of_two_statements_signed_as_it_should_be_is_enough(both, tmp_path):
    """A second data source, and a governor whom this verifier does not know, vouched as well."""
    case = make_case(tmp_path / "case")
    header = case.books().header
    own = vouching(case, header)
    foreign = vouching(replace(case, keys=replace(KEYS, source=KEYS.stranger)), header)
    later = [one.claim.model_copy(update={"issued_at": AT[:-1] + ".000Z"}) for one in foreign]
    others = [sign_statement(claim, [KEYS.stranger]) for claim in later]
    for listed in ([*others, *own], [*own, *others]):
        seal(case, statements=listed)
        assert both(*case.words("--level", "V2")).code == 0
    seal(case, statements=others)
    rows = {row["name"]: row["reason"] for row in _ledger(both(*case.words()).out)}
    assert rows["V0 roles"] == "unknown-key"


def test_a_signed_table_need_not_spell_out_what_is_null(both, tmp_path):
    case = make_case(tmp_path / "case", bands=False)
    books = case.books()
    del books.documents["profiles"]["bands"]
    for profile in books.documents["profiles"]["profiles"]:
        del profile["rights"], profile["bands"]
    books.save()
    assert both(*case.words("--level", "V2")).code == 0


def test_a_ledger_without_a_step_has_details_all_the_same(rows, tmp_path):
    case = make_case(tmp_path / "case", rows=2, batch=3, drop_last=True)
    (case.governed / "details.jsonl").unlink()
    assert rows(case)["V1 batches"] == ("fail", "missing-report")


# ------------------------------------------------------------------------------- hostile input


@pytest.mark.slow
def test_neither_works_for_hours_for_a_policy_that_nobody_signed(both, tmp_path):
    """A table with a million content classes, looked through again for each content and day."""
    case = make_case(tmp_path / "case", rows=60, bands=False, norms=False)
    books = case.books()
    for number, line in enumerate(books.metadata):
        line["source"] = f"source {number}"
    classes = [f"class-{number}" for number in range(1_300_000)]
    table = books.documents["profiles"]
    table["profiles"].insert(0, {**table["profiles"][0], "id": "bomb", "content": classes})
    books.save(statements=vouching(case, books.header)[:2])
    mine = {row["name"]: row["reason"] for row in _ledger(both(*case.words()).out)}
    assert mine["V0 roles"] == "missing-statement"
    late = ("V2 admission", "V2 profiles", "V2 expiry", "V2 order")
    assert {mine[name] for name in late} == {"not-reached"}


def test_a_short_line_does_not_stand_for_gigabytes_of_weights(rows, tmp_path):
    blocks = ("embedding", *(f"layer.{number}" for number in range(4094)), "head")
    case = make_case(tmp_path / "case", rows=4, blocks=blocks, frozen=(), epochs=1, norms=False)
    books = case.books()
    detail = books.details[0]
    detail["batch"] = [detail["batch"][0]] * 977
    books.steps[0]["micro"] = [977]
    books.save()
    assert rows(case)["V1 batches"] == ("fail", "details-mismatch")


@pytest.mark.parametrize("seed", SEEDS)
def test_they_agree_on_changed_bytes(seed, honest, both, tmp_path):
    """Whatever is changed by whoever holds no key: no traceback, and one answer."""
    random_ = random.Random(seed)
    case = honest({"snapshot_every": 2}).copy(tmp_path / "case")
    files = sorted(path for path in case.governed.rglob("*") if path.is_file())
    files = [path for path in files if path.name not in ("lock", "salts.json", "facts.jsonl")]
    for _ in range(4):
        path = random_.choice(files)
        whole = path.read_bytes()
        path.write_bytes(_damaged(whole, random_))
        found = both(*case.words())
        assert found.code in (0, 1)
        path.write_bytes(whole)


def _damaged(data, random_):
    place = random_.randrange(len(data) + 1)
    odd = [b"", b"\n", b"\x00", b"[" * 2000, b"1e400", b"NaN", b'"', b"9" * 400, b"\xff\xfe", b"-1"]
    match random_.randrange(4):
        case 0:
            return data[:place]
        case 1:
            return data[:place] + random_.choice(odd) + data[place + random_.randrange(3) :]
        case 2:
            lines = data.split(b"\n")
            random_.shuffle(lines)
            return b"\n".join(lines)
        case _:
            return data[:place] + bytes([random_.randrange(256)]) + data[place + 1 :]


@pytest.mark.parametrize("seed", SEEDS)
def test_they_agree_on_changed_values(seed, honest, both, tmp_path):
    """A value of another type or size anywhere, by an operator who signs everything again."""
    random_ = random.Random(seed)
    case = honest({"snapshot_every": 2, "interventions": {1: [(0, "lower", 250)]}})
    for number in range(3):
        copied = case.copy(tmp_path / str(number))
        books = copied.books()
        part = random_.choice(
            [books.records, books.details, books.admission, books.documents, books.final]
        )
        _replace_one(part, random_)
        try:
            books.save()
        except Exception:
            continue
        found = both(*copied.words("--level", "V2"))
        assert found.code in (0, 1, 3)


def _replace_one(value, random_):
    """Replace one value somewhere inside."""
    odd = [
        None,
        True,
        -1,
        0,
        1,
        2**53,
        "",
        "x",
        "nan",
        [],
        {},
        "2026-13-01",
        10**30,
        [[]],
        "\u202e",
    ]
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = random_.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and random_.random() < 0.9:
            value = value[key]
            continue
        value[key] = random_.choice(odd)
        return


@pytest.mark.parametrize("name", ["ledger.jsonl", "details.jsonl", "policy.json", "final.json"])
def test_neither_waits_for_a_pipe_or_follows_a_link(name, honest, both, tmp_path):
    case = honest({}).copy(tmp_path / "case")
    path = case.governed / name
    shutil.move(path, tmp_path / "kept")
    os.mkfifo(path)
    assert "missing-report" in both(*case.words()).reasons
    path.unlink()
    path.symlink_to(tmp_path / "kept")
    assert "missing-report" in both(*case.words()).reasons


def test_neither_follows_a_link_to_what_was_disclosed(honest, both, tmp_path):
    case = honest({}).copy(tmp_path / "case")
    private = case.governed / "private"
    shutil.move(private, tmp_path / "kept")
    private.symlink_to(tmp_path / "kept")
    assert both(*case.words("--level", "V2")).reasons == ["not-given"]


# ------------------------------------------------------- the parts, against those of the package

FIELDS = ["source", "rights", "license", "license_expires", "date", "base", "band", "pii"]
VALUES = (
    st.sampled_from(["open", "licensed", "", None, True, False, 0, 1, 2**53, 1.5, {"date": "x"}])
    | st.sampled_from([*FIELDS, "colour"]).map(lambda name: {"field": name})
    | st.sampled_from(["2026-01-31", "2026-02-30", "2026-1-1"]).map(lambda day: {"date": day})
)
EXPRESSIONS = st.recursive(
    st.booleans()
    | st.tuples(st.sampled_from(["==", "!=", "<", "<=", "=", ">"]), VALUES, VALUES).map(list)
    | st.tuples(st.just("in"), VALUES, st.lists(VALUES, max_size=3)).map(list),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: ["and", *parts])
        | st.lists(inner, max_size=3).map(lambda parts: ["or", *parts])
        | st.lists(inner, max_size=2).map(lambda parts: ["not", *parts])
    ),
    max_leaves=12,
)
FACTS = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["wiki", "open"]),
        "rights": st.sampled_from(["open", "licensed"]),
        "license": st.sampled_from([None, "open"]),
        "license_expires": st.sampled_from([None, "2026-01-31", "2026-03-01"]),
        "consent": st.just("given"),
        "jurisdiction": st.none(),
        "pii": st.just("none"),
        "content_class": st.just("prose"),
        "date": st.sampled_from(["2026-01-31", "2026-02-01"]),
        "base": st.just("sha256:00"),
        "band": st.sampled_from([None, 0, 1]),
    }
)


@given(EXPRESSIONS, FACTS)
@settings(max_examples=400)
def test_conditions_mean_the_same(second, auditor, expression, facts):
    try:
        check(expression)
        theirs = True
    except (UsageError, InputError):
        theirs = False
    try:
        mine = second.nodes_of(expression) <= 1000
    except auditor.Fault:
        mine = False
    assert mine == theirs
    if not mine:
        return
    days = {n: parse_day(facts[n]) for n in ("date", "license_expires") if facts[n] is not None}
    try:
        expected = evaluate(expression, {**facts, **days})
    except InputError:
        expected = None
    try:
        found = second.holds(expression, facts)
    except second.Wrong:
        found = None
    assert found == expected


@given(st.binary(min_size=32, max_size=32), st.integers(0, 40), st.integers(1, 9), st.booleans())
@settings(max_examples=60)
def test_the_samplers_draw_the_same(second, seed, n, batch, drop_last):
    rows = [3 * row for row in range(n)]
    theirs = Sampler(seed=seed, rows=rows, batch=batch, epochs=3, drop_last=drop_last)
    mine = second.Sampler(seed, rows, batch, 3, drop_last=drop_last)
    assert mine.per_epoch == theirs.per_epoch
    for step in range(1, theirs.total_steps + 1):
        assert mine.drawn(step) == theirs.drawn(step)
    assert mine.drawn(theirs.total_steps + 1) is None


WORDS = [
    *("base_model", "model", "transformer", "layers", "h", "0", "07", "12", "10000", "norm"),
    *("embed_tokens", "wte", "wpe", "ln_f", "lm_head", "weight", "mlp", "lora_A", "é", ""),
]
NAMES = st.lists(
    st.sampled_from(WORDS),
    max_size=7,
).map(".".join)


@given(NAMES)
@settings(max_examples=500)
def test_names_lie_in_the_same_blocks(second, name):
    try:
        theirs = block_of(name)
    except UsageError:
        theirs = None
    assert second.block_of(name) == theirs
