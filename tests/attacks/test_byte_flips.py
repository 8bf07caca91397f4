"""Random changes of bytes: each is refused, or changes nothing that is judged.

`FLIPS` changes a seed, over every kind of file that a verdict depends on, with a fixed seed: bits,
bytes, insertions, deletions, truncations, swaps of bytes and of blocks, and repeats. What counts as
"nothing that is judged" is not asked of the code under test: `judged` reads each kind of file on
its own terms, with the standard library's JSON, TOML and base64, and gives what the verdict stands
for:

* of an envelope its payload and type, and whether the one signature bytes are the same (spelling
  of the JSON, alphabet of the base64 and key ids are not judged; but the log's line names the
  passport's envelope in its one spelling, so of a passport the key ids are; and the operator's
  role is borne by the passport, so of his statement, which the passport binds, no signature is);
* of the proof everything but the copy of the event and the roots that a consistency proof says it
  is about, which are taken from the trees in question;
* of a checkpoint that the verifier kept its origin, size and root;
* of a trust policy that was rotated its name and its root keys, since the newer version says the
  rest; of one that was not, every value but a version that is higher than the remembered one;
* of the verifier's own state whether it forbids what is shown;
* of the manifest and the files of a run every byte.

A good verdict over other values than before is a forgery that went through. Whatever is refused is
refused by a verdict, or by an error of ours in one line, and never by anything else.
"""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from provenir.core.errors import InputError, ProvenirError
from provenir.governance.run_check import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from handed_over import Case

FLIPS = 1_000
FLIPS_SLOW = 12_000

Files = dict[str, "Path"]


def files_of(case: Case) -> Files:
    """Everything that is attacked, by the kind of reading that it gets."""
    (manifest,) = (case.run / "manifests").iterdir()
    reports = ("bom", "flight_recorder", "hacking_report", "lineage")
    records = ("steps", "trajectories", "journal")
    return {
        "passport": case.run / "passport.json",
        "proof": case.run / "passport.proof.json",
        "envelope:data-source": case.statement("data-source"),
        "envelope:governance": case.statement("governance"),
        "payload:operator": case.statement("operator"),
        "envelope:rotation": case.rotation,
        "envelope:revocation": case.revocation,
        "policy": case.trust,
        "checkpoint": case.checkpoint,
        "state": case.state,
        "exact:manifest": manifest,
        **{f"exact:{name}": case.run / f"{name}.json" for name in reports},
        **{f"exact:{name}": case.run / f"{name}.jsonl" for name in records},
    }


# What a file stands for -----------------------------------------------------------------------


def judged(kind: str, data: bytes) -> Any:
    """What a verdict depends on in a file, read without any code of ours."""
    reader: Callable[[bytes], Any] = {
        "passport": canonical_envelope,
        "proof": proof,
        "envelope": envelope,
        "payload": lambda data: envelope(data)[:2],
        "policy": policy,
        "checkpoint": lambda note: note.decode().split("\n")[:3],
        "exact": bytes,
    }[kind.partition(":")[0]]
    return reader(data)


