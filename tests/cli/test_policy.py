"""`provenir policy`: a starter, its check, its signature, and why an example is decided so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provenir.attest.keys import Ed25519Signer
from provenir.core.digest import digest_bytes
from provenir.data import Dataset
from provenir.governance.admission import AdmissionPolicy
from provenir.governance.metadata import ExampleMetadata, Metadata
from provenir.governance.statements import RoleStatement

ROWS = [{"text": "a"}, {"text": "b"}, {"text": "c"}]
MODEL = Path(__file__).resolve().parents[2] / "examples" / "small-run" / "model"
TABLE = ("--profiles", "gov/profiles.json")


@pytest.fixture(autouse=True)
def starter(call, place):
    assert call("policy", "blocks", MODEL, "--starter", "gov")[0] == 0
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    good = {"pii": "none", "consent": "given", "source": "here"}
    stated = [
        ExampleMetadata.of(ROWS[0], rights="open", **good),
        ExampleMetadata.of(ROWS[1], rights="restricted", **good),
    ]
    Metadata(stated).write("metadata.jsonl")
    Ed25519Signer.generate().write("grace")


def change(path, field, value):
    text = json.loads(Path(path).read_text())
    text[field] = value(text[field])
    Path(path).write_text(json.dumps(text))


def test_the_blocks_of_a_model_are_told(call):
    code, out, _ = call("policy", "blocks", MODEL)
    assert code == 0
    assert "layer.0" in out
    assert "3 blocks, 14 tensors, 18,336 parameters" in out
    told = json.loads(call("policy", "blocks", MODEL, "--json")[1])
    assert told["schema_version"] == "block-map/1"
    assert told["blocks"] == ["embedding", "layer.0", "final_norm"]


def test_a_starter_passes_its_check_and_overwrites_nothing(call):
    code, out, err = call("policy", "check", "gov/policy.json", *TABLE)
    assert (code, err) == (0, "")
    assert AdmissionPolicy.read("gov/policy.json").digest() in out
    code, _, err = call("policy", "blocks", MODEL, "--starter", "gov")
    assert code == 2
    assert "policy.json" in err


def test_a_check_without_the_table_says_what_it_did_not_look_at(call):
    code, _, err = call("policy", "check", "gov/policy.json")
    assert code == 0
    assert "profiles not examined" in err


def test_a_check_that_finds_something_exits_1(call):
    first = {"name": "all", "when": True, "effect": "allow", "reasons": ["all"], "cap": None}
    change("gov/policy.json", "rules", lambda rules: [first, *rules])
    code, out, _ = call("policy", "check", "gov/policy.json", *TABLE)
    assert code == 1
    assert "unreachable_rule" in out
    told = json.loads(call("policy", "check", "gov/policy.json", *TABLE, "--json")[1])
    assert told["digest"] == AdmissionPolicy.read("gov/policy.json").digest()
    assert told["is_clean"] is False


def test_a_check_of_another_table_says_which_digest_to_write(call):
    change("gov/profiles.json", "version", lambda version: version + 1)
    code, out, _ = call("policy", "check", "gov/policy.json", *TABLE)
    assert code == 1
    assert "other_profiles" in out


def test_a_check_that_cannot_try_everything_exits_3(call):
    days = [["<", {"field": "date"}, {"date": f"20{n}-01-01"}] for n in range(30, 60)]
    ends = [["==", {"field": "license_expires"}, {"date": f"19{n}-01-01"}] for n in range(30, 60)]
    late = {"name": "x", "when": ["or", *days, *ends], "effect": "deny", "reasons": ["x"]}
    change("gov/policy.json", "rules", lambda rules: [*rules, late])
    code, _, err = call("policy", "check", "gov/policy.json", *TABLE)
    assert code == 3
    assert "reachability not examined" in err


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"schema_version": "admission-policy/2"}', "[" * 100_000, '{"a": ' * 70],
)
def test_what_is_no_policy_is_one_line(call, text):
    Path("bad.json").write_text(text)
    for words in (("check", "bad.json"), ("explain", "bad.json", "metadata.jsonl", *TABLE)):
        code, out, err = call("policy", *words)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "bad.json" in err


def test_a_signed_policy_is_the_governances_statement(call):
    words = ("--signing-key", "grace.pem", "--out", "policy.dsse.json")
    code, out, _ = call("policy", "sign", "gov/policy.json", *TABLE, *words)
    assert code == 0
    signed = RoleStatement.read(Path("policy.dsse.json"))
    digest = AdmissionPolicy.read("gov/policy.json").digest()
    assert (signed.claim.role, signed.claim.policy) == ("governance", digest)
    assert digest in out
    assert signed.digest in out
    assert call("policy", "sign", "gov/policy.json", *TABLE, *words)[0] == 2


def test_a_policy_that_fails_its_check_is_not_signed(call):
    change("gov/profiles.json", "version", lambda version: version + 1)
    words = ("--signing-key", "grace.pem", "--out", "policy.dsse.json")
    code, _, err = call("policy", "sign", "gov/policy.json", *TABLE, *words)
    assert code == 1
    assert "names the table" in err
    assert not Path("policy.dsse.json").exists()


def test_a_file_of_metadata_is_explained_by_counts(call):
    code, out, _ = call("policy", "explain", "gov/policy.json", "metadata.jsonl", *TABLE)
    assert code == 0
    assert "upper_layers_only" in out
    words = ("gov/policy.json", "metadata.jsonl", *TABLE, "--on", "2026-01-01", "--json")
    told = json.loads(call("policy", "explain", *words)[1])
    assert (told["on"], told["examples"]) == ("2026-01-01", 2)
    assert {group["effect"]: group["examples"] for group in told["groups"]} == {
        "allow": 1,
        "attenuate": 1,
    }


def test_one_example_is_explained_by_what_was_looked_at(call):
    restricted = ExampleMetadata.of(ROWS[1]).content
    words = ("policy", "explain", "gov/policy.json", "metadata.jsonl", *TABLE)
    code, out, _ = call(*words, "--content", restricted)
    assert code == 0
    assert "attenuate by restricted or scraped: upper_layers_only" in out
    assert "embedding 0, layer.0 0.5, final_norm 0" in out
    told = json.loads(call(*words, "--content", restricted, "--json")[1])
    assert told["decision"]["weights"] == [0, 500, 0]
    assert told["steps"][-1]["answer"] == "true"
    lines = [call(*words, "--line", n, "--json")[1] for n in (1, 2)]
    assert {json.loads(line)["decision"]["effect"] for line in lines} == {"allow", "attenuate"}


def test_a_content_that_nobody_speaks_of_is_unknown(call):
    words = ("policy", "explain", "gov/policy.json", "metadata.jsonl", *TABLE)
    code, out, err = call(*words, "--content", digest_bytes(b"nobody"))
    assert code == 0
    assert "deny by rights unknown" in out
    assert "no line speaks" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--line", "0"), "2 lines"),
        (("--line", "3"), "2 lines"),
        (("--line", "1", "--content", "x"), "both name one"),
        (("--content", "x"), "digest"),
        (("--on", "2026-02-30"), "not a date"),
        (("--base", "x"), "not a digest"),
    ],
)
def test_a_question_that_is_none_is_one_line(call, words, said):
    asked = ("policy", "explain", "gov/policy.json", "metadata.jsonl", *TABLE, *words)
    code, out, err = call(*asked)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_band_is_asked_for_where_there_are_bands(call):
    bands = {"base": digest_bytes(b"b"), "calibration": digest_bytes(b"c"), "n": 3, "edges": [9]}
    change("gov/profiles.json", "bands", lambda _: bands)
    report = call("policy", "check", "gov/policy.json", *TABLE, "--json")[1]
    digest = json.loads(report)["findings"][0]["data"]["found"]
    change("gov/policy.json", "profiles", lambda _: digest)
    asked = ("policy", "explain", "gov/policy.json", "metadata.jsonl", *TABLE)
    assert "without an entropy band" in call(*asked)[2]
    assert call(*asked, "--band", "1")[2] == ""
    code, out, _ = call(*asked, "--band", "2")
    assert code == 0
    assert "evaluation_error" in out


def test_a_policy_that_asks_for_the_base_must_be_told_it(call):
    only = {
        "name": "one base",
        "when": ["==", {"field": "base"}, digest_bytes(b"b")],
        "effect": "allow",
        "reasons": ["base"],
    }
    change("gov/policy.json", "rules", lambda _: [only])
    asked = ("policy", "explain", "gov/policy.json", "metadata.jsonl", *TABLE)
    assert call(*asked)[0] == 2
    assert "2 allow" in call(*asked, "--base", digest_bytes(b"b"))[1]
    assert "2 deny" in call(*asked, "--base", digest_bytes(b"c"))[1]


def test_a_source_signs_what_it_says_of_its_rows(call):
    words = ("--dataset", "rows.jsonl", "--metadata", "metadata.jsonl", "--signing-key")
    code, out, _ = call("passport", "attest", *words, "grace.pem", "--out", "m.dsse.json")
    assert code == 0
    assert "metadata:rows.jsonl, for the role data-source" in out
    claim = RoleStatement.read(Path("m.dsse.json")).claim
    assert claim.metadata_root == Metadata.read("metadata.jsonl").root()
    assert (claim.n, claim.metadata_n) == (3, 2)
    assert claim.records_root == Dataset("rows.jsonl").identity().records_root


def test_a_policy_is_not_signed_in_a_form_that_no_run_stores(call):
    words = ("--policy", "gov/policy.json", "--signing-key", "grace.pem", "--out", "p.dsse.json")
    code, _, err = call("passport", "attest", *words)
    assert code == 2
    assert "provenir policy sign" in err
    policy = AdmissionPolicy.read("gov/policy.json")
    policy.write("gov/policy.json")
    assert call("passport", "attest", *words)[0] == 0
    assert RoleStatement.read(Path("p.dsse.json")).claim.policy == policy.digest()


@pytest.mark.parametrize(
    "words",
    [
        ("--policy", "gov/policy.json", "--metadata", "metadata.jsonl"),
        ("--dataset", "rows.jsonl", "--metadata", "metadata.jsonl", "--license", "MIT"),
        ("--dataset", "rows.jsonl", "--metadata", "rows.jsonl"),
    ],
)
def test_metadata_goes_with_a_dataset_alone(call, words):
    code, _, err = call(
        "passport", "attest", *words, "--signing-key", "grace.pem", "--out", "m.dsse.json"
    )
    assert code == 2
    assert err.count("\n") == 1


def test_an_answer_of_nothing_is_no_answer(call):
    Path("empty.jsonl").write_text("")
    code, out, err = call("policy", "explain", "gov/policy.json", "empty.jsonl", *TABLE)
    assert (code, out) == (2, "")
    assert "no line of metadata" in err


def test_it_is_told_of_how_many_rows_a_signed_sidecar_speaks(call):
    words = ("passport", "attest", "--metadata", "metadata.jsonl", "--signing-key", "grace.pem")
    code, _, err = call(*words, "--dataset", "rows.jsonl", "--out", "signed.json")
    assert code == 0
    assert "2 of 3 rows have metadata, the others count as unknown" in err
    Path("more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS[1:] * 2))
    _, _, err = call(*words, "--dataset", "more.jsonl", "--out", "more.json")
    assert "2 of 4 rows have metadata, the others count as unknown; 1 lines speak of no row" in err


@pytest.mark.parametrize("lines", ["", "other"])
def test_a_sidecar_of_another_dataset_is_not_signed(call, lines):
    stated = [ExampleMetadata.of({"text": lines}, rights="open")] if lines else []
    Metadata(stated).write("other.jsonl")
    words = ("passport", "attest", "--dataset", "rows.jsonl", "--metadata", "other.jsonl")
    code, _, err = call(*words, "--signing-key", "grace.pem", "--out", "signed.json")
    assert code == 2
    assert "speaks of a row" in err
    assert not Path("signed.json").exists()
