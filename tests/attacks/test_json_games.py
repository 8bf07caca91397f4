"""Games with the spelling of JSON, in unsigned and in signed places.

What two readers could understand differently is refused by ours, wherever it stands: around a
signature, under one (signed again by the right key, so that only the reader is left to refuse),
in the log's proof, in the verifier's own state. The games that JSON leaves to taste (white space,
the order of keys, an escaped letter, the alphabet of base64) change no verdict.

`refused` is a verdict that is not good, or an error of ours; anything else goes through and fails
the test. What is large or deep is given to a process of its own, whose memory is looked at.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from provenir.attest.dsse import Envelope
from provenir.core.errors import InputError, ProvenirError
from provenir.data import Dataset
from provenir.governance.model_passport import ModelPassport
from provenir.governance.signing import PassportSigner
from provenir.governance.verification import verify_passport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from handed_over import Case

CAFE = unicodedata.normalize("NFC", "cafe\u0301")
CAFE_TWIN = unicodedata.normalize("NFD", CAFE)
MAX_MEMORY_BYTES = 900 * 2**20
"""Of a whole process; a reader that unpacked a gibibyte of zeros would need more."""


def is_good(case: Case, **changes: Any) -> bool:
    try:
        return bool(case.judge(**changes).verdict)
    except ProvenirError:
        return False


# Around any JSON text -------------------------------------------------------------------------

WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.decode().encode("utf-16-le"),
    "UTF-32": lambda text: text.decode().encode("utf-32"),
    "invalid UTF-8": lambda text: text[:-1] + b',"\xff":1}',
    "overlong UTF-8": lambda text: text[:-1] + b',"\xc0\xaf":1}',
    "a surrogate in UTF-8": lambda text: text[:-1] + b',"\xed\xa0\x80":1}',
    "a lone surrogate": lambda text: text[:-1] + b',"\\ud800":1}',
    "a NUL after it": lambda text: text + b"\0",
    "a word after it": lambda text: text + b"x",
    "a comma after it": lambda text: text + b",",
    "a comment after it": lambda text: text + b"//",
    "itself twice": lambda text: text + text,
    "itself twice on two lines": lambda text: text + b"\n" + text,
    "an empty object before it": lambda text: b"{}" + text,
    "in a list": lambda text: b"[" + text + b"]",
    "a trailing comma": lambda text: text[:-1] + b",}",
    "single quotes": lambda text: text.replace(b'"', b"'"),
    "an unknown field": lambda text: b'{"":0,' + text[1:],
    "an unknown field NaN": lambda text: b'{"x":NaN,' + text[1:],
    "a field beyond doubles": lambda text: b'{"x":1E400,' + text[1:],
    "a field -Infinity": lambda text: b'{"x":-Infinity,' + text[1:],
    "a leading zero": lambda text: b'{"x":01,' + text[1:],
    "ten thousand digits": lambda text: b'{"x":' + b"9" * 10_000 + b"," + text[1:],
    "depth 100,000": lambda text: b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"," + text[1:],
    "depth 100,000 unclosed": lambda text: b'{"x":' * 100_000,
    "a million items": lambda text: b'{"x":[' + b"0," * 10**6 + b"0]," + text[1:],
    "empty": lambda text: b"",
    "null": lambda text: b"null",
}
SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "white space around it": lambda text: b" \n\t" + text + b"\r\n",
    "indented": lambda text: json.dumps(json.loads(text), indent=4).encode(),
    "keys turned around": lambda text: json.dumps(
        dict(reversed(json.loads(text).items()))
    ).encode(),
    "escaped letters": lambda text: text.replace(b'"sig', b'"\\u0073i\\u0067').replace(
        b'"schema_version"', b'"schema\\u005fversion"'
    ),
}


def json_files(case: Case) -> dict[str, Path]:
    (manifest,) = (case.run / "manifests").iterdir()
    return {
        "passport": case.run / "passport.json",
        "proof": case.run / "passport.proof.json",
        "statement": case.statement("data-source"),
        "rotation": case.rotation,
        "revocation": case.revocation,
        "state": case.state,
        "manifest": manifest,
        "bom": case.run / "bom.json",
        "flight recorder": case.run / "flight_recorder.json",
    }


def test_no_game_around_a_file_is_good(case: Case) -> None:
    for kind, path in json_files(case).items():
        before, state = path.read_bytes(), case.state.read_bytes()
        for name, game in WHOLE.items():
            path.write_bytes(game(before.strip()))
            assert not is_good(case), (kind, name)
            path.write_bytes(before)
        assert case.state.read_bytes() == state
    assert is_good(case)


def test_a_spelling_is_no_change(case: Case) -> None:
    for kind, path in json_files(case).items():
        before, state = path.read_bytes(), case.state.read_bytes()
        exact = kind in ("manifest", "bom", "flight recorder")  # held to every byte
        for name, spelled in SPELLINGS.items():
            new = spelled(before)
            path.write_bytes(new)
            assert is_good(case) == (not exact or new == before), (kind, name)
        path.write_bytes(before)
        case.state.write_bytes(state)


# Around a signature ---------------------------------------------------------------------------


def twice(text: bytes, field: str, spelled: str, value: Any) -> bytes:
    """The object with one of its keys a second time, in front, in another spelling."""
    assert f'"{field}"'.encode() in text
    return b'{"' + spelled.encode() + b'":' + json.dumps(value).encode() + b"," + text[1:]


def in_signature(text: bytes, more: bytes) -> bytes:
    return text.replace(b'{"keyid"', b"{" + more + b',"keyid"', 1)


def with_payload(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    def game(text: bytes) -> bytes:
        value = json.loads(text)
        return json.dumps({**value, "payload": change(value["payload"])}).encode()

    return game


def stray_bits(payload: str) -> str:
    """The same bytes, with a bit that decoders throw away."""
    padded = payload.rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(padded[-1]) | 1]
    return padded[:-1] + last + "=" * (len(payload) - len(padded))


ENVELOPES: dict[str, Callable[[bytes], bytes]] = {
    "payload twice": lambda text: twice(text, "payload", "payload", "e30="),
    "payload twice, escaped": lambda text: twice(text, "payload", "p\\u0061yload", "e30="),
    "payloadType twice": lambda text: twice(text, "payloadType", "payloadType", "x"),
    "signatures twice": lambda text: twice(text, "signatures", "\\u0073ignatures", []),
    "sig twice": lambda text: in_signature(text, b'"s\\u0069g":"AAAA"'),
    "keyid twice": lambda text: in_signature(text, b'"keyid":"x"'),
    "a note in a signature": lambda text: in_signature(text, b'"note":"audited"'),
    "a certificate": lambda text: in_signature(text, b'"cert":"MII="'),
    "a lone surrogate as key id": lambda text: text.replace(b'"keyid":"', b'"keyid":"\\udc00', 1),
    "a huge key id": lambda text: text.replace(b'"keyid":"', b'"keyid":"' + b"x" * 10**6, 1),
    "a list as payload": lambda text: text.replace(b'"payload":"', b'"payload":["', 1),
    "no signature": lambda text: text.partition(b"[")[0] + b"[]}",
    "null as signatures": lambda text: json.dumps(
        {**json.loads(text), "signatures": None}
    ).encode(),
    "an object as signatures": lambda text: json.dumps(
        {**json.loads(text), "signatures": json.loads(text)["signatures"][0]}
    ).encode(),
    "a million signatures": lambda text: text[:-2] + b',{"sig":"AA=="}' * 10**6 + b"]}",
    "a space in base64": with_payload(lambda payload: payload[:8] + " " + payload[8:]),
    "a line in base64": with_payload(lambda payload: payload[:76] + "\n" + payload[76:]),
    "no padding": with_payload(lambda payload: payload.rstrip("=") + "A==="),
    "too much padding": with_payload(lambda payload: payload + "===="),
    "padding in the middle": with_payload(lambda payload: payload[:4] + "====" + payload[4:]),
    "two alphabets": with_payload(lambda payload: payload[:-4] + "-_+/"),
    "full-width letters": with_payload(lambda payload: chr(0xFF41) + payload[1:]),
    "a dot at the end": with_payload(lambda payload: payload + "."),
    "a NUL at the end": with_payload(lambda payload: payload + "\0"),
    "an empty payload": with_payload(lambda payload: ""),
}


def test_no_game_with_an_envelope_is_good(case: Case) -> None:
    files = json_files(case)
    for kind in ("passport", "statement", "rotation", "revocation"):
        before = files[kind].read_bytes()
        for name, game in ENVELOPES.items():
            files[kind].write_bytes(game(before))
            assert not is_good(case), (kind, name)
        files[kind].write_bytes(before)
    assert is_good(case)


def test_stray_bits_of_base64_are_no_second_spelling(case: Case) -> None:
    signer = case.keys.operator
    for length in (1, 2):
        text = Envelope.sign(b"x" * length, [signer]).to_bytes()
        assert json.loads(text)["payload"].endswith("=")
        changed = with_payload(stray_bits)(text)
        assert base64.b64decode(json.loads(changed)["payload"]) == b"x" * length
        with pytest.raises(InputError):
            Envelope.parse(changed)


def test_the_other_alphabet_is_a_spelling(case: Case) -> None:
    path = case.run / "passport.json"
    url_safe = str.maketrans("+/", "-_")
    path.write_bytes(with_payload(lambda payload: payload.translate(url_safe))(path.read_bytes()))
    assert is_good(case)


# Under a signature ----------------------------------------------------------------------------


def signed_again(case: Case, payload: bytes) -> bytes:
    return Envelope.sign(payload, [case.keys.operator]).to_bytes()


def replaced(old: str, new: str) -> Callable[[str], str]:
    def game(text: str) -> str:
        assert text.count(old) >= 1, old
        return text.replace(old, new, 1)

    return game


PREDICATE = '"predicate":{'
SETTINGS = '"hyperparameters":{'
SIGNED: dict[str, Callable[[str], str]] = {
    "a field twice": replaced(PREDICATE, PREDICATE + '"assurance":"L2",'),
    "a field twice, escaped": replaced(PREDICATE, PREDICATE + '"assur\\u0061nce":"L2",'),
    "an unknown field": replaced(PREDICATE, PREDICATE + '"audited":true,'),
    "an unknown field in the inventory": replaced('"bom":{', '"bom":{"audited":true,'),
    "an unknown field of the statement": replaced(PREDICATE, '"audited":true,' + PREDICATE),
    "an empty key": replaced(PREDICATE, PREDICATE + '"":1,'),
    "a version 1.0": replaced('"version":1', '"version":1.0'),
    "a version 1e0": replaced('"version":1', '"version":1e0'),
    "a version 10e-1": replaced('"version":1', '"version":10e-1'),
    "a version 01": replaced('"version":1', '"version":01'),
    "a version +1": replaced('"version":1', '"version":+1'),
    "a version true": replaced('"version":1', '"version":true'),
    "a version in quotes": replaced('"version":1', '"version":"1"'),
    "a version -0": replaced('"version":1', '"version":-0'),
    "a version NaN": replaced('"version":1', '"version":NaN'),
    "a version 1E400": replaced('"version":1', '"version":1E400'),
    "a version 2^53+1": replaced('"version":1', '"version":9007199254740993'),
    "a version of 5,000 digits": replaced('"version":1', '"version":' + "9" * 5_000),
    "a score NaN": replaced('"score":0.5', '"score":NaN'),
    "a score 1E400": replaced('"score":0.5', '"score":1E400'),
    "a score in quotes": replaced('"score":0.5', '"score":"0.5"'),
    "a lone surrogate": replaced('"model_id":"sums"', '"model_id":"sums\\ud800"'),
    "a pair turned around": replaced('"model_id":"sums"', '"model_id":"\\ude00\\ud83d"'),
    "a raw control character": replaced('"model_id":"sums"', '"model_id":"su\nms"'),
    "depth 100,000": replaced(SETTINGS, SETTINGS + '"x":' + "[" * 10**5 + "]" * 10**5 + ","),
    "depth 70": replaced(
        '"hyperparameters":{', '"hyperparameters":{"x":' + "[" * 70 + "]" * 70 + ","
    ),
    "a million items and more": replaced(SETTINGS, SETTINGS + '"x":[' + "0," * 1_000_001 + "0],"),
    "a time with a space": replaced('"issued_at":"20', '"issued_at":" 20'),
    "two statements": lambda text: text + text,
    "a byte order mark": lambda text: "\ufeff" + text,
    "a comment": lambda text: text + "/**/",
}
SAME: dict[str, Callable[[str], str]] = {
    "white space": lambda text: json.dumps(json.loads(text), indent=3),
    "escaped letters": replaced('"model_id":"sums"', '"model_\\u0069d":"\\u0073ums"'),
    "a score 5e-1": replaced('"score":0.5', '"score":5e-1'),
    "a score 0.50": replaced('"score":0.5', '"score":0.50'),
}


@pytest.fixture(scope="module")
def payload(pristine: Case) -> str:
    """What the operator signed, without the log's part: the forged one is not in the log."""
    passport = ModelPassport.read(pristine.run / "passport.json")
    return passport.envelope.payload.decode()