def unbase64(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


def envelope(data: bytes) -> Any:
    value = json.loads(data)
    signatures = sorted(unbase64(each["sig"]) for each in value["signatures"])
    return unbase64(value["payload"]), value["payloadType"], signatures


def canonical_envelope(data: bytes) -> Any:
    value = json.loads(data)
    return envelope(data), [each["keyid"] for each in value["signatures"]]


def proof(data: bytes) -> Any:
    value = json.loads(data)
    del value["event"]
    for each in value["consistency"]:
        del each["old_root"], each["new_root"]
    return value


def policy(data: bytes) -> Any:
    value = tomllib.loads(data.decode())
    roots = [key["public"] for key in value["keys"] if key["roles"] == ["root"]]
    return value["schema"], value["name"], value["version"], roots, value.get("thresholds")


def forbids(state: bytes, before: bytes) -> bool:
    """Whether a state, read as plain JSON, speaks against what the case shows."""
    value, known = json.loads(state), json.loads(before)
    for table in ("policies", "passports"):
        for name, shown in known[table].items():
            found = value.get(table, {}).get(name)
            if found is None:
                continue
            newer = found["version"] > shown["version"]
            same = found["version"] == shown["version"]
            if newer or (table == "policies" and same and found["digest"] != shown["digest"]):
                return True
    for origin, seen in known["checkpoints"].items():
        for found in value.get("checkpoints", {}).get(origin, []):
            if any(found["size"] == s["size"] and found["root"] != s["root"] for s in seen):
                return True
    return False


# Changes ----------------------------------------------------------------------------------------


def changed(data: bytes, dice: random.Random) -> bytes:
    """One random change, small or large; never the same bytes."""
    while (new := _changed(bytearray(data), dice)) == data:
        pass
    return new


def _changed(data: bytearray, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    length = min(dice.choice((1, 1, 2, 3, 8, 64)), len(data) - at)
    match dice.randrange(9):
        case 0 | 1 | 2:
            data[at] ^= 1 << dice.randrange(8)
        case 3:
            data[at : at + length] = dice.randbytes(length)
        case 4:
            data[at:at] = dice.choice((dice.randbytes(length), b" ", b"\n", b"0", b'"', b","))
        case 5:
            del data[at : at + length]
        case 6:
            del data[at:]
        case 7:
            other = dice.randrange(len(data))
            data[at], data[other] = data[other], data[at]
        case _:
            data[at:at] = data[at : at + length]
    return bytes(data)


# The attack --------------------------------------------------------------------------------------


class Attack:
    """Changes one file at a time, asks, and puts the file back."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.files = files_of(case)
        self.pristine = {kind: path.read_bytes() for kind, path in self.files.items()}
        self.outcomes: Counter[str] = Counter()
        self.by_kind: Counter[str] = Counter()

    def ask(self, kind: str, new: bytes) -> None:
        self.files[kind].write_bytes(new)
        outcome = self.answer()
        self.outcomes[outcome] += 1
        self.by_kind[kind] += 1
        if outcome == "good":
            self.check_identical(kind, new)
        self.files[kind].write_bytes(self.pristine[kind])
        self.files["state"].write_bytes(self.pristine["state"])

    def answer(self) -> str:
        """What a verifier hears; anything but a verdict or an error of ours goes through."""
        try:
            verdict = self.case.judge().verdict
        except ProvenirError as fault:
            return "two lines" if "\n" in str(fault) else "error"
        if verdict:
            return "good"
        return f"exit {verdict.exit_code}" if verdict.reasons else "no reason"

    def check_identical(self, kind: str, new: bytes) -> None:
        before = self.pristine[kind]
        if kind == "state":
            assert not forbids(new, before), new
            after = self.files["state"].read_bytes()
            assert forbids_nothing_less(json.loads(after), json.loads(before))
        else:
            assert judged(kind, new) == judged(kind, before), new


def forbids_nothing_less(after: Any, before: Any) -> bool:
    """A good verdict leaves at least the versions that it saw."""
    return all(
        after[table][name]["version"] >= shown["version"]
        for table in ("policies", "passports")
        for name, shown in before[table].items()
    )


def flip(case: Case, number: int, seed: int) -> Attack:
    attack, dice = Attack(case), random.Random(seed)
    kinds = sorted(attack.files)
    for _ in range(number):
        kind = dice.choice(kinds)
        attack.ask(kind, changed(attack.pristine[kind], dice))
    assert set(attack.by_kind) == set(kinds)
    assert attack.case.judge().verdict
    return attack


def test_a_thousand_changes_are_refused_or_mean_the_same(case: Case) -> None:
    attack = flip(case, FLIPS, seed=1)
    assert attack.outcomes.total() == FLIPS
    assert set(attack.outcomes) <= {"good", "error", "exit 1", "exit 3"}
    # Most changes are refused; a handful touches what nobody judges.
    assert attack.outcomes["good"] < FLIPS // 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
def test_ten_thousand_more(case: Case, seed: int) -> None:
    flip(case, FLIPS_SLOW // 3, seed)


def test_no_change_takes_a_revocation_out_of_effect(case: Case) -> None:
    """Whatever happens to the bytes of a revocation of this very passport: it is never good."""
    from handed_over import ISSUED
    from provenir.governance.passport import ModelPassport
    from provenir.governance.statements import Revocation, sign_statement

    passport = ModelPassport.read(case.run / "passport.json")
    stolen = Revocation(
        revoked=passport.digest(), reason="stolen", revoked_at=ISSUED, issued_at=ISSUED
    )
    signed = sign_statement(stolen, [case.keys.governance]).envelope.to_bytes()
    dice = random.Random(7)
    for new in (signed, b"", *(changed(signed, dice) for _ in range(150))):
        case.revocation.write_bytes(new)
        assert not case.judge().verdict


def test_a_kept_checkpoint_is_utf_8(case: Case) -> None:
    """A byte that is none does not become a line that means nothing."""
    text = case.checkpoint.read_bytes().partition(b"\n\n")[0] + b"\n"
    case.checkpoint.write_bytes(text)
    assert case.judge().verdict
    case.checkpoint.write_bytes(text + b"\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        case.judge()


def test_a_policy_that_was_never_rotated_is_held_to_what_is_remembered(case: Case) -> None:
    newest = json.loads(case.rotation.read_bytes())["payload"]
    case.rotation.unlink()
    policy = unbase64(newest).replace(b"version = 2", b"version = 1")
    case.trust.write_bytes(policy)
    case.state.unlink()
    assert case.judge().verdict
    state, dice = case.state.read_bytes(), random.Random(13)
    for _ in range(150):
        new = changed(policy, dice)
        case.trust.write_bytes(new)
        try:
            good = bool(case.judge().verdict)
        except ProvenirError:
            good = False
        if good:  # the version in the file was made higher, and nothing else that is a value
            before, after = tomllib.loads(policy.decode()), tomllib.loads(new.decode())
            assert after.pop("version") > before.pop("version")
            assert after == before
        case.state.write_bytes(state)


def test_a_change_of_a_run_folder_is_seen_by_its_manifest_alone(case: Case) -> None:
    """`provenir run verify` has no key: it vouches for the files by the manifest, and no more."""
    dice = random.Random(11)
    files = {kind: path for kind, path in files_of(case).items() if kind.startswith("exact:")}
    for kind, path in files.items():
        before = path.read_bytes()
        for _ in range(15):
            new = changed(before, dice)
            path.write_bytes(new)
            try:
                good = bool(verify_run(case.run))
            except ProvenirError:
                good = False
            if good:
                # The manifest is compared by what it says and by the digest of its spelling.
                assert kind == "exact:manifest"
                assert json.loads(new) == json.loads(before)
        path.write_bytes(before)
    assert verify_run(case.run)


# The same on the command line ---------------------------------------------------------------------


def test_the_command_line_says_so_in_one_line(case: Case, call: Any) -> None:
    attack, dice = Attack(case), random.Random(3)
    passport = ("--public-key", case.place / "olga.pub.pem")
    (case.place / "olga.pub.pem").write_bytes(case.keys.operator.verification_key.pem())
    asked = [
        ("passport", lambda path: ("passport", "show", path)),
        ("passport", lambda path: ("passport", "verify", path, *passport)),
        ("exact:manifest", lambda _: ("run", "verify", case.run)),
        ("exact:bom", lambda _: ("run", "verify", case.run, "--json")),
        ("exact:lineage", lambda _: ("lineage", "show", case.run)),
        ("exact:hacking_report", lambda _: ("run", "show", case.run)),
        ("exact:manifest", lambda _: ("run", "list", case.run.parent)),
        *((kind, lambda _: case.words()) for kind in sorted(attack.files)),
    ]
    for _ in range(3):
        for kind, words in asked:
            path = attack.files[kind]
            path.write_bytes(changed(attack.pristine[kind], dice))
            code, _, err = call(*words(path))
            assert code in (0, 1, 2, 3)
            assert "Traceback" not in err
            assert "a defect in provenir" not in err
            errors = sum(line.startswith("error:") for line in err.splitlines())
            assert errors == 1 if code == 2 else errors <= 1
            path.write_bytes(attack.pristine[kind])
            case.state.write_bytes(attack.pristine["state"])


def test_and_in_a_process_of_its_own(case: Case) -> None:
    attack, dice = Attack(case), random.Random(4)
    for kind in ("passport", "proof", "policy", "state"):
        attack.files[kind].write_bytes(changed(attack.pristine[kind], dice))
        done = subprocess.run(
            [sys.executable, "-m", "provenir", *case.words()],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "120"},
        )
        assert done.returncode in (0, 1, 2, 3)
        assert "Traceback" not in done.stderr
        attack.files[kind].write_bytes(attack.pristine[kind])
