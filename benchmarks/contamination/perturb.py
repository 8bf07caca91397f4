"""What happens to a text on its way into training data: forms, line breaks, edits, cuts."""

from __future__ import annotations

import html
import re
import string
import textwrap
import unicodedata
from typing import TYPE_CHECKING

from sources import sentences, words

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

GLYPHS = dict(
    zip("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ", strict=True)
)  # Latin letters and the Cyrillic ones that look the same
GREEK = dict(zip("oviAEZHIKMNOPTX", "ονιΑΕΖΗΙΚΜΝΟΡΤΧ", strict=True))
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
SPACES = "\u00a0\u2009\u2002\u202f\u3000"
MARKS = "\u0301\u0308\u0323\u0332"
SPACE = re.compile(r"(\s+)")


def case(text: str, rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 3:
        return "".join(rng.choice((each.upper(), each.lower())) for each in text)
    return (text.upper, text.lower, text.title)[kind]()


def punctuation(text: str, rng: random.Random) -> str:
    kind = rng.randrange(5)
    if kind == 0:
        return text.translate(str.maketrans(dict.fromkeys(string.punctuation, "")))
    if kind == 1:
        return re.sub(r"[^\w\s]", " ", text)
    if kind == 2:
        marks = ",;:.!?-)"
        return SPACE.sub(lambda m: (rng.choice(marks) if rng.random() < 0.3 else "") + m[1], text)
    if kind == 3:
        marks = ("**", "_", '"', "`", "~~")
        return " ".join(
            f"{mark}{each}{mark}" if rng.random() < 0.2 and (mark := rng.choice(marks)) else each
            for each in text.split(" ")
        )
    return "".join(rng.choice(";:,.") if each in ",.;:" else each for each in text)


def _zero_width(text: str, rng: random.Random) -> str:
    share = rng.choice((0.05, 0.2, 0.5))
    return "".join(c + rng.choice(INVISIBLE) if rng.random() < share else c for c in text)


def _marks(text: str, rng: random.Random) -> str:
    return "".join(c + rng.choice(MARKS) if c.isalpha() and rng.random() < 0.1 else c for c in text)


def _looks(text: str, rng: random.Random) -> str:
    table = rng.choice((GLYPHS, GREEK))
    share = rng.choice((0.2, 0.6, 1.0))
    return "".join(table.get(c, c) if rng.random() < share else c for c in text)


def _full_width(text: str, rng: random.Random) -> str:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    return wide.replace(" ", "\u3000") if rng.random() < 0.5 else wide


def _bold(text: str, rng: random.Random) -> str:
    base = rng.choice((0x1D400, 0x1D5A0, 0x1D670))
    letters = {
        c: chr(base + n) for n, c in enumerate(string.ascii_uppercase + string.ascii_lowercase)
    }
    return "".join(letters.get(c, c) for c in text)


def _smart(text: str, rng: random.Random) -> str:
    text = re.sub(r'(^|\s)"', "\\1“", text).replace('"', "”")
    return text.replace("'", "’").replace("--", "—").replace("...", "…").replace("-", "‑")


def _ligatures(text: str, rng: random.Random) -> str:
    for plain, joined in (("ffi", "ﬃ"), ("ffl", "ﬄ"), ("ff", "ﬀ"), ("fi", "ﬁ"), ("fl", "ﬂ")):
        text = text.replace(plain, joined)
    return text


FORMS: Mapping[str, Callable[[str, random.Random], str]] = {
    "nfd": lambda text, rng: unicodedata.normalize("NFD", text),
    "nfkd": lambda text, rng: unicodedata.normalize("NFKD", text),
    "full width": _full_width,
    "smart quotes": _smart,
    "zero width": _zero_width,
    "soft hyphens": lambda text, rng: re.sub(r"(\w{3})(\w{3})", "\\1\u00ad\\2", text),
    "homoglyphs": _looks,
    "ligatures": _ligatures,
    "bold letters": _bold,
    "odd spaces": lambda text, rng: re.sub(" ", lambda m: rng.choice(SPACES), text),
    "marks": _marks,
}


def wrapped(text: str, rng: random.Random) -> str:
    width, prefix = rng.randint(18, 80), rng.choice(("", "", "    ", "> ", "# ", "\t"))
    lines = textwrap.wrap(text, width, break_long_words=False) or [text]
    return rng.choice(("\n", "\n", "\r\n", "\n\n")).join(prefix + line for line in lines)


def hyphenated(text: str, rng: random.Random) -> str:
    """Break long words at line ends, as typeset columns do."""
    width, mark = rng.randint(24, 72), rng.choice(("-", "-", "-", "\u00ad", "\u2010"))
    indent = rng.choice(("", "", "  "))
    lines, line = [], ""
    for word in text.split():
        room = width - len(line) - 2
        if len(line) + len(word) < width:
            line = f"{line} {word}" if line else word
        elif word.isalpha() and 3 <= room <= len(word) - 3:
            lines.append(f"{line} {word[:room]}{mark}".lstrip())
            line = indent + word[room:]
        else:
            lines.append(line)
            line = word
    return "\n".join([*lines, line])


def interleaved(text: str, others: Callable[[int], str], rng: random.Random) -> str:
    """Put other sentences between the sentences; a long one is cut after some twelve words."""
    parts: list[str] = []
    for sentence in (each for line in text.split("\n") for each in sentences(line)):
        inside = sentence.split()
        while len(inside) > 16:
            parts.append(" ".join(inside[:12]))
            inside = inside[12:]
        parts.append(" ".join(inside))
    between = (f"{part} {others(rng.randint(6, 18)).capitalize()}." for part in parts)
    return " ".join(between)


def edited(text: str, share: float, vocabulary: list[str], rng: random.Random) -> str:
    """Change so many of the words: another word, none, one more, a slip of the finger, a swap."""
    parts = SPACE.split(text)
    places = [n for n in range(0, len(parts), 2) if words(parts[n])]
    for place in rng.sample(places, max(1, round(share * len(places)))):
        parts[place] = _edit(parts, place, vocabulary, rng)
    return "".join(parts)


def _edit(parts: list[str], place: int, vocabulary: list[str], rng: random.Random) -> str:
    kind, word = rng.randrange(5), parts[place]
    if kind == 0:
        return rng.choice(vocabulary)
    if kind == 1:
        return ""
    if kind == 2:
        return f"{word} {rng.choice(vocabulary)}"
    if kind == 3:
        at = rng.randrange(len(word))
        slip = rng.choice(("", word[at] * 2, rng.choice(string.ascii_lowercase)))
        return word[:at] + slip + word[at + 1 :] or word
    if place + 2 < len(parts):
        other, parts[place + 2] = parts[place + 2], word
        return other
    return rng.choice(vocabulary)


def as_html(text: str, rng: random.Random) -> str:
    marked = (
        f"<b>{html.escape(each)}</b>" if rng.random() < 0.1 else html.escape(each)
        for each in text.split(" ")
    )
    return "<div class='q'><p>" + " ".join(marked).replace("\n", "<br/>") + "</p></div>"


def misread(text: str, rng: random.Random) -> str:
    """Misread letters as optical recognition does, in about one word of twelve."""
    slips = {"l": "1", "o": "0", "m": "rn", "e": "c", "h": "b", "i": "l", "s": "5"}
    return "".join(slips[c] if c in slips and rng.random() < 0.035 else c for c in text)
