"""`provenir key show|trust|rotate|revoke`: a first policy, and the version that replaces it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provenir.attest.keys import Ed25519Signer, P256Signer, load_signer
from provenir.attest.trust_chain import load_trust
from provenir.attest.trust_policy import TrustPolicy

AT = "2026-01-02T03:04:05Z"


@pytest.fixture
def keys(place):
    for name in ("alice", "bob", "one", "two"):
        Ed25519Signer.generate().write(place / name)
    P256Signer.generate().write(place / "token")
    return place


@pytest.fixture
def policy(call, keys):
    """A policy with two root keys, both of which must sign its next version."""
    words = ["--key", "alice=alice.pub.pem:operator,data-source"]
    for name, roles in (("bob", "governance"), ("one", "root"), ("two", "root")):
        words += ["--key", f"{name}={name}.pub.pem:{roles}"]
    words += ["--threshold", "root=2", "--require", "declared=operator", "--require"]
    code, out, err = call(
        *("key", "trust", "--out", "trust.toml", "--name", "acme", *words, "L1=governance"),
    )
    assert (code, err) == (0, "")
    assert "trust policy acme, version 1, keys: 4" in out
    return Path("trust.toml")


def rotate(call, *words):
    return call("key", "rotate", "--trust", "trust.toml", "--new", "new.toml", *words)


def revoke(call, key="alice", **options):
    given = {"trust": "trust.toml", "compromised-at": AT, "out": "new.toml", **options}
    return call("key", "revoke", key, *(w for k, v in given.items() for w in (f"--{k}", v)))


def test_trust_writes_what_was_asked(policy):
    read = TrustPolicy.read(policy)
    assert (read.name, read.version, read.threshold("root")) == ("acme", 1, 2)
    assert read.required("L1") == ("operator", "governance")
    assert read.keys_of("data-source")[0].key.keyid == load_signer("alice.pem").keyid


def test_trust_never_overwrites(call, policy):
    before = policy.read_bytes()
    words = ("--name", "x", "--key", "a=alice.pub.pem:operator")
    code, _, err = call("key", "trust", "--out", policy, *words)
    assert code == 2
    assert "exists already" in err
    assert policy.read_bytes() == before
    code, out, err = call("key", "trust", "--out", "other.toml", *words, "--json")
    assert code == 0
    assert json.loads(out)["digest"] == TrustPolicy.read("other.toml").digest
    assert "no key has the role root" in err


@pytest.mark.parametrize(
    "words",
    [
        ("--key", "alice"),
        ("--key", "alice=alice.pub.pem"),
        ("--key", "=alice.pub.pem:operator"),
        ("--key", "alice=:operator"),
        ("--key", "alice=gone.pem:operator"),
        ("--key", "alice=alice.pem:operator"),
        ("--key", "alice=alice.pub.pem:boss"),
        ("--key", "alice=alice.pub.pem:operator,log"),
        ("--key", "a=alice.pub.pem:operator", "--key", "a=bob.pub.pem:operator"),
        ("--key", "a=alice.pub.pem:operator", "--threshold", "operator=2"),
        ("--key", "a=alice.pub.pem:operator", "--threshold", "operator"),
        ("--key", "a=alice.pub.pem:operator", "--threshold", "operator=²"),
        ("--key", "a=alice.pub.pem:operator", "--threshold", "operator=0"),
        ("--key", "a=alice.pub.pem:operator", "--require", "L3=operator"),
        ("--key", "a=alice.pub.pem:operator", "--require", "L0=witness"),
        ("--key", "a=alice.pub.pem:operator", "--require", 'L0=operator]\n[x="operator'),
        ("--key", "a=alice.pub.pem:operator", "--threshold", "boss=1"),
        ("--key", "a=alice.pub.pem:operator", *(("--require", "L0=operator") * 2)),
        (),
    ],
    ids=" ".join,
)
def test_trust_refuses_in_one_line(call, keys, words):
    code, out, err = call("key", "trust", "--out", "trust.toml", "--name", "acme", *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "defect" not in err
    assert not Path("trust.toml").exists()


def test_revoke_then_rotate_by_both_roots_at_once(call, policy):
    code, out, err = revoke(call)
    assert code == 0
    assert "version 2, in which alice is compromised" in out
    assert "provenir key rotate" in err
    assert load_trust(policy).version == 1
    code, out, _ = rotate(call, "--signing-key", "one.pem", "--signing-key", "two.pem")
    assert code == 0
    assert "trust.2.dsse.json: version 2 of acme" in out
    newest = load_trust(policy)
    assert newest.version == 2
    assert newest.keys_of("operator")[0].compromised_at is not None
    assert newest.keys_of("governance")[0].compromised_at is None
    # The third version follows the second, not the file that is held.
    assert revoke(call, "bob", out="third.toml")[0] == 0
    third = TrustPolicy.read("third.toml")
    assert third.version == 3
    assert all(key.compromised_at for key in third.keys if key.id in ("alice", "bob"))


def test_people_sign_on_their_own_machines(call, policy, place):
    assert revoke(call)[0] == 0
    code, _, err = rotate(call, "--signing-key", "one.pem")
    assert code == 2
    assert "1 of root keys of version 1, 1 of version 2; nothing was written" in err
    assert sorted(p.name for p in place.glob("trust*")) == ["trust.toml"]
    code, out, _ = rotate(call, "--signing-key", "one.pem", "--partial", "--json")
    assert code == 0
    said = json.loads(out)
    assert (said["complete"], said["missing"]) == (False, {"old": 1, "new": 1})
    # Nobody who verifies meanwhile is disturbed.
    assert load_trust(policy).version == 1
    code, out, _ = rotate(call, "--signing-key", "two.pem")
    assert code == 0
    assert load_trust(policy).version == 2
    assert sorted(p.name for p in place.glob("trust*")) == ["trust.2.dsse.json", "trust.toml"]


def test_others_do_not_sign_other_bytes(call, policy):
    revoke(call)
    assert rotate(call, "--signing-key", "one.pem", "--partial")[0] == 0
    with Path("new.toml").open("a") as file:
        file.write("# changed\n")
    code, _, err = rotate(call, "--signing-key", "two.pem")
    assert code == 2
    assert "other bytes" in err


def test_rotate_refuses_in_one_line(call, policy, place):
    revoke(call)
    for words, said in (
        (("--signing-key", "alice.pem"), "a root key of neither version"),
        (("--signing-key", "one.pub.pem"), "a private key is needed"),
        (("--signing-key", "gone.pem"), "no such key file"),
        (("--signing-key", "one.pem", "--signing-key", "one.pem"), "one key id"),
        ((), "Missing option"),
    ):
        code, out, err = rotate(call, *words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
    Path("new.toml").write_bytes(policy.read_bytes())
    code, _, err = rotate(call, "--signing-key", "one.pem", "--signing-key", "two.pem")
    assert code == 2
    assert "version = 2" in err
    (place / "trust.2.dsse.json").write_text("{}")
    code, _, err = rotate(call, "--signing-key", "one.pem")
    assert code == 1
    assert "trust.2.dsse.json" in err


def test_revoke_refuses_in_one_line(call, policy):
    for options, said in (
        ({"key": "eve"}, "no key of the policy"),
        ({"compromised-at": "yesterday"}, "is not a time"),
        ({"compromised-at": "2026-01-01T00:00:00"}, "is not a time"),
        ({"out": "trust.toml"}, "exists already"),
        ({"out": "no/such/folder.toml"}, "make its folder first"),
        ({"trust": "gone.toml"}, "no such file"),
    ):
        code, out, err = revoke(call, **options)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
    code, out, _ = revoke(call, "bob", out="b.toml")
    assert code == 0


@pytest.mark.parametrize("name", ["alice", "token"])
def test_show_tells_what_a_key_is_and_no_secret(call, keys, name):
    signer = load_signer(f"{name}.pem")
    for file, half in ((f"{name}.pem", "private"), (f"{name}.pub.pem", "public")):
        code, out, _ = call("key", "show", file, "--json")
        assert code == 0
        shown = json.loads(out)
        assert shown["half"] == half
        assert shown["key_id"] == signer.keyid
        assert shown["algorithm"] == signer.algorithm
        assert shown["signs_notes"] == (name == "alice")
        code, out, _ = call("key", "show", file)
        assert signer.keyid in out
        secret = "".join(Path(f"{name}.pem").read_text().splitlines()[1:-1])
        assert secret[-40:] not in out


def test_show_of_a_locked_key_needs_its_password(call, place, monkeypatch):
    signer = Ed25519Signer.generate()
    signer.write(place / "locked", password="pw")
    code, out, _ = call("key", "show", "locked.pem")
    assert code == 0
    assert "encrypted     yes" in out
    assert signer.keyid not in out
    monkeypatch.setenv("PROVENIR_KEY_PASSWORD", "pw")
    assert signer.keyid in call("key", "show", "locked.pem")[1]


def test_show_of_a_policy_is_its_newest_version(call, policy):
    revoke(call)
    rotate(call, "--signing-key", "one.pem", "--signing-key", "two.pem")
    code, out, _ = call("key", "show", "trust.toml")
    assert code == 0
    for part in ("version 2", "alice", "operator", "2026-01-02T03:04:05.000Z", "root needs 2"):
        assert part in out
    shown = json.loads(call("key", "show", "trust.toml", "--json")[1])
    assert shown["version"] == 2
    assert shown["require"] == {"declared": ["operator"], "L1": ["governance"]}
    assert [key["id"] for key in shown["keys"]] == ["alice", "bob", "one", "two"]
    Path("trust.2.dsse.json").write_text("{}")
    code, out, err = call("key", "show", "trust.toml")
    assert (code, out, err.count("\n")) == (1, "", 1)


def test_show_of_something_else_is_one_line(call, place):
    Path("x.pem").write_text("hello")
    Path("x.toml").write_text('"\\u001b[31m" = 1')
    for name in ("x.pem", "x.toml", "gone.pem", "gone.toml", "."):
        code, out, err = call("key", "show", name)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "\x1b" not in err
        assert "defect" not in err
