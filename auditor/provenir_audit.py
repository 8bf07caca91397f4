"""Audit a Model Passport with one file, Python 3.11 or later, and the package `cryptography`.

This is a second implementation of docs/reference/verification.md. It shares no code with the program that makes
passports, so that an error in one of the two shows as a disagreement. Read it from top to bottom: how bytes are read,
who may say what, then one question after the other.

1. Nothing in the envelope decides anything. Keys, algorithms, roles and the time are the verifier's; key ids are
   hints, and no content is looked at before its signature holds.
2. One text, one reading: duplicate keys, unknown fields, foreign number forms, byte order marks, lone surrogates and
   base64 that no encoder writes are refused.
3. Digests are over stored bytes. Where a value is digested, it is spelled by RFC 8785.
4. Distinct keys are counted by their material. A shared secret counts toward no role.
5. What was not handed over is `not-checked`; what was asked and cannot be decided is `undecided`. Exit code 0: every
   question holds; 1: one does not; 2: misuse, or input that cannot be read; 3: one was not decided, and none failed.
6. Whatever is read is bounded, and no link or pipe inside a folder is opened. What is printed is visible text.
   Nothing is written, and no packet leaves the machine.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import importlib.util
import json
import math
import os
import re
import stat
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BufferedReader, TextIOWrapper
from pathlib import Path, PurePosixPath
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

MAX_DOCUMENT, MAX_ENVELOPE, MAX_POLICY, MAX_LINE = 64 * 2**20, 32 * 2**20, 2**20, 64 * 2**10  # bytes
MAX_HEADER, MAX_ENTRIES = 32 * 2**20, 500_000  # of a safetensors file, of a model folder
SAFE_INTEGER: Final = 2**53 - 1  # RFC 7493, section 2.2

BASE: Final = "https://provenir.example/attestation/"
PASSPORT, DATA_SOURCE, RUN, POLICY, REVOCATION, VERDICT, METADATA, CLOSE = (f"{BASE}{name}/v1" for name in (
    "passport", "data-source", "run", "policy", "revocation", "verdict", "example-metadata", "ledger-close"))
IN_TOTO, STATEMENT = "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1"
LEVELS: Final = ("declared", "L0", "L1", "L2")  # of assurance, weakest first
ROLES: Final[Mapping[str, tuple[str, ...]]] = {  # role -> predicate types unless stated
    "operator": (PASSPORT, RUN, CLOSE), "data-source": (DATA_SOURCE, METADATA), "auditor": (VERDICT,),
    "governance": (POLICY, REVOCATION), "root": (), "log": (), "witness": ()}
LONELY: Final = frozenset({"root", "log", "witness"})  # such a key has no other role

# ------------------------------------------------------------------------------ text and files
class Fault(Exception):
    """Something is not what it should be: a failing row, or one line and exit code 2."""
    def __init__(self, what: str, where: object = "", *, reason: str = "malformed") -> None:
        super().__init__(f"{where}: {what}" if str(where) else what)
        self.reason = reason

def forbid(holds: object, what: str, where: object = "", *, reason: str = "malformed") -> None:
    if holds:
        raise Fault(what, where, reason=reason)

def visible(text: str, most: int = 1000) -> str:
    """One line in which every control, bidi, invisible or unassigned character is spelled out."""
    odd = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
    shown = "".join(c if c.isprintable() and c not in odd else ascii(c)[1:-1] for c in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"

def open_file(path: Path, *, links: bool = True) -> BufferedReader:
    """Open a regular file; a pipe is refused without waiting for whoever writes into it."""
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | (0 if links else os.O_NOFOLLOW)
        stream = os.fdopen(os.open(path, flags), "rb")
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the name
        why = getattr(fault, "strerror", None) or "no name that a file can have"
        raise Fault(f"cannot be opened ({why}); check the path", path) from fault
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise Fault("is not a regular file; give a file, not a pipe", path)
    return stream

def read_file(path: Path, most: int, *, links: bool = True) -> bytes:
    with open_file(path, links=links) as stream:
        data = stream.read(most + 1)
    forbid(len(data) > most, f"is larger than {most} bytes; check that this file is meant", path)
    return data

def read_lines(path: Path, most: int) -> Iterator[bytes]:
    """The complete lines of a file without their newlines; a torn last line is left out."""
    with open_file(path, links=False) as stream:
        while (line := stream.readline(most + 1)).endswith(b"\n"):
            yield line[:-1]
    forbid(len(line) > most, f"has a line of more than {most} bytes", path)

# ---------------------------------------------------------------------------------------- JSON
TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)

def read_json(data: bytes, where: object, *, depth: int = 64, values: int = 4_000_000) -> Any:
    """The value of a JSON text that every reader understands alike (I-JSON, RFC 7493), within bounds."""
    level = 0
    try:
        text = str(data, "utf-8")
        if text.startswith("\ufeff") or sum(map(text.count, "[{,")) > values:
            raise ValueError(f"a byte order mark, or more than {values} values")
        for mark in TOKEN.findall(text) if sum(map(text.count, "[{")) > depth else ():
            level += (mark in ("[", "{")) - (mark in ("]", "}"))
            if level > depth:
                raise ValueError(f"nested deeper than {depth} levels")
        value = json.loads(text, object_pairs_hook=distinct, parse_int=double_or_int)
        # Neither NaN nor an infinity, such as 1e400, nor a lone surrogate can be written so.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as fault:  # so are UnicodeError and JSONDecodeError
        raise Fault(f"not strict JSON: {str(fault)[:200]}", where) from fault
    return value

def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("one key twice in one object")
    return dict(pairs)
def double_or_int(digits: str) -> int | float:
    """An integer beyond 2^53 is the double that RFC 8785 spells so, or is refused."""
    value = int(digits) if len(digits) <= 22 else 2**80
    if abs(value) > SAFE_INTEGER and number_text(float(value)) != digits:
        raise ValueError("an integer beyond 2^53 that is no double")
    return value if abs(value) <= SAFE_INTEGER else float(value)

def number_text(value: float) -> str:
    """Spell a double as ECMAScript does (ECMA-262 Number::toString, RFC 8785 section 3.2.2.3)."""
    # `repr` gives the shortest digits that read back as it; where point and exponent stand is decided here.
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(digits) - len(fraction) + int(exponent or 0)  # how many digits stand before it
    digits, sign = digits.rstrip("0"), "-" if value < 0 else ""
    if len(digits) <= point <= 21 or not digits:
        return sign + digits + "0" * (point - len(digits)) if digits else "0"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{point - 1:+d}"

def spelled(value: Any) -> str:
    """The canonical spelling of a JSON value (RFC 8785)."""
    if value is None or isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and abs(value) <= SAFE_INTEGER:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return number_text(value)
    if isinstance(value, list):
        return f"[{','.join(map(spelled, value))}]"
    if isinstance(value, dict):  # sorted by UTF-16 units: section 3.2.3
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return f"{{{','.join(f'{spelled(name)}:{spelled(value[name])}' for name in names)}}}"
    raise Fault("a value without canonical bytes")

def differ(stated: Any, found: Any) -> bool:
    """Whether both are said and not one value: 1 and 1.0 are one, 1 and true are not."""
    try:
        return None not in (stated, found) and spelled(stated) != spelled(found)
    except (Fault, RecursionError) as fault:  # an integer that no document holds, or deeper than any
        return isinstance(fault, RecursionError) or bool(stated != found)

# ------------------------------------------------------------------- digests, trees and times
Tree = tuple[int, bytes]  # a tree's number of leaves and its root (RFC 6962)
NO_LEAVES: Final = hashlib.sha256(b"").digest()

def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
def raw(text: str) -> bytes:
    return bytes.fromhex(text.partition(":")[2])
def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()
def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()

def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over the hashes of leaves (RFC 6962 section 2.1), read once."""
    peaks: list[bytes] = []  # roots of the complete subtrees so far, the largest first
    for size, top in enumerate(leaves):
        while size & 1:  # each trailing one bit is a subtree that is now full
            top, size = node(peaks.pop(), top), size >> 1
        peaks.append(top)
    top = peaks.pop() if peaks else NO_LEAVES
    while peaks:
        top = node(peaks.pop(), top)
    return top

def climb(here: int, last: int, proof: Sequence[bytes], roots: list[bytes]) -> list[bytes]:
    """Follow a proof to the top (RFC 9162 sections 2.1.3.2 and 2.1.4.2); empty where it is too short or long."""
    # A sibling on the left joins every root, one on the right the last one only.
    for sibling in proof:
        if last == 0:
            return []
        if here & 1 or here == last:
            roots = [node(sibling, root) for root in roots]
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            roots = [*roots[:-1], node(roots[-1], sibling)]
        here, last = here >> 1, last >> 1
    return roots if last == 0 else []

def is_included(hashed: bytes, index: int, tree: Tree, proof: Sequence[bytes]) -> bool:
    return 0 <= index < tree[0] and climb(index, tree[0] - 1, proof, [hashed]) == [tree[1]]
