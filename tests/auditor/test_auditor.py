"""The single-file auditor: the same answers as the package, and none to a hostile input but one."""

from __future__ import annotations

import ast
import base64
import copy
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import provenir
from policies import key_table, policy_text
from provenir.attest.checkpoint import Checkpoint, cosign, sign_checkpoint
from provenir.attest.dsse import Envelope
from provenir.attest.event import LogEvent
from provenir.attest.keys import Ed25519Signer, HmacSigner, P256Signer
from provenir.attest.log import EventLog
from provenir.attest.statement import PASSPORT_PREDICATE
from provenir.core import merkle
from provenir.core.canonical import canonical_bytes
from provenir.core.clock import FixedClock, parse_utc
from provenir.core.digest import digest_bytes, parse_digest
from provenir.governance.bom import ModelBOM
from provenir.governance.passport import PassportSigner
from provenir.governance.predicate import ManifestReference
from provenir.governance.statements import (
    STATEMENTS,
    DataSourceStatement,
    ExampleMetadataStatement,
    LedgerCloseStatement,
    PolicyStatement,
    Revocation,
    RunStatement,
    sign_statement,
)

ROOT = Path(__file__).resolve().parents[2]
AUDITOR = ROOT / "auditor" / "provenir_audit.py"
EXAMPLE = ROOT / "examples" / "small-run"
GOLDEN = ROOT / "tests" / "golden" / "0.1.0"
CASES = sorted(path.parent for path in (ROOT / "tests" / "conformance").glob("*/case.json"))
SIGNER = Ed25519Signer.generate()
SEEDS = [*range(10), *(pytest.param(n, marks=pytest.mark.slow) for n in range(10, 60))]
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


# ------------------------------------------------------------------------------ the file itself


def test_the_file_is_short_enough_to_be_read():
    lines = AUDITOR.read_text().splitlines()
    assert len(lines) <= 1_500
    functions = [n for n in ast.walk(ast.parse("\n".join(lines))) if isinstance(n, ast.FunctionDef)]
    assert {
        f.name: f.end_lineno - f.lineno for f in functions if f.end_lineno - f.lineno >= 60
    } == {}


