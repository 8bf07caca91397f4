"""`provenir canary` from the terminal's side."""

from __future__ import annotations

import json
import stat

import pytest

from provenir.eval.canary import CanaryCommitment, CanaryGuard, CanaryRegister


@pytest.fixture
def eval_set(place):
    path = place / "eval.jsonl"
    path.write_text("".join(json.dumps({"q": f"{n} + {n}"}) + "\n" for n in range(6)))
    return path


def test_a_canary_is_minted_put_in_and_found(call, eval_set):
    code, out, err = call("canary", "mint", "private")
    assert (code, out.strip()) == (0, CanaryGuard().mint("private"))
    assert "without a key" in err
    code, out, _ = call("canary", "tag", eval_set, "private", "--out", "copy.jsonl")
    assert (code, "6 records" in out) == (0, True)
    code, out, _ = call("canary", "scan", "copy.jsonl", "--id", "private")
    assert (code, "6 of 6 rows" in out, "copy.jsonl:1" in out) == (1, True, True)
    code, out, _ = call("canary", "scan", eval_set, "--id", "private")
    assert (code, "none in 6 rows" in out) == (0, True)


def test_recipients_have_canaries_of_their_own_and_a_register_finds_them(call, eval_set, place):
    (place / "key").write_text("k" * 32 + "\n")
    keyed = ("--key-file", "key")
    names = ("--recipient", "acme", "--recipient", "bolt")
    files = ("--out", "register.json", "--commitment", "published.json")
    code, out, err = call("canary", "mint", "private", *keyed, *names, *files)
    assert (code, err) == (0, "")
    assert CanaryGuard("k" * 32).mint("private", "bolt") in out
    assert stat.S_IMODE((place / "register.json").stat().st_mode) == 0o600
    register = CanaryRegister.read(place / "register.json")
    assert CanaryCommitment.read(place / "published.json").covers(register)
    tagged = ("--recipient", "bolt", "--field", "q", "--records", 2, "--out", "copy.jsonl")
    assert call("canary", "tag", eval_set, "private", *keyed, *tagged)[0] == 0
    code, out, _ = call("canary", "scan", "copy.jsonl", "--register", "register.json", "--json")
    told = json.loads(out)
    assert (code, told["rows"], told["rows_by_recipient"]) == (1, [0, 3], {"bolt": 2})
    assert all(canary not in out for canary in register.tokens())
    acme = ("--id", "private", *keyed, "--recipient", "acme")
    assert call("canary", "scan", "copy.jsonl", *acme)[0] == 0


def test_the_key_may_stand_in_the_environment_and_never_on_the_line(call, monkeypatch):
    monkeypatch.setenv("PROVENIR_CANARY_KEY", "k" * 32)
    _, out, err = call("canary", "mint", "private", "--json")
    (told,) = json.loads(out)
    assert (told["canary"], told["keyed"]) == (CanaryGuard("k" * 32).mint("private"), True)
    assert "k" * 32 not in out + err
    assert call("canary", "mint", "private", "--key", "secret")[0] == 2
    monkeypatch.setenv("PROVENIR_CANARY_KEY", "short")
    assert "can be guessed" in call("canary", "mint", "private")[2]


@pytest.mark.parametrize(
    "words",
    [
        ("mint", " "),
        ("mint", "x", "--recipient", "acme"),
        ("mint", "x", "--commitment", "c.json"),
        ("mint", "x", "--key-file", "missing"),
        ("tag", "eval.jsonl", "x", "--out", "eval.jsonl"),
        ("tag", "eval.jsonl", "x", "--out", "copy.jsonl", "--records", "7"),
        ("tag", "missing.jsonl", "x", "--out", "copy.jsonl"),
        ("scan", "eval.jsonl"),
        ("scan", "missing.jsonl", "--id", "x"),
        ("scan", "eval.jsonl", "--register", "eval.jsonl"),
        ("scan", "eval.jsonl", "--register", "register.json", "--recipient", "acme"),
    ],
)
def test_misuse_is_one_line(call, eval_set, words):
    code, out, err = call("canary", *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert eval_set.read_text().count("\n") == 6


def test_a_register_without_its_commitment_is_not_left_behind(call, place):
    (place / "c.json").write_text("mine")
    files = ("--out", "r.json", "--commitment", "c.json")
    assert call("canary", "mint", "x", *files)[0] == 2
    assert not (place / "r.json").exists()
    assert (place / "c.json").read_text() == "mine"


def test_what_is_looked_for_is_not_read_from_a_file_beside_the_data(call, eval_set, place):
    (place / "provenir.toml").write_text('[canary.scan]\nid = ["another"]\n')
    call("canary", "tag", eval_set, "private", "--out", "copy.jsonl")
    code, _, err = call("canary", "scan", "copy.jsonl")
    assert (code, "is not used" in err) == (2, True)


def test_many_hits_are_cut_on_the_screen(call, place):
    canary = CanaryGuard().mint("x")
    (place / "a.jsonl").write_text(f'{{"a": "{canary}"}}\n' * 50)
    code, out, _ = call("canary", "scan", "a.jsonl", "--id", "x")
    assert (code, out.count("a.jsonl:"), "first of 50" in out) == (1, 20, True)


def test_no_row_at_all_is_said(call, place):
    (place / "a.jsonl").touch()
    code, out, err = call("canary", "scan", "a.jsonl", "--id", "x")
    assert (code, "none in 0 rows" in out, "no row" in err) == (3, True, True)


def test_files_that_are_not_read_are_said(call, place):
    (place / "corpus").mkdir()
    (place / "corpus" / "a.jsonl").write_text('{"a": 1}\n')
    (place / "corpus" / "b.csv").write_text("a\n")
    code, out, err = call("canary", "scan", "corpus", "--id", "x")
    assert (code, "none in 1 rows" in out, "b.csv" in err) == (3, True, True)
