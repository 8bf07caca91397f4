"""`provenir ledger` from the terminal's side."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from ledgers import BLOCKS, make_ledger
from provenir.core.digest import format_digest

ZEROS = format_digest(bytes(32))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_ledger(
        tmp_path_factory.mktemp("ledger") / "run" / "governed",
        rows=40,
        snapshot_every=3,
        killed_after=(4,),
        interventions={2: [(0, "exclude", None), (1, "lower", 300)]},
        skipped={5: "gradient-spike"},
    )


@pytest.fixture
def run(made, place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    shutil.copytree(made.folder.parent, place / "run")
    return place / "run"


def said(call, *words):
    code, out, err = call("ledger", *words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_show_says_what_the_ledger_holds(call, run, made):
    code, out, _ = call("ledger", "show", run)
    assert code == 0
    for part in (made.closed.root, made.settings.run_id, "completed", "gradient-spike"):
        assert part in out
    assert "row 1: lower to 0.3 (memorized)" in out
    assert re.search(r"resume +went on, 1 records discarded", out)
    value = said(call, "show", run, "--steps", "2:3")
    assert [step["step"] for step in value["steps"]] == [2, 3]
    assert value["root"] == {"n": made.closed.n, "root": made.closed.root}
    assert value["records"]["intervention"] == 2
    assert said(call, "show", run / "governed") == said(call, "show", run)


def test_an_example_is_followed_to_steps_and_blocks(call, run, made):
    content = format_digest(made.plan.examples[1])
    value = said(call, "query", run, "--example", content)
    assert value["rows"] == [1]
    assert value["n"] == len(value["visits"]) > 0
    for visit in value["visits"]:
        assert set(visit["weights"]) == set(BLOCKS)
        assert visit["proof"]["entry"]["row"] == 1
        assert visit["proof"]["ledger"]["root"] == made.closed.root
    code, out, _ = call("ledger", "query", run, "--example", content)
    assert code == 0
    assert "layer.0 0.12, layer.1" in out
    assert "embedding" not in out  # it is not trained: whatever the weight, nothing moves it
    assert value["trained"] == list(BLOCKS[1:])
    last = value["visits"][-1]["step"]
    assert said(call, "query", run, "--example", content, "--steps", f"{last}:")["n"] == 1


def test_a_block_is_followed_to_examples(call, run, made):
    value = said(call, "query", run, "--block", "head", "--steps", "1:3", "--limit", "2")
    assert value["steps"] == [1, 3]
    assert (len(value["rows"]), value["n"] > 2, value["by"]) == (2, True, "weight-norm")
    for row in value["rows"]:
        assert row["proof"]["record"]["step"] == row["step"]
    code, out, _ = call("ledger", "query", run, "--block", "head", "--limit", "2")
    assert code == 0
    assert "2 of" in out
    _, out, _ = call("ledger", "query", run, "--block", "embedding")
    assert "no parameter of this block is trained" in out


@pytest.mark.parametrize("words", [("--row", "2"), ("--block", "layer.1")])
def test_a_proof_is_written_and_checked(call, run, made, place, words):
    step = said(call, "query", run, "--block", "layer.1")["rows"][0]
    words = ("--row", str(step["row"])) if words[0] == "--row" else words
    code, out, _ = call(
        "ledger", "prove", run, "--step", step["step"], *words, "--out", "proof.json"
    )
    assert code == 0
    assert made.closed.root in out
    assert Path("proof.json").stat().st_size <= 4_096
    checked = said(call, "check-proof", "proof.json", "--root", made.closed.root)
    assert checked["record"]["step"] == step["step"]
    shutil.rmtree(run)
    code, out, _ = call("ledger", "check-proof", "proof.json", "--root", made.closed.root)
    assert code == 0
    assert "the ledger of this root holds" in out
    code, _, err = call("ledger", "check-proof", "proof.json", "--root", ZEROS)
    assert (code, err.count("\n")) == (1, 1)
    code, _, err = call("ledger", "check-proof", "proof.json")
    assert code == 3
    assert made.closed.root in err


def test_what_is_sealed_is_opened_when_asked(call, run, made):
    row = said(call, "query", run, "--block", "head")["rows"][0]
    words = ("prove", run, "--step", row["step"], "--row", row["row"])
    assert said_proof(call, *words)["opened"] is None
    assert set(said_proof(call, *words, "--unseal")["opened"]["facts"]) == {"loss", "norms"}
    decided = said_proof(call, "prove", run, "--row", "3", "--unseal")
    assert decided["opened"]["content"] == format_digest(made.plan.examples[3])


def said_proof(call, *words):
    code, out, err = call("ledger", *words)
    assert code == 0, err
    return json.loads(out)


def test_a_disclosure_is_written_and_copied(call, run):
    code, out, err = call("ledger", "disclose", run, "--out", "handed")
    assert code == 0
    assert "without losses, norms and the secret" in out
    assert "knows which row is which content" in err
    assert Path("handed/private/disclosure.json").is_file()
    assert not Path("handed/private/facts.jsonl").exists()
    assert said(call, "show", "handed")["close"]["status"] == "completed"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("query", "run"), 2),
        (("query", "run", "--example", ZEROS, "--block", "head"), 2),
        (("query", "run", "--example", ZEROS), 2),
        (("query", "run", "--example", "x"), 2),
        (("query", "run", "--block", "tail"), 2),
        (("query", "run", "--block", "head", "--steps", "3"), 2),
        (("query", "run", "--block", "head", "--steps", "9:1"), 2),
        (("query", "run", "--block", "head", "--steps", "1:99"), 2),
        (("query", "run", "--block", "head", "--steps", "0:9"), 2),
        (("query", "run", "--example", ZEROS, "--steps", "3:2"), 2),
        (("show", "run", "--steps", "9:3"), 2),
        (("show", "run", "--steps", ":0"), 2),
        (("prove", "run", "--row", "9" * 30), 2),
        (("query", "nowhere", "--block", "head"), 2),
        (("prove", "run"), 2),
        (("prove", "run", "--step", "1"), 2),
        (("prove", "run", "--block", "head"), 2),
        (("prove", "run", "--step", "99", "--row", "1"), 2),
        (("prove", "run", "--step", "1", "--block", "head", "--unseal"), 2),
        (("prove", "run", "--row", "99"), 2),
        (("prove", "run", "--row", "1", "--unseal", "--salts", "run/governed/close.json"), 2),
        (("check-proof", "run/governed/policy.json", "--root", ZEROS), 2),
        (("check-proof", "run/governed/policy.json", "--root", "x"), 2),
        (("disclose", "run", "--salts", "other.salts"), 2),
        (("show", "run/governed/private"), 2),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_misuse_is_one_line(call, run, place, words, code):
    (place / "other.salts").write_text("00" * 32 + "\n")
    found, out, err = call("ledger", *words)
    assert found == code
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_a_ledger_that_breaks_is_one_line(call, run):
    path = run / "governed" / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"dropped":0', b'"dropped":1', 1))
    for words in (("show", run), ("query", run, "--block", "head")):
        code, _, err = call("ledger", *words)
        assert code == 1
        assert err.count("\n") == 1


def test_a_stranger_without_the_contents_is_told(call, run):
    shutil.rmtree(run / "governed" / "private")
    code, _, err = call("ledger", "query", run, "--example", ZEROS)
    assert code == 3
    assert "not disclosed" in err
    code, _, err = call("ledger", "prove", run, "--row", "1", "--unseal", "--salts", "x")
    assert code == 2


def test_nothing_of_a_hostile_ledger_acts_on_the_terminal(call, place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    evil = "x\x1b]0;owned\x07\x9b31m\u202ey\n"
    made = make_ledger(
        place / "evil" / "governed",
        run_id=evil,
        interventions={1: [(1, "annotate", None)]},
        reason=evil,
    )
    content = format_digest(made.plan.examples[1])
    for words in (("show", "evil"), ("query", "evil", "--example", content)):
        code, out, err = call("ledger", *words)
        assert code == 0
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out + err)


def test_an_index_is_kept_for_its_owner_alone(call, run, place):
    call("ledger", "query", run, "--block", "head")
    (index,) = (place / "cache").rglob("*.sqlite")
    assert index.stat().st_mode & 0o077 == 0
    assert not [path for path in run.rglob("*") if "index" in path.name]
    assert list(index.parent.iterdir()) == [index]


def test_of_a_run_that_goes_on_it_is_said(call, run):
    path = run / "governed" / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    code, _, err = call("ledger", "query", run, "--block", "head")
    assert code == 0
    assert "the ledger is not closed" in err
    assert said(call, "query", run, "--block", "head")["closed"] is False
