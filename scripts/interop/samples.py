"""The exports that the foreign verifiers are asked about: good ones, and ones that were changed.

Everything is made anew in one folder from the run that ships in `examples/small-run`: its bill of
materials is signed again with keys that are made here, so that every kind of signature can be had.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenir.attest.dsse import Envelope
from provenir.attest.event import LogEvent
from provenir.attest.keys import Ed25519Signer, P256Signer
from provenir.attest.log import EventLog
from provenir.attest.note import format_vkey
from provenir.attest.tile_export import export_tiles, tile_path
from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
from provenir.governance.exports import allowed_signer, export_passport
from provenir.governance.passport import ModelPassport, PassportSigner

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "small-run"

# An attack on a terminal, on YAML, on Markdown and on HTML: a good export holds it as plain text.
HOSTILE = (
    "x\x1b]8;;http://e\x07\x9b31m\u202e\n---\nlicense: mit\n"
    "# </script> \"q\" 's' | `c` [l](j) {y: ["
)

LOG_ORIGIN = "example.org/log"
LOG_ENTRIES = 300

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Samples:
    """Where the samples lie; every file is named for what it is."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        """The path of one sample."""
        return self.folder / name


def make_samples(folder: Path) -> Samples:
    """Write every sample into a folder."""
    samples = Samples(folder)
    ed25519, p256 = Ed25519Signer.generate(), P256Signer.generate()
    ed25519.write(folder / "ed25519")
    p256.write(folder / "p256")
    Ed25519Signer.generate().write(folder / "other-ed25519")
    P256Signer.generate().write(folder / "other-p256")
    predicate = ModelPassport.read(EXAMPLE / "passport.json").predicate
    reports = {report.name: report.digest for report in predicate.reports}
    signer = PassportSigner(ed25519)
    passport = signer.sign(predicate.bom, manifest=predicate.manifest, reports=reports)
    (folder / "payload.json").write_bytes(passport.envelope.payload)
    (folder / "payload-changed.json").write_bytes(passport.envelope.payload + b" ")
    _models(folder)
    _signed(folder, passport, ed25519, p256)
    _unsigned(folder, passport)
    _odd(folder, signer)
    _log(folder, ed25519)
    return samples


def _models(folder: Path) -> None:
    """The model, and three that are not the model."""
    for name in ("model", "model-byte", "model-more", "model-less"):
        shutil.copytree(EXAMPLE / "model", folder / name)
    weights = folder / "model-byte" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    (folder / "model-more" / "added.txt").write_text("added")
    (folder / "model-less" / "config.json").unlink()


def _signed(
    folder: Path, passport: ModelPassport, ed25519: Ed25519Signer, p256: P256Signer
) -> None:
    envelope = passport.envelope
    (folder / "ed25519.dsse").write_bytes(passport.to_json().encode())
    (folder / "claims.jsonl").write_bytes(export_passport(envelope, "intoto", signer=ed25519))
    for name in ("ed25519.dsse", "claims.jsonl"):
        _change_lines(folder / name)
    bundles = {
        "ed25519.bundle": export_passport(envelope, "sigstore-bundle"),
        "p256.bundle": export_passport(envelope, "sigstore-bundle", signer=p256),
        "oms.bundle": export_passport(envelope, "oms", signer=p256),
    }
    for name, data in bundles.items():
        (folder / name).write_bytes(data)
        _change_json(folder / name, "signature", lambda d: _flip_sig(d["dsseEnvelope"]))
        _change_json(folder / name, "digest", lambda d: _flip_digest(d["dsseEnvelope"]))
        _change_json(folder / name, "structure", lambda d: d.pop("dsseEnvelope"))
        inner = json.loads(data)["dsseEnvelope"]
        inner["signatures"] = [{"sig": one["sig"], "keyid": ""} for one in inner["signatures"]]
        read = Envelope.parse(json.dumps(inner).encode())
        stem = name.removesuffix(".bundle")
        (folder / f"{stem}.pae").write_bytes(read.signed_bytes())
        (folder / f"{stem}-changed.pae").write_bytes(read.signed_bytes() + b" ")
        (folder / f"{stem}.rawsig").write_bytes(read.signatures[0].sig)
    armor = export_passport(envelope, "sshsig", signer=ed25519)
    (folder / "ssh.sig").write_bytes(armor)
    begin, end = armor.splitlines()[0], armor.splitlines()[-1]
    blob = bytearray(base64.b64decode(b"".join(armor.splitlines()[1:-1])))
    blob[-1] ^= 1
    changed = b"\n".join([begin, base64.b64encode(blob), end, b""])
    (folder / "ssh-changed.sig").write_bytes(changed)
    allowed = allowed_signer(ed25519.verification_key)
    (folder / "allowed").write_text(allowed + "\n")
    other = Ed25519Signer.from_pem(folder / "other-ed25519.pem")
    (folder / "allowed-other").write_text(allowed_signer(other.verification_key) + "\n")


def _unsigned(folder: Path, passport: ModelPassport) -> None:
    for version in ("1.6", "1.7"):
        path = folder / f"cyclonedx-{version}.json"
        path.write_bytes(export_passport(passport.envelope, "cyclonedx", spec_version=version))
        for name, change in CYCLONEDX.items():
            _change_json(path, name, change)
    forms = {
        "spdx3": ("spdx3.json", SPDX3),
        "openlineage": ("openlineage.json", OPENLINEAGE),
    }
    for form, (name, changes) in forms.items():
        (folder / name).write_bytes(export_passport(passport.envelope, form))
        for label, change in changes.items():
            _change_json(folder / name, label, change)
    claims = export_passport(passport.envelope, "intoto").splitlines()
    for label, changed in INTOTO.items():
        (folder / f"claims-{label}.jsonl").write_bytes(changed(claims))
    card = export_passport(passport.envelope, "hf-card")
    (folder / "card.md").write_bytes(card)
    (folder / "card-structure.md").write_bytes(card.replace(b'type: "score"', b"type: [", 1))
    (folder / "card-field.md").write_bytes(card.replace(b"    metrics:", b"    metric:", 1))


def _log(folder: Path, signer: Ed25519Signer) -> None:
    """A log as tlog-tiles, and copies in which one byte of a part is another."""
    log = EventLog(folder / "log", origin=LOG_ORIGIN)
    log.append_many([LogEvent(type="evaluation", name=f"{n}") for n in range(LOG_ENTRIES)])
    log.checkpoint(signer)
    export_tiles(log, folder / "tiles")
    parts = {
        "checkpoint": Path("checkpoint"),
        "hash": Path(tile_path(0, 0, 256)),
        "entry": Path(tile_path("entries", 0, 256)),
    }
    for label, part in parts.items():
        copy = folder / f"tiles-{label}"
        shutil.copytree(folder / "tiles", copy)
        data = bytearray((copy / part).read_bytes())
        data[5] ^= 1
        (copy / part).write_bytes(data)
    (folder / "log.vkey").write_text(format_vkey(LOG_ORIGIN, signer.verification_key))
    other = Ed25519Signer.from_pem(folder / "other-ed25519.pem")
    (folder / "other.vkey").write_text(format_vkey(LOG_ORIGIN, other.verification_key))


def _odd(folder: Path, signer: PassportSigner) -> None:
    """Good exports of a passport full of attacks, and of one that knows next to nothing."""
    hostile = ModelBOM(
        model_id=HOSTILE,
        base_model=HOSTILE,
        run_id=HOSTILE,
        data=[DataComponent(name=HOSTILE, license=HOSTILE, consent=HOSTILE)],
        code=CodeComponent(git_sha=HOSTILE, framework=HOSTILE),
        evals=[EvalComponent(benchmark=HOSTILE, score=1e-05, judge=HOSTILE)],
        hyperparameters={HOSTILE: HOSTILE},
    )
    bare = ModelBOM(model_id="bare", data=[DataComponent(name="some")])
    for label, bom in (("hostile", hostile), ("bare", bare)):
        envelope = signer.sign(bom).envelope
        for version in ("1.6", "1.7"):
            path = folder / f"cyclonedx-{version}-{label}.json"
            path.write_bytes(export_passport(envelope, "cyclonedx", spec_version=version))
        for form, name in (
            ("spdx3", f"spdx3-{label}.json"),
            ("openlineage", f"openlineage-{label}.json"),
            ("intoto", f"claims-{label}.jsonl"),
            ("hf-card", f"card-{label}.md"),
        ):
            (folder / name).write_bytes(export_passport(envelope, form))


def _model(document: dict[str, Any]) -> dict[str, Any]:
    component: dict[str, Any] = document["metadata"]["component"]
    return component


def _short_digest(document: dict[str, Any]) -> None:
    file = _model(document)["components"][0]["components"][0]
    file["hashes"][0]["content"] = file["hashes"][0]["content"][:-1]


def _element(document: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(element for element in document["@graph"] if element["type"] == kind)


CYCLONEDX: dict[str, Change] = {
    "digest": _short_digest,
    "name": lambda d: _model(d).pop("name"),
    "field": lambda d: _model(d)["modelCard"].update(approved=True),
    "type": lambda d: _model(d).update(type="model"),
}
SPDX3: dict[str, Change] = {
    "digest": lambda d: _element(d, "software_File")["verifiedUsing"][0].pop("hashValue"),
    "reference": lambda d: _element(d, "Relationship").update(to=["https://example.org/nowhere"]),
    "kind": lambda d: _element(d, "Relationship").update(relationshipType="trainedBy"),
    "required": lambda d: _element(d, "CreationInfo").pop("specVersion"),
}
OPENLINEAGE: dict[str, Change] = {
    "run": lambda d: d["run"].update(runId="my run"),
    "time": lambda d: d.update(eventTime="yesterday"),
    "field": lambda d: d["inputs"][0]["facets"]["version"].pop("datasetVersion"),
}


def _claim(lines: list[bytes], change: Change) -> bytes:
    """Change the statement of the first line."""
    envelope = json.loads(lines[0])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    change(statement)
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    return b"\n".join([json.dumps(envelope).encode(), *lines[1:], b""])


INTOTO: dict[str, Callable[[list[bytes]], bytes]] = {
    "no-digest": lambda lines: _claim(lines, lambda s: s["subject"][0].update(digest={})),
    "field": lambda lines: _claim(lines, lambda s: s["predicate"].update(approved=True)),
    "no-subject": lambda lines: _claim(lines, lambda s: s.update(subject=[])),
}


def _change_json(path: Path, label: str, change: Change) -> None:
    """Write a changed copy beside a sample: `x.json` becomes `x-label.json`."""
    document = json.loads(path.read_bytes())
    before = json.dumps(document)
    change(document)
    after = json.dumps(document)
    if after == before:
        raise ValueError(f"{path.name}: the change {label} changes nothing")
    path.with_name(f"{path.stem}-{label}{path.suffix}").write_text(after)


def _change_lines(path: Path) -> None:
    """The same for a file with one envelope a line: all signatures, then all payloads."""
    for label, change in (("signature", _flip_sig), ("digest", _flip_digest)):
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        for line in lines:
            change(line)
        changed = path.with_name(f"{path.stem}-{label}{path.suffix}")
        changed.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _flip_sig(envelope: dict[str, Any]) -> None:
    for signature in envelope["signatures"]:
        raw = bytearray(base64.b64decode(signature["sig"]))
        raw[-1] ^= 1
        signature["sig"] = base64.b64encode(raw).decode()


def _flip_digest(envelope: dict[str, Any]) -> None:
    """Change one digit of the first subject's digest; the payload stays a statement."""
    statement = json.loads(base64.b64decode(envelope["payload"]))
    algorithm, digest = next(iter(statement["subject"][0]["digest"].items()))
    changed = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    statement["subject"][0]["digest"][algorithm] = changed
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
