"""The rows of the interop matrix."""

from __future__ import annotations

from verifiers import (
    DRIVERS,
    GO,
    PYTHON,
    Verifier,
    cases,
    driver,
    go_package,
    node_package,
    program,
    python_package,
    site_packages,
)

SET_UP = "not installed; run scripts/interop/setup.sh"
ABSENT_GO = "no Go, or not Debian's package of these sources"
CYCLONEDX = ("digest", "name", "field", "type")
ODD = ("hostile", "bare")
BOTH_CYCLONEDX = (
    *(("cyclonedx-1.6.json", "1.6"), ("cyclonedx-1.7.json", "1.7")),
    *cases("cyclonedx-1.6.json", *ODD, rest=("1.6",)),
    *cases("cyclonedx-1.7.json", *ODD, rest=("1.7",)),
)
BAD_CYCLONEDX = (
    *cases("cyclonedx-1.6.json", *CYCLONEDX, rest=("1.6",)),
    *cases("cyclonedx-1.7.json", *CYCLONEDX, rest=("1.7",)),
)
CYCLONEDX_SCHEMAS = site_packages("cyclonedx/schema/_res")
BUNDLES = ("signature", "digest", "structure")


def go_with_schemas() -> str | None:
    """The version of gojsonschema, where the schema files are there too."""
    go = go_package("github.com/xeipuuv/gojsonschema", "golang-github-xeipuuv-gojsonschema-dev")
    return go() if python_package("cyclonedx-python-lib")() else None


