"""Whether exhaustive search finds every pair that the brute-force reference finds.

Lines of JSON are made from a seed: runs of eval items in other forms (case, NFC to NFKD, ligatures,
full width, ideographs, zero-width characters, hyphens at line ends, combining marks, surrogates
that are paired or alone), cut and joined with other text, escaped or not. Some hold fewer than
thirteen words of an item, so that not every line is a hit. `reference` reads each line with the
`json` module and names the items with a common run of thirteen words; exhaustive search must name
them too. Exit 1 where it misses one.

    python benchmarks/contamination/exhaustive.py [--lines 1000000] [--seed 1] [--rule RULE]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import unicodedata
from collections import Counter, defaultdict

from provenir.data.overlap.blocks import Buffers
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.reference import grams, strings
from provenir.data.overlap.row_blocks import line_blocks
from provenir.eval.contamination.config import ContaminationConfig
from provenir.eval.contamination.examining import examine
from provenir.eval.contamination.ngram import NgramScanner

ITEMS = 400
BLOCK_LINES = 2_000
NO_TEXTS = (9, 1.0)
"""No hit is so grave that its texts are wanted."""
SCRIPTS = {
    "latin": "abcdefghijklmnopqrstuvwxyz",
    "accents": "aeiouéèüñçøßœıłđſ",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщыэюяё",
    "greek": "αβγδεζηθικλμνξοπρστυφχψωάήΐϊᾳῳ",
    "han": "北京是中华人民共和国的首都一二三〇々",
    "kana": "あいうえおがぎぱぴカキクケコガピーｶﾞﾋﾟ",
    "hangul": "가각갂한글조선말씀\u1112\u1161\u11abㄱㅏ",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويأإآ",
    "devanagari": "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसहक्षि",
    "thai": "กขคงจฉชซญดตถทนบปผพฟมยรลวสหอาิีุู",
    "forms": "ﬁﬂﬀﬃ①②ⅣⓐＡｂ１½²™㎏㍿㌖ﷺℌ𝐀𝒃𝟘",
    "odd": "ʼʻـ\u115f\u3164\u0345İŉǰΐևẞﬓ",
}
ASCII_GAPS = (*" " * 9, ", ", ". ", "-\n", "\r\n", *"\n\t-_\\\"'/")
MARKS = "\x00’—\u00ad\u200b\u2060\u0301\u3000\u00a0😀\ud83d\ude00\ufffd"
GAPS = ((" ",), ASCII_GAPS, (*ASCII_GAPS, *MARKS))
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
JOINERS = "\u200b\u200d\u00ad\u0301\u0345\u0327\ufe0f"
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def word(rng: random.Random, script: str) -> str:
    letters = SCRIPTS[script]
    return "".join(rng.choices(letters, k=rng.choice((1, 2, 3, 4, 5, 8, 18))))


def words(rng: random.Random, count: int, vocabulary: list[str]) -> list[str]:
    return rng.choices(vocabulary, k=count)


def vocabulary_of(rng: random.Random) -> list[str]:
    """A few scripts' words: mostly Latin ones, so that whole items are ASCII too."""
    kinds = rng.choices(("latin", "mixed", "any"), (5, 3, 2))[0]
    scripts = {
        "latin": ["latin"],
        "mixed": ["latin", "latin", rng.choice(list(SCRIPTS))],
        "any": rng.sample(list(SCRIPTS), 3),
    }[kinds]
    return [word(rng, rng.choice(scripts)) for _ in range(60)]


def joined(rng: random.Random, parts: list[str]) -> str:
    gaps = rng.choice(GAPS)
    return "".join(part + rng.choice(gaps) for part in parts)


def reshaped(rng: random.Random, text: str) -> str:
    """The text in another form; sometimes one that changes its words for the reference."""
    way = rng.randrange(9)
    if way < 4:
        return unicodedata.normalize(FORMS[way], text)
    if way == 4:
        return text.upper() if rng.random() < 0.7 else text.swapcase()
    if way == 5:
        return text.translate(FULL_WIDTH)
    if way == 6:
        at = rng.randrange(len(text) + 1)
        return text[:at] + rng.choice(JOINERS) + text[at:]
    return text


