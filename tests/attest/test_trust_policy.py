from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import key_table, policy, policy_text, spki
from provenir.attest.keys import Ed25519Signer, P256Signer
from provenir.attest.statement import PASSPORT_PREDICATE, PREDICATE_BASE
from provenir.attest.trust_policy import MAX_KEYS, ROLES, TrustPolicy
from provenir.core.digest import digest_bytes
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

ALICE, BOB, CAROL = (Ed25519Signer.generate() for _ in range(3))
DORA = P256Signer.generate()
GOOD = policy_text(
    [
        key_table(ALICE, "operator", id="alice", not_before="2026-01-01T00:00:00Z"),
        key_table(BOB, "governance", "auditor", id="bob"),
        key_table(DORA, "governance", id="dora", compromised_at="2026-09-01T00:00:00+02:00"),
        key_table(CAROL, "log", id="provenir.log/ab12"),
    ],
    require={"declared": ["operator"], "L1": ["governance"], "L0": ["log", "operator"]},
    thresholds={"governance": 2},
    more="[evidence]\nreports = true\n",
)


def parse(data: bytes) -> TrustPolicy:
    return TrustPolicy.parse(data, where="trust.toml")


def refused(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse(data)
    fault = caught.value
    assert "trust.toml" in str(fault)
    assert fault.mend or "beyond" in fault.what
    return str(fault)


def test_a_policy_says_who_is_trusted_for_what(tmp_path: Path) -> None:
    read = parse(GOOD)
    assert (read.name, read.version, read.needs_reports) == ("acme", 1, True)
    assert read.digest == digest_bytes(GOOD)
    assert [key.id for key in read.keys_of("governance")] == ["bob", "dora"]
    assert [key.key for key in read.keys_of("operator")] == [ALICE.verification_key]
    assert read.keys_of("root") == ()
    assert (read.threshold("governance"), read.threshold("log")) == (2, 1)
    (path := tmp_path / "trust.toml").write_bytes(GOOD)
    assert TrustPolicy.read(path) == read


def test_a_level_asks_for_what_the_levels_below_it_ask_for() -> None:
    read = parse(GOOD)
    assert read.required("declared") == ("operator",)
    assert read.required("L0") == ("operator", "log")
    assert read.required("L1") == read.required("L2") == ("operator", "log", "governance")
    nothing = policy(key_table(ALICE, "auditor"), require={"L1": ["auditor"]})
    assert nothing.required("L0") == ("operator",)
    assert nothing.required("L1") == ("operator", "auditor")
    with pytest.raises(UsageError, match="no such level"):
        read.required("L3")
    for ask in (read.threshold, read.keys_of):
        with pytest.raises(UsageError, match="no such role"):
            ask("boss")


def test_a_key_signs_what_its_roles_sign_unless_stated() -> None:
    alice, bob, dora, log = parse(GOOD).keys
    assert alice.predicate_types == (
        PASSPORT_PREDICATE,
        f"{PREDICATE_BASE}/run/v1",
        f"{PREDICATE_BASE}/ledger-close/v1",
    )
    assert bob.predicate_types == tuple(
        f"{PREDICATE_BASE}/{kind}/v1" for kind in ("policy", "revocation", "verdict")
    )
    assert (dora.alg, dora.key) == ("p256", DORA.verification_key)
    assert log.predicate_types == ()
    stated = policy(key_table(ALICE, "data-source", predicate_types=[PASSPORT_PREDICATE]))
    assert stated.keys[0].predicate_types == (PASSPORT_PREDICATE,)
    assert not policy(key_table(ALICE, "operator", predicate_types=[])).keys[0].predicate_types


def test_dates_are_instants() -> None:
    alice, bob, dora, _ = parse(GOOD).keys
    assert alice.not_before == datetime(2026, 1, 1, tzinfo=UTC)
    assert dora.compromised_at == datetime(2026, 8, 31, 22, tzinfo=UTC)
    assert (bob.not_before, bob.compromised_at) == (None, None)


def test_a_key_counts_from_its_first_instant_to_its_compromise() -> None:
    dates = {"not_before": "2026-01-01T00:00:00Z", "compromised_at": "2026-08-31T22:00:00Z"}
    (key,) = policy(key_table(ALICE, "operator", **dates)).keys
    begins, ends = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 8, 31, 22, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    asked = (begins - moment, begins, ends - moment, ends)
    assert [key.counts_at(at) for at in asked] == [False, True, True, False]
    assert policy(key_table(ALICE, "operator")).keys[0].counts_at(begins)


def test_a_key_is_pem_or_base64_of_its_der() -> None:
    pem = key_table(ALICE, "operator", public=ALICE.public_pem().decode())
    assert policy(pem).keys == policy(key_table(ALICE, "operator")).keys


def test_one_public_key_is_one_key() -> None:
    read = policy(
        key_table(ALICE, "operator", id="a", not_before="2026-01-01T00:00:00Z"),
        key_table(BOB, "operator", id="b"),
        key_table(
            ALICE,
            "governance",
            id="c",
            public=ALICE.public_pem().decode(),
            not_before="2026-02-01T00:00:00Z",
            compromised_at="2026-03-01T00:00:00Z",
        ),
    )
    assert [key.id for key in read.keys] == ["a", "b"]
    assert read.keys[0].roles == ("operator", "governance")
    assert read.keys[0].not_before == datetime(2026, 2, 1, tzinfo=UTC)
    assert read.keys[0].compromised_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert read.keys_of("governance") == read.keys[:1]
    assert len(read.keys[0].predicate_types) == 5


def test_a_threshold_is_not_met_by_one_key_under_two_ids() -> None:
    twice = [key_table(ALICE, "governance", id="a"), key_table(ALICE, "governance", id="b")]
    said = refused(policy_text(twice, require={"L0": ["governance"]}, thresholds={"governance": 2}))
    assert "distinct keys needed: 2, here: 1" in said
    assert len(policy(*twice).keys_of("governance")) == 1


def test_log_keys_go_by_the_name_in_their_notes() -> None:
    read = policy(
        key_table(ALICE, "log", id="log.example"),
        key_table(BOB, "log", id="log.example"),
        key_table(ALICE, "log", id="other.example", compromised_at="2026-01-01T00:00:00Z"),
        thresholds={"log": 2},
        require={"declared": ["log"]},
    )
    assert [key.id for key in read.keys_of("log")] == [
        "log.example",
        "log.example",
        "other.example",
    ]
    assert len({key.key.material for key in read.keys_of("log")}) == 2
    assert read.keys[0].compromised_at is not None
    for name in ("two words", "a+b", "tab\tname"):
        assert "id: " in refused(policy_text([key_table(ALICE, "witness", id=name)]))


@pytest.mark.parametrize("role", ["root", "log", "witness"])
@pytest.mark.parametrize("apart", [False, True], ids=["one entry", "two entries"])
def test_some_roles_stand_alone(role: str, apart: bool) -> None:
    keys = [key_table(ALICE, role, "operator", id="a")]
    if apart:
        keys = [key_table(ALICE, role, id="a"), key_table(ALICE, "operator", id="b")]
    assert f"a key of the role {role} has no other role" in refused(policy_text(keys))
    signs = key_table(ALICE, role, predicate_types=[PASSPORT_PREDICATE])
    assert "signs no statements" in refused(policy_text([signs]))


SECRET_ALG = key_table(ALICE, "operator", alg="hmac-sha256")
RSA = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
WEAK = spki(ALICE)[:16] + "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
BAD_KEYS = {
    "shared secret": (SECRET_ALG, "shared secret cannot stand"),
    "algorithm": (key_table(ALICE, "operator", alg="rsa"), "alg: no such algorithm"),
    "other algorithm": (key_table(ALICE, "operator", alg="p256"), "public: .*not P-256"),
    "other algorithm 2": (key_table(DORA, "operator", alg="ed25519"), "public: .*not Ed25519"),
    "role": (key_table(ALICE, "boss"), "roles: no such role 'boss'"),
    "role case": (key_table(ALICE, "Operator"), "roles: no such role"),
    "no role": (key_table(ALICE), "roles: a key without a role"),
    "roles as text": (key_table(ALICE, roles="operator"), "roles: not a list"),
    "no id": (key_table(ALICE, "operator", id=""), "id: not a text"),
    "missing id": (key_table(ALICE, "operator", id=None), "id: missing"),
    "hidden id": (key_table(ALICE, "operator", id="a\u202eb"), "id: holds"),
    "decomposed id": (key_table(ALICE, "operator", id="Ame\u0301lie"), "id: not in Unicode"),
    "field": (key_table(ALICE, "operator", trusted=True), "trusted: no such field"),
    "path": (key_table(ALICE, "operator", public="/etc/hostname"), "public: "),
    "relative path": (key_table(ALICE, "operator", public="trust.toml"), "public: not base64"),
    "private key": (
        key_table(ALICE, "operator", public=ALICE.private_pem().decode()),
        "public: a private key",
    ),
    "two keys": (
        key_table(ALICE, "operator", public=(ALICE.public_pem() + BOB.public_pem()).decode()),
        "public: 2 PEM blocks",
    ),
    "cut": (key_table(ALICE, "operator", public=RSA), "public: no public key in DER"),
    "weak": (key_table(ALICE, "operator", public=WEAK), "public: a weak Ed25519"),
    "loose base64": (key_table(ALICE, "operator", public=spki(ALICE) + "\n"), "public: not base64"),
    "long": (key_table(ALICE, "operator", public="A" * 10_000), "public: not the text"),
    "number": (key_table(ALICE, "operator", public=7), "public: not the text"),
    "short predicate": (
        key_table(ALICE, "operator", predicate_types=["P/passport/v1"]),
        "predicate_types: not a predicate type.*write it in full",
    ),
    "no zone": (
        key_table(ALICE, "operator", compromised_at="2026-01-01T00:00:00"),
        "compromised_at: not a time with its zone",
    ),
    "day": (key_table(ALICE, "operator", not_before="2026-01-01"), "not_before: "),
}


@pytest.mark.parametrize(("table", "said"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_is_none_is_named(table: str, said: str) -> None:
    good = key_table(BOB, "operator", id="good")
    with pytest.raises(InputError, match=rf"keys\[1\]\.{said}" if ": " in said else said):
        parse(policy_text([good, table]))


ONE = [key_table(ALICE, "operator", id="alice")]
BAD_POLICIES = {
    "no schema": (policy_text(ONE).replace(b"trust-policy/1", b"trust-policy/2"), "schema: "),
    "empty": (b"", "schema: "),
    "name": (policy_text(ONE, name=""), "name: not a text"),
    "decomposed name": (policy_text(ONE, name="acme\u0301"), "name: not in Unicode"),
    "bar in the name": (policy_text(ONE, name="a|b"), 'name: holds a "|"'),
    "version 0": (policy_text(ONE, version=0), "version: not a whole number"),
    "version true": (policy_text(ONE, version=True), "version: "),
    "version 1.0": (policy_text(ONE, version=1.0), "version: "),
    "version 2^53": (policy_text(ONE, version=2**53), "version: "),
    "version text": (policy_text(ONE, version="1"), "version: "),
    "no keys": (policy_text([]), "keys: no keys"),
    "keys as a table": (policy_text([], more="[keys]\nid = 'x'"), "keys: no keys"),
    "keys as texts": (policy_text([], more="keys = ['x']"), "keys: no keys"),
    "too many": (policy_text(ONE * (MAX_KEYS + 1)), f"keys: {MAX_KEYS + 1} keys"),
    "id twice": (policy_text([*ONE, key_table(BOB, "operator", id="alice")]), "id: stands twice"),
    "id of a log": (policy_text([*ONE, key_table(BOB, "log", id="alice")]), "id: stands twice"),
    "field": (policy_text(ONE, more="[extra]\n"), "extra: no such field"),
    "level": (policy_text(ONE, require={"L3": ["operator"]}), "require.L3: no such field"),
    "required role": (policy_text(ONE, require={"L1": ["boss"]}), "require.L1: no such role"),
    "not required": (policy_text(ONE, require={"L1": "operator"}), "require.L1: not a list"),
    "nobody": (policy_text(ONE, require={"L2": ["witness"]}), "witness is required"),
    "too few": (
        policy_text(ONE, require={"declared": ["operator"]}, thresholds={"operator": 2}),
        "operator is required; distinct keys needed: 2",
    ),
    "threshold role": (policy_text(ONE, thresholds={"boss": 1}), "thresholds.boss: no such"),
    "threshold 0": (policy_text(ONE, thresholds={"operator": 0}), "thresholds.operator: "),
    "threshold -1": (policy_text(ONE, thresholds={"operator": -1}), "thresholds.operator: "),
    "threshold true": (policy_text(ONE, thresholds={"operator": True}), "thresholds.operator: "),
    "reports": (policy_text(ONE, more="[evidence]\nreports = 1\n"), "evidence.reports: "),
    "evidence": (policy_text(ONE, more="[evidence]\nmodel = true\n"), "evidence.model: "),
    "key twice": (policy_text(ONE).replace(b"version", b'name = "b"\nversion'), "cannot be read"),
    "mark": (b"\xef\xbb\xbf" + policy_text(ONE), "cannot be read"),
    "utf-16": (policy_text(ONE).decode().encode("utf-16"), "cannot be read"),
    "huge": (policy_text(ONE) + b"#" * 2**20, "beyond 1,048,576 bytes"),
    "deep": (policy_text(ONE) + b"x = " + b"[" * 100_000, "cannot be read"),
}


@pytest.mark.parametrize(("data", "said"), BAD_POLICIES.values(), ids=BAD_POLICIES)
def test_a_policy_that_is_none_is_refused_with_the_mend(data: bytes, said: str) -> None:
    assert said in refused(data)


def test_changed_bytes_are_another_policy_or_none() -> None:
    before = parse(GOOD)
    for seed in range(1_500):
        dice = random.Random(seed)
        data = bytearray(GOOD)
        for _ in range(dice.randint(1, 3)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        with contextlib.suppress(InputError):
            after = parse(bytes(data))
            assert (after.digest == before.digest) == (bytes(data) == GOOD)


@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    with pytest.raises(InputError):
        parse(data)


@given(
    require=st.dictionaries(
        st.sampled_from(["declared", "L0", "L1", "L2"]), st.lists(st.sampled_from(ROLES[:4]))
    )
)
def test_a_higher_level_asks_for_no_less(require: dict[str, list[str]]) -> None:
    everyone = key_table(ALICE, *ROLES[:4])
    read = policy(everyone, require=require)
    levels = ["declared", "L0", "L1", "L2"]
    for lower, higher in pairwise(levels):
        assert read.required(lower)
        assert set(read.required(lower)) <= set(read.required(higher))


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(InputError):
            TrustPolicy.read(path)


def test_a_hostile_name_does_not_act_on_the_terminal() -> None:
    said = refused(policy_text(ONE, more='"\\u001b]8;;x" = 1\n'))
    assert "\x1b" not in said
    assert "\\x1b]8" in said