VERIFIERS = (
    Verifier(
        tool="model_signing verify",
        language="Python",
        form="oms",
        command=(
            *(str(PYTHON), "-m", "model_signing", "verify", "key", "{}"),
            *("--signature", "{}", "--public_key", "{}"),
        ),
        good=(("model", "oms.bundle", "p256.pub.pem"),),
        tampered=(
            ("model-byte", "oms.bundle", "p256.pub.pem"),
            ("model-more", "oms.bundle", "p256.pub.pem"),
            ("model-less", "oms.bundle", "p256.pub.pem"),
            ("model", "oms-signature.bundle", "p256.pub.pem"),
            ("model", "oms-digest.bundle", "p256.pub.pem"),
            ("model", "oms.bundle", "other-p256.pub.pem"),
        ),
        version=python_package("model-signing"),
        missing=SET_UP,
        accepts=r"^Verification succeeded",
        refuses=r"^Verification failed with error",
    ),
    Verifier(
        tool="@sigstore/verify",
        language="JavaScript",
        form="sigstore-bundle, oms",
        command=("node", str(DRIVERS / "sigstore_verify.mjs"), "{}", "{}"),
        good=(
            ("ed25519.bundle", "ed25519.pub.pem"),
            ("p256.bundle", "p256.pub.pem"),
            ("oms.bundle", "p256.pub.pem"),
        ),
        tampered=(
            *cases("ed25519.bundle", *BUNDLES, rest=("ed25519.pub.pem",)),
            *cases("p256.bundle", *BUNDLES, rest=("p256.pub.pem",)),
            *cases("oms.bundle", *BUNDLES, rest=("p256.pub.pem",)),
            ("ed25519.bundle", "other-ed25519.pub.pem"),
            ("p256.bundle", "other-p256.pub.pem"),
        ),
        version=node_package("@sigstore/verify"),
        missing=SET_UP,
    ),
    Verifier(
        tool="securesystemslib (DSSE)",
        language="Python",
        form="passport.json, intoto",
        command=(*driver("dsse_securesystemslib.py"), "{}", "{}"),
        good=(("ed25519.dsse", "ed25519.pub.pem"), ("claims.jsonl", "ed25519.pub.pem")),
        tampered=(
            *cases("ed25519.dsse", "signature", "digest", rest=("ed25519.pub.pem",)),
            *cases("claims.jsonl", "signature", "digest", rest=("ed25519.pub.pem",)),
            ("ed25519.dsse", "other-ed25519.pub.pem"),
        ),
        version=python_package("securesystemslib"),
        missing=SET_UP,
    ),
    Verifier(
        tool="ssh-keygen -Y verify",
        language="C",
        form="sshsig",
        command=(
            *("ssh-keygen", "-Y", "verify", "-I", "issuer", "-n", "{}"),
            *("-f", "{}", "-s", "{}"),
        ),
        good=(("=provenir-passport", "allowed", "ssh.sig", "payload.json"),),
        tampered=(
            ("=provenir-passport", "allowed", "ssh.sig", "payload-changed.json"),
            ("=provenir-passport", "allowed", "ssh-changed.sig", "payload.json"),
            ("=provenir-passport", "allowed-other", "ssh.sig", "payload.json"),
            ("=git", "allowed", "ssh.sig", "payload.json"),
        ),
        version=program("ssh-keygen", "ssh", "-V"),
        missing="no ssh-keygen",
        accepts=r'^Good "provenir-passport" signature',
        refuses=r"^Could not verify signature|Signature verification failed",
        stdin=True,
    ),
    Verifier(
        tool="openssl pkeyutl, Ed25519",
        language="C",
        form="passport.json, sigstore-bundle",
        command=(
            *("openssl", "pkeyutl", "-verify", "-pubin", "-rawin"),
            *("-inkey", "{}", "-in", "{}", "-sigfile", "{}"),
        ),
        good=(("ed25519.pub.pem", "ed25519.pae", "ed25519.rawsig"),),
        tampered=(
            ("ed25519.pub.pem", "ed25519-changed.pae", "ed25519.rawsig"),
            ("other-ed25519.pub.pem", "ed25519.pae", "ed25519.rawsig"),
        ),
        version=program("openssl", "openssl", "version"),
        missing="no openssl",
        accepts=r"^Signature Verified Successfully",
        refuses=r"^Signature Verification Failure",
    ),
    Verifier(
        tool="openssl dgst, P-256",
        language="C",
        form="sigstore-bundle, oms",
        command=("openssl", "dgst", "-sha256", "-verify", "{}", "-signature", "{}", "{}"),
        good=(
            ("p256.pub.pem", "p256.rawsig", "p256.pae"),
            ("p256.pub.pem", "oms.rawsig", "oms.pae"),
        ),
        tampered=(
            ("p256.pub.pem", "p256.rawsig", "p256-changed.pae"),
            ("p256.pub.pem", "oms.rawsig", "oms-changed.pae"),
            ("p256.pub.pem", "oms.rawsig", "p256.pae"),
            ("other-p256.pub.pem", "p256.rawsig", "p256.pae"),
        ),
        version=program("openssl", "openssl", "version"),
        missing="no openssl",
        accepts=r"^Verified OK",
        refuses=r"^Verification (f|F)ailure",
    ),
    Verifier(
        tool="golang.org/x/mod/sumdb/dirhash",
        language="Go",
        form="cyclonedx (dirHash1)",
        command=("go", "run", str(DRIVERS / "dirhash" / "main.go"), "{}", "{}"),
        good=(("cyclonedx-1.6.json", "model"),),
        tampered=tuple(
            ("cyclonedx-1.6.json", model) for model in ("model-byte", "model-more", "model-less")
        ),
        version=go_package("golang.org/x/mod/sumdb/dirhash", "golang-golang-x-mod-dev"),
        missing=ABSENT_GO,
        environment=GO,
    ),
    Verifier(
        tool="golang.org/x/mod/sumdb/tlog, note",
        language="Go",
        form="log export --tiles",
        command=("go", "run", str(DRIVERS.parent / "tlog_check.go"), "{}", "{}", "{}"),
        good=(("tiles", "=0", "@log.vkey"), ("tiles", "=299", "@log.vkey")),
        tampered=(
            ("tiles-checkpoint", "=0", "@log.vkey"),
            ("tiles-hash", "=0", "@log.vkey"),
            ("tiles-entry", "=0", "@log.vkey"),
            ("tiles", "=0", "@other.vkey"),
        ),
        version=go_package("golang.org/x/mod/sumdb/tlog", "golang-golang-x-mod-dev"),
        missing=ABSENT_GO,
        accepts=r"^good$",
        # A file that is missing is a fault of ours and no refusal.
        refuses=r"^tlog_check: (?!open )",
        environment=GO,
    ),
    Verifier(
        tool="cyclonedx-python-lib, strict",
        language="Python",
        form="cyclonedx 1.6, 1.7",
        command=(*driver("cyclonedx_lib.py"), "{}", "{}"),
        good=BOTH_CYCLONEDX,
        tampered=BAD_CYCLONEDX,
        version=python_package("cyclonedx-python-lib"),
        missing=SET_UP,
        structure_only=True,
    ),
    Verifier(
        tool="@cyclonedx/cyclonedx-library, strict",
        language="JavaScript",
        form="cyclonedx 1.6, 1.7",
        command=("node", str(DRIVERS / "cyclonedx_library.mjs"), "{}", "{}"),
        good=BOTH_CYCLONEDX,
        tampered=BAD_CYCLONEDX,
        version=node_package("@cyclonedx/cyclonedx-library"),
        missing=SET_UP,
        structure_only=True,
    ),
    Verifier(
        tool="gojsonschema, CycloneDX's schema",
        language="Go",
        form="cyclonedx 1.6, 1.7",
        command=(
            *("go", "run", str(DRIVERS / "cyclonedx_schema" / "main.go")),
            *("{}", CYCLONEDX_SCHEMAS, "{}"),
        ),
        good=BOTH_CYCLONEDX,
        tampered=BAD_CYCLONEDX,
        version=go_with_schemas,
        missing=f"{ABSENT_GO}, or no cyclonedx-python-lib, which carries the schema",
        structure_only=True,
        environment=GO,
    ),
    Verifier(
        tool="jsonschema-rs, CycloneDX's schema",
        language="Rust",
        form="cyclonedx 1.6, 1.7",
        command=(*driver("cyclonedx_schema.py"), "{}", "{}"),
        good=BOTH_CYCLONEDX,
        tampered=BAD_CYCLONEDX,
        version=python_package("jsonschema-rs"),
        missing=SET_UP,
        structure_only=True,
    ),
    Verifier(
        tool="spdx-python-model",
        language="Python",
        form="spdx3",
        command=(*driver("spdx3_model.py"), "{}"),
        good=(("spdx3.json",), *cases("spdx3.json", *ODD)),
        tampered=cases("spdx3.json", "digest", "reference", "kind", "required"),
        version=python_package("spdx-python-model"),
        missing=SET_UP,
        structure_only=True,
    ),
    Verifier(
        tool="pyshacl, SPDX's own shapes",
        language="Python",
        form="spdx3",
        version=lambda: None,
        missing="no package carries the SPDX 3.0.1 shapes",
        structure_only=True,
    ),
    Verifier(
        tool="openlineage-python",
        language="Python",
        form="openlineage",
        command=(*driver("openlineage_client.py"), "{}"),
        good=(("openlineage.json",), *cases("openlineage.json", *ODD)),
        tampered=cases("openlineage.json", "run", "time", "field"),
        version=python_package("openlineage-python"),
        missing=SET_UP,
        structure_only=True,
    ),
    Verifier(
        tool="OpenLineage's JSON Schema",
        language="–",
        form="openlineage",
        version=lambda: None,
        missing="no package carries the schema files",
        structure_only=True,
    ),
    Verifier(
        tool="in-toto-attestation",
        language="Python",
        form="intoto",
        command=(*driver("intoto_attestation.py"), "{}"),
        good=(("claims.jsonl",), *cases("claims.jsonl", *ODD)),
        tampered=cases("claims.jsonl", "no-digest", "field", "no-subject"),
        version=python_package("in-toto-attestation"),
        missing=SET_UP,
        structure_only=True,
    ),
    Verifier(
        tool="huggingface_hub, ModelCard",
        language="Python",
        form="hf-card",
        command=(*driver("hub_card.py"), "{}"),
        good=(("card.md",), *cases("card.md", *ODD)),
        tampered=cases("card.md", "structure", "field"),
        version=python_package("huggingface_hub"),
        missing=SET_UP,
        structure_only=True,
    ),
)
"""Every row, signatures and digests first."""
