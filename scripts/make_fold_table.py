"""Write src/provenir/data/text/fold.gz: what each code point becomes in folded text.

The fold of a code point is what compatibility decomposition (UAX #15, NFKD) and full case folding
(Unicode Standard, section 3.13) make of it, applied until nothing changes, then letters that look
or are written alike under one letter, and decimal digits of every script under 0 to 9. Each symbol
of the result has a kind that says what it does to words: see `provenir.data.text.folding`.

The Unicode version is the one of the interpreter that runs this script: the table is data, so that
every later interpreter folds alike. A new table needs a new `FOLD_VERSION`.

    python3.13 scripts/make_fold_table.py [--check]
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
import zlib
from array import array
from typing import Final

from provenir.data.text.folding import FOLD_VERSION, PAGE, TABLE, Stored, pack

CODE_POINTS: Final = 0x110000

# One letter stands for those that are drawn alike (after UTS #39, restricted to Cyrillic, Greek and
# Latin letters that occur in running text). Case folding comes first, so a capital's likeness (В,
# Н, Τ) counts as much as the small letter's.
ALIKE: Final = dict(
    zip(
        "авекмнорстухіјѕһԁԛԝӏѵґαβεζηικμνορτυχɡɑıøđłħŧðƶ",
        "abekmhopctyxijshdqwlvrabezhikmvoptyxgaiodlhtdz",
        strict=True,
    )
) | {"æ": "ae", "œ": "oe", "þ": "th"}

# Scripts that set no space between words, whose every letter is a word: (first, last).
UNSPACED: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0xA4CF),  # radicals, Kana, Bopomofo, Han, Yi
    (0xA960, 0xA97F),  # Hangul letters, extended
    (0xD7B0, 0xD7FF),
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x16FE0, 0x1B2FF),  # Tangut, Khitan, Kana supplements, Nushu
    (0x20000, 0x3FFFF),  # Han of planes 2 and 3, assigned or not
)
HANGUL: Final = {  # the letters that compose to syllables; first and last
    Stored.INITIAL: ((0x1100, 0x1112),),
    Stored.VOWEL: ((0x1161, 0x1175),),
    Stored.FINAL: ((0x11A8, 0x11C2),),
}
FILLERS: Final = "\u0640\u115f\u1160"  # tatweel and the Hangul fillers: letters without a meaning
APOSTROPHES: Final = "\u02bb\u02bc\ua78c"
IGNORABLE: Final = ((0x034F, 0x034F), (0x17B4, 0x17B5), (0x180B, 0x180F), (0xE0000, 0xE0FFF))
LINE_JOINERS: Final = {
    "\n": Stored.NEWLINE,
    " ": Stored.SPACE,
    "\t": Stored.SPACE,
    "\r": Stored.SPACE,
    "-": Stored.HYPHEN,
    "\u2010": Stored.HYPHEN,
    "\u00ad": Stored.SOFT_HYPHEN,
}


def within(point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= point <= last for first, last in ranges)


def folded(char: str) -> str:
    """Decomposed and without case, as often as it takes."""
    while (changed := unicodedata.normalize("NFKD", char).casefold()) != char:
        char = changed
    return char


def letter(char: str) -> list[int]:
    """The symbols of a letter or a number."""
    point = ord(char)
    if char in FILLERS:
        return [pack(Stored.FILLER, point)]
    if char in APOSTROPHES:
        return [pack(Stored.APOSTROPHE, point)]
    if char == "ι":
        return [pack(Stored.IOTA, ord(ALIKE[char]))]
    if (digit := unicodedata.decimal(char, None)) is not None:
        return [pack(Stored.WORD, ord("0") + digit)]
    for kind, ranges in HANGUL.items():
        if within(point, ranges):
            return [pack(kind, point)]
    if within(point, UNSPACED):
        return [pack(Stored.SOLO, point)]
    return [pack(Stored.WORD, ord(like)) for like in ALIKE.get(char, char)]


def symbols(point: int) -> list[int]:
    """What a code point becomes, as packed symbols in order."""
    found: list[int] = []
    for char in folded(chr(point)):
        category = unicodedata.category(char)
        if char in LINE_JOINERS:
            found.append(pack(LINE_JOINERS[char], 0))
        elif char.isalnum():
            found += letter(char)
        elif category == "Cn" and point >= 0x20000 and within(point, UNSPACED):
            found.append(pack(Stored.SOLO, point))  # a later version of Unicode may assign it
        elif category in ("Mn", "Mc", "Me", "Cf") or within(ord(char), IGNORABLE):
            found.append(pack(Stored.MARK, 0))
        else:
            found.append(pack(Stored.BREAK, 0))
        # Reordering by combining class must move no letter: the strict fold depends on it.
        if unicodedata.combining(chr(point)) and point != 0x345:
            assert found[-1] == pack(Stored.MARK, 0), hex(point)
    return found


def table() -> bytes:
    """The table as it is stored, compressed: see `folding.FoldTable` for the layout."""
    pages: dict[bytes, int] = {}
    order, entries = array("H"), array("I")
    extra, places = array("I", [0]), dict[tuple[int, ...], int]()
    for first in range(0, CODE_POINTS, PAGE):
        page = array("I")
        for point in range(first, first + PAGE):
            found = tuple(symbols(point))
            if len(found) == 1:
                # A value of zero means the code point itself: whole pages of Han are one page.
                page.append(found[0] & 15 if found[0] >> 4 == point else found[0])
                continue
            if found not in places:
                places[found] = len(extra)
                extra.extend((len(found), *found))
            page.append(pack(Stored.SEVERAL, places[found]))
        number = pages.setdefault(page.tobytes(), len(pages))
        if number * PAGE == len(entries):
            entries.extend(page)
        order.append(number)
    head = array("I", [len(order), len(entries), len(extra)])
    parts = (head, order, entries, extra)
    if sys.byteorder == "big":
        for part in parts:
            part.byteswap()
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(b"".join(part.tobytes() for part in parts)) + packer.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the table of folds.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    args = parser.parse_args()
    if not FOLD_VERSION.endswith(unicodedata.unidata_version):
        print(f"the table {FOLD_VERSION} needs an interpreter with that version of Unicode")
        return 2
    # Compressors differ between builds of zlib: what counts is the content.
    content, stored = table(), TABLE.read_bytes() if TABLE.exists() else b""
    same = bool(stored) and zlib.decompress(stored, 31) == zlib.decompress(content, 31)
    if args.check:
        return 0 if same else 1
    if not same:
        TABLE.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