def line(rng: random.Random, items: list[list[str]], noise: list[list[str]]) -> bytes:
    item = rng.choice(items)
    count = rng.choice((5, 11, 12, 13, 13, 14, 20))
    at = rng.randrange(max(1, len(item) - count))
    around = rng.choice(noise) if rng.random() < 0.5 else item
    parts = words(rng, rng.randrange(4), around), item[at : at + count], words(rng, 2, around)
    text = rng.choice((*" -x0" * 3, *"é京\u0301")).join(joined(rng, part) for part in parts)
    for _ in range(rng.choice((0, 0, 1, 2))):
        text = reshaped(rng, text)
    row = {"text": text} if rng.random() < 0.7 else {"id": 7, "messages": [{"content": text}, "a"]}
    escape = rng.random() < 0.4 or any("\ud800" <= char <= "\udfff" for char in text)
    return json.dumps(row, ensure_ascii=escape).encode()


class Reference:
    """The items of every run of thirteen words."""

    def __init__(self, texts: list[str]) -> None:
        self.items: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for number, text in enumerate(texts):
            for gram in grams(text):
                self.items[gram].add(number)

    def of(self, raw: bytes) -> set[int]:
        found: set[int] = set()
        for text in strings(json.loads(raw)):
            for gram in grams(text):
                found |= self.items.get(gram, set())
        return found


class Exhaustive:
    """The search as a check makes it, rule and second reading of odd lines included."""

    def __init__(self, texts: list[str], rule: str) -> None:
        index = EvalIndex.build({"items": [{"question": text} for text in texts]}, exhaustive=True)
        self.scanner = NgramScanner.over(index, ContaminationConfig(rule=rule, exhaustive=True))
        self.second_look = self.scanner.second_look()

    def of(self, lines: list[bytes]) -> tuple[dict[int, set[int]], Counter[str]]:
        """The items of each line, and how many hits there are by severity."""
        (block,) = line_blocks([b"".join(raw + b"\n" for raw in lines)], 1 << 30)
        examined = examine(block, self.scanner, Buffers(1), fields=None, floor=NO_TEXTS)
        self.second_look.add(examined.result)
        found: dict[int, set[int]] = defaultdict(set)
        kinds: Counter[str] = Counter()
        for hit in (one.hit for one in examined.found):
            if self.second_look.confirms(hit):
                found[hit.row].update(self.scanner.twins(hit.item))
                kinds[hit.score.severity] += 1
        return found, kinds


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz exhaustive search against its reference.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", default="idf-aligned")
    args = parser.parse_args()

    rng = random.Random(args.seed)
    vocabularies = [vocabulary_of(rng) for _ in range(40)]
    items = [words(rng, rng.randrange(13, 40), rng.choice(vocabularies)) for _ in range(ITEMS)]
    texts = [reshaped(rng, joined(rng, parts)) for parts in items]
    reference, search = Reference(texts), Exhaustive(texts, args.rule)
    totals: Counter[str] = Counter()
    begun = time.process_time()
    for first in range(0, args.lines, BLOCK_LINES):
        lines = [
            line(rng, items, vocabularies) for _ in range(min(BLOCK_LINES, args.lines - first))
        ]
        found, kinds = search.of(lines)
        totals += kinds
        for row, raw in enumerate(lines):
            expected = reference.of(raw)
            missed = expected - found[row]
            totals["pairs"] += len(expected)
            totals["ascii"] += len(expected) if raw.isascii() and b"\\u" not in raw else 0
            totals["found"] += len(found[row])
            totals["missed"] += len(missed)
            for item in sorted(missed)[:1]:
                print(f"missed: {raw!r} and {texts[item]!a}")
    spent = time.process_time() - begun
    print(f"{args.lines:,} lines of seed {args.seed}, rule {args.rule}")
    print(f"reference: {totals['pairs']:,} pairs, {totals['ascii']:,} of them in lines of ASCII")
    print(
        f"exhaustive search: misses {totals['missed']:,}, names {totals['found']:,} in all; "
        f"{totals['warning']:,} hits for a run alone"
    )
    print(f"{spent:.0f} s of CPU with the making of the lines")
    return 1 if totals["missed"] or not totals["pairs"] else 0


if __name__ == "__main__":
    sys.exit(main())
