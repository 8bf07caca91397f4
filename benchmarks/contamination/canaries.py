"""What a scan for a hundred thousand canaries costs and finds, beside Aho-Corasick.

    python benchmarks/contamination/canaries.py [--mb 64] [--canaries 100000] [--tries 2000]

Speed is megabytes of JSON lines per CPU-second, on four texts: prose; prose whose every row has a
UUID and a checksum; Chinese in escapes; nothing but hexadecimal digits, the worst case. The peer is
pyahocorasick where it is installed: it looks for the same canaries, as they are spelled, in the
same bytes, and finds no other form. Else it is `re` with an alternation of a hundred of them.

Recall is counted over every tolerated form, with the Wilson interval of its share; the forms that
are not tolerated are counted too. False alarms are counted on random hexadecimal text.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import re
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from provenir.eval.canary.token import DIGITS, Canary, derive
from provenir.eval.canary.traces import Traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sys.path.append(str(Path(__file__).resolve().parents[1] / "hacking"))
from intervals import upper, wilson

SEED = 20
BLOCK_BYTES = 1 << 20
PROSE = (
    "the of and to in that it was he for on are as with his they at be this have from or had "
    "by not word but what some we can out other were all there when up use your how said an "
    "each she which do their time if will way about many then them write would like so these "
    "her long make thing see him two has look more day could go come did number sound no most "
    "people my over know water than call first who may down side been now find any new work "
    "part take get place "
)
HANZI = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


def prose(dice: random.Random) -> str:
    text = " ".join(dice.choices(PROSE.split(), k=dice.randint(60, 160)))
    return f"{text.capitalize()}, {dice.randint(1, 2000)}."


def row_of(kind: str, dice: random.Random) -> str:
    if kind == "prose":
        return json.dumps({"prompt": prose(dice), "response": prose(dice)})
    if kind == "prose with checksums":
        ids = uuid.UUID(int=dice.getrandbits(128)), hashlib.sha256(dice.randbytes(8)).hexdigest()
        return json.dumps({"id": str(ids[0]), "sha256": ids[1], "text": prose(dice)})
    if kind == "Chinese in escapes":
        return json.dumps({"text": "".join(dice.choices(HANZI, k=400)) + "，。"})
    return json.dumps({"hex": dice.randbytes(2_000).hex()})


def blocks(kind: str, size: int, dice: random.Random) -> list[bytes]:
    rows = [row_of(kind, dice).encode() + b"\n" for _ in range(2_000)]
    made, held = [], b""
    while sum(map(len, made)) < size:
        while len(held) < BLOCK_BYTES:
            held += dice.choice(rows)
        made.append(held)
        held = b""
    return made


def rate(scan: Callable[[bytes], object], data: list[bytes]) -> float:
    start = time.process_time()
    for block in data:
        scan(block)
    return sum(map(len, data)) / 1e6 / (time.process_time() - start)


def peer(canaries: list[Canary]) -> tuple[str, Callable[[bytes], object]]:
    if importlib.util.find_spec("ahocorasick") is None:
        pattern = re.compile("|".join(canaries[:100]).encode())
        return "re, 100 of them", pattern.findall
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for canary in canaries:
        automaton.add_word(str(canary), canary)
    automaton.make_automaton()
    # It reads text; to decode is part of its cost.
    return "pyahocorasick", lambda block: list(automaton.iter(block.decode("latin-1")))


def broken(text: str, char: str, dice: random.Random) -> str:
    return "".join(letter + (char if dice.random() < 0.3 else "") for letter in text)


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if letter != "-" else "－" for letter in text)


FORMS: dict[str, Callable[[Canary, random.Random], str]] = {
    "as it is": lambda c, d: str(c),
    "upper case": lambda c, d: c.upper(),
    "mixed case": lambda c, d: "".join(d.choice((x.upper(), x)) for x in c),
    "without hyphens": lambda c, d: c.digits,
    "line breaks": lambda c, d: broken(c, "\n", d),
    "Windows line breaks": lambda c, d: broken(c, "\r\n", d),
    "spaces": lambda c, d: broken(c, " ", d),
    "splitting hyphens": lambda c, d: broken(c.digits, d.choice(("-\n", "\u2010\n", "\u00ad")), d),
    "zero-width": lambda c, d: broken(c, d.choice(INVISIBLE), d),
    "full width": lambda c, d: wide(d.choice((str(c), c.upper()))),
    "Markdown": lambda c, d: "**" + c.replace("-", "** - `") + "`",
    "quoted lines": lambda c, d: c.replace("-", "-\n> "),
    "JSON in JSON": lambda c, d: json.dumps({"x": json.dumps({"y": broken(c, "\u200b\n", d)})}),
    "digits as escapes": lambda c, d: "".join(f"\\u{ord(x):04x}" for x in c.digits),
    "all at once": lambda c, d: broken(wide(c.upper()), "\u200b -\n", d),
}
NOT_FOUND: dict[str, Callable[[Canary, random.Random], str]] = {
    "one digit changed": lambda c, d: f"{int(c.digits, 16) ^ 1 << d.randrange(128):032x}",
    "last digit missing": lambda c, d: c[:-1] + "z",
    "a letter put in": lambda c, d: c[:9] + d.choice("ghijklm") + c[9:],
}


def within(form: str, dice: random.Random) -> bytes:
    """A row with a form deep in it, in escapes or not."""
    row = {"n": 1, "meta": [{"text": f"{prose(dice)} {form} {prose(dice)}"}]}
    return json.dumps(row, ensure_ascii=dice.random() < 0.5).encode()


def found(
    make: Callable[[Canary, random.Random], str], canaries: list[Canary], traces: Traces, tries: int
) -> int:
    dice = random.Random(SEED)
    chosen = dice.choices(canaries, k=tries)
    return sum(traces.in_row(within(make(one, dice), dice)) == [one] for one in chosen)


def shares(traces: Traces, canaries: list[Canary], tries: int) -> Iterator[str]:
    yield f"| form | found of {tries:,} | 95% interval |\n|---|---|---|"
    for name, make in FORMS.items():
        low, high = wilson(hits := found(make, canaries, traces, tries), tries)
        yield f"| {name} | {hits / tries:.4f} | {low:.4f} to {high:.4f} |"
    for name, make in NOT_FOUND.items():
        hits = found(make, canaries, traces, tries)
        yield f"| not tolerated: {name} | {hits / tries:.4f} | at most {upper(hits, tries):.4f} |"


def false_alarms(traces: Traces, megabytes: int) -> str:
    dice = random.Random(SEED + 1)
    alarms = windows = 0
    for _ in range(megabytes):
        text = dice.randbytes(500_000).hex()
        windows += len(text) - DIGITS + 1
        alarms += len(traces.in_row(text.encode()))
    return f"random hexadecimal text: {alarms} false alarms at {windows:,} places"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="scans for canaries")
    parser.add_argument("--mb", type=int, default=64, help="megabytes of each text")
    parser.add_argument("--canaries", type=int, default=100_000)
    parser.add_argument("--tries", type=int, default=2_000, help="of each form")
    parser.add_argument("--hex-mb", type=int, default=20, help="megabytes of random digits")
    asked = parser.parse_args()
    canaries = [derive("bench", f"recipient {n}", b"k" * 32) for n in range(asked.canaries)]
    start = time.process_time()
    traces = Traces(canaries)
    print(f"{len(canaries):,} canaries, ready after {time.process_time() - start:.2f} CPU-s")
    name, other = peer(canaries)
    print(f"\n| text | MB/CPU-s | {name} | ratio |\n|---|---|---|---|")
    for kind in ("prose", "prose with checksums", "Chinese in escapes", "digits alone"):
        data = blocks(kind, asked.mb << 20, random.Random(SEED))
        ours = rate(lambda block: list(traces.in_block(block)), data)
        theirs = rate(other, data[: max(1, len(data) // 4)])
        print(f"| {kind} | {ours:.0f} | {theirs:.1f} | {ours / theirs:.1f} |")
    print()
    for line in shares(traces, canaries, asked.tries):
        print(line)
    print(f"\n{false_alarms(traces, asked.hex_mb)}")


if __name__ == "__main__":
    main()
