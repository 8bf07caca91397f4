"""The other nouns: what they print, how they fail."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

import provenir
from provenir.attest.keys import Ed25519Signer, public_key
from provenir.cli import doctor
from provenir.cli.main import app
from provenir.core.errors import ProvenirError
from provenir.environments.sandbox import probes
from provenir.environments.sandbox.values import LAYERS

ROOT = Path(__file__).parents[2]


def test_the_guide_names_every_command():
    text = (ROOT / "docs/guide/cli.md").read_text()
    named = set()
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["provenir"]:
            named |= {(words[1],), *((words[1], last) for last in words[2].split("|"))}
    for name, noun in typer.main.get_command(app).commands.items():
        below = getattr(noun, "commands", None)
        assert below is not None or (name,) in named
        for command in below or ():
            assert (name, command) in named


def test_key_new_writes_a_pair_and_never_over_one(call, place):
    code, out, _ = call("key", "new", "--out", "mine")
    assert code == 0
    assert "ed25519:" in out
    assert stat.S_IMODE(Path("mine.pem").stat().st_mode) == 0o600
    before = Path("mine.pem").read_bytes()
    code, _, err = call("key", "new", "--out", "mine")
    assert code == 2
    assert "never overwritten" in err
    assert Path("mine.pem").read_bytes() == before


def test_key_new_makes_either_kind_of_key(call, place):
    for alg in ("ed25519", "p256"):
        code, out, _ = call("key", "new", "--out", alg, "--alg", alg, "--json")
        assert code == 0
        said = json.loads(out)
        assert said["keyid"] == public_key(Path(said["public"]), alg=alg).keyid
    code, _, err = call("key", "new", "--out", "mine", "--alg", "rsa")
    assert code == 2
    assert "one of: ed25519, p256" in err
    assert not Path("mine.pem").exists()


def test_key_new_can_encrypt(call, place, monkeypatch):
    code, _, err = call("key", "new", "--out", "mine", "--encrypt")
    assert code == 2
    assert "PROVENIR_KEY_PASSWORD" in err
    monkeypatch.setenv("PROVENIR_KEY_PASSWORD", "open sesame")
    assert call("key", "new", "--out", "mine", "--encrypt")[0] == 0
    assert "ENCRYPTED" in Path("mine.pem").read_text()
    assert Ed25519Signer.from_pem("mine.pem", "open sesame").keyid
    assert provenir.track("t", sign_passport=True, signing_key="mine.pem")
    monkeypatch.delenv("PROVENIR_KEY_PASSWORD")
    with pytest.raises(ProvenirError):
        provenir.track("t", sign_passport=True, signing_key="mine.pem")


def test_run_list_and_show(call, signed):
    code, out, _ = call("run", "list")
    assert code == 0
    assert "completed" in out
    code, out, _ = call("run", "list", "--json")
    (row,) = json.loads(out)
    assert row["passport"] == "signed"
    code, out, _ = call("run", "show", signed)
    assert code == 0
    assert "grad_explosion" in out
    code, out, _ = call("run", "show", signed, "--json")
    assert json.loads(out)["steps"] == 30


def test_run_list_and_show_take_documents_that_somebody_changed(call, signed):
    (signed / "flight_recorder.json").write_text('{"summary": 5, "anomalies": [1]}')
    (signed / "hacking_report.json").write_text('{"hacking_rate": [], "not_examined": 3}')
    assert call("run", "list")[0] == 0
    assert call("run", "list", "--json")[0] == 0
    assert call("run", "show", signed)[0] == 0
    forged = [7, {"severity": ["x"]}, {"severity": "critical", "kind": {}, "group_id": "\x1b[2J"}]
    (signed / "hacking_report.json").write_text(json.dumps({"signals": forged * 20}))
    out = call("run", "show", signed)[1]
    assert ("10 of 20" in out, "\x1b" in out) == (True, False)


def test_run_show_names_what_was_not_examined(call, signed):
    facts = json.loads(call("run", "show", signed, "--json")[1])
    out = call("run", "show", signed)[1]
    assert facts["not_examined"]
    assert all(kind in out for kind in facts["not_examined"])


def test_a_reason_without_a_sentence_of_its_own_is_explained(call, signed):
    out = call("passport", "verify", signed / "passport.json", "--public-key", "other.pub.pem")[1]
    assert "not-reached: a check that comes before it did not hold" in out


def test_run_verify_finds_every_changed_file(call, signed):
    assert call("run", "verify", signed)[0] == 0
    for name in ("steps.jsonl", "flight_recorder.json", "lineage.json", "journal.jsonl"):
        original = (signed / name).read_bytes()
        (signed / name).write_bytes(original + b"\n")
        code, out, _ = call("run", "verify", signed)
        assert code == 1, name
        assert name in out
        (signed / name).write_bytes(original)
    (signed / "lineage.json").unlink()
    code, out, _ = call("run", "verify", signed)
    assert code == 1
    assert "missing-report" in out


def test_run_verify_refuses_an_edited_manifest(call, signed):
    (path,) = (signed / "manifests").iterdir()
    path.write_text(path.read_text().replace('"completed"', '"failed"'))
    assert call("run", "verify", signed)[0] == 1


def test_run_recover_of_a_finished_run_does_nothing(call, signed):
    before = (signed / "bom.json").read_bytes()
    code, out, _ = call("run", "recover", signed)
    assert code == 0
    assert "nothing to recover" in out
    assert (signed / "bom.json").read_bytes() == before
    code, out, _ = call("run", "recover", signed, "--json")
    assert code == 0
    assert json.loads(out) == json.loads(call("run", "show", signed, "--json")[1])


def test_run_recover_of_a_live_run_is_refused(call, place):
    with provenir.track("alive", output_dir="out"):
        code, _, err = call("run", "recover", "out")
    assert code == 2
    assert "alive" in err


def test_run_recover_after_a_kill(call, place):
    if (child := os.fork()) == 0:
        run = provenir.track("killed", output_dir="out").start()
        for _ in range(7):
            run.log_step({"kl": 0.1})
        os._exit(9)
    os.waitpid(child, 0)
    _, out, err = call("run", "show", "out")
    assert "died" in out
    assert "provenir run recover out" in err
    assert json.loads(call("run", "list", ".", "--json")[1])[0]["status"] == "died"
    code, out, _ = call("run", "recover", "out")
    assert code == 0
    assert "7 steps kept, status interrupted, not signed" in out
    assert call("run", "verify", "out")[0] == 0


@pytest.mark.parametrize("form", [[], ["--dot"], ["--json"]])
def test_lineage_show(call, signed, form):
    code, out, _ = call("lineage", "show", signed, *form)
    assert code == 0
    assert "gsm8k" in out or "eval" in out
    if form == ["--json"]:
        assert {node["node_type"] for node in json.loads(out)["nodes"]} >= {"run", "model"}
    if form == ["--dot"]:
        assert out.startswith("digraph")


def test_lineage_of_one_node(call, signed):
    nodes = json.loads(call("lineage", "show", signed, "--json")[1])["nodes"]
    (run,) = [node["node_id"] for node in nodes if node["node_type"] == "run"]
    code, out, _ = call("lineage", "show", signed, "--of", run, "--json")
    assert code == 0
    assert "model" in {node["node_type"] for node in json.loads(out)["nodes"]}
    assert call("lineage", "show", signed, "--of", "nothing")[0] == 2


@pytest.mark.parametrize("change", [{"schema_version": "lineage/99"}, {"alien": 1}])
def test_lineage_of_another_format_is_refused(call, signed, change):
    path = signed / "lineage.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    code, out, err = call("lineage", "show", signed)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert str(path) in err


def test_report_without_its_extra_says_what_to_install(signed):
    code = (
        "import sys\n"
        "sys.modules['altair'] = None\n"
        "from provenir.cli.main import run\n"
        f"run(['report', {str(signed)!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install -e '.[report]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_report_writes_the_page(call, signed):
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    code, out, _ = call("report", signed)
    assert code == 0
    assert Path(out.strip()).read_text().startswith("<!doctype html>".upper()[:2])


def test_doctor(call, place):
    code, out, _ = call("doctor", "--json")
    rows = {row["what"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["provenir"]["result"] == "pass"
    assert "extra train" in rows
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [re.match(r"[\w-]+", line)[0] for line in project["dependencies"]]
    assert set(asked) <= rows.keys()
    assert {f"extra {name}" for name in project["optional-dependencies"]} <= rows.keys()


def test_doctor_shows_the_layers_of_the_sandbox(call, monkeypatch):
    rows = {row["what"]: row for row in json.loads(call("doctor", "--json")[1])}
    for layer in LAYERS:
        row = rows[f"sandbox {layer}"]
        if row["result"] == "pass":
            assert "enforced: " in row["detail"]
        else:
            assert "; to get it: " in row["detail"]
    assert rows["sandbox S3"]["result"] == "not-checked"
    monkeypatch.setattr(probes, "_known", {"S2": probes.Found(layer="S2", stands=False, why="no")})
    code, out, _ = call("doctor", "--json")
    (row,) = [row for row in json.loads(out) if row["what"] == "sandbox S2"]
    assert (code, row["result"]) == (0, "not-checked")
    assert row["detail"].startswith("no; to get it: ")


def test_doctor_understands_every_line_of_the_metadata():
    lines = importlib.metadata.requires("provenir")
    assert len(doctor.needs()) == len(lines)


@pytest.mark.parametrize(
    ("lines", "what", "result", "said"),
    [
        (["no-such-package>=1"], "no-such-package", "fail", "missing: pip install -e ."),
        (["rich>=9999.1"], "rich", "fail", "is older than 9999.1"),
        (["nope>=1; extra == 'data'"], "extra data", "not-checked", "pip install -e '.[data]'"),
        ([], "extra data", "not-checked", "not known to the installed metadata"),
    ],
)
def test_doctor_says_what_to_install(call, monkeypatch, lines, what, result, said):
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: lines)
    code, out, _ = call("doctor", "--json")
    (row,) = [row for row in json.loads(out) if row["what"] == what]
    assert (code, row["result"]) == (int(result == "fail"), result)
    assert said in row["detail"]


def test_doctor_of_an_uninstalled_checkout_does_not_guess(call, monkeypatch):
    def nothing(_):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", nothing)
    code, out, _ = call("doctor", "--json")
    rows = {row["what"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["packages"]["result"] == "warning"
    assert "pip install -e ." in rows["packages"]["detail"]


def test_no_words_show_the_help(call):
    code, out, err = call()
    assert code == 2
    assert "Usage:" in out + err


def test_version(call):
    assert call("--version")[1].strip() == f"provenir {provenir.__version__}"


def test_a_defect_is_one_line_without_debug(call, signed, monkeypatch):
    (signed / "lineage.json").write_text('{"nodes": 3, "edges": []}')
    code, _, err = call("lineage", "show", signed)
    assert code == 2
    assert "Traceback" not in err
    assert err.count("\n") == 1


def test_a_name_in_an_error_is_shown_as_it_is(call):
    name = ":bomb: [bold]x[/bold] :warning:"
    code, _, err = call("passport", "show", name)
    assert (code, name in err) == (2, True)


WRONG_FILES = {
    "nothing": None,
    "empty": b"",
    "not text": b"\xff\xfe",
    "no object": b"null",
    "another object": b"{}",
    "cut short": b'{"payload": "aGk',
    "two keys": b'{"a": 1, "a": 2}',
    "deep": b"[" * 500,
    "large": b" " * (64 * 2**20 + 1),
    "a byte order mark": b"\xef\xbb\xbf{}",
}


@pytest.mark.parametrize("words", [("passport", "show"), ("lineage", "show")], ids=" ".join)
@pytest.mark.parametrize("name", WRONG_FILES)
def test_of_a_wrong_file_it_is_said_what_to_do(call, place, words, name):
    if WRONG_FILES[name] is not None:
        (place / "file.json").write_bytes(WRONG_FILES[name])
    code, out, err = call(*words, "file.json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    _, place_and_mend = err.split("file.json", 1)
    assert re.fullmatch(r"(?::\d+)*: [a-z].{8,}\n", place_and_mend), err


def test_a_folder_or_a_foreign_envelope_is_no_passport(call, place):
    (place / "dir").mkdir()
    assert "give a file, not a folder" in call("passport", "show", "dir")[2]
    envelope = {"payload": "aGk=", "payloadType": "text/plain", "signatures": []}
    Path("other.json").write_text(json.dumps(envelope))
    code, out, err = call("passport", "show", "other.json")
    assert (code, out) == (1, "")
    assert "text/plain, other.json: give a Model Passport" in err
    Path("added.json").write_text(json.dumps({**envelope, "read": "me"}))
    assert "nothing may be added" in call("passport", "show", "added.json")[2]
    Path("wrapped.json").write_text(json.dumps({**envelope, "payload": "aG\nk="}))
    assert "read another copy" in call("passport", "show", "wrapped.json")[2]


@pytest.mark.parametrize("folder", ["missing", "closed"])
def test_a_page_that_cannot_be_written_is_named(call, signed, place, folder):
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    if folder == "closed":
        (place / folder).write_text("a file, no folder")
    code, out, err = call("report", signed, "--out", f"{folder}/page.html")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{folder}/page.html: make the folder" in err
    assert ".tmp" not in err


def test_a_number_of_the_demo_out_of_range_says_which_fit(call):
    pytest.importorskip("torch")
    code, _, err = call("demo", "--seed", "-1")
    assert (code, err) == (2, "error: seed is -1: give a whole number from 0 to 2**32 - 1\n")


def commands(group=app, words=()):
    """Every command of the tree with the words that lead to it."""
    import typer

    click_group = typer.main.get_command(group)

    def walk(command, path):
        children = getattr(command, "commands", None)
        if not children:
            yield path
            return
        for name, child in children.items():
            yield from walk(child, [*path, name])

    return list(walk(click_group, list(words)))


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help(call, words):
    code, out, _ = call(*words, "--help")
    assert code == 0
    assert "Usage:" in out
    assert len(out.splitlines()) > 5


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_variable_of_an_option_is_named_after_it(call, words):
    out = " ".join(call(*words, "--help")[1].split())
    options = re.findall(r"(--[a-z-]+)(?:(?! --).)*?\[env var: (\w+)", out)
    command = "_".join(("PROVENIR", *words)).upper().replace("-", "_")
    assert options
    assert all(name == f"{command}_{flag[2:].replace('-', '_').upper()}" for flag, name in options)


def test_json_can_be_asked_for_in_the_environment(call, signed, monkeypatch):
    monkeypatch.setenv("PROVENIR_RUN_LIST_JSON", "1")
    assert json.loads(call("run", "list")[1])


def test_a_closed_pipe_is_quiet(signed):
    words = f"{sys.executable} -m provenir run show {signed} --json | head -1"
    done = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_hostile_run_id_is_shown_and_not_followed(call, signed):
    manifest = next((signed / "manifests").iterdir())
    fields = json.loads(manifest.read_text())
    fields["run_id"] = "\x1b]8;;http://x\x07 \u202e [red]name[/red]"
    manifest.write_text(json.dumps(fields))
    code, out, _ = call("run", "show", signed)
    assert code == 0
    assert not any(char in out for char in ("\x1b", "\x07", "\u202e"))
    assert "[red]name[/red]" in out


def test_an_interrupt_while_the_command_line_is_loaded_is_one_line():
    code = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'provenir.cli.main':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from provenir.__main__ import run\n"
        "run()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