def is_extended(old: Tree, new: Tree, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that `new` extends `old`, where old size < new size."""
    if old[0] == 0:
        return not proof and old[1] == NO_LEAVES
    path = list(proof) if old[0] & (old[0] - 1) else [old[1], *proof]
    here, last = old[0] - 1, new[0] - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    return bool(path) and climb(here, last, path[1:], path[:1] * 2) == [old[1], new[1]]

RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)

def instant(text: str) -> datetime:
    """The instant that an RFC 3339 text with its offset states, in UTC."""
    with suppress(ValueError, OverflowError):  # an impossible date or offset
        if RFC3339.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    raise Fault(f"{text[:64]!r} is no time; write RFC 3339 like 2026-01-02T03:04:05Z")
def instant_text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

# -------------------------------------------------------------------------------------- shapes
def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, inner), default=0) if isinstance(value, dict | list) else 0

def is_time(value: Any, *, exact: bool = True) -> bool:
    with suppress(Fault):
        return isinstance(value, str) and (instant_text(instant(value)) == value or not exact)
    return False

def is_inner_path(value: Any) -> bool:
    path = PurePosixPath(value) if isinstance(value, str) and value else PurePosixPath("..")
    return str(path) == value and path.parts[0] != "/" and not {".."} & {*path.parts} and "\0" not in value

def text(pattern: str, most: int = 2**53) -> Callable[[Any], bool]:
    form = re.compile(pattern, re.DOTALL)
    return lambda v: isinstance(v, str) and len(v) <= most and form.fullmatch(v) is not None
def number(least: float, most: float, *kinds: type) -> Callable[[Any], bool]:
    return lambda v: type(v) in (kinds or (int,)) and least <= v <= most

KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "Text": text(".*"), "Name": text(".+"), "TrustName": text(".+", 128), "Label": text(".+", 512),
    "SubjectName": text(".+", 1024), "Digest": text("sha256:[0-9a-f]{64}"), "Hex": text("[0-9a-f]{64}"),
    "Commit": text("[0-9a-f]{40}|[0-9a-f]{64}"), "Uri": text("[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,500}"),
    "FileId": text(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}"), "Path": is_inner_path,
    "PayloadType": lambda v: isinstance(v, str) and 0 < len(v.encode()) <= 256,
    "KeyId": lambda v: isinstance(v, str) and len(v.encode()) <= 256,
    "Free": lambda v: isinstance(v, dict) and depth_of(v) <= 56, "Object": lambda v: isinstance(v, dict),
    "Flag": lambda v: isinstance(v, bool), "Role": lambda v: isinstance(v, str) and v in ROLES,
    "Plain": lambda v: isinstance(v, str) and 0 < len(v) <= 200 and visible(v) == v,
    "EventId": text("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "Time": is_time, "AnyTime": lambda v: is_time(v, exact=False),
    "Count": number(0, SAFE_INTEGER), "Version": number(1, SAFE_INTEGER), "Rules": number(1, 2**31),
    "Seed": number(-SAFE_INTEGER, SAFE_INTEGER), "Keys": number(1, 256), "Size": number(0, 2**60),
    "Number": number(-math.inf, math.inf, int, float), "Rate": number(0, 1, int, float),
}

# A field is `name:kind`. `kind?` may be null or missing; `kind=x` may be missing and is then x;
# `name!` must be there all the same. `'a|b` are words, `[kind]` is a list, `{kind}` an object with
# any names, `{a|b:kind}` one with some of these names. Nothing else may stand in an object.
FOUND: Final = "by_kind:{Count}={} by_severity:{info|warning|critical:Count}={}"
SCHEMAS: Final = {line.partition(" = ")[0]: line.partition(" = ")[2] for line in f"""
envelope = payload:Text payloadType:PayloadType signatures:[signature]
signature = keyid:KeyId="" sig:Name
statement = _type:Text predicateType:Text subject:[subject] predicate:Object
subject = name:SubjectName digest:{{sha256|dirHash1|gitCommit:Commit}}
data = name:Name content_hash:Digest? num_records:Count? license:Text? pii_scanned:Flag=false \
contamination_checked:Flag=false role:'train|eval=train consent:Text? pii_report:Digest? contamination_report:Digest? \
identity_note:Text?
code = git_sha:Name? dependencies_hash:Digest? framework:Text? dirty:Flag? diff_digest:Digest?
eval = benchmark:Name score!:Number? contaminated:Flag? n:Count? judge:Text? judge_calibrated:Flag? report:Digest? \
meta:Free={{}}
file = name:Name sha256:Hex size:Count
artifact = name:Label kind:Name=model tensor_root:Digest? n_tensors:Count=0 dir_hash:Hex files:[file] ignored:[Text]=[]
run = name:Name status:'running|completed|failed|interrupted started_at:Text? ended_at:Text? config_hash:Digest? \
seed:Seed? findings:{{Count}}={{}}
flight = num_steps:Count verdict:'HEALTHY|DEGRADED|CRITICAL|UNKNOWN {FOUND}
hacking = num_trajectories:Count hacking_rate:Rate? is_clean:Flag {FOUND} not_examined:{{Text}}={{}}
bom = schema_version:'model-bom/1=model-bom/1 model_id:Name base_model:Name=unknown run_id:Name? data:[data]=[] \
code:code? evals:[eval]=[] hyperparameters:Free={{}} artifacts:[artifact]=[] run:run? flight:flight? hacking:hacking?
{PASSPORT} = schema_version:'passport/1 bom:bom version:Version=1 previous:Digest? issued_at:Time expires_at:Time? \
assurance:'declared|L0|L1|L2=declared risk_rules:Rules=1 risk_flags:[Text] required_roles:[Name]=[] \
reports:[report]=[] manifest:bound-run? statements:[Digest]=[] ledger_root:Digest? log_checkpoint:tree? \
gate_decisions:[Digest]?
report = name:Path digest:Digest
bound-run = run_id:Name digest:Digest
tree = size:Count root:Digest
{DATA_SOURCE} = schema_version:'data-source/1 name:Name records_root:Digest n:Count leaf_rule:Rules=1 license:Text? \
issued_at:Time
{METADATA} = schema_version:'example-metadata/1 name:Name records_root:Digest n:Count metadata_root:Digest \
metadata_n:Count issued_at:Time
{CLOSE} = schema_version:'ledger-close/1 run_id:Name n:Count root:Digest close:Digest issued_at:Time
{RUN} = schema_version:'run-statement/1 run_id:Name manifest:Digest status:'completed|failed|interrupted \
dataset_hash:Digest? issued_at:Time
{POLICY} = schema_version:'policy-statement/1 name:Name policy:Digest issued_at:Time
{REVOCATION} = schema_version:'revocation/1 what:'passport|statement=passport revoked:Digest reason:Name \
revoked_at:Time issued_at:Time
manifest = schema_version:'run-manifest/1 run_id:FileId name:Text config_hash:Digest dataset_hash:Digest? \
git_sha:Text? dependencies_lockfile:Digest seed:Seed? fingerprint:Object={{}} \
status:'running|completed|failed|interrupted started_at:AnyTime ended_at:AnyTime? files:{{Digest}}={{}} \
content_hash:Digest
tensor = dtype:Name shape:[Size] data_offsets:[Size]
proof = schema_version:'passport-proof/1|passport-proof/2 event:Object={{}} entry:Name index:Count size:Count \
leaf_hash:Digest root:Digest proof:[Digest] checkpoint:Name? consistency:[consistency]=[]
consistency = old_size:Count old_root:Digest new_size:Count new_root:Digest proof:[Digest]
log-event = schema_version:'log-event/1 id:EventId name:Plain time:Time actor:actor subjects:[log-subject] \
parents:[EventId] payload_digest:Digest type:'admission|dataset_approval|dataset_ingest|drift_check|evaluation|\
gate_decision|incident|model_release|passport_issued|quarantine|revocation|staged_release|training_run
actor = id:Plain=provenir type:'human|service=service roles:[Plain]=[]
log-subject = name:Plain digest:Digest
trust = schema:'trust-policy/1 name:TrustName version:Version evidence:{{reports:Flag}}={{}} \
require:{{declared|L0|L1|L2:[Role]}}={{}} thresholds:{{Keys}}={{}} keys:[trust-key]
trust-key = id:TrustName alg:'ed25519|p256 public:Name roles:[Role] predicate_types:[Uri]? not_before:AnyTime? \
compromised_at:AnyTime?
state = schema_version:'verifier-state/1 policies:{{seen}}={{}} passports:{{seen}}={{}} checkpoints:{{[seen-tree]}}={{}}
seen = version:Version digest:Digest
seen-tree = size:Count root:Digest seen_at:Time
""".strip().split("\n")}

def shaped(kind: str, value: Any, place: str = "") -> Any:
    """A value with its defaults filled in, or a fault that names the place where it is wrong."""
    if kind.endswith("?"):
        return None if value is None else shaped(kind[:-1], value, place)
    if kind[0] == "[" and isinstance(value, list):
        return [shaped(kind[1:-1], item, f"{place}[{i}]") for i, item in enumerate(value)]
    if kind[0] == "{" and isinstance(value, dict):
        names, _, inner = kind[1:-1].rpartition(":")
        if not names or value.keys() <= set(names.split("|")):
            return {n: shaped(inner, item, f"{place}.{n[:60]}") for n, item in value.items()}
    if kind in SCHEMAS and isinstance(value, dict):
        return filled(SCHEMAS[kind], value, place)
    if kind[0] == "'" and isinstance(value, str) and value in kind[1:].split("|"):
        return value
    forbid(kind not in KINDS or not KINDS[kind](value), f"{place or 'it'} is not {kind}")
    return value

def filled(schema: str, value: dict[str, Any], place: str) -> dict[str, Any]:
    result, foreign = {}, set(value)
    for spec in schema.split():
        name, _, kind = spec.partition(":")
        kind, is_stated, default = kind.partition("=")
        is_optional = (is_stated or kind[-1] == "?") and name[-1] != "!"
        name = name.removesuffix("!")
        foreign.discard(name)
        forbid(name not in value and not is_optional, f"{place}.{name} is missing")
        if name in value:
            result[name] = shaped(kind, value[name], f"{place}.{name}")
            continue
        result[name] = default
        with suppress(ValueError):  # a default that is no JSON is a word
            result[name] = json.loads(default or "null")
    forbid(foreign, f"{place} has unknown fields, such as {min(foreign, default='')[:60]!r}")
    return result

def bom_of(value: Any) -> dict[str, Any]:
    bom: dict[str, Any] = shaped("bom", value, "bom")
    parts = bom["artifacts"]
    forbid(any((a["tensor_root"] is None) != (a["n_tensors"] == 0) for a in parts), "a root without its count")
    forbid(len({part["name"] for part in parts}) < len(parts), "two artifacts have one name")
    return bom

def passport_of(value: Any) -> dict[str, Any]:
    said: dict[str, Any] = shaped(PASSPORT, value, "passport")
    bom, run, end = bom_of(said["bom"]), said["manifest"], said["expires_at"]
    forbid((said["version"] == 1) != (said["previous"] is None), "version 1 has no previous, every later one has")
    forbid(len({report["name"] for report in said["reports"]}) < len(said["reports"]), "two reports have one name")
    forbid(end is not None and end <= said["issued_at"], "it would expire before it is issued")
    forbid(run is not None and run["run_id"] != bom["run_id"], "the manifest is of another run")
    return said

# ------------------------------------------------------------ envelopes, keys and statements
HMAC, PRIME = "hmac-sha256", 2**255 - 19
# y coordinates of the eight points of small order: such a "key" verifies any message.
SMALL_ORDER: Final = {0, 1, PRIME - 1, 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
                      0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7}

def unbase64(coded: str, place: object) -> bytes:
    """The bytes of canonical base64: one spelling in each of the two alphabets (RFC 4648)."""
    encode = base64.urlsafe_b64encode if "-" in coded or "_" in coded else base64.b64encode
    with suppress(ValueError):
        data = base64.b64decode(coded.replace("-", "+").replace("_", "/"), validate=True)
        if encode(data).decode() == coded:
            return data
    raise Fault("not base64 as an encoder writes it", place)

@dataclass(frozen=True)
class Key:
    """A key of the verifier, compared by its material: of a public key its SubjectPublicKeyInfo in DER."""
    alg: str
    material: bytes = field(repr=False)
    public: Any = field(default=None, compare=False, repr=False)

    @property
    def keyid(self) -> str:
        return f"{self.alg}:{hashlib.sha256(self.material).hexdigest()}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        if self.alg == HMAC:
            return hmac.compare_digest(hmac.digest(self.material, message, "sha256"), signature)
        with suppress(InvalidSignature):
            self.public.verify(signature, message, *([] if self.alg == "ed25519" else [ec.ECDSA(hashes.SHA256())]))
            return True
        return False

    @classmethod
    def load(cls, data: bytes, where: object) -> Key:
        labels = re.findall(rb"-----BEGIN ([^\r\n-]{0,64})-----", data)
        load = serialization.load_pem_public_key if labels else serialization.load_der_public_key
        forbid(len(labels) > 1 or b"PRIVATE" in b"".join(labels), "one public key is expected", where)
        try:
            public = load(data)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise Fault("no public key that can be read; give NAME.pub.pem", where) from fault
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if isinstance(public, ed25519.Ed25519PublicKey):
            y = int.from_bytes(public.public_bytes_raw(), "little") & (2**255 - 1)
            forbid(y >= PRIME or y in SMALL_ORDER, "a weak Ed25519 public key (it verifies any message)", where)
            return cls("ed25519", public.public_bytes(*form), public)
        if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == "secp256r1":
            return cls("p256", public.public_bytes(*form), public)
        raise Fault("neither an Ed25519 nor a P-256 public key", where)

    @classmethod
    def shared(cls, secret: str) -> Key:
        """A shared secret, unless it is a key that everybody may hold, or the name of a file."""
        data, is_file = secret.encode("utf-8", "surrogateescape"), False
        with suppress(OSError, ValueError):  # no name that a file can have
            is_file = Path(secret).exists() and not Path(secret).is_dir()
        forbid(not data or is_file or spells_key(data), "--key is a secret; give keys and files by --public-key")
        return cls(HMAC, data)

KEY_WORDS: Final = re.compile('-- ?BEGIN|"kty"|(ssh|ecdsa-sha2|sk-ecdsa)-|^(p256|ed25519):')

def spells_key(data: bytes, layers: int = 2) -> bool:
    """Whether bytes spell an asymmetric key: as they are, in hex or in base64, twice over."""
    packed = b"".join(data.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").split()).decode("latin-1")
    with suppress(ValueError, UnsupportedAlgorithm):
        return bool(KEY_WORDS.search(packed) or serialization.load_der_public_key(data))
    body, readings = packed.rstrip("=").replace("-", "+").replace("_", "/"), list[bytes]()
    with suppress(ValueError):
        readings.append(bytes.fromhex(packed.replace(":", "")))
    with suppress(ValueError):
        readings.append(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    return layers > 0 and any(spells_key(reading, layers - 1) for reading in readings if reading)

@dataclass(frozen=True)
class Envelope:
    """A DSSE envelope (DSSE 1.0): a payload, its type, and signatures as (key id, bytes)."""
    payload: bytes
    kind: str
    signatures: tuple[tuple[str, bytes], ...]

    def signers(self, keys: Iterable[Key]) -> frozenset[bytes]:
        """The material of the keys that signed this payload; a signature counts for one key."""
        kind = self.kind.encode()
        message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)
        waiting, found = {key.material: key for key in keys}, set()
        for keyid, signature in self.signatures:
            for key in sorted(waiting.values(), key=lambda key: key.keyid != keyid):
                if key.verify(message, signature):
                    found.add(waiting.pop(key.material).material)
                    break
        return frozenset(found)

    def parts(self) -> dict[str, Envelope]:
        """The envelope, then without its last signature and so on, by the digests of their canonical bytes."""
        lines = [spelled({"keyid": k, "sig": base64.b64encode(sig).decode()}) for k, sig in self.signatures]
        head = spelled({"payload": base64.b64encode(self.payload).decode(), "payloadType": self.kind})[:-1]
        begun, found = hashlib.sha256(f'{head},"signatures":['.encode()), dict[str, Envelope]()
        for count in range(len(lines), 0, -1):
            (state := begun.copy()).update(f"{','.join(lines[:count])}]}}".encode())
            found[f"sha256:{state.hexdigest()}"] = replace(self, signatures=self.signatures[:count])
        return found
    @classmethod
    def read(cls, path: Path, most: int = MAX_ENVELOPE, *, links: bool = True) -> Envelope:
        return cls.parse(read_file(path, most, links=links), path)
    @classmethod
    def parse(cls, data: bytes, where: object) -> Envelope:
        """Read an envelope; no unsigned text may stand beside its three fields."""
        try:
            whole = shaped("envelope", read_json(data, "", depth=4, values=10_000), "envelope")
            lines = [(line["keyid"], unbase64(line["sig"], "sig")) for line in whole["signatures"]]
            forbid(len(lines) > 32 or any(len(sig) > 8192 for _, sig in lines), "too many or too long signatures")
            return cls(unbase64(whole["payload"], "payload"), whole["payloadType"], tuple(lines))
        except Fault as fault:
            raise Fault(f"no DSSE envelope such as passport.json: {fault}", where) from fault

@dataclass(frozen=True)
class Document:
    """An envelope around an in-toto Statement v1, and whose signatures on it hold."""
    envelope: Envelope
    kind: str  # its predicate type
    signed: frozenset[bytes]
    said: dict[str, Any] = field(default_factory=dict)
    subjects: dict[str, dict[str, str]] = field(default_factory=dict)
    copies: tuple[Envelope, ...] = ()  # further envelopes around the same payload
    @classmethod
    def read(cls, envelope: Envelope, keys: Iterable[Key], *expected: str) -> Document:
        forbid(envelope.kind != IN_TOTO, f"a payload of type {envelope.kind}", reason="wrong-predicate")
        whole = read_json(envelope.payload, "statement", values=1_000_000)
        forbid(not isinstance(whole, dict) or whole.get("_type") != STATEMENT, "not an in-toto statement")
        kind: Any = whole.get("predicateType")
        forbid(kind not in expected, "a predicate of another type", reason="wrong-predicate")
        listed = shaped("statement", whole, "statement")["subject"]
        subjects = {subject["name"]: subject["digest"] for subject in listed}
        forbid(not 0 < len(listed) <= 4096 or len(subjects) < len(listed), "not 1 to 4096 distinct subjects")
        forbid(not all(subjects.values()), "a subject without a digest")
        forms = {(n, len(v)) for found in subjects.values() for n, v in found.items()}
        forbid({("sha256", 40), ("dirHash1", 40)} & forms, "a subject's digest is too short")
        predicate = whole["predicate"]
        said = passport_of(predicate) if kind == PASSPORT else shaped(kind, predicate, "predicate")
        return cls(envelope, kind, envelope.signers(keys), said, subjects)
    @classmethod
    def of_role(cls, envelope: Envelope, keys: Iterable[Key]) -> Document:
        document = cls.read(envelope, keys, DATA_SOURCE, RUN, POLICY, REVOCATION, METADATA, CLOSE)
        said, (name, bound) = document.said, {
            DATA_SOURCE: ("dataset:{name}", "records_root"), RUN: ("run:{run_id}", "manifest"),
            POLICY: ("policy:{name}", "policy"), REVOCATION: ("{what}", "revoked"),
            METADATA: ("metadata:{name}", "metadata_root"), CLOSE: ("ledger:{run_id}", "root"),
        }[document.kind]
        subject = {name.format(**said)[:200]: {"sha256": raw(said[bound]).hex()}}
        forbid(document.subjects != subject, "subject and predicate differ")
        return document

# -------------------------------------------------------------------------------- trust policy
@dataclass(frozen=True)
class TrustKey:
    """A key of the policy: all of its entries together, under the stricter dates."""
    key: Key
    names: frozenset[str]
    roles: frozenset[str]
    types: frozenset[str]
    not_before: datetime
    compromised_at: datetime
    @classmethod
    def of(cls, entries: Sequence[dict[str, Any]], key: Key) -> TrustKey:
        roles = frozenset(role for entry in entries for role in entry["roles"])
        stated = [kind for entry in entries for kind in entry["predicate_types"] or ()]
        unstated = [role for entry in entries if entry["predicate_types"] is None for role in entry["roles"]]
        types = frozenset([*stated, *(kind for role in unstated for kind in ROLES[role])])
        is_mixed = roles & LONELY and (len(roles) > 1 or types)
        forbid(is_mixed or not roles, "a key without a role, or a log, witness or root key with another")
        begin = max(instant(entry["not_before"] or "0001-01-01T00:00:00Z") for entry in entries)
        end = min(instant(entry["compromised_at"] or "9999-12-31T23:59:59Z") for entry in entries)
        names = frozenset(entry["id"] for entry in entries)
        return cls(key, names, roles, types, begin, end)

NEXT_TYPE: Final = "application/vnd.provenir.trust-policy+toml"
NEXT_POLICY: Final = re.compile(r"trust\.([1-9][0-9]{0,15})\.dsse\.json")

@dataclass(frozen=True)
class Policy:
    """Whose signature counts, for what, and how many are needed."""
    said: dict[str, Any]
    digest: str
    keys: tuple[TrustKey, ...]
    @classmethod
    def parse(cls, data: bytes, where: object) -> Policy:
        """Read `trust.toml`; what is unknown in it is refused."""
        try:
            forbid(any(line.count(b".") > 100 for line in data.splitlines()), "a line with more than 100 dots")
            said = shaped("trust", tomllib.loads(data.decode()), "trust policy")
            entries: dict[Key, list[dict[str, Any]]] = {}
            names = Counter(entry["id"] for entry in said["keys"])
            for entry in said["keys"]:
                label, coded = entry["id"], entry["public"]
                key = Key.load(coded.encode() if "-BEGIN" in coded else unbase64(coded, label), label)
                # Several keys of a log sign under the name of the log; any other id is unique.
                is_noted = bool(entry["roles"]) and {"log", "witness"} >= set(entry["roles"])
                forbid(key.alg != entry["alg"], f"{label!r} is {key.alg}, not {entry['alg']}")
                forbid(names[label] > 1 and not is_noted, f"the id {label!r} stands twice")
                forbid(is_noted and re.search(r"[\s+]", label), f"{label!r}: a name in notes has no space and no +")
                entries.setdefault(key, []).append(entry)
            keys = tuple(TrustKey.of(listed, key) for key, listed in entries.items())
            policy, required = cls(said, digest(data), keys), said["require"].values()
            short = [r for roles in required for r in roles if len(policy.of_role(r)) < policy.needs(r)]
            forbid(short, "a required role has fewer keys than its threshold")
            forbid(not said["thresholds"].keys() <= ROLES.keys(), "a threshold of an unknown role")
            forbid(not 0 < len(said["keys"]) <= 256, "a policy has 1 to 256 keys")
        except (Fault, ValueError, RecursionError) as fault:  # TOML and UTF-8 raise ValueError
            raise Fault(f"no trust policy: {fault}", where) from fault
        return policy
    def needs(self, role: str) -> int:
        return int(self.said["thresholds"].get(role, 1))
    def of_role(self, role: str) -> list[TrustKey]:
        return [key for key in self.keys if role in key.roles]
    def required(self, level: str) -> list[str]:
        asked, least = self.said["require"], {"declared": ["operator"]}
        levels = LEVELS[: LEVELS.index(level) + 1]
        return [role for low in levels for role in asked.get(low) or least.get(low, [])]
    def is_by_roots(self, envelope: Envelope, at: datetime) -> bool:
        roots = [k.key for k in self.of_role("root") if k.not_before <= at < k.compromised_at]
        return len(envelope.signers(roots)) >= self.needs("root")
    @classmethod
    def follow(cls, path: Path, at: datetime) -> Iterator[Policy]:
        """The policies of the chain that begins with a file; one bad link or a gap breaks it."""
        policy = cls.parse(read_file(path, MAX_POLICY, links=False), path)
        yield policy
        names = [NEXT_POLICY.fullmatch(place.name) for place in path.parent.iterdir()]
        last = max((int(name[1]) for name in names if name), default=0)
        for number in range(policy.said["version"] + 1, last + 1):
            place = path.parent / f"trust.{number}.dsse.json"
            try:
                envelope = Envelope.read(place, links=False)
                newer = cls.parse(envelope.payload[: MAX_POLICY + 1], place)
                is_next = (newer.said["version"], newer.said["name"]) == (number, policy.said["name"])
                forbid(envelope.kind != NEXT_TYPE or not is_next, "not the next version", place)
                is_signed = policy.is_by_roots(envelope, at) and newer.is_by_roots(envelope, at)
                forbid(not is_signed, "not signed by enough root keys of both versions", place)
            except Fault as fault:
                raise Fault(str(fault), reason="bad-rotation") from fault
            yield (policy := newer)

# ------------------------------------------------------------------------------- rows and log
@dataclass(frozen=True)
class Row:
    """One question and its answer: pass, fail, undecided or not-checked, and why."""
    name: str
    status: str
    reason: str | None = None
    detail: str = ""

def failed(name: str, reason: str, detail: str = "") -> Row:
    return Row(name, "fail", reason, detail)
def judged(name: str, reason: str, fault: str | None, holds: str = "") -> Row:
    return Row(name, "pass", None, holds) if fault is None else failed(name, reason, fault)

NOTE: Final = re.compile("(([^\\s+]{1,200})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\\x00-\\x1f]+\n)*)"
                         "(?:\n((?:\u2014 [^\\s+]{1,200} [A-Za-z0-9+/]+=*\n){1,64}))?")  # text, then signatures

@dataclass(frozen=True)
class Note:
    """A checkpoint: a C2SP signed note over a log's origin, size and root."""
    body: str
    origin: str
    tree: Tree
    lines: tuple[tuple[str, bytes], ...]  # name; key id and signature
    @classmethod
    def parse(cls, note: str, *, signed: bool = True) -> Note:
        """Read a checkpoint (c2sp.org/signed-note, c2sp.org/tlog-checkpoint)."""
        parts = NOTE.fullmatch(note)
        if parts is None or (signed and parts[5] is None):
            raise Fault("not a checkpoint: a signed note of origin, size and root")
        words = [line.split(" ") for line in (parts[5] or "").split("\n")[:-1]]
        lines = tuple((name, unbase64(coded, "note")) for _, name, coded in words)
        return cls(parts[1], parts[2], (int(parts[3]), unbase64(parts[4], "root")), lines)
    def signed_at(self, key: TrustKey, role: str) -> int | None:
        """When a witness signed first, as POSIX seconds; 0 for a log; None if it did not, or a line is false."""
        found, names = list[int](), key.names & {self.origin} if role == "log" else key.names
        for name, line in self.lines:
            if name not in names or key.key.alg != "ed25519":  # notes know no other algorithm
                continue
            kind = b"\n\x01" if role == "log" else b"\n\x04"
            if line[:4] != hashlib.sha256(name.encode() + kind + key.key.material[-32:]).digest()[:4]:
                continue
            time, signature, message = 0, line[4:], self.body.encode()
            if role == "witness":  # c2sp.org/tlog-cosignature
                time, signature = int.from_bytes(line[4:12], "big"), line[12:]
                message = b"cosignature/v1\ntime %d\n%b" % (time, message)
            if not key.key.verify(message, signature):
                return None
            found.append(time)
        return min(found, default=None)

class Evidence:
    """What was handed over of the log, and what it shows of one passport."""
    def __init__(self, asked: Any, policy: Policy | None, bound: Envelope, seen: dict[str, Any]) -> None:
        self.policy, self.at = policy, asked.at
        # Checkpoints that the verifier kept: origin, tree, and since when, if that is remembered.
        self.held: list[tuple[str, Tree, datetime | None]] = []
        for origin, one in ((origin, one) for origin, trees in seen.items() for one in trees):
            self.held.append((origin, (one["size"], raw(one["root"])), instant(one["seen_at"])))
        self.held += [(note.origin, note.tree, None) for note in asked.checkpoint]
        self.leaves: list[bytes] | None = None
        self.roots, self.links = dict[int, bytes](), dict[tuple[int, int], list[bytes]]()
        self.fault: Row | None = None
        self.note_fault: Fault | None = None
        self.note: Note | None = None
        self.tree: Tree | None = None
        self.index, self.named, self.fits = 0, set[str](), True
        line, parts = None, [named.encode() for named in bound.parts()]
        try:
            line = self.read_log(asked.log, parts, is_proof=asked.proof is None) if asked.log else None
            line = line if asked.proof is None else self.read_proof(asked.proof)
            forbid(line is None and self.leaves is not None, "no line names this passport", reason="not-in-log")
            if line is not None:
                event = shaped("log-event", read_json(line, "entry"), "entry")
                is_run, ways = event["type"] == "training_run", ("start", "end", "fail", "interrupted")
                forbid(is_run and event["name"] not in ways, "no such event of a run")
                spoken = [s for s in event["subjects"] if s["name"].startswith(("passport:", "statement:"))]
                self.named = {subject["digest"] for subject in spoken}
                forbid(not self.fits, "the proof does not fit the line", reason="log-inconsistent")
                forbid(not bound.parts().keys() & self.named, "it names another passport", reason="not-in-log")
        except Fault as fault:
            self.fault = failed("log entry", fault.reason, str(fault))
            if fault.reason == "malformed":  # then nothing of the proof is gone by
                self.tree = self.note = self.note_fault = None
    def read_log(self, folder: Path, bound: list[bytes], *, is_proof: bool) -> bytes | None:
        self.leaves, found, number = [], dict[bytes, tuple[int, bytes]](), 0
        while os.path.lexists(place := folder / f"events-{number:06d}.jsonl"):
            number += 1  # a segment that is missing ends the log there
            for line in read_lines(place, MAX_LINE):
                if is_proof and bound and bound[0] not in found:
                    shaped("log-event", read_json(line, "log"), "log")
                for named in (named for named in bound if named in line):
                    found.setdefault(named, (len(self.leaves), line))
                self.leaves.append(leaf(line))
        first = next((found[named] for named in bound if named in found), None)
        self.index, self.tree = (first[0], (len(self.leaves), root_of(self.leaves))) if first else (0, None)
        return first[1] if first else None
    def read_proof(self, data: bytes) -> bytes:
        """Read `passport.proof.json`, see whether it fits itself, and return the log's line."""
        self.tree = None
        proof = shaped("proof", read_json(data, "proof"), "proof")
        links, line = proof["consistency"], str(proof["entry"]).encode()
        lengths = [len(links), len(proof["proof"]), *(len(link["proof"]) for link in links)]
        forbid(max(lengths) > 64 or len(line) > MAX_LINE, "a proof out of bounds")
        self.tree, self.index = (proof["size"], raw(proof["root"])), proof["index"]
        for link in links:
            self.links[link["old_size"], link["new_size"]] = [raw(step) for step in link["proof"]]
        is_in = is_included(leaf(line), self.index, self.tree, [raw(step) for step in proof["proof"]])
        self.fits = is_in and leaf(line) == raw(proof["leaf_hash"])
        try:
            self.note = None if proof["checkpoint"] is None else Note.parse(proof["checkpoint"])
            forbid(self.note and self.note.tree != self.tree, "of another tree", reason="log-inconsistent")
        except Fault as fault:
            self.note_fault = fault
        return line
    def in_log(self, tree: Tree) -> str | None:
        size, root = tree
        if self.leaves is None or size > len(self.leaves):
            return "no-consistency-proof" if self.leaves is None else "log-truncated"
        self.roots[size] = self.roots.get(size) or root_of(self.leaves[:size])
        return None if self.roots[size] == root else "log-inconsistent"
    def relation(self, one: Tree, other: Tree) -> str | None:
        """Why the smaller of two trees is not shown to be a prefix of the larger, or None."""
        old, new = sorted((one, other), key=lambda tree: tree[0])
        path = self.links.get((old[0], new[0]))
        if old[0] == new[0] or path is not None:
            shown = old == new if old[0] == new[0] else is_extended(old, new, path or [])
            return None if shown else "log-inconsistent"
        return min((why for why in map(self.in_log, (old, new)) if why), default=None)
    def signers(self, role: str) -> list[int]:
        keys = self.policy.of_role(role) if self.policy and self.note else []
        current = [key for key in keys if key.not_before <= self.at < key.compromised_at]
        times = [self.note.signed_at(key, role) for key in current if self.note]
        return [time for time in times if time is not None]
    def signed(self, name: str, role: str) -> Row:
        keys = self.policy.of_role(role) if self.policy else []
        if self.note_fault is not None:
            return failed(name, self.note_fault.reason, str(self.note_fault))
        if self.note is None or self.policy is None or not keys:
            why = ("no-key" if self.policy else "no-trust-policy") if self.note else "no-checkpoint"
            return Row(name, "not-checked", why)
        if role == "log" and not any(self.note.origin in key.names for key in keys):
            return failed(name, "wrong-log", f"{self.note.origin} is no log of the policy")
        found, need = len(self.signers(role)), self.policy.needs(role)
        reason = "below-threshold" if found else "bad-signature"
        return judged(name, reason, None if found >= need else f"{found} of {need} keys signed it")
    def role(self, role: str) -> Row:
        if self.policy is None or not self.policy.of_role(role):
            return Row(f"role:{role}", "undecided", "no-key", "the policy names no key for it")
        if self.note is None and self.note_fault is None:
            return failed(f"role:{role}", "missing-checkpoint")
        return self.signed(f"role:{role}", role)
    def holds_line(self, origin: str, tree: Tree) -> bool:
        if self.tree is None or (self.note and self.note.origin != origin):
            return False
        return tree[0] > self.index and self.relation(tree, self.tree) is None
    def kept(self, name: str, origin: str, tree: Tree) -> Row:
        """Row `held checkpoint`: of the same log, and one tree is a prefix of the other."""
        if self.note is not None and self.note.origin != origin:
            return failed(name, "wrong-log", f"of {origin}, not of {self.note.origin}")
        if self.tree is None:
            return Row(name, "undecided", "not-given")
        by_log, why = self.in_log(tree), self.relation(tree, self.tree)
        why = by_log if by_log in ("log-truncated", "log-inconsistent") else why
        status = "undecided" if why == "no-consistency-proof" else "fail" if why else "pass"
        return Row(name, status, why, f"{origin}, {tree[0]} entries")
    def rows(self, stated: dict[str, Any] | None) -> list[Row]:
        """Rows `log entry`, `checkpoint`, `log before issue` and those of kept checkpoints."""
        rows, before = [self.fault] if self.fault else [], "log before issue"
        if self.tree is not None:
            by_log, checkpoint = self.in_log(self.tree), self.signed("checkpoint", "log")
            vouched = not checkpoint.reason or any(self.holds_line(o, tree) for o, tree, _ in self.held)
            row = Row("log entry", "pass" if vouched else "not-checked", None if vouched else "no-checkpoint")
            is_other = by_log in ("log-inconsistent", "log-truncated")
            row = failed("log entry", str(by_log), "the log is not that of the proof") if is_other else row
            rows = [*(rows or [row]), checkpoint]
        if stated is not None and (self.tree is None or self.fault):
            rows.append(Row(before, "not-checked", "not-given"))
        elif stated is not None and self.tree is not None:
            why = self.relation((stated["size"], raw(stated["root"])), self.tree)
            why = "log-inconsistent" if stated["size"] >= self.tree[0] else why
            status = "not-checked" if why == "no-consistency-proof" else "fail" if why else "pass"
            rows.append(Row(before, status, why))
        for origin, tree, since in self.held:
            row = self.kept("held checkpoint", origin, tree)
            is_fork = row.status == "fail" and self.note is not None and self.note.origin == origin
            rows += [row] if since is None or is_fork else []  # what is remembered was not asked
        return rows
    def covers(self, envelope: Envelope, key: Key, before: datetime) -> bool:
        """Whether the log held a signature of a key under a checkpoint that is older than an instant."""
        logged = [part for named, part in envelope.parts().items() if named in self.named]
        if self.fault is not None or not logged or key.material not in logged[0].signers([key]):
            return False
        older = [(origin, tree) for origin, tree, since in self.held if since is None or since < before]
        times = self.signers("witness") if self.note_fault is None else []
        return min(times, default=math.inf) < before.timestamp() or any(self.holds_line(*one) for one in older)

# --------------------------------------------------------------------------------------- roles
class Roles:
    """Who signed a document, and the statements that it lists and that belong to it."""
    def __init__(self, policy: Policy, document: Document, evidence: Evidence) -> None:
        self.policy, self.document, self.evidence = policy, document, evidence
    def why_not(self, document: Document, key: TrustKey) -> str | None:
        at, stolen, every = self.evidence.at, key.compromised_at, (document.envelope, *document.copies)
        if stolen <= at and not any(self.evidence.covers(one, key.key, stolen) for one in every):
            return "compromised-key"
        if key.not_before > at:
            return "not-yet-valid"
        return None if document.kind in key.types else "wrong-predicate"
    def count(self, document: Document, keys: Sequence[TrustKey]) -> int:
        signed = [key for key in keys if key.key.material in document.signed]
        return sum(self.why_not(document, key) is None for key in signed)
    def judge(self, role: str, statements: Sequence[Document]) -> Row:
        """Row `role:<role>`: whether enough keys count, else the first reason that applies."""
        keys, need = self.policy.of_role(role), self.policy.needs(role)
        own = [s for s in statements if s.kind in ROLES.get(role, ())]
        units = [own] if own else []
        if role == "data-source":  # each training dataset needs a statement of its own
            data = self.document.said["bom"]["data"]
            roots = [part["content_hash"] for part in data if part["role"] == "train"]
            units = [[s for s in own if s.kind == DATA_SOURCE and s.said["records_root"] == root] for root in roots]
        counts = [max((self.count(d, keys) for d in unit), default=0) for unit in units]
        on_passport = self.count(self.document, keys)
        if keys and (on_passport >= need or (counts and min(counts) >= need)):
            return Row(f"role:{role}", "pass", None, f"{need} of {len(keys)} keys needed")
        some = any(0 < count < need for count in (*counts, on_passport))
        lacking = role in ("data-source", "governance") and not (own and units and all(units))
        return self.refuse(f"role:{role}", keys, own, some=some, lacking=lacking)
    def refuse(self, name: str, keys: Sequence[TrustKey], own: Sequence[Document] = (), *,
               some: bool = False, lacking: bool = False) -> Row:
        """The row of a role that does not hold, by the table of reasons in its order."""
        if not keys:
            return Row(name, "undecided", "no-key", "the policy names no key for the role")
        every, own = [self.document, *own], own or [self.document]
        why = {self.why_not(d, key) for d in every for key in keys if key.key.material in d.signed}
        held = {key.key.material for key in keys}
        ids = {key.key.keyid for key in (self.policy.keys if name == "signature" else keys)}
        lines = [keyid for d in own for one in (d.envelope, *d.copies) for keyid, _ in one.signatures]
        table = {
            **{reason: reason in why for reason in ("compromised-key", "not-yet-valid", "wrong-predicate")},
            "below-threshold": some, "missing-statement": lacking,
            "wrong-role": any(document.signed - held for document in own),
            "shared-secret": any(keyid.startswith(f"{HMAC}:") for keyid in lines),
            "bad-signature": not lines or any(keyid in ids for keyid in lines), "unknown-key": True,
        }
        reason = next(reason for reason, applies in table.items() if applies)
        return failed(name, reason, f"signed as {', '.join(lines) or 'nobody'}")
    def signature(self) -> Row:
        """Row `signature`: as many keys signed the passport itself as one of their roles needs."""
        keys = [key for key in self.policy.keys if not key.roles & LONELY]
        counts = {role: self.count(self.document, self.policy.of_role(role)) for role in ROLES.keys() - LONELY}
        if any(count >= self.policy.needs(role) for role, count in counts.items()):
            return Row("signature", "pass", None, f"by the policy {self.policy.said['name']}")
        return self.refuse("signature", keys or self.policy.keys, some=any(counts.values()))
    def revocation(self, given: Sequence[tuple[Path, bytes]]) -> Row:
        """Row `revocation`: one key of the governance takes a passport or statement back."""
        keys, doubt, name = self.policy.of_role("governance"), None, "revocation"
        bound = {digest(self.document.envelope.payload), *self.document.said["statements"]}
        for path, data in given:
            try:
                envelope = Envelope.parse(data, path)
                document = Document.of_role(envelope, [key.key for key in self.policy.keys])
                by = Roles(self.policy, document, self.evidence)
                why = None if by.count(document, keys) else by.refuse(name, keys).reason
                why = why if document.kind == REVOCATION else "wrong-predicate"
                forbid(why, "no revocation of the governance", path, reason=str(why))
                if document.said["revoked"] in bound:
                    return failed(name, "revoked", document.said["reason"])
            except Fault as fault:
                doubt = doubt or Row(name, "undecided", fault.reason, str(fault))
        status, why = ("pass", None) if given else ("not-checked", "not-given")
        return doubt or Row(name, status, why, f"{len(given)} speak of other documents")

def belongs(document: Document, said: dict[str, Any]) -> bool:
    claim = document.said
    if document.kind == RUN:
        return bool(said["manifest"] == {"run_id": claim["run_id"], "digest": claim["manifest"]})
    if document.kind == CLOSE:
        return (said["ledger_root"], (said["manifest"] or {}).get("run_id")) == (claim["root"], claim["run_id"])
    if document.kind not in (DATA_SOURCE, METADATA):
        return document.kind == POLICY
    parts = [d for d in said["bom"]["data"] if d["content_hash"] == claim["records_root"]]
    pairs = [pair for d in parts for pair in ((d["num_records"], claim["n"]), (d["license"], claim.get("license")))]
    return bool(parts) and all(None in pair or pair[0] == pair[1] for pair in pairs)

# ------------------------------------------------------------------ risk flags and artifacts
NO_LICENSE: Final = {"", "unknown", "noassertion", "none", "n/a", "na", "null", "?"}

def risk_flags(bom: dict[str, Any]) -> list[str]:
    """The flags that a bill of materials raises, by version 1 of the rules and in its order."""
    data, code, evals, flight = bom["data"], bom["code"] or {}, bom["evals"], bom["flight"]
    hashed, report = [d["content_hash"] for d in data], bom["hacking"] or {"by_severity": {}, "by_kind": {}}
    heavy = report["by_severity"].get("warning") or report["by_severity"].get("critical")
    unweighed = not report["by_severity"] and any(report["by_kind"].values()) and not report["is_clean"]
    raised = {
        "unscanned_pii": any(not d["pii_scanned"] for d in data),
        "unchecked_contamination": any(not d["contamination_checked"] for d in data),
        "contaminated_eval": any(e["contaminated"] for e in evals),
        "unknown_license": any((d["license"] or "").strip().lower() in NO_LICENSE for d in data),
        "incomplete_run": bom["run"] is not None and bom["run"]["status"] != "completed",
        "dirty_code": bool(code.get("dirty")),
        "unknown_code": not code or None in (code["git_sha"], code["dependencies_hash"]),
        "unknown_data": None in hashed or not any(d["role"] == "train" for d in data),
        "reward_hacking": bool(report.get("hacking_rate") or heavy or unweighed),
        "unhealthy_run": flight is not None and flight["verdict"] in ("DEGRADED", "CRITICAL"),
        "uncalibrated_judge": any(e["judge"] is not None and not e["judge_calibrated"] for e in evals),
    }
    return [name for name, is_raised in raised.items() if is_raised]

TENSOR_BITS: Final = {name: bits for bits, names in {
    8: "BOOL U8 I8 F8_E4M3 F8_E5M2 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ", 16: "U16 I16 F16 BF16",
    32: "U32 I32 F32", 64: "U64 I64 F64 C64", 4: "F4", 6: "F6_E2M3 F6_E3M2",
}.items() for name in names.split()}

def dir_hash(files: Iterable[tuple[str, str]]) -> str:
    """in-toto's dirHash1 over pairs of a name and a SHA-256 in hex."""
    ordered = sorted((name.encode(), hashed.encode()) for name, hashed in files)
    return hashlib.sha256(b"".join(b"%b  %b\n" % (h, name) for name, h in ordered)).hexdigest()

def tensors_of(header: bytes, size: int) -> list[tuple[int, dict[str, Any]]]:
    """The tensors of a safetensors header as (bytes, what it states); they must fill `size` bytes exactly."""
    whole, listed = read_json(header, "header", depth=8), []
    forbid(not header.startswith(b"{") or not isinstance(whole, dict), "a header that is no object")
    shaped("{Text}", whole.pop("__metadata__", {}), "__metadata__")
    for name, stated in whole.items():
        entry = shaped("tensor", stated, name[:60])
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        bits = TENSOR_BITS.get(dtype, 0) * math.prod(shape)
        is_sound = dtype in TENSOR_BITS and len(shape) <= 64 and len(offsets) == 2
        is_sound = is_sound and bits == (offsets[1] - offsets[0]) * 8 >= 0
        forbid(not is_sound, f"the tensor {name[:60]!r} does not fill its bytes")
        listed.append((*offsets, {"name": name, "dtype": dtype, "shape": shape}))
    listed.sort(key=lambda tensor: tensor[:2])
    ends = [0, *(end for _, end, _ in listed)]
    forbid([begin for begin, _, _ in listed] != ends[:-1] or ends[-1] != size, "holes or overlaps")
    return [(end - begin, stated) for begin, end, stated in listed]

class Folder:
    """A model folder or file: its files, its tensors, its faults."""
    def __init__(self, path: Path) -> None:
        self.files: list[tuple[str, str, int]] = []  # name, SHA-256, bytes
        self.tensors, self.faults = dict[str, bytes](), list[str]()
        self.is_ambiguous = False  # two files of one folder hold a tensor of one name
        forbid(not path.is_dir() and not path.is_file(), "no such folder or file; give a model", path)
        pending, seen = [("" if path.is_dir() else path.name, path.resolve())], 0
        while pending and seen <= MAX_ENTRIES:
            name, place = pending.pop()
            try:
                if place.is_symlink() or "\n" in name or not place.is_dir():
                    self.take(name, place)
                    continue
                inside = list(place.iterdir())
                pending += [(f"{name}/{p.name}".removeprefix("/"), p) for p in inside]
                seen += len(inside)
            except (Fault, OSError, UnicodeEncodeError) as fault:
                self.faults.append(f"{name}: {fault}")
        forbid(pending, f"a folder of more than {MAX_ENTRIES} entries", path)
    def identity(self) -> tuple[Any, ...]:
        names = sorted(self.tensors) if not self.is_ambiguous else []
        root = f"sha256:{root_of(leaf(self.tensors[name]) for name in names).hex()}"
        hashed = dir_hash((name, found) for name, found, _ in self.files)
        return hashed, root if names else None, len(names), sorted(self.files)
    def take(self, name: str, path: Path) -> None:
        forbid("\n" in name or not name.encode(), "a newline in its name")
        with open_file(path, links=False) as stream:
            size = os.fstat(stream.fileno()).st_size
            self.files.append((name, hashlib.file_digest(stream, "sha256").hexdigest(), size))
            forbid(stream.tell() != size, "changed while it was read")
            if not name.endswith(".safetensors"):
                return
            stream.seek(0)
            length = int.from_bytes(stream.read(8), "little")
            forbid(length > min(MAX_HEADER, size - 8), "a header beyond its bound or the end of the file")
            for count, stated in tensors_of(stream.read(length), size - 8 - length):
                hashed = hashlib.sha256()
                while count > 0 and (chunk := stream.read(min(2**20, count))):
                    hashed.update(chunk)
                    count -= len(chunk)
                full = f"{name.rpartition('/')[0]}/{stated['name']}".removeprefix("/")
                self.is_ambiguous = self.is_ambiguous or full in self.tensors
                entry = {**stated, "name": full, "sha256": hashed.hexdigest()}
                self.tensors[full] = spelled(entry).encode()

def artifact_rows(artifacts: list[dict[str, Any]], paths: Sequence[Path]) -> list[Row]:
    rows, stated = list[Row](), dict[str, tuple[Any, ...]]()
    for part in artifacts:
        files = sorted((f["name"], f["sha256"], f["size"]) for f in part["files"])
        stated[part["name"]] = part["dir_hash"], part["tensor_root"], part["n_tensors"], files
    left = dict.fromkeys(stated)
    for path in paths:
        if not artifacts:
            rows.append(failed("artifact", "artifact-mismatch", "the passport names none"))
            continue
        folder = Folder(path)
        found, sound = folder.identity(), folder.files and not folder.faults
        equal = [name for name, identity in stated.items() if sound and identity == found]
        meant = max(stated, key=lambda name: len({*found[3]} & {*stated[name][3]}))
        name = next((name for name in equal if name in left), (equal or [meant])[0])
        left.pop(name, None)
        other = sorted({file[0] for file in {*found[3]} ^ {*stated[meant][3]}})
        fault = "; ".join(folder.faults[:3]) or f"other files or tensors: {', '.join(other[:5])}"
        rows.append(judged(f"artifact:{name}", "artifact-mismatch", None if equal else fault))
    if not artifacts and not paths:
        rows.append(Row("artifact", "not-checked", "not-stated"))
    return rows + [Row(f"artifact:{name}", "not-checked", "not-given") for name in left]

# ---------------------------------------------------------------------------------- run folder
SUMMED: Final = {"flight": "flight_recorder.json", "hacking": "hacking_report.json"}

class RunFolder:
    """The files of a run folder by digest. What leads out of it counts as not there."""
    def __init__(self, folder: Path) -> None:
        self.folder, self.top = folder, folder.resolve()
        forbid(not folder.is_dir(), "no such folder; give the folder of a run", folder)
    def digest(self, name: str) -> str | None:
        path, parts = self.folder / name, PurePosixPath(name).parts
        with suppress(Fault, OSError, RuntimeError, ValueError):  # no name that a file can have
            if "/" not in parts and ".." not in parts and path.resolve().is_relative_to(self.top):
                with open_file(path, links=False) as stream:
                    return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        return None
    def json(self, name: str, expected: str) -> Any:
        data = read_file(self.folder / name, MAX_DOCUMENT, links=False)
        forbid(digest(data) != expected, "changed while it was read", name)
        return read_json(data, name)
    def compare(self, what: str, expected: Mapping[str, str]) -> list[Row]:
        found = {name: self.digest(name) for name in sorted(expected)}
        wrong = [name for name in found if found[name] != expected[name]][:50]
        rows = [failed(f"file:{n}", "changed-report" if found[n] else "missing-report") for n in wrong]
        return rows or [Row(what, "pass", None, f"{len(expected)} files as recorded")]
    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        with suppress(Fault):
            for line in read_lines(self.folder / name, MAX_DOCUMENT):
                with suppress(ValueError, RecursionError):
                    value = json.loads(line.decode())
                    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # as in `read_json`
                    if isinstance(value, dict):
                        yield value

def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

class Journal:
    """What the records of a run's journal add up to."""
    def __init__(self, records: Iterable[dict[str, Any]]) -> None:
        self.start, self.config = dict[str, Any](), dict[str, Any]()
        self.dirty, self.diffs, self.evals = False, set[str](), list[dict[str, Any]]()
        findings: set[tuple[str, str]] = set()  # kept once for each kind and subject
        for body in records:
            kind = body.get("type")
            if kind == "start":
                self.start, self.config = body, dict(mapping(body.get("config")))
            if kind in ("start", "resume"):
                self.dirty |= body.get("dirty") is True
                self.diffs |= {d for d in (body.get("diff_digest"),) if isinstance(d, str)}
            elif kind == "config":
                self.config.update(mapping(body.get("values")))
            elif kind == "eval" and isinstance(body.get("benchmark"), str):
                self.evals.append(body)
            elif kind == "finding":
                findings.add((str(body.get("kind")), str(body.get("subject"))))
        self.findings = Counter(kind for kind, _ in findings)
    def evident(self, bom: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
        told = [{"contaminated": True, "judge": None} for body in self.evals if body.get("contaminated") is True]
        code = bom["code"] and {**bom["code"], "dirty": self.dirty or bom["code"]["dirty"]}
        return {**bom, "evals": [*bom["evals"], *told], "code": code, "run": bom["run"] or manifest}
    def contradictions(self, bom: dict[str, Any], manifest: dict[str, Any]) -> list[str]:
        """What the run says otherwise than its bill of materials; None is "not said"."""
        base, code, run = self.start.get("base_model"), bom["code"] or {}, bom["run"] or {}
        framework, seed = self.config.get("framework"), manifest["seed"]
        is_base = isinstance(base, str) and "unknown" not in (base, bom["base_model"])
        pairs = {
            "run id": (bom["run_id"], manifest["run_id"]), "seed": (run.get("seed"), "none" if seed is None else seed),
            "base model": (bom["base_model"], base if is_base else None),
            "run name": (run.get("name"), manifest["name"] or "run"),
            "end": (run.get("ended_at"), manifest["ended_at"] or "none"),
            "commit": (code.get("git_sha"), manifest["git_sha"] or "unknown"),
            "packages": (code.get("dependencies_hash"), manifest["dependencies_lockfile"]),
            "framework": (code.get("framework"), framework if isinstance(framework, str) else None),
            **{n: (run.get(n), manifest[n]) for n in ("status", "started_at", "config_hash")},
        }
        hyper = [n for n, v in bom["hyperparameters"].items() if differ([v], [self.config.get(n, v)])]
        wrong = [name for name, pair in pairs.items() if differ(*pair)] + hyper
        stated = run.get("findings") or self.findings  # one may come after the list was made
        late = {kind for kind, count in self.findings.items() if stated.get(kind, 0) < count}
        wrong += [f"findings {kind}" for kind in sorted(late - {"closing_fault"})]
        is_diff = self.diffs and code.get("diff_digest") not in (None, *self.diffs)
        wrong += ["difference from the commit"] if is_diff else []
        for part in bom["evals"]:  # one of a benchmark's records must say all that it says
            bodies = [b for b in self.evals if (b["benchmark"] or "unnamed") == part["benchmark"]]
            if bodies and all(contradicts(part, body) for body in bodies):
                wrong.append(f"evals.{part['benchmark']}")
        return wrong + self.of_data(bom["data"], manifest["dataset_hash"] or "unknown")
    def of_data(self, data: list[dict[str, Any]], trained_on: str) -> list[str]:
        described = {"train": self.start.get("dataset"), "eval": self.start.get("eval_dataset")}
        root, wrong = mapping(described["eval"]).get("records_root") or "unknown", []
        hashed = [d["content_hash"] for d in data if d["role"] == "eval" and d["content_hash"]]
        wrong += ["eval dataset"] if isinstance(described["eval"], dict) and hashed and root not in hashed else []
        for part in data:
            train, found = part["role"] == "train", part["content_hash"]
            wrong += ["train dataset"] if train and differ(found, trained_on) else []
            told = mapping(described[part["role"]]) if train or found in (None, root) else {}
            wrong += [f"records of {part['name']}"] if differ(part["num_records"], told.get("n")) else []
        return wrong

def contradicts(part: dict[str, Any], body: dict[str, Any]) -> bool:
    meta, score = dict(mapping(body.get("meta"))), body.get("score")
    calibrated, judge = meta.pop("judge_calibrated", None), meta.pop("judge", None)
    return (
        differ(part["score"], "unknown" if score is None else score) or differ(part["n"], body.get("n"))
        or differ(part["judge"], None if judge is None else str(judge))
        or (part["judge"] is None and judge is not None and calibrated is not True)
        or bool(part["judge_calibrated"] and differ(True, calibrated))
        or any(differ([v], [meta.get(k, v)]) for k, v in part["meta"].items())
    )

def run_rows(said: dict[str, Any], run: RunFolder) -> tuple[list[Row], str]:
    reports, stated = {r["name"]: r["digest"] for r in said["reports"]}, said["manifest"]
    rows = run.compare("reports", reports) if reports else []
    if stated is None:
        return [Row("manifest", "undecided", "unbound-run"), *rows], "declared"
    found = run.digest(name := f"manifests/{stated['run_id']}.json")
    why = "manifest-mismatch" if found else "missing-report"
    rows = [judged("manifest", why, None if found == stated["digest"] else name), *rows]
    if any(row.reason for row in rows):
        return rows, "declared"
    try:
        manifest = shaped("manifest", run.json(name, stated["digest"]), "manifest")
        body = {key: value for key, value in manifest.items() if key != "content_hash"}
        forbid(digest(spelled(body).encode()) != manifest["content_hash"], "it has another digest than it states")
    except Fault as fault:
        return [*rows, failed("manifest", "manifest-mismatch", str(fault))], "declared"
    files = manifest["files"]
    rows += [*run.compare("files", files), evidence_row(said, manifest, run)]
    steps = {"steps.jsonl", SUMMED["flight"]} <= files.keys() and any(True for _ in run.lines("steps.jsonl"))
    level = "L0" if steps and not any(row.reason for row in rows) else "declared"
    known = {"manifests", "run.lock", "runs", *(name.split("/")[0] for name in files)}
    left = sorted({place.name for place in run.folder.iterdir()} - known)
    return [*rows, Row("other files", "not-checked", "not-recorded", ", ".join(left[:10]))], level

def evidence_row(said: dict[str, Any], manifest: dict[str, Any], run: RunFolder) -> Row:
    """Row `evidence`: the run's own files give the same bill of materials and the same flags."""
    bom, files, read = said["bom"], manifest["files"], dict[str, Any]()
    if any(name not in files and bom[part] is not None for part, name in SUMMED.items()):
        return failed("evidence", "missing-report", "the manifest records no file that the passport sums up")
    try:
        for part, name in ((part, name) for part, name in SUMMED.items() if name in files):
            value = run.json(name, files[name])
            stated = dict(value["summary"] if part == "flight" else value)
            if part == "hacking":
                stated["by_severity"] = Counter(signal["severity"] for signal in value["signals"])
            fields = [spec.partition(":")[0] for spec in SCHEMAS[part].split()]
            read[part] = shaped(part, {field: stated[field] for field in fields}, part)
    except (Fault, KeyError, TypeError, ValueError) as fault:
        return failed("evidence", "flags-mismatch", f"no summary: {fault}")
    journal = Journal(run.lines("journal.jsonl") if "journal.jsonl" in files else ())
    wrong = journal.contradictions(bom, manifest)
    wrong += [part for part in SUMMED if bom[part] is not None and bom[part] != read.get(part)]
    flags, is_newer = risk_flags(journal.evident({**bom, **read}, manifest)), said["risk_rules"] > 1
    wrong += [] if is_newer or flags == said["risk_flags"] else [f"the risk flags are {flags}"]
    row = judged("evidence", "flags-mismatch", f"the run says otherwise: {wrong}" if wrong else None)
    return Row("evidence", "undecided", "newer-rules") if is_newer and not wrong else row

# ----------------------------------------------------------------------------------- the audit
def notes_of(said: dict[str, Any]) -> list[str]:
    bom, reports = said["bom"], {report["digest"] for report in said["reports"]}
    words = [part["pii_report"] for part in bom["data"] if part["pii_scanned"]]
    words += [d["contamination_report"] for d in bom["data"] if d["contamination_checked"]]
    words += [part["report"] for part in bom["evals"] if part["contaminated"] is False]
    flight, hacking = bom["flight"] or {"verdict": "UNKNOWN"}, bom["hacking"]
    told = {
        "no_model_artifact: no model artifact is named": not bom["artifacts"],
        "self_declared_evidence: a check is the signer's word": any(word not in reports for word in words),
        "not_examined: not all rollouts": hacking and (hacking["not_examined"] or hacking["hacking_rate"] is None),
        "no_health_data: no metrics were recorded": flight["verdict"] == "UNKNOWN",
    }
    return [note for note, holds in told.items() if holds]

def subjects_fault(document: Document) -> str | None:
    said, bom, expected = document.said, document.said["bom"], dict[str, dict[str, str]]()
    for part in bom["artifacts"]:
        if dir_hash((file["name"], file["sha256"]) for file in part["files"]) != part["dir_hash"]:
            return f"the file list of {part['name']} does not have the hash that it states"
        expected[part["name"] + "/files"] = {"dirHash1": part["dir_hash"]}
        if part["tensor_root"] is not None:
            expected[part["name"] + "/tensors"] = {"sha256": raw(part["tensor_root"]).hex()}
    run, name, bound = said["manifest"], f"bom:{bom['model_id']}", digest(spelled(bom).encode())
    name, bound = (name, bound) if run is None else (f"run:{run['run_id']}", run["digest"])
    expected = expected or {name[:200]: {"sha256": raw(bound).hex()}}
    return None if document.subjects == expected else "not those of this bill of materials"

def second_file() -> Any:
    """The auditor's second file, which lies beside this one and takes what it needs from here."""
    name, place = "provenir_ledger_audit", Path(__file__).with_name("provenir_ledger_audit.py")
    if name not in sys.modules:
        forbid(not place.is_file(), "is needed for a training ledger; copy it beside this file", place)
        sys.modules["provenir_audit"] = sys.modules[__name__]  # whatever this file is called
        spec: Any = importlib.util.spec_from_file_location(name, place)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]

class Audit:
    """One passport, question after question, in the order of the reference page."""
    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked, self.envelope = asked, Envelope.read(asked.passport)
        self.rows, self.notes = list[Row](), [] if self.envelope.signatures else ["unsigned: there is no signature"]
        self.claimed: str | None = None
        self.established: str | None = None
        self.run = None if asked.run is None else RunFolder(asked.run)
        self.state: dict[str, Any] | None = None
        if asked.state is not None:
            is_there, empty = os.path.lexists(asked.state), b'{"schema_version": "verifier-state/1"}'
            data = read_file(asked.state, MAX_DOCUMENT) if is_there else empty
            self.state = shaped("state", read_json(data, asked.state), str(asked.state))
        self.policy = self.ask_policy() if asked.trust is not None else None
        if not any(row.reason for row in self.rows) and self.ask_signatures():
            self.ask_content()
        if self.claimed is None:  # what follows a row that does not hold
            names = ["content", *(f"artifact:{path.name}" for path in asked.artifact)]
            names += ["run"] if self.run else []
            self.rows += [Row(name, "not-checked", "not-reached") for name in names]
    def ask_policy(self) -> Policy | None:
        """Row `trust policy`: read, rotated, and not rolled back."""
        try:
            chain = list(Policy.follow(self.asked.trust, self.asked.at))
            last, name = chain[-1].said["version"], chain[-1].said["name"]
            known = (self.state or {"policies": {}})["policies"].get(name, {"version": 0})
            others = [one for one in chain if one.said["version"] == known["version"] and one.digest != known["digest"]]
            forbid(others or last < known["version"], f"{known} of {name} is remembered", reason="rolled-back")
        except Fault as fault:
            if fault.reason not in ("bad-rotation", "rolled-back"):
                raise
            self.rows.append(failed("trust policy", fault.reason, str(fault)))
            return None
        folder = self.asked.trust.parent / "revocations"  # the verifier's own: to be listed, or it is a fault
        beside = sorted(p for p in folder.iterdir() if p.match("*.dsse.json")) if os.path.lexists(folder) else []
        self.asked.revocation += [(path, read_file(path, MAX_POLICY)) for path in beside]
        self.rows.append(Row("trust policy", "pass", None, f"{name}, version {last}"))
        return chain[-1]
    def ask_signatures(self) -> bool:
        """Rows `signature` and `statement`: who signed, and whether it is a Model Passport."""
        envelope, keys, rows, policy = self.envelope, self.asked.keys, self.rows, self.policy
        seen = self.state["checkpoints"] if self.state else {}
        self.evidence = Evidence(self.asked, policy, envelope, seen)
        signed, ids = envelope.signers(keys), {keyid for keyid, _ in envelope.signatures}
        for key in keys:
            is_secret, name = key.alg == HMAC, f"signature:{key.keyid}"
            near = key.keyid in ids or (is_secret and any(k.startswith(f"{HMAC}:") for k in ids))
            reason = "bad-signature" if near or not ids else "unknown-key"
            fault = None if key.material in signed else f"signed as {', '.join(sorted(ids))}"
            self.notes += ["team-internal: whoever can verify it can forge it"] if is_secret and fault is None else []
            rows.append(judged(name if len(keys) > 1 else "signature", reason, fault, key.alg))
        policy_keys = [key.key for key in policy.keys] if policy else []
        by_policy = envelope.signers(policy_keys)
        self.shared = all(key.alg == HMAC for key in keys) and not by_policy
        if len(envelope.signatures) > max(1, len(by_policy) if policy else len(keys)):
            self.notes.append("more_signatures: the envelope carries some that were not checked")
        if policy:
            rows.append(Roles(policy, Document(envelope, PASSPORT, by_policy), self.evidence).signature())
        elif not keys:
            rows.append(Row("signature", "undecided", "no-key", "give --trust or a key"))
        if any(row.reason for row in rows):
            return False
        try:
            self.document = Document.read(envelope, policy_keys, PASSPORT)
            rows.append(Row("statement", "pass", None, "a Model Passport"))
        except Fault as fault:
            rows.append(failed("statement", fault.reason, str(fault)))
        return rows[-1].reason is None
    def ask_content(self) -> None:
        said, asked, rows, policy = self.document.said, self.asked, self.rows, self.policy
        bom, self.claimed = said["bom"], said["assurance"]
        required = policy.required(said["assurance"]) if policy else []
        wanted = list(dict.fromkeys([*required, *said["required_roles"]]))
        listed, belonging = self.statements()
        if policy:
            roles = Roles(policy, self.document, self.evidence)
            rows += [roles.judge(r, belonging) for r in wanted if r not in ("log", "witness")]
        elif wanted:
            rows.append(Row("roles", "undecided", "no-trust-policy", ", ".join(wanted)))
        wrong = subjects_fault(self.document)
        rows.append(judged("subjects", "subject-mismatch", wrong))
        self.ask_facts(said)
        rows += [roles.revocation(asked.revocation)] if policy else []
        flags, shown = risk_flags(bom), ", ".join(risk_flags(bom)) or "none"
        row = judged("risk flags", "flags-mismatch", None if flags == said["risk_flags"] else shown, shown)
        rows.append(row if said["risk_rules"] == 1 else Row("risk flags", "undecided", "newer-rules"))
        rows += [*listed, *self.evidence.rows(said["log_checkpoint"])]
        rows += [self.evidence.role(r) for r in wanted if policy and r in ("log", "witness")]
        ledger, traced = self.ledger(said, belonging)
        bound = [name for name in ("previous", "ledger_root", "gate_decisions") if said[name]]
        bound = [name for name in bound if name != "ledger_root" or not ledger]
        rows += [*(Row(name.replace("_", " "), "not-checked", "not-given") for name in bound), *ledger]
        rows += artifact_rows(bom["artifacts"], asked.artifact) if wrong is None else []
        rows += self.bom_rows(bom)
        reports = {report["name"]: report["digest"] for report in said["reports"]}
        if asked.reports is not None and reports:
            rows += RunFolder(asked.reports).compare("reports", reports)
        elif policy and policy.said["evidence"].get("reports") and self.run is None:
            rows.append(failed("reports", "missing-report", "the policy asks for them"))
        not_given = [Row("run", "not-checked", "not-given")], "declared"
        runs, reached = run_rows(said, self.run) if self.run else not_given
        is_open, reached = reached == "L0" and not traced, (traced if reached == "L0" and traced in LEVELS else reached)
        rows += [*runs, self.assurance(said, [*runs, *ledger], reached, is_open=is_open)]
        self.notes += notes_of(said)
        if not any(row.status == "fail" for row in rows):
            self.established = min(said["assurance"], reached, key=LEVELS.index)
    def ledger(self, said: dict[str, Any], belonging: list[Document]) -> tuple[list[Row], str]:
        """The rows of the training ledger, by the second file, and the assurance that may rest on them."""
        level = self.asked.level
        if self.run is None or not (said["ledger_root"] or level):
            return [Row("V0 ledger", "undecided", "not-given")] if level else [], ""
        roles = Roles(self.policy, self.document, self.evidence) if self.policy else None
        audit = second_file().Audit(self.run.folder / "governed", level, said, roles, belonging)
        self.notes += audit.notes()
        return audit.rows(), audit.established()
    def statements(self) -> tuple[list[Row], list[Document]]:
        given, rows, belonging = [*self.asked.statement], [], []
        for folder in dict.fromkeys(p for p in (self.asked.run, self.asked.passport.parent) if p):
            for path in [*sorted((folder / "statements").glob("*.dsse.json"))[:256], folder / "governed/close.json"]:
                with suppress(Fault):  # what cannot be read is not there
                    given.append(Envelope.read(path, MAX_POLICY, links=False))
        found: dict[str, list[Envelope]] = {}
        for envelope in given:
            same = found.setdefault(digest(envelope.payload), [])
            same += [envelope] if envelope not in same and len(same) < 8 else []
        for wanted in dict.fromkeys(self.document.said["statements"]):
            name = f"statement:{wanted[:15]}"
            absent = failed(name, "missing-statement") if self.run else Row(name, "not-checked", "not-given")
            try:
                keys = [key.key for key in self.policy.keys] if self.policy else []
                same = sorted(found.get(wanted, []), key=lambda envelope: envelope.kind != IN_TOTO)
                document = Document.of_role(same[0], keys) if same else None
                if document:
                    more = tuple(envelope for envelope in same[1:] if envelope.kind == IN_TOTO)
                    signed = document.signed.union(*(envelope.signers(keys) for envelope in more))
                    document = replace(document, copies=more, signed=signed)
                is_other = document and not belongs(document, self.document.said)
                forbid(is_other, "of another dataset or run", reason="statement-mismatch")
            except Fault as fault:
                rows.append(failed(name, fault.reason, str(fault)))
                continue
            belonging += [document] if document else []
            why: str | None = "no-trust-policy"
            if document and self.policy:
                role = next(role for role, kinds in ROLES.items() if document.kind in kinds)
                by, keys_of_role = Roles(self.policy, document, self.evidence), self.policy.of_role(role)
                held = by.count(document, keys_of_role)
                why = by.refuse(name, keys_of_role, some=held > 0).reason if held < self.policy.needs(role) else None
            rows.append(Row(name, "not-checked" if why else "pass", why) if document else absent)
        return rows, belonging
    def ask_facts(self, said: dict[str, Any]) -> None:
        """Rows `model`, `expiry` and `version`."""
        asked, rows, model = self.asked, self.rows, said["bom"]["model_id"]
        wrong, end = None if model == asked.model else f"it is of {model}", said["expires_at"]
        rows += [judged("model", "wrong-model", wrong, model)] if asked.model is not None else []
        late = f"{end}, judged at {instant_text(asked.at)}" if end and asked.at >= instant(end) else None
        rows += [judged("expiry", "expired", late, end)] if end else [Row("expiry", "not-checked", "not-stated")]
        if self.state is not None:
            ids = sorted(f"{HMAC}:default" if key.alg == HMAC else key.keyid for key in asked.keys)
            scope = f"trust:{self.policy.said['name']}" if self.policy else f"keys:{','.join(ids)}"
            known = self.state["passports"].get(f"{scope}|{model}", {"version": 0})["version"]
            fault = f"version {known} was seen" if said["version"] < known else None
            rows.append(judged("version", "rolled-back", fault, f"version {said['version']}"))
    def bom_rows(self, bom: dict[str, Any]) -> list[Row]:
        """Row `bom.json`: beside the passport, and in the run folder, lies what was signed."""
        folders = {path.resolve() for path in (self.asked.passport.parent, self.asked.run) if path}
        places, rows = [folder / "bom.json" for folder in sorted(folders)], []
        for place in (place for place in places if os.path.lexists(place)):
            try:
                value = read_json(read_file(place, MAX_DOCUMENT), "bom.json")
                is_same = "schema_version" in mapping(value) and not differ(bom_of(value), bom)
                rows.append(judged("bom.json", "bom-mismatch", None if is_same else "not the signed one"))
            except Fault as fault:
                rows.append(failed("bom.json", "bom-mismatch", str(fault)))
        return rows or [Row("bom.json", "not-checked", "not-given")]
    def assurance(self, said: dict[str, Any], runs: list[Row], reached: str, *, is_open: bool) -> Row:
        """Row `assurance`: not above what binds the claim, nor above what the run shows."""
        claimed, flight, rank = said["assurance"], said["bom"]["flight"], LEVELS.index
        bound = "L0" if self.shared or said["ledger_root"] is None else "L2"
        bound = bound if said["manifest"] and flight and flight["num_steps"] else "declared"
        if any(row.status in ("fail", "undecided") for row in runs):
            return Row("assurance", "not-checked", "not-reached")
        if rank(claimed) <= rank(bound) and rank(claimed) > rank(reached) and (is_open or self.run is None):
            return Row("assurance", "not-checked", "not-given", f"{claimed} is claimed")
        fault = f"{claimed} is claimed, {bound} is bound, {reached} shown"
        is_held = rank(claimed) <= min(rank(bound), rank(reached))
        return judged("assurance", "flags-mismatch", None if is_held else fault, claimed)
    def verdict(self) -> dict[str, Any]:
        told, states = [r for r in self.rows if r.status in ("fail", "undecided")], {r.status for r in self.rows}
        code = 1 if "fail" in states else 3 if told or "pass" not in states else 0
        return {
            "good": code == 0, "exit_code": code, "reasons": list(dict.fromkeys(row.reason for row in told)),
            "checks": [{"name": visible(r.name, 200), "status": r.status, "reason": r.reason,
                        "detail": visible(r.detail)} for r in self.rows],
            "notes": self.notes, "assurance_claimed": self.claimed, "assurance_established": self.established,
        }

# ---------------------------------------------------------------------------- the command line
LISTS: Final = {
    "public-key": "a public key (PEM) that must have signed", "artifact": "a model folder or file to compare",
    "statement": "a statement of a role", "revocation": "something that was taken back",
    "checkpoint": "a checkpoint of the log that you kept",
}
PATHS: Final = {
    "trust": "the trust policy: whose signature counts", "run": "the run folder", "proof": "the log's proof",
    "reports": "a folder with the passport's reports", "log": "the folder of the log",
    "state": "what earlier verdicts left; it is never written",
}

class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""
    def error(self, message: str) -> NoReturn:
        raise Fault(f"{message}; see --help")

def question(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(description="Audit a Model Passport.", allow_abbrev=False)
    parser.add_argument("passport", type=Path, help="a passport.json, or a run folder with one")
    for name, what in LISTS.items():
        parser.add_argument(f"--{name}", type=Path, action="append", default=[], help=what)
    for name, what in PATHS.items():
        parser.add_argument(f"--{name}", type=Path, help=what)
    parser.add_argument("--key", metavar="SECRET", help="a team's secret; it is nobody's role")
    parser.add_argument("--at", metavar="RFC3339", help="judge by this time instead of now")
    parser.add_argument("--model", metavar="ID", help="the model that it must be of")
    parser.add_argument("--level", choices=("V0", "V1", "V2"), help="how far to ask about the training ledger")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    asked = parser.parse_args(argv)
    if asked.passport.is_dir():
        forbid(asked.run is not None, "a run folder was given twice; give the passport's file", asked.run)
        asked.run, asked.passport = asked.passport, asked.passport / "passport.json"
    for path in (*asked.artifact, *([asked.reports] if asked.reports else [])):
        forbid(not os.path.lexists(path), "no such artifact or folder; check the path", path)
    beside = asked.passport.parent / "passport.proof.json"
    asked.proof = beside if asked.proof is None and beside.is_file() else asked.proof
    asked.proof = asked.proof and read_file(asked.proof, 2**22, links=asked.proof != beside)
    asked.statement = [Envelope.read(path, MAX_POLICY) for path in asked.statement]
    asked.revocation = [(path, read_file(path, MAX_POLICY)) for path in asked.revocation]
    asked.checkpoint = [Note.parse(read_file(path, 2**16).decode(), signed=False) for path in asked.checkpoint]
    asked.log = asked.log / "log" if asked.log and (asked.log / "log").is_dir() else asked.log  # of a workspace
    marks = [] if asked.log is None else [asked.log / name for name in ("events-000000.jsonl", "origin")]
    forbid(marks and not any(map(os.path.lexists, marks)), "no log here; give a workspace or its log/", asked.log)
    forbid(asked.key is not None and asked.public_key, "give one kind of key: --key or --public-key")
    asked.keys = [Key.load(read_file(path, MAX_LINE), path) for path in asked.public_key]
    asked.keys += [Key.shared(asked.key)] if asked.key is not None else []
    asked.at = datetime.now(UTC) if asked.at is None else instant(asked.at)
    return asked

def main(argv: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        verdict = Audit(asked := question(argv)).verdict()
    except (Fault, OSError, ValueError, RecursionError, MemoryError) as fault:
        print(f"error: {visible(str(fault) or type(fault).__name__)}", file=sys.stderr)
        return 2
    code = int(verdict["exit_code"])
    if asked.json:
        print(json.dumps(verdict, indent=2))
        return code
    for row in verdict["checks"]:
        why = ": ".join(part for part in (row["reason"], row["detail"]) if part)
        print(f"{row['name']:<24} {row['status']:<12} {why}".rstrip())
    told = [f"assurance: {verdict['assurance_claimed']} claimed, {verdict['assurance_established']} established"]
    told += [*(f"note: {note}" for note in verdict["notes"]), {0: "good", 1: "REFUSED", 3: "could not decide"}[code]]
    print("\n".join(told) + ": " * bool(verdict["reasons"]) + ", ".join(verdict["reasons"]))
    return code

if __name__ == "__main__":
    sys.exit(main())