def test_it_needs_the_standard_library_and_cryptography_alone():
    imported = set()
    for node in ast.walk(ast.parse(AUDITOR.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module.partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_runs_as_a_script_of_its_own(tmp_path):
    shutil.copy(AUDITOR, tmp_path / "audit.py")
    words = [EXAMPLE, "--public-key", EXAMPLE / "key.pub.pem", "--artifact", EXAMPLE / "model"]
    done = subprocess.run(
        [sys.executable, "-I", "audit.py", *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("good")


# ----------------------------------------------------------------------- agreement on the cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_agrees_on_a_conformance_case(case, audit, package, monkeypatch, tmp_path):
    stated = json.loads((case / "case.json").read_text())
    shutil.copytree(case, tmp_path / "case")
    monkeypatch.chdir(tmp_path / "case")
    mine = audit(*stated["arguments"])
    theirs = package(*stated["arguments"])
    assert mine.code == stated["exit_code"], mine.err
    assert mine.said == theirs.said, (mine.out, theirs.out)
    if mine.code == 2:
        assert mine.out == ""
        assert mine.err.count("\n") == 1
        assert mine.err.startswith("error: ")


def test_it_takes_a_workspace_for_its_log_and_no_folder_without_one(both, tmp_path):
    with provenir.track("run", output_dir="artifacts/run", sign_passport=True, signing_key=SIGNER):
        pass
    SIGNER.write("key")
    (tmp_path / "empty").mkdir()
    words = ("artifacts/run", "--public-key", "key.pub.pem")
    for log in ("artifacts", "artifacts/log"):
        assert both(*words, "--log", log).code == 0
    for folders in (("--log", "empty"), ("--log", "none"), ("--reports", "none")):
        assert both(*words, *folders).code == 2


def test_it_agrees_on_what_past_versions_wrote(both):
    public = GOLDEN / "key.pub.pem"
    assert both(GOLDEN / "by_hand_ed25519.json", "--public-key", public).code == 0
    assert both(GOLDEN / "by_hand_ed25519.json", "--key", "wrong").code == 1
    run = next((GOLDEN / "artifacts").glob("run*"))
    assert both(run, "--public-key", public, "--artifact", GOLDEN / "model").code == 0


# ------------------------------------------------------------------------------ good passports

NAMES = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable())
DIGESTS = st.integers(0, 2**64).map(lambda n: f"sha256:{n:064x}")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | NAMES
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
DATA = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "content_hash": DIGESTS,
        "num_records": st.integers(0, 10**6),
        "license": st.sampled_from(["MIT", "unknown", " N/A "]) | NAMES,
        "pii_scanned": st.booleans(),
        "contamination_checked": st.booleans(),
        "role": st.sampled_from(["train", "eval"]),
        "pii_report": DIGESTS,
    },
)
EVALS = st.fixed_dictionaries(
    {"benchmark": NAMES, "score": st.none() | st.floats(-1e9, 1e9)},
    optional={
        "contaminated": st.booleans(),
        "judge": NAMES,
        "judge_calibrated": st.booleans(),
        "meta": st.dictionaries(NAMES, VALUES, max_size=3),
    },
)
BOMS = st.fixed_dictionaries(
    {"model_id": NAMES},
    optional={
        "base_model": NAMES,
        "data": st.lists(DATA, max_size=3),
        "evals": st.lists(EVALS, max_size=3),
        "hyperparameters": st.dictionaries(NAMES, VALUES, max_size=4),
        "code": st.fixed_dictionaries(
            {}, optional={"git_sha": NAMES, "dependencies_hash": DIGESTS, "dirty": st.booleans()}
        ),
        "hacking": st.fixed_dictionaries(
            {"num_trajectories": st.integers(0, 9), "is_clean": st.booleans()},
            optional={
                "hacking_rate": st.floats(0, 1),
                "by_kind": st.dictionaries(NAMES, st.integers(0, 3), max_size=2),
                "by_severity": st.dictionaries(
                    st.sampled_from(["info", "warning", "critical"]), st.integers(0, 2)
                ),
            },
        ),
        "flight": st.fixed_dictionaries(
            {
                "num_steps": st.integers(0, 9),
                "verdict": st.sampled_from(["HEALTHY", "DEGRADED", "CRITICAL", "UNKNOWN"]),
            }
        ),
    },
)


@FEW
@given(bom=BOMS, alg=st.sampled_from(["ed25519", "p256", "hmac"]))
def test_no_good_passport_is_refused(bom, alg, both, place):
    signer = {"ed25519": SIGNER, "p256": P256_SIGNER, "hmac": HmacSigner(b"team secret")}[alg]
    passport = PassportSigner(signer).sign(ModelBOM(**bom))
    (place / "passport.json").write_text(passport.to_json())
    (place / "bom.json").write_bytes(passport.bom.to_bytes())
    key = ("--key", "team secret")
    if alg != "hmac":
        (place / "key.pub.pem").write_bytes(signer.public_pem())
        key = ("--public-key", place / "key.pub.pem")
    assert both(place / "passport.json", *key).code == 0


P256_SIGNER = P256Signer.generate()


# --------------------------------------------------------------- re-signed and validly signed lies


def statement_of(path=EXAMPLE / "passport.json"):
    return json.loads(Envelope.parse(path.read_bytes()).payload)


def sign(place, payload, *, name="passport.json", signer=SIGNER):
    """Write an envelope over a payload, and the key beside it; how to ask about it."""
    raw = payload if isinstance(payload, bytes) else canonical_bytes(payload)
    (place / name).write_bytes(Envelope.sign(raw, [signer]).to_bytes())
    if signer is SIGNER:
        (place / "key.pub.pem").write_bytes(SIGNER.public_pem())
    return place / name, "--public-key", place / "key.pub.pem"


def changed(path, value):
    """The example's statement with one field of its predicate changed; None takes it out."""
    statement = statement_of()
    *steps, last = path.split(".")
    spot = statement["predicate"]
    for step in steps:
        spot = spot[int(step)] if step.isdigit() else spot[step]
    if value is None:
        spot.pop(last)
    else:
        spot[last] = value
    return statement


LIES = [
    ("bom.evals.0.score", 0.99),
    ("bom.evals.0.n", 65),
    ("bom.evals.0.judge", "gpt"),
    ("bom.evals.0.contaminated", False),
    ("bom.evals.0.meta", {"before": 0.1}),
    ("bom.evals.0.benchmark", "another"),
    ("bom.code.git_sha", "ab" * 20),
    ("bom.code.dependencies_hash", "sha256:" + "ab" * 32),
    ("bom.code.framework", "trl"),
    ("bom.code.diff_digest", "sha256:" + "ab" * 32),
    ("bom.code.dirty", True),
    ("bom.data.0.content_hash", "sha256:" + "ab" * 32),
    ("bom.data.0.num_records", 601),
    ("bom.data.0.license", "MIT"),
    ("bom.data.0.pii_scanned", True),
    ("bom.data.1.content_hash", "sha256:" + "ab" * 32),
    ("bom.data.1.num_records", 65),
    ("bom.data", []),
    ("bom.run.seed", 8),
    ("bom.run.name", "another"),
    ("bom.run.status", "failed"),
    ("bom.run.started_at", "2026-11-20T23:58:30.911Z"),
    ("bom.run.ended_at", "2026-11-20T23:58:30.911Z"),
    ("bom.run.config_hash", "sha256:" + "ab" * 32),
    ("bom.run.findings", {"nonfinite": 3}),
    ("bom.run", None),
    ("bom.base_model", "another"),
    ("bom.model_id", "another"),
    ("bom.run_id", "another-20261120T235830Z-9d8a9a9f"),
    ("bom.hyperparameters", {"lr": 1.0, "nobody": True}),
    ("bom.flight.verdict", "CRITICAL"),
    ("bom.flight.num_steps", 21),
    ("bom.flight", None),
    ("bom.hacking.hacking_rate", 0.0),
    ("bom.hacking.by_severity", {"critical": 1}),
    ("bom.hacking", None),
    ("bom.artifacts", []),
    ("bom.artifacts.0.name", "weights"),
    ("bom.artifacts.0.n_tensors", 13),
    ("bom.artifacts.0.n_tensors", 0),
    ("bom.artifacts.0.dir_hash", "ab" * 32),
    ("bom.artifacts.0.files", []),
    ("bom.schema_version", None),
    ("bom.schema_version", "model-bom/2"),
    ("assurance", "L2"),
    ("assurance", "L1"),
    ("assurance", "declared"),
    ("assurance", "L3"),
    ("risk_flags", []),
    ("risk_flags", ["unchecked_contamination", "unscanned_pii"]),
    ("risk_rules", 2),
    ("risk_rules", 0),
    ("version", 2),
    ("version", 1.0),
    ("version", True),
    ("previous", "sha256:" + "ab" * 32),
    ("expires_at", "2026-11-20T23:58:32.487Z"),
    ("expires_at", "2026-11-20T23:58:32.486Z"),
    ("expires_at", "2126-11-20T23:58:32Z"),
    ("issued_at", "2026-02-30T00:00:00.000Z"),
    ("issued_at", None),
    ("required_roles", ["operator"]),
    ("required_roles", [""]),
    ("reports", []),
    ("reports.0.name", "../bom.json"),
    ("reports.0.name", "./bom.json"),
    ("reports.0.name", "no-such-report.json"),
    ("reports.0.digest", "sha256:" + "ab" * 32),
    ("manifest", None),
    ("manifest.digest", "sha256:" + "ab" * 32),
    ("manifest.run_id", "another"),
    ("statements", ["sha256:" + "ab" * 32]),
    ("ledger_root", "sha256:" + "ab" * 32),
    ("log_checkpoint.size", 9),
    ("log_checkpoint", {"size": 0, "root": "sha256:" + "ab" * 32}),
    ("gate_decisions", ["sha256:" + "ab" * 32]),
    ("gate_decisions", []),
    ("surprise", 1),
    ("schema_version", "passport/2"),
]


@pytest.mark.parametrize(("path", "value"), LIES)
def test_it_agrees_on_a_lie_about_a_run(path, value, both, place):
    shutil.copytree(EXAMPLE, place / "run")
    question = sign(place / "run", changed(path, value))
    both(place / "run", *question[1:], "--artifact", EXAMPLE / "model")
    alone = place / "alone"
    alone.mkdir()
    both(*sign(alone, changed(path, value)), "--artifact", EXAMPLE / "model")


@pytest.mark.parametrize("seed", range(12))
def test_it_agrees_on_any_field_changed_at_random(seed, both, place):
    chance = random.Random(seed)
    odd = [
        None,
        True,
        0,
        -1,
        1.5,
        2**53,
        "",
        "x",
        [],
        {},
        [None],
        {"a": 1},
        1e300,
        "sha256:" + "0" * 64,
    ]
    for _ in range(12):
        statement = copy.deepcopy(statement_of())
        spots = list(leaves_of(statement))
        spot, key = chance.choice(spots)
        match chance.randrange(3):
            case 0:
                spot[key] = chance.choice(odd)
            case 1 if isinstance(spot, dict):
                del spot[key]
            case _:
                spot[key] = copy.deepcopy(chance.choice([other[k] for other, k in spots]))
        both(*sign(place, json.dumps(statement).encode()))


def leaves_of(value):
    """Every place inside a value, as (container, key)."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(inside):
        yield value, key
        if isinstance(item, dict | list):
            yield from leaves_of(item)


@pytest.mark.slow
def test_it_agrees_on_flipped_bytes(both, place):
    sign(place, statement_of(GOLDEN / "by_hand_ed25519.json"))
    whole, chance = (place / "passport.json").read_bytes(), random.Random(7)
    for _ in range(300):
        broken = bytearray(whole)
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        (place / "passport.json").write_bytes(broken)
        answer = both(place / "passport.json", "--public-key", place / "key.pub.pem")
        assert answer.code in (1, 2) or signed_parts(broken) == signed_parts(whole)


def signed_parts(envelope):
    """What a flip may not touch: all but the key id, which is a hint."""
    parsed = Envelope.parse(bytes(envelope))
    return parsed.payload, parsed.payload_type, [each.sig for each in parsed.signatures]


# --------------------------------------------------------------------------------------- JSON games


def small():
    return statement_of(GOLDEN / "by_hand_ed25519.json")


def spelled_with(number):
    """The statement as JSON, with a number of its hyperparameters spelled so."""
    statement = small()
    statement["predicate"]["bom"]["hyperparameters"] = {"x": "NUMBER"}
    return json.dumps(statement).replace('"NUMBER"', number).encode()


GAMES = {
    **{n: spelled_with(n) for n in (
        "1", "1.0", "-0", "-0.0", "1e400", "-1e400", "1e-400", "9007199254740993", "1e21",
        "9007199254740992", "100000000000000000000", "1000000000000000000000", "NaN", "Infinity",
        "01", "1.", ".5", "+1", "0x1", "1e5", "1E+5", "9" * 5000, "[" * 70 + "]" * 70,
        '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '{"a":1,"a":1}', "\"\x01\"",
    )},
    "mark": b"\xef\xbb\xbf" + json.dumps(small()).encode(),
    "utf-16": json.dumps(small()).encode("utf-16"),
    "latin": json.dumps(small()).encode() + b"\xff",
    "twice": json.dumps(small()).encode() * 2,
    "empty": b"",
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "key twice": json.dumps(small()).encode().replace(b'"_type"', b'"_type": 1, "_type"', 1),
    "spaces": b" \n" + json.dumps(small(), indent=3).encode() + b"\n\n",
    "list": b"[]",
    "null": b"null",
}  # fmt: skip


@pytest.mark.parametrize("name", GAMES, ids=lambda name: name[:24])
def test_it_agrees_on_a_signed_json_game(name, both, place):
    both(*sign(place, GAMES[name]))


def test_composed_and_decomposed_names_are_two_names(both, place):
    statement = small()
    statement["predicate"]["bom"]["model_id"] = "caf\u00e9"
    question = sign(place, statement)
    assert both(*question, "--model", "caf\u00e9").reasons[-1:] != ["wrong-model"]
    assert "wrong-model" in both(*question, "--model", "cafe\u0301").reasons


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=",
        lambda text: text.rstrip("="),
        lambda text: text[:-4] + "AB==",
        lambda text: text[:8] + "\n" + text[8:],
        lambda text: " " + text,
        lambda text: "-+" + text[2:],
        lambda text: text[:-1] + "\u2028",
        lambda text: "",
    ],
)
@pytest.mark.parametrize("field", ["payload", "sig"])
def test_it_agrees_on_base64_games(change, field, both, place):
    question = sign(place, small())
    envelope = json.loads((place / "passport.json").read_text())
    spot = envelope if field == "payload" else envelope["signatures"][0]
    spot[field] = change(spot[field])
    (place / "passport.json").write_text(json.dumps(envelope))
    assert both(*question).code in (1, 2)


@pytest.mark.parametrize(
    "extra",
    [
        {"comment": "trust me"},
        {"signatures": []},
        {"signatures": "none"},
        {"payloadType": "text/plain"},
        {"payloadType": ""},
        {"payload": 1},
        {"signatures": [{"sig": "AAAA", "keyid": "k" * 300}]},
        {"signatures": [{"keyid": "x"}]},
        {"signatures": [{"sig": "AAAA", "more": 1}]},
        {"signatures": [{"sig": "AAAA"}] * 33},
    ],
)
def test_it_agrees_on_envelopes(extra, both, place):
    question = sign(place, small())
    envelope = json.loads((place / "passport.json").read_text())
    (place / "passport.json").write_text(json.dumps({**envelope, **extra}))
    assert both(*question).code in (1, 2)


# ------------------------------------------------------------------------------------ hostile files


def refused(answer):
    """Exit code 2 and one line, whatever the words."""
    return answer.code == 2 and answer.out == "" and answer.err.count("\n") == 1


def test_what_cannot_be_read_is_one_line(audit, place):
    os.mkfifo(place / "pipe")
    (place / "loop").symlink_to("loop")
    with (place / "huge").open("wb") as file:
        file.truncate(2**40)
    (place / "binary").write_bytes(os.urandom(4096))
    (place / "folder").mkdir()
    question = sign(place, small())
    for name in ("pipe", "loop", "huge", "binary", "missing", "folder", "a\nb\x1b[31m", "x" * 5000):
        assert refused(audit(place / name, *question[1:])), name
        for option in ("--trust", "--public-key", "--statement", "--checkpoint", "--state"):
            if (name, option) != ("missing", "--state") and name != "folder":
                words = question if option != "--public-key" else question[:1]
                answer = audit(*words, option, place / name)
                missing_state = option == "--state" and name not in (
                    "pipe",
                    "loop",
                    "huge",
                    "binary",
                )
                assert refused(answer) or missing_state, (name, option, answer)
    for words in ((), ("--at", "now"), ("--key", ""), ("--no-such",), ("--artifact", "missing")):
        assert refused(audit(*question[: 1 if "--key" in words else 3], *words)) or not words
    assert refused(audit("a\0b", *question[1:]))


def test_a_policy_that_costs_is_refused(both, place):
    question = sign(place, small())
    for text in (
        b"a = " + b"[" * 100_000,
        b"a." * 300_000 + b"a=1",
        b"\xef\xbb\xbfa = 1",
        b"a = 1\na = 2",
    ):
        (place / "trust.toml").write_bytes(text)
        assert both(*question, "--trust", place / "trust.toml").code == 2


def test_a_secret_is_no_public_key_and_no_file(audit, both, place):
    question = sign(place, small(), signer=HmacSigner(b"team secret"))
    assert both(question[0], "--key", "team secret").code == 0
    assert both(question[0], "--key", "another").reasons == ["bad-signature"]
    pem = SIGNER.public_pem().decode()
    der = SIGNER.verification_key.material
    (place / "secret.txt").write_text("x")
    for secret in (
        pem,
        base64.b64encode(der).decode(),
        base64.urlsafe_b64encode(der).decode(),
        der.hex(),
        base64.b64encode(pem.encode()).decode(),
        SIGNER.keyid,
        P256_SIGNER.keyid,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ",
        '{"kty":"OKP","crv":"Ed25519","x":"AA"}',
        str(place / "secret.txt"),
    ):
        answer = audit(question[0], "--key", secret)
        assert refused(answer), secret
        assert secret not in answer.err


def test_weak_and_foreign_keys_are_refused(audit, place):
    question = sign(place, small())
    prefix = bytes.fromhex("302a300506032b6570032100")
    for point in (bytes(32), b"\x01" + bytes(31), b"\xff" * 32, bytes.fromhex(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
    )):  # fmt: skip
        body = base64.b64encode(prefix + point).decode()
        pem = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
        (place / "weak.pem").write_text(pem)
        assert refused(audit(question[0], "--public-key", place / "weak.pem"))
    (place / "two.pem").write_bytes(SIGNER.public_pem() * 2)
    assert refused(audit(question[0], "--public-key", place / "two.pem"))
    SIGNER.write(place / "private")
    assert refused(audit(question[0], "--public-key", place / "private.pem"))


def test_a_run_folder_is_not_left(both, place):
    shutil.copytree(EXAMPLE, place / "run")
    (place / "outside.json").write_bytes((EXAMPLE / "steps.jsonl").read_bytes())
    (place / "run" / "steps.jsonl").unlink()
    (place / "run" / "steps.jsonl").symlink_to(place / "outside.json")
    key = ("--public-key", EXAMPLE / "key.pub.pem")
    assert both(place / "run", *key).reasons == ["missing-report"]
    (place / "run" / "steps.jsonl").unlink()
    os.mkfifo(place / "run" / "steps.jsonl")
    assert both(place / "run", *key).reasons == ["missing-report"]


def safetensors(header, data=b"\x01\x02\x03\x04", *, length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def tensor(begin=0, end=4, dtype="U8", shape=(4,)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


TENSORS = {
    "good": safetensors({"w": tensor()}),
    "two": safetensors({"b": tensor(2, 4, shape=[2]), "a": tensor(0, 2, "F16", [1])}),
    "scalar and empty": safetensors(
        {"s": tensor(0, 4, "F32", []), "e": tensor(4, 4, "F32", [0, 9])}
    ),
    "metadata": safetensors({"w": tensor(), "__metadata__": {"format": "pt"}}),
    "bad metadata": safetensors({"w": tensor(), "__metadata__": {"format": 1}}),
    "overlap": safetensors({"a": tensor(0, 3, shape=[3]), "b": tensor(2, 4, shape=[2])}),
    "hole": safetensors({"a": tensor(0, 1, shape=[1]), "b": tensor(2, 4, shape=[2])}),
    "short": safetensors({"w": tensor(0, 3, shape=[3])}),
    "long": safetensors({"w": tensor(0, 5, shape=[5])}),
    "negative": safetensors({"w": tensor(4, 0)}),
    "three offsets": safetensors({"w": {**tensor(), "data_offsets": [0, 4, 4]}}),
    "huge shape": safetensors({"w": tensor(shape=[2**60] * 64)}),
    "float shape": safetensors({"w": tensor(shape=[4.0])}),
    "dtype": safetensors({"w": tensor(dtype="Q8")}),
    "length": safetensors({"w": tensor()}, length=2**63),
    "length bomb": safetensors({"w": tensor()}, length=2**30),
    "cut": safetensors({"w": tensor()})[:5],
    "empty": b"",
    "not json": safetensors(b"{nonsense"),
    "list": safetensors(b"[]"),
    "spaces": safetensors(b' {"w": 1}'),
    "twice": safetensors(b'{"w":%b,"w":%b}' % ((json.dumps(tensor()).encode(),) * 2)),
    "deep": safetensors(b"[" * 100_000),
    "more fields": safetensors({"w": {**tensor(), "x": 1}}),
}


@pytest.mark.parametrize("name", TENSORS)
def test_it_agrees_on_a_model_folder(name, both, place):
    from provenir.core.errors import InputError
    from provenir.provenance.artifact import identify_artifact

    model = place / "model"
    (model / "unet").mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "unet" / "model.safetensors").write_bytes(TENSORS["good"])
    (model / "weights.safetensors").write_bytes(TENSORS["good"])
    signed = PassportSigner(SIGNER).sign(
        ModelBOM(model_id="m"), artifacts=[identify_artifact(model)]
    )
    (place / "passport.json").write_text(signed.to_json())
    (place / "key.pub.pem").write_bytes(SIGNER.public_pem())
    question = (place / "passport.json", "--public-key", place / "key.pub.pem", "--artifact", model)
    assert both(*question).code == 0
    (model / "weights.safetensors").write_bytes(TENSORS[name])
    assert both(*question).code == (0 if name == "good" else 1)
    try:
        identity = identify_artifact(model)
    except InputError:
        return
    passport = PassportSigner(SIGNER).sign(ModelBOM(model_id="m"), artifacts=[identity])
    (place / "passport.json").write_text(passport.to_json())
    assert both(*question).code == 0


def test_a_model_folder_is_not_left(both, place):
    shutil.copytree(EXAMPLE / "model", place / "model")
    question = (EXAMPLE / "passport.json", "--public-key", EXAMPLE / "key.pub.pem", "--artifact")
    assert both(*question, place / "model").code == 0
    (place / "model" / "empty").mkdir()
    assert both(*question, place / "model").code == 0
    (place / "model" / "link").symlink_to(EXAMPLE)
    assert both(*question, place / "model").reasons == ["artifact-mismatch"]
    (place / "model" / "link").unlink()
    os.mkfifo(place / "model" / "pipe")
    assert both(*question, place / "model").reasons == ["artifact-mismatch"]
    os.mkfifo(place / "pipe")
    assert both(*question, place / "pipe").code == 2


# -------------------------------------------------------------------------------- terminal safety

HOSTILE = (
    "\x1b]8;;http://evil\x07click\x1b]8;;\x07\x1b[2J\x9b31m\u202etxt.exe\u2066\u200b\x00\r\n\x7f"
)


def assert_inert(text):
    assert [char for char in text if not char.isprintable() and char != "\n"] == []


def test_no_control_sequence_reaches_the_terminal(auditor, capsys, place):
    statement = changed("bom.model_id", HOSTILE)
    statement["predicate"]["bom"]["data"][0]["name"] = HOSTILE
    statement["predicate"]["bom"]["artifacts"][0]["name"] = "model" + HOSTILE
    statement["predicate"]["required_roles"] = [HOSTILE]
    statement["predicate"]["reports"][0]["name"] = HOSTILE
    question = [str(word) for word in sign(place, statement)]
    for words in ([], ["--json"], ["--model", HOSTILE], ["--run", str(EXAMPLE)]):
        auditor.main([*question, *words])
        captured = capsys.readouterr()
        assert_inert(captured.out + captured.err)
    envelope = json.loads((place / "passport.json").read_text())
    envelope["signatures"][0]["keyid"] = HOSTILE
    envelope["signatures"][0]["sig"] = "AAAA"
    for extra in ({}, {HOSTILE: 1}, {"payloadType": HOSTILE}):
        (place / "passport.json").write_text(json.dumps({**envelope, **extra}))
        auditor.main(question)
        captured = capsys.readouterr()
        assert_inert(captured.out + captured.err)
    for words in (
        [HOSTILE.replace("\x00", "")],
        ["x", HOSTILE],
        ["--at", HOSTILE, "x"],
        [f"--{HOSTILE}", "x"],
    ):
        assert auditor.main(words) == 2
        captured = capsys.readouterr()
        assert_inert(captured.out + captured.err)
        assert captured.err.count("\n") == 1


# ------------------------------------------------------------------------------- its own arithmetic


@settings(max_examples=1_000, deadline=None)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_are_spelled_as_ecmascript_does(value, auditor):
    assert auditor.spelled(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [0.0, -0.0, 1.0, 1e20, 1e21, 1e-6, 1e-7, 123456789012345680000.0, 5e-324,
     1.7976931348623157e308,
     2.0**53, 0.1, -1.5e-9, 333333333.33333329, 4.50, 2e-3, 1e23, 9007199254740994.0],
)  # fmt: skip
def test_doubles_at_the_edges_are_spelled_as_ecmascript_does(value, auditor):
    assert auditor.spelled(value).encode() == rfc8785.dumps(value)


@settings(max_examples=300, deadline=None)
@given(value=st.dictionaries(st.text(), VALUES, max_size=5))
def test_values_are_spelled_by_rfc_8785(value, auditor):
    assert auditor.spelled(value).encode() == rfc8785.dumps(value)


def test_proofs_of_every_small_tree(auditor):
    hashes = [merkle.leaf_hash(bytes([n])) for n in range(21)]
    roots = [merkle.merkle_root(bytes([n]) for n in range(size)) for size in range(22)]
    for n in range(1, 22):
        assert auditor.root_of(hashes[:n]) == roots[n]
        for index in range(n):
            proof = merkle.inclusion_proof(hashes[:n], index)
            for tree in (
                (n, roots[n]),
                (n + 1, roots[n]),
                (n, roots[n - 1]),
                (max(n - 1, 1), roots[n]),
            ):
                for path in (proof, proof[:-1], [*proof, hashes[0]], proof[::-1]):
                    expected = merkle.verify_inclusion(
                        hashes[index], index, *tree[:1], path, tree[1]
                    )
                    assert auditor.is_included(hashes[index], index, tree, path) == expected
        for m in range(1, n):
            proof = merkle.consistency_proof(hashes[:n], m)
            for old in ((m, roots[m]), (m, roots[n])):
                for path in (proof, proof[:-1], [*proof, hashes[0]], proof[::-1]):
                    expected = merkle.verify_consistency(m, n, path, old[1], roots[n])
                    assert auditor.is_extended(old, (n, roots[n]), path) == expected
    assert auditor.root_of([]) == merkle.EMPTY_ROOT


@given(st.text(max_size=40))
def test_visible_text_has_no_character_that_acts(text):
    import provenir_audit

    shown = provenir_audit.visible(text)
    assert_inert(shown)
    assert "\n" not in shown


def test_numbers_beyond_a_double_are_refused(auditor):
    for digits in ("1e400", "NaN", "-Infinity", "9007199254740993", "1" + "0" * 400):
        with pytest.raises(auditor.Fault):
            auditor.read_json(digits.encode(), "x")
    assert auditor.read_json(b"-0.0", "x") == 0.0
    assert math.isfinite(auditor.read_json(b"1e308", "x"))


# ------------------------------------------------------------------------------ who may say what

POOL = [Ed25519Signer.generate(), Ed25519Signer.generate(), Ed25519Signer.generate(), P256_SIGNER]
LOG_KEY, WITNESS, ROOT_KEY = (Ed25519Signer.generate() for _ in range(3))
ROOTS = [f"sha256:{n:064x}" for n in (1, 2)]
ISSUED = "2026-01-01T00:00:00.000Z"
DATES = [None, None, None, "2026-03-01T00:00:00Z", "2026-09-01T00:00:00Z"]


def some(chance, items, least=0):
    return chance.sample(items, chance.randint(least, len(items)))


def random_policy(chance):
    """A policy of some keys with some roles; now and then one that cannot be read."""
    roles = ["operator", "data-source", "governance", "auditor"]
    kinds = [PASSPORT_PREDICATE, *STATEMENTS]
    tables = [
        key_table(
            key,
            *some(chance, roles, least=1),
            id=f"key{index}",
            predicate_types=chance.choice([None, None, some(chance, kinds)]),
            not_before=chance.choice(DATES),
            compromised_at=chance.choice(DATES),
        )
        for index, key in enumerate(some(chance, POOL, least=1))
    ]
    tables += [key_table(LOG_KEY, "log", id="example.org/log")] * chance.randint(0, 1)
    tables += [key_table(WITNESS, "witness", id="example.org/w")] * chance.randint(0, 1)
    required = [*roles, "operator", "log", "witness"]
    return policy_text(
        tables,
        require={
            level: some(chance, required)[:2] for level in some(chance, ["declared", "L0", "L1"])
        },
        thresholds={role: chance.choice([1, 2]) for role in some(chance, roles)[:2]},
        more="[evidence]\nreports = true" if chance.random() < 0.1 else "",
    )


def random_statements(chance, manifest):
    """Envelopes of roles over the datasets, the run and a policy, true or not quite."""
    claims = [
        DataSourceStatement(
            name="d",
            records_root=chance.choice(ROOTS),
            n=chance.choice([5, 5, 6]),
            license=chance.choice([None, "MIT"]),
            issued_at=ISSUED,
        )
        for _ in range(2)
    ]
    claims.append(PolicyStatement(name="p", policy=ROOTS[0], issued_at=ISSUED))
    claims.append(
        RunStatement(
            run_id="r",
            manifest=chance.choice([manifest, ROOTS[1]]),
            status="completed",
            issued_at=ISSUED,
        )
    )
    claims += [
        ExampleMetadataStatement(
            name="d",
            records_root=chance.choice(ROOTS),
            n=chance.choice([5, 5, 6]),
            metadata_root=ROOTS[1],
            metadata_n=2,
            issued_at=ISSUED,
        ),
        LedgerCloseStatement(
            run_id=chance.choice(["r", "r", "s"]),
            n=9,
            root=chance.choice(ROOTS),
            close=ROOTS[0],
            issued_at=ISSUED,
        ),
    ]
    signers = [LOG_KEY, HmacSigner(b"team secret"), *POOL]
    return [sign_statement(claim, some(chance, signers)[:2] or [POOL[0]]) for claim in claims]


def random_trial(chance, place):
    """Write a passport, statements and a policy; how to ask about them."""
    statements = random_statements(chance, ROOTS[0])
    data = [
        {"name": "a", "content_hash": ROOTS[0], "num_records": 5, "license": "MIT"},
        {"name": "b", "content_hash": ROOTS[1], "role": chance.choice(["train", "eval"])},
    ]
    bom = ModelBOM(model_id="m", run_id="r", data=[*some(chance, data)])
    signers = some(chance, [LOG_KEY, *POOL], least=1)[:3]
    passport = PassportSigner(signers).sign(
        bom,
        manifest=ManifestReference(run_id="r", digest=ROOTS[0]),
        statements=[one.digest for one in some(chance, statements)],
        ledger_root=chance.choice([None, *ROOTS]),
        required_roles=some(chance, ["governance", "operator", "witness", "pope"])[:1],
        expires_at=chance.choice([None, None, parse_utc("2126-01-01T00:00:00Z")]),
        clock=FixedClock(),
    )
    (place / "passport.json").write_text(passport.to_json())
    (place / "trust.toml").write_bytes(random_policy(chance))
    words = ["passport.json", "--trust", "trust.toml"]
    words += ["--at", chance.choice(["2026-02-01T00:00:00Z", "2026-06-01T00:00:00Z"])]
    for index, statement in enumerate(some(chance, statements)):
        (place / f"{index}.dsse.json").write_bytes(statement.envelope.to_bytes())
        words += ["--statement", f"{index}.dsse.json"]
    if chance.random() < 0.3:
        claim = Revocation(
            revoked=chance.choice([passport.digest(), ROOTS[0], statements[0].digest]),
            reason="wrong",
            revoked_at=ISSUED,
            issued_at=ISSUED,
        )
        revoked = sign_statement(claim, some(chance, POOL, least=1))
        (place / "revoked.dsse.json").write_bytes(revoked.envelope.to_bytes())
        words += ["--revocation", "revoked.dsse.json"]
    if chance.random() < 0.6:
        words += random_log(chance, place, passport, statements)
    return words


def random_log(chance, place, passport, statements):
    """Put the passport into a log of its own, with a checkpoint that some have signed."""
    log = EventLog(place / f"log{chance.random()}")
    events = [LogEvent(type="evaluation", name=f"e{n}") for n in range(chance.randint(0, 5))]
    named = {"passport:m": digest_bytes(passport.envelope.to_bytes())}
    named |= {
        f"statement:{n}": digest_bytes(s.envelope.to_bytes()) for n, s in enumerate(statements)
    }
    issued = LogEvent(type="passport_issued", name="passport", subjects=named)
    for event in [*events, issued, *events[:2]]:
        log.append(LogEvent(type=event.type, name=event.name, subjects=event.subjects))
    size = log.size
    proof = {"schema_version": "passport-proof/2", "event": {}, **log.inclusion(len(events))}
    note = sign_checkpoint(
        Checkpoint("example.org/log", size, parse_digest(log.root())), LOG_KEY, "example.org/log"
    )
    if chance.random() < 0.7:
        seconds = chance.choice([1_770_000_000, 1_775_000_000, 1_780_000_000])
        note = cosign(note, WITNESS, "example.org/w", seconds)
    proof["checkpoint"] = chance.choice([None, note.to_bytes().decode(), note.to_bytes().decode()])
    old = chance.randint(0, size)
    proof["consistency"] = (
        [log.consistency(old)] if 0 < old < size and chance.random() < 0.7 else []
    )
    if chance.random() < 0.2:
        proof[chance.choice(["root", "leaf_hash"])] = ROOTS[0]
    (place / "proof.json").write_text(json.dumps(proof))
    words = ["--proof", "proof.json"] if chance.random() < 0.8 else []
    words += ["--log", log.folder] if not words or chance.random() < 0.4 else []
    if chance.random() < 0.5:
        kept = Checkpoint("example.org/log", old, merkle_root_of(log, old))
        (place / "kept").write_bytes(sign_checkpoint(kept, LOG_KEY, kept.origin).to_bytes())
        words += ["--checkpoint", "kept"]
    return words


def merkle_root_of(log, size):
    return merkle.merkle_root(entry.to_bytes() for entry in list(log.entries())[:size])


@pytest.mark.parametrize("seed", SEEDS)
def test_it_agrees_on_who_may_say_what(seed, both, place, monkeypatch):
    chance = random.Random(seed)
    for trial in range(5):
        folder = place / str(trial)
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("PROVENIR_STATE", str(folder / "remembered.json"))
        both(*random_trial(chance, folder))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_agrees_on_flips_in_anything_that_is_handed_over(seed, both, place, monkeypatch):
    chance = random.Random(seed)
    case = chance.choice(CASES)
    arguments = json.loads((case / "case.json").read_text())["arguments"]
    for trial in range(6):
        folder = place / str(trial)
        shutil.copytree(case, folder)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("PROVENIR_STATE", str(place / f"remembered{trial}.json"))
        files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix != ".md"]
        victim = chance.choice(files)
        data = bytearray(victim.read_bytes() or b"\x00")
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        victim.write_bytes(data if chance.random() < 0.9 else data[: len(data) // 2])
        both(*arguments)


def test_it_agrees_that_revocations_must_be_listed(audit, package, tmp_path, monkeypatch):
    shutil.copytree(CASES[0].parent / "operator", tmp_path / "case")
    monkeypatch.chdir(tmp_path / "case")
    Path("revocations").write_text("taken away\n")
    words = ("passport.json", "--trust", "trust.toml", "--at", "2026-06-01T00:00:00Z")
    assert audit(*words).code == 2
    assert package(*words).code == 2
