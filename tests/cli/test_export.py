"""`provenir passport export`: to a file or a pipe, for the passport's model and no other."""

from __future__ import annotations

import json

import pytest


def export(call, signed, *options):
    return call("passport", "export", signed / "passport.json", *options)


def test_without_a_file_it_goes_to_standard_output(call, signed):
    code, out, err = export(call, signed, "--format", "cyclonedx", "--spec-version", "1.7")
    assert (code, err) == (0, "")
    assert json.loads(out)["specVersion"] == "1.7"


def test_a_file_is_written(call, signed, place):
    code, out, err = export(call, signed, "--format", "spdx3", "--out", "x.json")
    assert (code, out, err) == (0, "", "")
    assert json.loads((place / "x.json").read_bytes())["@graph"]


def test_the_format_can_come_from_the_environment(call, signed, monkeypatch):
    monkeypatch.setenv("PROVENIR_PASSPORT_EXPORT_FORMAT", "openlineage")
    code, out, _ = export(call, signed)
    assert code == 0
    assert json.loads(out)["eventType"] == "COMPLETE"


def test_a_new_signature_says_what_it_does_not_say(call, signed):
    options = ("--format", "sshsig", "--signing-key", "team.pem", "--artifact", "model")
    code, out, err = export(call, signed, *options)
    assert code == 0
    assert out.startswith("-----BEGIN SSH SIGNATURE-----")
    assert "the passport's own was not verified" in err
    assert 'allowed_signers: issuer namespaces="provenir-passport" ssh-ed25519 ' in err


def test_a_model_is_signed_for_with_an_encrypted_p256_key(call, signed, place, monkeypatch):
    monkeypatch.setenv("PROVENIR_KEY_PASSWORD", "pass word")
    assert call("key", "new", "--alg", "p256", "--out", "p256", "--encrypt")[0] == 0
    options = ("--format", "oms", "--signing-key", "p256.pem", "--artifact", "model")
    code, out, err = export(call, signed, *options)
    assert (code, "PRIVATE" in out + err) == (0, False)
    assert json.loads(out)["mediaType"].endswith("bundle.v0.3+json")


def test_another_model_is_not_exported_for(call, signed, place):
    (place / "model" / "weights.bin").write_bytes(b"other")
    code, out, err = export(call, signed, "--format", "cyclonedx", "--artifact", "model")
    assert (code, out) == (1, "")
    assert "not the model of the passport" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--format", "pdf"), "'pdf'"),
        (("--format", "sshsig"), "--signing-key"),
        (("--format", "spdx3", "--signing-key", "team.pem"), "carries no signature"),
        (("--format", "cyclonedx", "--spec-version", "1.4"), "1.6, 1.7"),
        (("--format", "cyclonedx", "--artifact", "none"), "no such artifact"),
        (("--format", "cyclonedx", "--out", "none/x.json"), "none/x.json"),
        (("--format", "oms", "--signing-key", "team.pub.pem"), "private key"),
    ],
)
def test_misuse_is_one_line(call, signed, options, said):
    code, out, err = export(call, signed, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_found_settings_file_chooses_no_key(call, signed, place):
    (place / "provenir.toml").write_text('[passport.export]\nsigning-key = "team.pem"\n')
    code, out, err = export(call, signed, "--format", "intoto")
    assert code == 0
    assert json.loads(out.splitlines()[0])["signatures"] == []
    assert "signing-key" in err


def test_what_is_no_passport_is_named(call, place):
    (place / "x.json").write_text("{}")
    code, _, err = call("passport", "export", "x.json", "--format", "spdx3")
    assert code == 2
    assert "x.json" in err
