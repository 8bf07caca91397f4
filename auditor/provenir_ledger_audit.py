"""Audit a training ledger: the second file of the auditor, which the first one loads where it is needed.

A second implementation of docs/reference/ledger.md, levels V0 to V2, written from that page: V0, who signed what; V1,
nothing is missing between the first parameters and the last; V2, policy, profiles and sampler give again what was
written down. A row that another failing row makes pointless is `not-reached`; what was not disclosed leaves a row open.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import product, takewhile
from pathlib import Path
from typing import Any, Final

from provenir_audit import (
    CLOSE, DATA_SOURCE, KINDS, MAX_DOCUMENT, MAX_POLICY, METADATA, POLICY, SAFE_INTEGER, SCHEMAS, Document, Envelope,
    Fault, Roles, Row, digest, forbid, leaf, number, open_file, raw, read_file, read_json, root_of, shaped, spelled,
    text,
)

MAX_LINE, MAX_DETAIL, MAX_WEIGHTS = 2**20, 2**25, 4_000_000  # bytes; of all routes, and of a step
MAX_WORK = 50_000_000  # nodes of conditions and drawn rows, for a policy that nobody signed
GIVEN: Final = ("allow", "attenuate")  # the effects under which a row may be drawn

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "V0": ("V0 ledger", "V0 files", "V0 roles", "V0 model"),
    "V1": ("V1 chain", "V1 intent", "V1 parameters", "V1 batches"),
    "V2": ("V2 dataset", "V2 metadata", "V2 admission", "V2 profiles", "V2 expiry", "V2 order"),
}
AFTER: Final[Mapping[str, tuple[str, ...]]] = {  # row -> those that its failure makes pointless
    "V0 files": ("V0 model", "V1 intent", "V1 batches", *NAMES["V2"]),
    "V1 chain": ("V1 parameters", "V1 batches", "V2 profiles", "V2 expiry", "V2 order"),
    "V1 batches": ("V2 profiles", "V2 expiry", "V2 order"),
    "V2 dataset": ("V2 admission", "V2 profiles", "V2 expiry", "V2 order"),
}

# -------------------------------------------------------------------------------------- shapes
def again(value: Any, spelling: Callable[[str], str]) -> bool:  # whether it is the one spelling of what it says
    with suppress(ValueError):
        return isinstance(value, str) and len(value) < 32 and spelling(value) == value
    return False
def is_date(value: Any) -> bool:
    return again(value, lambda said: date.fromisoformat(said).isoformat())
KINDS.update({
    "Weight": number(0, 1000), "Real": lambda v: again(v, lambda said: repr(float(said))), "Date": is_date,
    "Word": text("[a-z0-9_-]{1,64}"), "One": number(1, 1),
    "Said": text(".+", 1000), "Rule": text(".+", 200), "Reason": text("[a-z0-9_]{1,64}"),
    "Id": text("[A-Za-z0-9._-]{1,64}"), "When": lambda v: isinstance(v, bool | list),
    "Block": text(r"embedding|layer\.(0|[1-9][0-9]{0,3})|final_norm|head"),
})
AT, ROOTS = "seq:Count prev!:Digest? time:Time", "base:_ dataset:_ commitments:_ metadata:_ admission:_"
PLANNED: Final = f"run_id:Text {ROOTS.replace('_', 'rooted')} policy:Digest profiles:Digest sampler:sampler \
optimizer:{{Text}} loss:'per-example-mean clip:clip"
STATE: Final = f"{AT} step:Count param_root:Digest opt_root!:Digest? rng_digest!:Digest?"
CLASSES: Final = "licensed|open|scraped-public|restricted|unknown"
SCHEMAS.update((line.partition(" = ")[0], line.partition(" = ")[2]) for line in f"""
rooted = n:Count root:Digest
sampler = version!:One? seed_commit!:Digest? epochs:Version batch:Version micro:Version drop_last:Flag world_size:One
clip = mode:'per-block|none max_norm!:Real?
header = kind:'header {AT} v:One intent:Digest frozen:rooted initial:rooted routes:Digest blocks:Digest code!:Digest? \
lockfile!:Digest? env:{{Text}} hash_every:Version routing:'routed|admission-only {PLANNED}
step = kind:'step {AT} step:Version epoch:Count micro:[Version] dropped:Count batch:rooted units:rooted \
w_digest:Digest rng_digest!:Digest? opt_root!:Digest? param_pre!:Digest? param_post!:Digest? lr:Real clip_coef!:Real? \
mem_flags:[Count] skipped!:'empty-batch|gradient-spike|non-finite|starved?
detail = step:Version batch:[entry] units:[unit]
entry = row:Count route:Count factor:Weight facts:Digest
unit = block:Text weight_sum:Count delta_norm!:Real? clip!:Real? state:'moved|skipped|frozen
intervention = kind:'intervention {AT} step:Count row:Count action:'annotate|lower|exclude|halt factor!:Weight? \
reason:Text measure:Text
snapshot = kind:'snapshot {STATE} files:Digest
resume = kind:'resume {STATE} env:{{Text}} discarded!:rooted?
close = kind:'close {AT} status:'completed|halted|interrupted n_steps:Count final:rooted frozen_after:rooted \
released!:rooted? records:rooted sampler_seed!:Hex? aborted:[Digest]
admitted = row:Count example:Digest effect:'allow|attenuate|deny|review rule!:Text? reasons:[Text] profile!:Text? \
route!:Count? entropy!:Count?
policy-file = schema_version:'admission-policy/1 name:Rule version:Rules=1 base:Digest? profiles:Digest rules:[rule] \
default:'deny=deny
rule = name:Rule when:When effect:'allow|attenuate|deny|review reasons:[Reason] cap:Weight?
profiles-file = schema_version:'depth-profiles/1 name:Rule version:Rules=1 blocks:[Block] bands:bands? caps:[cap]=[] \
profiles:[profile]
bands = base:Digest calibration:Digest n:Version edges:[Count]
cap = rights:'{CLASSES} weights:{{Weight}}
profile = id:Id rights:['{CLASSES}]? content:[Word]? bands:[Count]? weights:{{Weight}}
routes-file = schema_version:'routes/1 blocks:[Block] routes:[[Weight]]
blocks-file = schema_version:'block-map/1 blocks:[Block] adapter:Flag parameters:[parameter]
parameter = name:Name block:Block dtype:Name shape:[Size] trainable:Flag released:Flag
intent-file = schema_version:'training-intent/1 created_at:Time total_steps:Count {PLANNED}
final-file = schema_version:'final-tensors/1 tensors:[final-tensor]
final-tensor = name:Name dtype:Name shape:[Size] sha256:Hex trainable:Flag released:Flag
record = content:Digest source:Said rights:'{CLASSES} license!:Said? license_expires!:Date? \
consent:'given|withdrawn|not-needed|unknown jurisdiction!:Said? pii:'none|masked|present|unknown content_class:Word
private-row = content:Digest row:Count
disclosure = schema_version:'ledger-disclosure/1 run_id:Text example_key:Hex
""".strip().split("\n"))

# ------------------------------------------------------------------------------ lines and files
def refuse(number_text: str) -> float:
    raise ValueError(f"the number {number_text[:40]}, which is no integer")

DECODE: Final = json.JSONDecoder(parse_float=refuse, parse_constant=refuse).decode
SPELL: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

def line_of(value: Any) -> bytes:
    """The canonical line of a value without real numbers; names beyond ASCII are sorted by UTF-16 units."""
    line = SPELL(value)
    return line.encode() if line.isascii() else spelled(value).encode()

def canonical(line: bytes, where: object) -> dict[str, Any]:
    """The object of a canonical line; any other spelling of it is refused, and so is a real number."""
    try:
        value = DECODE(line.decode())
        is_object = isinstance(value, dict) and line_of(value) == line
    except (ValueError, RecursionError) as fault:
        raise Fault(f"no canonical line: {str(fault)[:100]}", where) from fault
    forbid(not is_object, "not an object in its canonical spelling (RFC 8785)", where)
    return value  # type: ignore[no-any-return]

def read_line(kind: str, line: bytes, where: str) -> dict[str, Any]:
    return dict(shaped(kind, canonical(line, where), where))
class Governed:
    """The folder `governed/`: a link, a pipe or a folder in the place of a file counts as not there."""
    def __init__(self, folder: Path) -> None:
        self.folder = folder
    def place(self, name: str) -> Path:
        path = self.folder / name
        outside = any(part.is_symlink() for part in (self.folder, path.parent, path))
        forbid(outside or not path.is_file(), "is not there", name, reason="missing-report")
        return path
    def read(self, name: str, most: int = MAX_DOCUMENT) -> bytes:
        return read_file(self.place(name), most, links=False)
    def has(self, name: str) -> bool:
        with suppress(Fault):
            return bool(self.place(name))
        return False
    def lines(self, name: str, most: int = MAX_LINE) -> Iterator[bytes]:
        """The lines of a file that ends with its last newline."""
        with open_file(self.place(name), links=False) as stream:
            while line := stream.readline(most + 1):
                forbid(line[-1:] != b"\n", f"a line that is torn or longer than {most} bytes", name)
                yield line[:-1]
    def document(self, name: str, expected: str, kind: str) -> dict[str, Any]:
        data = self.read(name)
        forbid(digest(data) != expected, "not the file that the header binds", name, reason="changed-report")
        return dict(shaped(kind, read_json(data, name, depth=40), name))

def over(leaves: list[bytes]) -> dict[str, Any]:  # a root as the ledger states it, over the hashes of leaves
    return {"n": len(leaves), "root": f"sha256:{root_of(leaves).hex()}"}
def rooted(lines: Iterable[bytes]) -> dict[str, Any]:
    return over([leaf(line) for line in lines])
def tensor_root(tensors: Iterable[dict[str, Any]]) -> dict[str, Any]:
    names = ("name", "dtype", "shape", "sha256")
    return rooted(line_of({name: tensor[name] for name in names}) for tensor in tensors)

# ------------------------------------------------------------------------- policy and profiles
FIELDS: Final = ("source", "rights", "license", "license_expires", "consent", "jurisdiction", "pii", "content_class")
DATED: Final = frozenset({"license_expires", "date"})
NOTHING: Final = dict(dict.fromkeys(FIELDS, "unknown"), license=None, license_expires=None, jurisdiction=None)

class Wrong(Exception):
    """An evaluation that has no value: the example is denied."""

def nodes_of(value: Any, depth: int = 1) -> int:
    """The number of nodes of an expression of at most 32 levels, or a fault where it is none."""
    forbid(depth > 32, "an expression deeper than 32")
    if isinstance(value, bool):
        return 1
    forbid(not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], str), "not an expression")
    sign, parts = value[0], value[1:]
    if sign in ("and", "or", "not"):
        forbid(sign == "not" and len(parts) != 1, "`not` has one part")
        return 1 + sum(nodes_of(part, depth + 1) for part in parts)
    forbid(sign not in ("==", "!=", "<", "<=", "in") or len(parts) != 2, f"no operator {sign[:20]!r} with these parts")
    if sign == "in":
        is_list = isinstance(parts[1], list) and parts[1] and all(map(is_literal, parts[1]))
        forbid(not is_list or not is_value(parts[0]), "`in` has a value and literals")
        return 2 + len(parts[1])
    forbid(not all(map(is_value, parts)), "not two values")
    return 3

def is_literal(value: Any) -> bool:
    return value is None or isinstance(value, str | bool) or (type(value) is int and abs(value) <= SAFE_INTEGER)
def is_value(value: Any) -> bool:
    if not isinstance(value, dict):
        return is_literal(value)
    known = (*FIELDS, "date", "base", "band")
    return len(value) == 1 and (is_date(value.get("date")) or value.get("field") in known)

Facts = Mapping[str, Any]
def typed(value: Any, facts: Facts) -> tuple[str, Any]:
    """A value with the name of its type."""
    is_day = isinstance(value, dict) and ("date" in value or value["field"] in DATED)
    if isinstance(value, dict):
        value = value["date"] if "date" in value else facts[value["field"]]
    kind = "null" if value is None else "date" if is_day else type(value).__name__
    return kind, value

def same(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    if "null" not in (one[0], other[0]) and one[0] != other[0]:
        raise Wrong
    return bool(one == other)

def holds(when: Any, facts: Facts) -> bool:
    """Whether an expression holds; `Wrong` where it compares what cannot be compared."""
    if isinstance(when, bool):
        return when
    sign, *parts = when
    if sign in ("and", "or"):
        return (all if sign == "and" else any)(holds(part, facts) for part in parts)
    if sign == "not":
        return not holds(parts[0], facts)
    left = typed(parts[0], facts)
    if sign == "in":
        return any(same(left, typed(part, facts)) for part in parts[1])
    right = typed(parts[1], facts)
    if sign in ("==", "!="):
        return same(left, right) is (sign == "==")
    if left[0] != right[0] or left[0] not in ("int", "date"):
        raise Wrong
    return bool(left[1] < right[1] if sign == "<" else left[1] <= right[1])

Decision = tuple[str, str | None, tuple[str, ...], str | None, tuple[int, ...] | None]

class Rules:
    """A policy and its table, as they decide on one example at one date."""
    def __init__(self, policy: dict[str, Any], table: dict[str, Any], base: str, *, is_signed: bool) -> None:
        self.policy, self.table, self.base, self.is_signed = policy, table, base, is_signed
        self.is_bound = {policy["base"], (table["bands"] or {}).get("base")} <= {None, base}
        self.decided: dict[Any, Decision] = {}
        self.drawn, self.nodes = 0, sum(nodes_of(rule["when"]) for rule in policy["rules"]) + len(table["blocks"])
        self.nodes += sum(len(profile["content"] or ()) for profile in table["profiles"])
    def band(self, entropy: int | None) -> int | None:
        bands = self.table["bands"]
        return None if bands is None or entropy is None else sum(edge <= entropy for edge in bands["edges"])
    def decide(self, known: tuple[Any, ...], band: int | None, day: str) -> Decision:
        is_much = not self.is_signed and self.drawn + self.nodes * len(self.decided) > MAX_WORK
        forbid(is_much, "too much for a policy that nobody signed", "policy.json", reason="not-reached")
        if (key := (known, band, day)) not in self.decided:
            self.decided[key] = "deny", None, ("evaluation_error",), None, None
            with suppress(Wrong):
                facts = dict(zip(FIELDS, known, strict=True), date=day, base=self.base, band=band)
                self.decided[key] = self.judged(facts)
        return self.decided[key]
    def judged(self, facts: Facts) -> Decision:
        if not self.is_bound:
            raise Wrong
        rule = next((rule for rule in self.policy["rules"] if holds(rule["when"], facts)), None)
        if rule is None:
            return "deny", None, ("no_rule",), None, None
        if rule["effect"] not in GIVEN:
            return rule["effect"], rule["name"], tuple(rule["reasons"]), None, None
        wanted = {"rights": facts["rights"], "content": facts["content_class"], "bands": facts["band"]}
        fitting = (p for p in self.table["profiles"] if all(p[n] is None or v in p[n] for n, v in wanted.items()))
        profile = next(fitting, None)
        if profile is None:
            return "deny", rule["name"], ("no_profile",), None, None
        cap = next((cap["weights"] for cap in self.table["caps"] if cap["rights"] == facts["rights"]), None)
        vector = self.least(profile["weights"], cap, rule["cap"])
        return rule["effect"], rule["name"], tuple(rule["reasons"]), profile["id"], vector
    def least(self, weights: Mapping[str, int], cap: Mapping[str, int] | None, most: int | None) -> tuple[int, ...]:
        bound = 1000 if most is None else most
        return tuple(min(weights[b], bound, 1000 if cap is None else cap[b]) for b in self.table["blocks"])
    def routes(self) -> list[list[int]]:
        caps = [None, *(cap["weights"] for cap in self.table["caps"])]
        bounds = [None, *{rule["cap"] for rule in self.policy["rules"] if rule["cap"] is not None}]
        weights = [profile["weights"] for profile in self.table["profiles"]]
        is_many = len(weights) * len(caps) * len(bounds) * len(self.table["blocks"]) > MAX_WEIGHTS
        every = () if is_many else product(weights, caps, bounds)
        return [list(vector) for vector in sorted({self.least(*one) for one in every})]

def distinct(values: Sequence[Any]) -> bool:
    return len(set(values)) == len(values)

def check_policy(policy: dict[str, Any]) -> None:
    rules = policy["rules"]
    forbid(len(rules) > 256 or not distinct([rule["name"] for rule in rules]), "rules out of bounds", "policy.json")
    for rule in rules:
        forbid(nodes_of(rule["when"]) > 1000, "more than 1,000 nodes", rule["name"][:60])
        forbid(not 1 <= len(rule["reasons"]) <= 16, "not 1 to 16 reasons", rule["name"][:60])
        forbid((rule["cap"] is None) == (rule["effect"] == "attenuate"), "`attenuate` alone has a cap", "policy.json")

def rank(block: str) -> tuple[int, int]:
    head, _, number_text = block.partition(".")
    return ("embedding", "layer", "final_norm", "head").index(head), int(number_text or 0)

def check_blocks(blocks: Sequence[str], where: str) -> None:
    ranks = [rank(block) for block in blocks]
    forbid(not 0 < len(blocks) <= 4096 or sorted(set(ranks)) != ranks, "blocks out of order or bounds", where)

def check_table(table: dict[str, Any]) -> None:
    where, profiles, bands = "profiles.json", table["profiles"], table["bands"]
    check_blocks(table["blocks"], where)
    every = [one["weights"] for one in (*table["caps"], *profiles)]
    forbid(any(weights.keys() != {*table["blocks"]} for weights in every), "weights of other blocks", where)
    is_twice = not distinct([cap["rights"] for cap in table["caps"]]) or not distinct([p["id"] for p in profiles])
    forbid(is_twice or not 0 < len(profiles) <= 256, "caps or profiles twice, or out of bounds", where)
    edges = bands["edges"] if bands else []
    forbid(sorted(set(edges)) != edges or (bands and not 0 < len(edges) <= 64), "edges do not rise", where)
    for listed in (p[name] for p in profiles for name in ("rights", "content", "bands") if p[name] is not None):
        forbid(not listed or not distinct(listed), "an empty list, or one with a double", where)
    named = [band for profile in profiles for band in profile["bands"] or ()]
    forbid(any(band > len(edges) for band in named) or (named and not bands), "a band that there is not", where)

def check_routes(whole: dict[str, Any]) -> None:
    check_blocks(whole["blocks"], "routes.json")
    routes = [tuple(route) for route in whole["routes"]]
    is_odd = any(len(route) != len(whole["blocks"]) for route in routes) or sorted(set(routes)) != routes
    forbid(is_odd or not routes, "routes of other blocks, or not sorted", "routes.json")

UNDER: Final = re.compile(r"(?:base_model\.model\.)?(?:model\.|transformer\.)?(?:(embed_tokens|wte|wpe)|(?:layers|h)\."
                          r"(0|[1-9][0-9]{0,3})|(norm|ln_f)|(lm_head))\.[!-~]+")

def block_of(name: str) -> str | None:
    """The block that a parameter's name says."""
    found = UNDER.fullmatch(name)
    embedding, layer, norm, head = found.groups() if found else (None,) * 4
    return "embedding" if embedding else f"layer.{layer}" if layer else "final_norm" if norm else head and "head"

def check_map(whole: dict[str, Any]) -> None:
    where, parameters = "blocks.json", whole["parameters"]
    check_blocks(whole["blocks"], where)
    names = [parameter["name"] for parameter in parameters]
    is_whole = sorted({p["block"] for p in parameters}, key=rank) == whole["blocks"]
    forbid(sorted(set(names)) != names or not is_whole, "parameters out of order, or of other blocks", where)
    odd = [p["name"] for p in parameters if block_of(p["name"]) != p["block"]]
    forbid(odd, f"in another block than its name says: {min(odd, default='')[:60]!r}", where)

# ------------------------------------------------------------------------------------- sampler
class Sampler:
    """Version 1: which rows a step draws, from the seed alone."""
    def __init__(self, seed: bytes, rows: list[int], batch: int, epochs: int, *, drop_last: bool) -> None:
        self.seed, self.rows, self.batch, self.epochs = seed, rows, batch, epochs
        self.per_epoch = len(rows) // batch if drop_last else -(-len(rows) // batch)
        self.epoch, self.order = -1, list[int]()
    def words(self, epoch: int) -> Iterator[int]:
        count = 0
        while True:
            block = hashlib.sha256(b"provenir/stream/1%b%b%b" % (
                self.seed, epoch.to_bytes(8, "big"), count.to_bytes(8, "big"))).digest()
            yield from (int.from_bytes(block[i:i + 8], "big") for i in range(0, 32, 8))
            count += 1
    def shuffled(self, epoch: int) -> list[int]:
        order, words = [*self.rows], self.words(epoch)
        for size in range(len(order), 1, -1):
            word = next(w for w in words if w < 2**64 - 2**64 % size)
            order[size - 1], order[word % size] = order[word % size], order[size - 1]
        return order
    def drawn(self, step: int) -> tuple[int, list[int]] | None:
        """The epoch of a step, and the rows that it draws; None beyond the last epoch."""
        epoch, place = divmod(step - 1, self.per_epoch) if self.per_epoch else (self.epochs, 0)
        if epoch >= self.epochs:
            return None
        if epoch != self.epoch:
            self.epoch, self.order = epoch, self.shuffled(epoch)
        return epoch, self.order[place * self.batch:(place + 1) * self.batch]

# ------------------------------------------------------------------------------ what was steps
class Chain:
    """Row `V1 chain`: one record after the other, none left out, none from elsewhere."""
    def __init__(self) -> None:
        self.count, self.step, self.halted, self.closed, self.time = 0, 0, False, False, ""
        self.before: bytes | None = None
    def follow(self, record: dict[str, Any], line: bytes) -> None:
        kind, place = record["kind"], f"line {self.count + 1}"
        is_late = self.closed or (kind == "header") != (self.count == 0)
        forbid(is_late, f"a {kind} has no place here", place, reason="out-of-order")
        forbid(record["seq"] != self.count, "not the next number", place, reason="ledger-gap")
        forbid(record["prev"] != (self.before and digest(self.before)), "of a fork", place, reason="ledger-fork")
        forbid(record["time"] < self.time, "time goes back", place, reason="out-of-order")
        if kind != "header":
            stated, due = record.get("step", record.get("n_steps")), self.step + (kind == "step")
            forbid(stated != due, f"it speaks of step {stated}, and {due} is due", place, reason="ledger-gap")
            forbid(kind == "step" and self.halted, "a step after a halt", place, reason="out-of-order")
            self.step, self.halted = due, self.halted or record.get("action") == "halt"
        self.closed, self.time = kind == "close", record["time"]
        self.count, self.before = self.count + 1, line

class Parameters:
    """Row `V1 parameters`: each segment begins with what the one before left."""
    def __init__(self, header: dict[str, Any], blocks: dict[str, Any], discarded: list[dict[str, Any]]) -> None:
        self.header, self.at, self.blocks, self.discarded = header, header["initial"]["root"], blocks, discarded
        self.length, self.moved, self.opt_root = 0, False, None  # of the segment so far
        self.saved: dict[str, Any] | None = None
    def step(self, record: dict[str, Any], moved: bool) -> None:
        place, pre, post = f"step {record['step']}", record["param_pre"], record["param_post"]
        reason = "endpoint-mismatch" if record["step"] == 1 else "parameter-break"
        forbid(not self.length and pre != self.at, "it begins with other parameters", place, reason=reason)
        forbid(self.length and pre is not None, "a segment within a segment", place, reason="parameter-break")
        self.length, self.moved, self.opt_root = self.length + 1, self.moved or moved, record["opt_root"]
        if post is not None:
            forbid(not self.moved and post != self.at, "changed, and no block moved", place, reason="parameter-break")
            self.at, self.length, self.moved = post, 0, False
        forbid(self.length >= self.header["hash_every"], "a segment without end", place, reason="parameter-break")
    def kept(self, record: dict[str, Any]) -> None:
        """A snapshot, or the resume from one."""
        place, kind = f"step {record['step']}", record["kind"]
        is_here = self.length == 0 and record["param_root"] == self.at
        is_gone = is_here and record.get("discarded") not in (None, *self.discarded)
        forbid(is_gone, "what was discarded is not there", place, reason="missing-report")
        if kind == "snapshot":
            is_here = is_here and self.opt_root in (None, record["opt_root"])
            self.saved = record
        elif record["step"]:
            state = ("step", "param_root", "opt_root", "rng_digest")
            is_here = is_here and self.saved is not None and all(self.saved[n] == record[n] for n in state)
        forbid(not is_here, f"a {kind} of another state", place, reason="parameter-break")
    def end(self, close: dict[str, Any]) -> None:
        is_open = self.length and close["status"] == "completed"  # else `final` may be the end of the last segment
        forbid(is_open, "the last segment has no end", "close", reason="parameter-break")
        at = close["final"]["root"] if self.length and self.moved else self.at
        is_end = close["final"] == {"n": self.header["initial"]["n"], "root": at}
        forbid(not is_end, "the last step left other parameters", "close", reason="endpoint-mismatch")
        forbid(close["frozen_after"] != self.header["frozen"], "frozen ones changed", "close", reason="frozen-changed")
        every = self.blocks["parameters"]
        base = [part for part in every if not (part["released"] and self.blocks["adapter"])]
        is_same = self.header["base"]["n"] == len(base) or not every
        for name, trained in (("frozen", False), ("initial", True)):
            if base and base == [part for part in every if part["trainable"] == trained]:
                is_same = is_same and self.header["base"] == self.header[name]
        forbid(not is_same, "the run began with another base than it names", "header", reason="endpoint-mismatch")

class Audit:
    """The ledger of one run; `rows` are the answers."""
    def __init__(self, folder: Path, level: str | None, said: dict[str, Any] | None, roles: Roles | None,
                 statements: Sequence[Document]) -> None:
        self.governed, self.level, self.said, self.roles = Governed(folder), level, said, roles
        self.statements, self.signed_by = statements, dict[str, set[bytes]]()
        self.closing, self.detail = list[Document](), dict[str, Any]()  # the close; the step that was asked about last
        self.faults, self.open, self.pointless = dict[str, Row](), dict[str, Row](), set[str]()
        self.documents, self.admitted = dict[str, Any](), list[tuple[Any, ...]]()
        self.known: list[tuple[tuple[Any, ...], int | None]] = []  # of each row, with its band
        self.rules: Any = None  # a `Rules` and a `Sampler`, once V2 is asked about steps
        self.sampler: Any = None
        self.left: dict[int, int | None] = {}  # of a row's weights, by its latest intervention; None: it is excluded
        self.header, self.close, self.leaves = dict[str, Any](), dict[str, Any](), list[bytes]()
        if self.attempt("V0 ledger", self.read_ledger):
            self.ask()
        else:
            self.pointless |= {name for names in NAMES.values() for name in names} - {"V0 ledger"}
    def attempt(self, name: str, ask: Callable[..., Any], *of: Any) -> bool:
        """Ask one question of something; its first fault is the row's, and makes others pointless."""
        try:
            ask(*of)
        except Fault as fault:
            self.pointless |= {name} if fault.reason == "not-reached" else set()
            if fault.reason in ("not-given", "no-trust-policy", "no-key", "foreign-sampler", "not-reached"):
                self.open.setdefault(name, Row(name, "undecided", fault.reason, str(fault)))
            else:
                self.faults.setdefault(name, Row(name, "fail", fault.reason, str(fault)))
                self.pointless |= {*AFTER.get(name, ())}
            return False
        return True
    def rows(self) -> list[Row]:
        found, wanted = list[Row](), ("V0", "V1", "V2").index(self.level or "V2")
        for rank, names in enumerate(NAMES.values()):
            for name in names:
                told = f"hashed every {self.header.get('hash_every')} steps" if name == "V1 parameters" else ""
                row = self.faults.get(name) or self.open.get(name) or Row(name, "pass", None, told)
                if row.status == "undecided" and self.level is None:
                    row = Row(name, "not-checked", row.reason, row.detail)
                row = Row(name, "not-checked", "not-reached") if name in self.pointless else row
                found.append(row if rank <= wanted else Row(name, "not-checked", "not-asked"))
        return found
    def reached(self) -> str | None:
        """The highest level all of whose rows, and those below, pass."""
        passed = {row.name for row in self.rows() if row.status == "pass"}
        return [None, *takewhile(lambda level: passed.issuperset(NAMES[level]), NAMES)][-1]
    def established(self) -> str:
        """The assurance that may rest on it; empty where more may yet be shown."""
        if self.reached() == "V2":
            return "L2" if self.header["routing"] == "routed" else "L1"
        return "no more" if self.header and self.header["sampler"]["version"] is None else ""
    def notes(self) -> list[str]:
        told = {"V0": "its files are the signed ones", "V1": "nothing is missing", "V2": "as policy gives it"}
        notes = [f"ledger_{level}: it holds up to {level}: {told[level]}" for level in told if level == self.reached()]
        words = "attested_facts: times, rights and entropies are the word of those who signed them"
        return [*notes, *([words] if self.reached() == "V2" else [])]
    def ask(self) -> None:
        self.attempt("V0 ledger", self.ask_close)
        self.attempt("V0 files", self.read_files)
        self.attempt("V0 roles", self.ask_roles)
        for name, ask in (("V0 model", self.ask_model), ("V1 intent", self.ask_intent)):
            if name not in self.pointless:
                self.attempt(name, ask)
        self.attempt("V1 chain", self.ask_chain)
        if "V0 files" not in self.faults and self.level in (None, "V2"):
            self.ask_private()
        if "V1 chain" not in self.faults and self.level != "V0":
            self.walk()

    # ------------------------------------------------------------------------------------- V0
    def records(self, name: str = "ledger.jsonl") -> Iterator[tuple[dict[str, Any], bytes]]:
        for count, line in enumerate(self.governed.lines(name), 1):
            record, place = canonical(line, f"{name}:{count}"), f"{name}:{count}"
            kind = record.get("kind")
            is_known = kind in ("header", "step", "intervention", "snapshot", "resume", "close")
            forbid(not is_known, "a record of no kind", place)
            yield shaped(str(kind), record, place), line
    def read_ledger(self) -> None:
        """Read every record once: they have a shape, begin with a header, and end with a close."""
        first, last, line = None, None, b""
        for record, line in self.records():
            first, last, lowers = first or record, record, record.get("action") == "lower"
            forbid(lowers != (record.get("factor") is not None), "a factor stands where something is lowered")
            self.leaves.append(leaf(line))
        is_whole = first and last and (first["kind"], last["kind"]) == ("header", "close")
        forbid(not is_whole, "no header, or no close", "ledger.jsonl", reason="ledger-mismatch")
        self.header, self.close, self.close_line = first or {}, last or {}, line
    def ask_close(self) -> None:
        """Row `V0 ledger`: what the operator signed, and the passport, are this ledger."""
        envelope = Envelope.parse(self.governed.read("close.json", MAX_POLICY), "close.json")
        keys = [key.key for key in self.roles.policy.keys] if self.roles else []
        document = Document.of_role(envelope, keys)
        forbid(document.kind != CLOSE, "not the statement of a close", "close.json", reason="wrong-predicate")
        self.closing = [d for d in self.statements if d.envelope.payload == envelope.payload] or [document]
        found = {"run_id": self.header["run_id"], "close": digest(self.close_line), **over(self.leaves)}
        is_same = found.items() <= document.said.items() and self.close["records"] == over(self.leaves[:-1])
        forbid(not is_same, "the close speaks of another ledger", "close.json", reason="ledger-mismatch")
        if self.said is not None:
            run = {self.said["bom"]["run_id"], (self.said["manifest"] or {}).get("run_id")} - {None}
            is_bound = self.said["ledger_root"] == found["root"] and run <= {found["run_id"]}
            is_bound = is_bound and digest(envelope.payload) in self.said["statements"]
            trained_on = {part["content_hash"] for part in self.said["bom"]["data"] if part["role"] == "train"}
            is_bound = is_bound and trained_on == {self.header["dataset"]["root"]}
            forbid(not is_bound, "the passport names another ledger", "passport", reason="ledger-mismatch")
        self.ask_role("operator", self.closing)
    def ask_role(self, role: str, documents: Sequence[Document]) -> None:
        """Whether enough keys of a role count under one of these statements; they are kept to be compared."""
        forbid(self.roles is None, "who may sign is said by a trust policy", role, reason="no-trust-policy")
        assert self.roles is not None
        policy, keys = self.roles.policy, self.roles.policy.of_role(role)
        forbid(not keys, "the policy names no key for it", role, reason="no-key")
        refusal = Row(role, "fail", "missing-statement", "a statement is not there")
        for place, document in enumerate(documents):
            by = Roles(policy, document, self.roles.evidence)
            signed = [key for key in keys if key.key.material in document.signed]
            counted = {key.key.material for key in signed if not by.why_not(document, key)}
            if len(counted) >= policy.needs(role):
                return self.signed_by.setdefault(role, set()).update(counted)
            refusal = refusal if place else by.refuse(role, keys, some=bool(counted))
        raise Fault(refusal.detail, role, reason=str(refusal.reason))
    def saying(self, kind: str, **said: Any) -> list[Document]:
        return [d for d in self.statements if d.kind == kind and said.items() <= d.said.items()]
    def ask_metadata(self) -> None:
        """The data source signed the root of the metadata for this dataset, where there is any."""
        (n, root), (lines, of_lines) = self.header["dataset"].values(), self.header["metadata"].values()
        if lines:
            said = {"records_root": root, "n": n, "metadata_root": of_lines, "metadata_n": lines}
            self.ask_role("data-source", self.saying(METADATA, **said))
    def ask_roles(self) -> None:
        data = self.header["dataset"]
        self.ask_role("governance", self.saying(POLICY, policy=self.header["policy"]))
        self.ask_role("data-source", self.saying(DATA_SOURCE, records_root=data["root"], n=data["n"]))
        self.ask_metadata()
        self.ask_role("operator", self.closing)
        every = Counter(key for keys in self.signed_by.values() for key in keys)
        forbid(max(every.values()) > 1, "one key signed in two roles", "roles", reason="one-key")
    def read_files(self) -> None:
        """Row `V0 files`, in the order of the page's table."""
        header, files = self.header, self.documents
        checks = {"policy": check_policy, "profiles": check_table, "routes": check_routes, "blocks": check_map}
        for name in (*checks, "intent"):
            files[name] = self.governed.document(f"{name}.json", header[name], f"{name}-file")
            if name in checks:
                checks[name](files[name])
            is_other = name == "profiles" and files["policy"]["profiles"] != header["profiles"]
            forbid(is_other, "the policy is for another table", "policy.json", reason="changed-report")
        is_same = files["routes"]["blocks"] == files["blocks"]["blocks"] == files["profiles"]["blocks"]
        forbid(not is_same, "of other blocks than the table", "blocks.json")
        self.trained = {part["block"] for part in files["blocks"]["parameters"] if part["trainable"]}
        leaves, seen = list[bytes](), dict[Any, Any]()
        for row, line in enumerate(self.governed.lines("admission.jsonl")):
            said = read_line("admitted", line, f"admission.jsonl:{row + 1}")
            is_given = said["effect"] in GIVEN
            is_sound = said["row"] == row and (said["route"] is not None) == is_given == (said["profile"] is not None)
            forbid(not is_sound, "another row, or a route that does not fit", f"admission.jsonl:{row + 1}")
            decided = (said["effect"], said["rule"], tuple(said["reasons"]), said["profile"], said["route"])
            self.admitted.append((said["example"], seen.setdefault(decided, decided), said["entropy"]))
            leaves.append(leaf(line))
        forbid(over(leaves) != header["admission"], "not the bound one", "admission.jsonl", reason="changed-report")
    def ask_model(self) -> None:
        """Row `V0 model`: the tensors at the end, and those of the model that the passport names."""
        data, close = self.governed.read("final.json"), self.close
        tensors = shaped("final-file", read_json(data, "final.json"), "final.json")["tensors"]
        parts = ("name", "dtype", "shape", "trainable", "released")
        is_mapped = [{n: t[n] for n in parts} for t in tensors] == [
            {n: p[n] for n in parts} for p in self.documents["blocks"]["parameters"]]
        forbid(not is_mapped, "not the tensors of blocks.json", "final.json", reason="artifact-mismatch")
        out = [tensor for tensor in tensors if tensor["released"]]
        found = {"final": tensor_root(t for t in tensors if t["trainable"]),
                 "released": tensor_root(out) if out else None,
                 "frozen_after": tensor_root(t for t in tensors if not t["trainable"])}
        wrong = [name for name, root in found.items() if close[name] != root]
        forbid(wrong, f"other tensors than the close states: {wrong}", "final.json", reason="artifact-mismatch")
        named = [(part["kind"] in ("model", "adapter"), {"n": part["n_tensors"], "root": part["tensor_root"]})
                 for part in (self.said["bom"]["artifacts"] if self.said else [])]
        weights = [root for _, root in named if root["root"]]
        is_other = any(is_model and root != found["released"] for is_model, root in named)
        is_other = is_other or bool(weights and found["released"] not in weights)
        forbid(is_other, "a model is not what was released", "passport", reason="artifact-mismatch")

    # ------------------------------------------------------------------------------------- V1
    def ask_chain(self) -> None:
        chain = Chain()
        for record, line in self.records():
            forbid(self.leaves[chain.count] != leaf(line), "changed while it was read", "ledger.jsonl")
            chain.follow(record, line)
    def ask_intent(self) -> None:
        intent, header, close = self.documents["intent"], self.header, self.close
        wrong = [name for name in intent if name in header and intent[name] != header[name]]
        forbid(wrong, f"it was planned otherwise: {wrong}", "intent.json", reason="intent-mismatch")
        steps, planned = close["n_steps"], intent["total_steps"]
        is_odd = steps > planned or (steps < planned and close["status"] == "completed")
        forbid(is_odd, f"{steps} steps, {planned} planned", "close", reason="step-count")

    # ------------------------------------------------------------------------------------- V2
    def ask_private(self) -> None:
        """What was disclosed: contents and metadata of the rows; then every admission again."""
        contents, known = list[bytes](), dict[bytes, tuple[Any, ...]]()
        for name, read, into in (("V2 dataset", self.read_rows, contents), ("V2 metadata", self.read_metadata, known)):
            if not self.attempt(name, read, into):
                self.pointless |= {*AFTER["V2 dataset"]} if name in self.faults else set()
                for after in AFTER["V2 dataset"] if name in self.open else ():  # open for the same reason
                    self.open.setdefault(after, Row(after, "undecided", self.open[name].reason))
        if {"V2 dataset", "V2 metadata"} & {*self.open, *self.faults}:
            return
        self.attempt("V2 metadata", self.ask_metadata)
        policy, table = self.documents["policy"], self.documents["profiles"]
        is_signed = "V0 roles" not in {*self.faults, *self.open}
        self.rules = rules = Rules(policy, table, self.header["base"]["root"], is_signed=is_signed)
        nothing = tuple(NOTHING[name] for name in FIELDS)
        bands = [rules.band(entropy) for _, _, entropy in self.admitted]
        self.known = [(known.get(c, nothing), band) for c, band in zip(contents, bands, strict=True)]
        self.attempt("V2 admission", self.ask_admission, rules)
        self.attempt("V2 profiles", self.ask_routes, rules)
    def read_rows(self, contents: list[bytes]) -> None:
        """Row `V2 dataset`: the rows give the dataset, and their commitments under the disclosed key."""
        self.disclosed("rows.jsonl", "disclosure.json")
        try:
            data = read_json(self.governed.read("private/disclosure.json", MAX_LINE), "disclosure.json")
            shown = shaped("disclosure", data, "disclosure.json")
            for row, line in enumerate(self.governed.lines("private/rows.jsonl")):
                said = read_line("private-row", line, f"rows.jsonl:{row + 1}")
                forbid(said["row"] != row, "another row", f"rows.jsonl:{row + 1}")
                contents.append(raw(said["content"]))
        except Fault as fault:
            raise Fault(str(fault), reason="dataset-mismatch") from fault
        key, header = bytes.fromhex(shown["example_key"]), self.header
        salts = (hmac.digest(key, row.to_bytes(8, "big"), "sha256") for row in range(len(contents)))
        commits = [hashlib.sha256(salt + content).digest() for salt, content in zip(salts, contents, strict=True)]
        is_same = shown["run_id"] == header["run_id"] and rooted(contents) == header["dataset"]
        is_same = is_same and rooted(commits) == header["commitments"] and len(commits) == len(self.admitted)
        is_same = is_same and all(f"sha256:{c.hex()}" == a[0] for c, a in zip(commits, self.admitted, strict=True))
        forbid(not is_same, "the rows do not give what the header commits to", reason="dataset-mismatch")
    def disclosed(self, *names: str) -> None:
        lacking = [name for name in names if not self.governed.has(f"private/{name}")]
        forbid(lacking, f"not disclosed: {', '.join(lacking)}", reason="not-given")
    def read_metadata(self, known: dict[bytes, tuple[Any, ...]]) -> None:
        """Row `V2 metadata`, its first half: the lines give the root that the header binds."""
        self.disclosed(*["metadata.jsonl"] * (self.header["metadata"]["n"] > 0))
        before, leaves, name = "", list[bytes](), "private/metadata.jsonl"
        try:
            lines = self.governed.lines(name, 2**16) if self.governed.has(name) else iter(())
            for count, line in enumerate(lines, 1):
                said = read_line("record", line, f"metadata.jsonl:{count}")
                forbid(said["content"] <= before, "not sorted, or one content twice", f"metadata.jsonl:{count}")
                before = said["content"]
                known[raw(before)] = tuple(said[field] for field in FIELDS)
                leaves.append(leaf(line))
        except Fault as fault:
            raise Fault(str(fault), reason="metadata-mismatch") from fault
        forbid(over(leaves) != self.header["metadata"], "not the header's root", reason="metadata-mismatch")
    def ask_routes(self, rules: Rules) -> None:
        is_same = rules.routes() == self.documents["routes"]["routes"]
        forbid(not is_same, "not what policy and table give", "routes.json", reason="profile-mismatch")
    def ask_admission(self, rules: Rules) -> None:
        """Row `V2 admission`: what was decided at the start is what policy and metadata give."""
        routes, day = self.documents["routes"]["routes"], self.header["time"][:10]
        places = {tuple(route): place for place, route in enumerate(routes)}
        has_bands = self.documents["profiles"]["bands"] is not None
        for row, ((known, band), (_, said, entropy)) in enumerate(zip(self.known, self.admitted, strict=True)):
            *decided, vector = rules.decide(known, band, day)
            expected = (*decided, None if vector is None else places.get(vector, -1))
            is_scored = entropy is None if not has_bands else entropy is not None or said[0] not in GIVEN
            forbid(said != expected or not is_scored, f"it gives {expected[:3]}", f"row {row}",
                   reason="admission-mismatch")

    # -------------------------------------------------------------------------- step after step
    def walk(self) -> None:
        """Rows `V1 parameters`, `V1 batches`, and those of V2 that follow each step."""
        blocks = {"parameters": []} if "V0 files" in self.faults else self.documents["blocks"]
        parameters = Parameters(self.header, blocks, self.gone())
        asked = {"V1 parameters", "V1 batches"} - self.pointless
        if self.rules is not None:
            asked |= {"V2 profiles", "V2 expiry", "V2 order"}
            self.go(asked, "V2 order", self.seed)
        lines = self.governed.lines("details.jsonl", MAX_DETAIL)
        for record, _ in self.records():
            if record["kind"] == "step":
                moved = record["skipped"] is None
                if self.go(asked, "V1 batches", self.batch, record, lines):
                    moved = any(unit["state"] == "moved" for unit in self.detail["units"])
                    self.go(asked, "V2 expiry", self.expiry, record, self.detail)
                    self.go(asked, "V2 profiles", self.profiles, record, self.detail)
                    self.go(asked, "V2 order", self.order, record, self.detail)
                self.go(asked, "V1 parameters", parameters.step, record, moved)
            elif record["kind"] in ("snapshot", "resume"):
                self.go(asked, "V1 parameters", parameters.kept, record)
            elif record.get("action") in ("lower", "exclude"):
                self.left[record["row"]] = record["factor"]
        self.go(asked, "V1 batches", self.end, lines)
        self.go(asked, "V1 parameters", parameters.end, self.close)
    def gone(self) -> list[dict[str, Any]]:  # roots of what resumes put aside; what cannot be read is not there
        names, roots = (f"ledger.discarded-{number}.jsonl" for number in range(2**31)), list[dict[str, Any]]()
        for name in takewhile(self.governed.has, names):
            with suppress(Fault):
                roots.append(rooted(line for _, line in self.records(name)))
        return roots
    def go(self, asked: set[str], name: str, ask: Callable[..., Any], *of: Any) -> bool:
        if name in asked and not self.attempt(name, ask, *of):
            asked.discard(name)
        return name in asked
    def end(self, lines: Iterator[bytes]) -> None:
        self.governed.place("details.jsonl")  # without a step nobody else asks for it
        with suppress(Fault):  # a torn line is one too many
            if next(lines, None) is None:
                return
        raise Fault("lines of more steps", "details.jsonl", reason="details-mismatch")
    def seed(self) -> None:
        """Open the sampler's commitment; what was planned lies within its epochs."""
        plan, rows = self.header["sampler"], self.admitted
        forbid(plan["version"] is None, "batches were not drawn by our sampler", reason="foreign-sampler")
        seed = bytes.fromhex(self.close["sampler_seed"] or "")
        is_seed = plan["seed_commit"] == digest(b"provenir/sampler/1" + seed) and len(seed) == 32
        forbid(not is_seed, "another seed than was committed to", "close", reason="order-mismatch")
        drawn = [row for row, (_, said, _) in enumerate(rows) if said[0] in GIVEN]
        self.sampler = Sampler(seed, drawn, plan["batch"], plan["epochs"], drop_last=plan["drop_last"])
        is_more = self.documents["intent"]["total_steps"] > plan["epochs"] * self.sampler.per_epoch
        forbid(is_more, f"more steps than {plan['epochs']} epochs have", "intent.json", reason="order-mismatch")
    def batch(self, record: dict[str, Any], lines: Iterator[bytes]) -> None:
        """Row `V1 batches`: the details of a step are its own, of admitted rows, under their routes."""
        place = f"step {record['step']}"
        try:
            said = self.detail = read_line("detail", next(lines, b""), place)
        except Fault as fault:
            reason = "missing-report" if fault.reason == "missing-report" else "details-mismatch"
            raise Fault(str(fault), reason=reason) from fault
        entries = said["batch"]
        is_own = rooted(map(line_of, entries)) == record["batch"] and said["step"] == record["step"]
        is_own = is_own and rooted(map(line_of, said["units"])) == record["units"]
        is_own = is_own and sum(record["micro"]) == len(entries)
        is_own = is_own and (not entries) == (record["skipped"] == "empty-batch")
        is_own = is_own and len(entries) * len(self.documents["blocks"]["blocks"]) <= MAX_WEIGHTS
        forbid(not is_own, "not the details of this step", place, reason="details-mismatch")
        for row in (entry["row"] for entry in entries):
            is_given = row < len(self.admitted) and self.admitted[row][1][0] in GIVEN
            is_given = is_given and self.left.get(row, 1000) is not None
            forbid(not is_given, f"row {row} is not admitted, or was excluded", place, reason="not-admitted")
        self.weights(record, said, place)
    def weights(self, record: dict[str, Any], said: dict[str, Any], place: str) -> None:
        entries, left, routes = said["batch"], self.left, self.documents["routes"]["routes"]
        blocks = self.documents["blocks"]["blocks"]
        is_routed = all(e["route"] < len(routes) and e["factor"] == left.get(e["row"], 1000) for e in entries)
        forbid(not is_routed, "no such route, or another factor", place, reason="route-mismatch")
        matrix = [[weight * entry["factor"] // 1000 for weight in routes[entry["route"]]] for entry in entries]
        is_same = digest(line_of(matrix)) == record["w_digest"]
        is_same = is_same and (self.header["routing"] == "routed" or all(set(row) == {1000} for row in matrix))
        sums = [sum(column) for column in zip(*matrix, strict=True)] or [0] * len(blocks)
        for block, total, unit in zip(blocks, sums, said["units"], strict=False):
            state = "moved" if total and record["skipped"] is None else "skipped"
            expected = (block, total, state if block in self.trained else "frozen")
            is_same = is_same and expected == (unit["block"], unit["weight_sum"], unit["state"])
            is_same = is_same and (unit["state"] == "moved" or unit["delta_norm"] in (None, "0.0"))
        is_same = is_same and len(said["units"]) == len(blocks)
        forbid(not is_same, "weights, sums or states do not follow from the routes", place, reason="route-mismatch")
    def decide(self, record: dict[str, Any], row: int) -> Decision:
        return self.rules.decide(*self.known[row], record["time"][:10])  # type: ignore[no-any-return]
    def expiry(self, record: dict[str, Any], said: dict[str, Any]) -> None:
        late = [e["row"] for e in said["batch"] if self.decide(record, e["row"])[0] not in GIVEN][:1]
        forbid(late, f"row {late} is denied on that day", f"step {record['step']}", reason="expired-admission")
    def profiles(self, record: dict[str, Any], said: dict[str, Any]) -> None:
        routes = self.documents["routes"]["routes"]
        for entry in said["batch"]:
            is_same = self.decide(record, entry["row"])[4] in (None, tuple(routes[entry["route"]]))
            forbid(not is_same, f"row {entry['row']}", f"step {record['step']}", reason="profile-mismatch")
    def order(self, record: dict[str, Any], said: dict[str, Any]) -> None:
        epoch, drawn = self.sampler.drawn(record["step"]) or (-1, [])
        self.rules.drawn += len(drawn)
        given = [r for r in drawn if self.decide(record, r)[0] in GIVEN and self.left.get(r, 1000) is not None]
        found = ([entry["row"] for entry in said["batch"]], record["dropped"], record["epoch"], record["micro"])
        micro, n = self.header["sampler"]["micro"], len(given)
        expected = (given, len(drawn) - n, epoch, [min(micro, n - begin) for begin in range(0, n, micro)])
        forbid(found != expected, "not what the sampler gives", f"step {record['step']}", reason="order-mismatch")