def judged_alone(case: Case, payload: bytes) -> bool:
    try:
        verdict = verify_passport(
            signed_again(case, payload), keys=[case.keys.operator.verification_key]
        )
    except ProvenirError:
        return False
    return bool(verdict)


@pytest.mark.parametrize("name", SIGNED)
def test_no_signed_game_is_good(pristine: Case, payload: str, name: str) -> None:
    assert judged_alone(pristine, payload.encode())
    assert not judged_alone(pristine, SIGNED[name](payload).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", SAME)
def test_a_signed_spelling_means_the_same(pristine: Case, payload: str, name: str) -> None:
    new = SAME[name](payload)
    assert judged_alone(pristine, new.encode())
    before = ModelPassport.from_json(signed_again(pristine, payload.encode()))
    after = ModelPassport.from_json(signed_again(pristine, new.encode()))
    assert after.predicate == before.predicate


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_a_signed_statement_is_utf_8(pristine: Case, payload: str, encoding: str) -> None:
    text = payload.replace('"model_id":"sums"', f'"model_id":"{CAFE}"')
    assert not judged_alone(pristine, text.encode(encoding))


# Numbers in what is not signed --------------------------------------------------------------------

PLAIN = '1.0 1e0 10e-1 -0 01 +1 0x1 1. .1 1E400 1e309 -1 NaN Infinity null true [] "1"'
HUGE = ("9007199254740993", "18446744073709551617", "9" * 400, "9" * 5_000)
FORMS = (*PLAIN.split(), *HUGE)


@pytest.mark.parametrize("form", FORMS)
def test_a_number_of_the_proof_or_the_state_has_one_form(case: Case, form: str) -> None:
    for path, field, old in (
        (case.run / "passport.proof.json", "index", 2),
        (case.run / "passport.proof.json", "size", 3),
        (case.state, "version", 2),
    ):
        before = path.read_text()
        assert f'"{field}":{old}' in before
        path.write_text(before.replace(f'"{field}":{old}', f'"{field}":{form}', 1))
        assert not is_good(case), field
        path.write_text(before)
    assert is_good(case)


# Twins of names -----------------------------------------------------------------------------------


def test_a_name_and_its_twin_are_two_models(pristine: Case) -> None:
    from provenir.governance.bom import ModelBOM

    key = pristine.keys.operator
    passport = PassportSigner(key).sign(ModelBOM(model_id=CAFE))
    asked = {"keys": [key.verification_key]}
    assert verify_passport(passport.envelope, model=CAFE, **asked)
    other = verify_passport(passport.envelope, model=CAFE_TWIN, **asked)
    assert other.reasons == ("wrong-model",)


def test_a_policy_is_named_in_one_spelling(case: Case) -> None:
    case.rotation.unlink()
    case.state.unlink()
    before = case.trust.read_text()
    case.trust.write_text(before.replace('name = "acme"', f'name = "{CAFE_TWIN}"'))
    with pytest.raises(InputError):
        case.judge()


def test_a_licence_and_its_twin_are_two(pristine: Case) -> None:
    from handed_over import ISSUED
    from provenir.core.digest import digest_bytes
    from provenir.governance.bom import DataComponent, ModelBOM
    from provenir.governance.handover import Handover
    from provenir.governance.statements import DataSourceStatement, sign_statement

    root = digest_bytes(b"rows")
    said = {"name": "d", "records_root": root, "n": 1, "issued_at": ISSUED}
    statement = sign_statement(
        DataSourceStatement(license=CAFE_TWIN, **said), [pristine.keys.source]
    )
    part = DataComponent(name="d", content_hash=root, num_records=1, license=CAFE)
    key = pristine.keys.operator
    passport = PassportSigner(key).sign(
        ModelBOM(model_id="m", data=[part]), statements=[statement.digest]
    )
    handed = Handover(statements=((statement.digest, statement.envelope),))
    verdict = verify_passport(passport.envelope, keys=[key.verification_key], evidence=handed)
    assert verdict.reasons == ("statement-mismatch",)


def test_a_row_and_its_twin_are_two() -> None:
    first, second = (Dataset([{"q": text}]).identity() for text in (CAFE, CAFE_TWIN))
    assert first.records_root != second.records_root


# What is large, in a process of its own ---------------------------------------------------------

MEASURED = """
import json, pathlib, sys
from provenir.cli.main import run
codes = []
for words in json.load(sys.stdin):
    sys.stderr.write("--- " + json.dumps(words) + "\\n")
    try:
        run(words)
    except SystemExit as left:
        codes.append(left.code)
# Of this program alone: ru_maxrss would begin with what its parent had when it was forked.
status = pathlib.Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
print("\\n" + json.dumps({"codes": codes, "peak": peak}))
"""


def refused(*lines: tuple[object, ...]) -> None:
    """Run command lines in a process of their own: none is good, and its memory is bounded."""
    told = measured(lines)
    assert all(code in (1, 2, 3) for code in told), list(zip(told, lines, strict=True))


def measured(lines: Sequence[tuple[object, ...]]) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        input=json.dumps([[str(word) for word in words] for words in lines]),
        capture_output=True,
        text=True,
        check=True,
        timeout=600,  # against an endless loop; no speed is asked for
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["peak"] < MAX_MEMORY_BYTES
    assert "Traceback" not in done.stderr
    assert "a defect in provenir" not in done.stderr
    for code, said in zip(told["codes"], done.stderr.split("--- ")[1:], strict=True):
        assert code != 2 or said.splitlines()[1].startswith("error: "), said
    return told["codes"]


@pytest.fixture(scope="module")
def zeros(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gibibyte of zeros, packed; the members of a gzip file may follow each other."""
    import gzip

    path = tmp_path_factory.mktemp("zeros") / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(2**24), 9) * 64)
    return path


def test_a_packed_gibibyte_is_no_evidence(case: Case, zeros: Path) -> None:
    """As passport, statement, revocation, proof, checkpoint, trust policy, state, key, report."""
    good = case.words()
    passport = case.run / "passport.json"
    refused(
        ("passport", "show", zeros),
        ("passport", "verify", zeros, "--trust", case.trust, "--state", case.state),
        ("verify", passport, "--public-key", zeros),
        ("verify", case.run, "--trust", zeros),
        ("verify", case.run, "--trust", case.trust, "--state", zeros),
        (*good, "--statement", zeros),
        (*good, "--revocation", zeros),
        (*good, "--proof", zeros),
        (*good, "--checkpoint", zeros),
        ("lineage", "show", zeros),
    )


def test_a_packed_gibibyte_in_a_run_folder_is_refused(case: Case, zeros: Path) -> None:
    for path in json_files(case).values():
        before = path.read_bytes()
        path.write_bytes(zeros.read_bytes())
        assert not is_good(case), path
        path.write_bytes(before)


def test_a_sparse_file_is_refused_by_its_size(case: Case) -> None:
    sparse = case.place / "sparse"
    with sparse.open("wb") as file:
        file.truncate(2**33)
    good = case.words()
    refused(
        ("passport", "show", sparse),
        ("verify", case.run, "--trust", sparse),
        (*good, "--checkpoint", sparse),
        (*good, "--proof", sparse),
        (*good, "--state", sparse),
    )


READ = """
import json, pathlib, sys
from provenir.core.errors import InputError
from provenir.data import Dataset
try:
    Dataset(sys.argv[1]).identity()
    said = "read"
except InputError as fault:
    said = str(fault)
# Of this program alone: ru_maxrss would begin with what its parent had when it was forked.
status = pathlib.Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
print(json.dumps({"said": said, "peak": peak}))
"""


def test_a_packed_gibibyte_is_no_dataset(zeros: Path) -> None:
    dataset = zeros.with_name("rows.jsonl.gz")
    dataset.write_bytes(zeros.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", READ, str(dataset)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told = json.loads(done.stdout)
    assert "\n" not in told["said"]
    assert told["said"] != "read"
    assert told["peak"] < MAX_MEMORY_BYTES


LARGE: dict[str, Callable[[], bytes]] = {
    "a text of 64 MB": lambda: b'{"payload":"' + b"A" * 2**26 + b'"}',
    "depth 100,000": lambda: b"[" * 10**5,
    "a million items": lambda: b"[" + b"0," * 10**6 + b"0]",
}
LARGER: dict[str, Callable[[], bytes]] = {
    "a text of 60 MB": lambda: b'{"schema_version":"' + b"A" * (60 * 10**6) + b'"}',
    "five million escapes": lambda: b'{"schema_version":"' + b"\\u0041" * (5 * 10**6) + b'"}',
    "a million objects": lambda: b"[" + b"{}," * 10**6 + b"0]",
    "a million keys": lambda: b"{" + b",".join(b'"%d":0' % n for n in range(10**6)) + b"}",
}


def refuse_everywhere(case: Case, text: bytes) -> None:
    large, shown = case.place / "large.json", case.place / "shown"
    large.write_bytes(text)
    (shown / "manifests").mkdir(parents=True)
    for file in ("steps.jsonl", "flight_recorder.json", "manifests/run.json"):
        (shown / file).write_bytes(text)
    good = case.words()
    refused(
        ("passport", "show", large),
        ("verify", case.run, "--trust", large),
        (*good, "--state", large),
        (*good, "--proof", large),
        ("lineage", "show", large),
        ("run", "verify", shown),
    )
    assert measured([("run", "show", shown)])[0] in (0, 2)


@pytest.mark.parametrize("name", LARGE)
def test_large_texts_are_refused_everywhere(case: Case, name: str) -> None:
    refuse_everywhere(case, LARGE[name]())


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGER)
def test_larger_texts_too(case: Case, name: str) -> None:
    refuse_everywhere(case, LARGER[name]())
