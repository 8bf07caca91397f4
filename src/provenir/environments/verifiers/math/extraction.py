r"""Finding the final answer in a response: what is marked as one, and nothing else.

In this order: ``\boxed{…}`` and ``#### …`` (which must all say the same), ``<answer>…</answer>``,
a phrase such as "the answer is", a last line that is nothing but mathematics or ends in it, and a
response that is one short line. A number somewhere in a chain of thought is no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from provenir.environments.verifiers.math.limits import MAX_ANSWER_CHARS, MAX_TAIL_CHARS
from provenir.environments.verifiers.math.scanning import closing

__all__ = ["Extraction", "extract"]

_BOX: Final = re.compile(r"\\f?box(?:ed)?\s*(?:(\{)|(?<=boxed)\s*([^\s{}$\\]+))")
_HASHES: Final = re.compile(r"(?m)^[ \t]*####[ \t]*([^\s#].*)$")
_TAG: Final = re.compile(r"<(/?)answer>", re.IGNORECASE)
_PHRASE: Final = re.compile(
    r"(?i)(?:\b(?:final\s+)?(?:answer|result|solution)s?\b[^.\n:=]{0,60}?"
    r"(?:\s(?:is|are|equals)(?:\s*:|\b)|\s*[:=]\s|\*\*\s*:|:|\s*\*{0,2}\n+))\s*"
    r"(?:(?:therefore|thus|then|simply|just|exactly|hence|indeed),?\s+)?"
    r"(?:the\s+(?:number|value)\s+)?(?:\*\*)?:?\s*"
)
_PHRASE_ELSEWHERE: Final = re.compile(
    r"(?i)(?:答案|答え|解答|정답|답|\b(?:respuesta|réponse|antwort|ответ|resposta|risposta|lösung"
    r"|odpowiedź|cevap|đáp án)\b)(?:[ \t](?:finale?|correcta|lautet))?\s*"
    r"(?:(?:\b(?:es|est|ist|é|è|это|to|là)\b|是|为|為|は|은|는)\s*[:：]?|\*{0,2}\s*[:：])\s*(?:\*\*)?\s*"
)
_POLITE: Final = re.compile(r"\s*(?:です|입니다|이다)$")
_CORRECTION: Final = re.compile(
    r"(?i)\b(?:no|not|wait|actually|hmm|instead|rather|sorry|oops|mistake|wrong|incorrect|correction"
    r"|at first|initially|thought|re-?check\w*|check\w*|again|should)\b"
)
_WORD: Final = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3}")
_CONCLUSION: Final = re.compile(
    r"(?i)^\W*(?:(?:therefore|thus|so|hence|in conclusion|finally|answer)\b"
    r"|(?:the|its)\s[^\n.]{0,60}?\b(?:value|total|sum|product|difference|probability|area|volume"
    r"|length|number|cost|distance)\b)[^\n]*?"
    r"(?:\bis\b|\bare\b|\bequals\b|=|:)\s*([^\n]+)$"
)
_MATH: Final = re.compile(
    r"\$\$(.+?)\$\$|(?<!\\)\$((?:\\.|[^$\\\n])+)(?<!\\)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL
)
_BOLD: Final = re.compile(r"\*\*([^*\n]+)\*\*")
_THOUGHTS: Final = "think(?:ing)?|thoughts?|reasoning|scratchpad"
_THOUGHT: Final = re.compile(
    rf"</(?:{_THOUGHTS})>|<\|end_of_thought\|>|◁/think▷|<\|channel\|>final<\|message\|>",
    re.IGNORECASE,
)
_OPEN_THOUGHT: Final = re.compile(
    rf"<(?:{_THOUGHTS})>|<\|begin_of_thought\|>|◁think▷|<\|channel\|>analysis", re.IGNORECASE
)
_TOKEN: Final = re.compile(r"<\|[A-Za-z_0-9]{1,40}\|>|</?s>|<(?:eos|bos|pad|end_of_turn)>")
_LINE_MARKUP: Final = re.compile(r"(?i)<(?:br\s*/?|/(?:p|div|h[1-6]|li))>")
_MARKUP: Final = re.compile(
    r"(?i)</?(?:strong|em|span|div|code|center|h[1-6]|li|ul|ol|p|b|i|u)(?:\s[^<>]{0,200})?>"
)
_FILLER: Final = re.compile(r"\\q?quad(?![A-Za-z])|\\[,;:!\[\]() \\]|[\s$~&*]+")
_JOINED: Final = re.compile(r",|;|,?(?:and|or)|\\text\{,?(?:and|or)\}")
_SENTENCE_END: Final = re.compile(
    r"(?<!Rs)(?<!approx)\.(?=\s|$)|[.!]\s*I hope|\n|。"
    r"|\s*,?\s+(?:because|since|as|which|where|so|when|for|after)\s"
)
_SHORT: Final = 200
_MOST_BOXES: Final = 64
_MOST_PHRASES: Final = 32


@dataclass(frozen=True, slots=True)
class Extraction:
    r"""Where the final answer stands.

    Attributes:
        candidates: The different texts that are marked as the answer; empty where none is.
        marker: How they are marked: ``boxed``, ``hashes``, ``tag``, ``phrase``, ``last_line``,
            ``whole``; empty where nothing was found.
        joined: The candidates as one list, where they stand side by side as one ("\boxed{1} and
            \boxed{2}"); empty elsewhere.
    """

    candidates: tuple[str, ...] = ()
    marker: str = ""
    joined: str = ""


def extract(response: str) -> Extraction:
    """Find what a response marks as its final answer; total on any text."""
    text = response[-MAX_TAIL_CHARS:]
    thoughts = list(_THOUGHT.finditer(text))
    if thoughts:
        text = text[thoughts[-1].end() :]
    elif _OPEN_THOUGHT.search(text):
        # The thinking was cut off: whatever is in there was not given as the answer.
        return Extraction()
    text = _MARKUP.sub("", _LINE_MARKUP.sub("\n", _TOKEN.sub("", text)))
    return _tagged(text) or _marked(text) or _phrased(text) or _last_line(text) or _whole(text)


def _tagged(text: str) -> Extraction | None:
    """Return what the pairs of tags hold, with the boxes that stand outside of them."""
    inside: list[str] = []
    outside: list[str] = []
    opened, last = None, 0
    for tag in _TAG.finditer(text):
        if not tag[1]:
            opened = tag
        elif opened is not None:
            inside.append(text[opened.end() : tag.start()])
            outside.append(text[last : opened.start()])
            opened, last = None, tag.end()
    if not inside:
        return None
    found = [_marked(piece) or Extraction((piece.strip(),), "tag") for piece in inside]
    outer = _marked("\n".join([*outside, text[last:]]))
    if outer is not None:
        found.append(outer)
    if len(found) == 1:
        return found[0]
    return Extraction(tuple(dict.fromkeys(c for one in found for c in one.candidates)), "tag")


def _marked(text: str) -> Extraction | None:
    if len(_BOX.findall(text)) > _MOST_BOXES:
        return Extraction((), "boxed")
    boxes = _boxes(text)
    hashes = [(m.start(), m.end(), _sentence(m[1])) for m in _HASHES.finditer(text)]
    if "boxed" in text and not boxes:
        # A box that was never closed, or holds nothing, is no answer; nor is anything before it.
        return None if hashes else Extraction((), "boxed")
    marks = boxes + [mark for mark in hashes if "\\boxed" not in mark[2]]
    if not marks:
        return None
    distinct = tuple(dict.fromkeys(content for _, _, content in marks))
    between = [text[a[1] : b[0]] for a, b in pairwise(boxes)]
    side_by_side = len(boxes) > 1 and all(_JOINED.fullmatch(_FILLER.sub("", g)) for g in between)
    joined = ", ".join(c for _, _, c in boxes) if side_by_side and not hashes else ""
    return Extraction(distinct, "boxed" if boxes else "hashes", joined)


def _boxes(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, content) of each outermost box that is closed and not empty."""
    found: list[tuple[int, int, str]] = []
    position = 0
    while match := _BOX.search(text, position):
        position = match.end()
        if not match[1]:
            found.append((match.start(), match.end(), match[2].rstrip(".,;:!")))
            continue
        end = closing(text, match.end() - 1, match.end() + 2 * MAX_ANSWER_CHARS)
        if end < 0:
            continue
        content = text[match.end() : end].strip()
        inner = _boxes(content) if "\\boxed" in content else []
        position = end + 1
        found.append((match.start(), end + 1, inner[0][2] if len(inner) == 1 else content))
    return [mark for mark in found if mark[2]]


def _phrased(text: str) -> Extraction | None:
    phrases = [*_PHRASE.finditer(text), *_PHRASE_ELSEWHERE.finditer(text)]
    phrases.sort(key=lambda match: match.start())
    if not phrases:
        return None
    last = _phrase_answer(text, phrases[-1])
    if not last:
        return None
    others = (
        _phrase_answer(text, match)
        for match in phrases[-_MOST_PHRASES:-1]
        if _beside(text, match, phrases[-1])
    )
    values = [other for other in others if other and not _WORD.search(other)]
    return Extraction(tuple(dict.fromkeys([*values, last])), "phrase")


def _phrase_answer(text: str, match: re.Match[str]) -> str:
    rest = _POLITE.sub("", _sentence(text[match.end() : match.end() + MAX_ANSWER_CHARS]))
    return _only_math(rest)


def _beside(text: str, match: re.Match[str], last: re.Match[str]) -> bool:
    """Whether two phrases mark answers of equal standing: on one line, or as lines of their own.

    Elsewhere the earlier one is the answer of a step, or was taken back.
    """
    between = text[match.start() : last.start()]
    if "\n" not in between:
        start = max(0, match.start() - _SHORT)
        return not _CORRECTION.search(text[start : last.start()].rpartition("\n")[2])
    labels = [one[0].strip(" *:\n").lower() for one in (match, last)]
    return labels[0] == labels[1] and all(_labels_a_line(text, one) for one in (match, last))


def _labels_a_line(text: str, match: re.Match[str]) -> bool:
    before = "\n" + text[max(0, match.start() - _SHORT) : match.start()]
    return ":" in match[0] and not re.search(r"\w", before.rpartition("\n")[2])


def _last_line(text: str) -> Extraction | None:
    lines = [line.strip() for line in text[-2 * MAX_ANSWER_CHARS :].splitlines() if line.strip()]
    if not lines:
        return None
    line = lines[-1]
    if line in ("$$", "\\]") or line.endswith(("$$", "\\]", "$$.", "\\].")):
        shown = list(_MATH.finditer(text[-2 * MAX_ANSWER_CHARS :]))
        if shown and not text[-2 * MAX_ANSWER_CHARS :][shown[-1].end() :].strip(" .\n"):
            content = next(group for group in shown[-1].groups() if group)
            return Extraction((content.strip(),), "last_line")
    for pattern in (_MATH, _BOLD):
        spans = list(pattern.finditer(line))
        if len(spans) == 1 and not line[spans[0].end() :].strip(" .,!"):
            content = next(group for group in spans[0].groups() if group)
            return Extraction((content.strip(),), "last_line")
    bold = _BOLD.findall(line)
    if len(bold) == 1 and re.search(r"\d", bold[0]):
        return Extraction((_only_math(bold[0].strip()),), "last_line")
    conclusion = _CONCLUSION.match(line)
    if conclusion and (len(lines) > 1 or " " in line):
        rest = _sentence(conclusion[1])
        return Extraction((_only_math(rest.rpartition(" = ")[2]),), "last_line") if rest else None
    return None


def _whole(text: str) -> Extraction:
    stripped = text.strip()
    if not stripped or (len(stripped) > _SHORT and " " in stripped) or "\n\n" in stripped:
        return Extraction()
    if "\n" in stripped and not stripped.startswith(("\\", "$", "[", "(", "{")):
        return Extraction()
    return Extraction((stripped,), "whole")


def _sentence(text: str) -> str:
    """Return the text up to the end of its sentence or line."""
    text = text.lstrip()
    if text.startswith(("$$", "\\[")):
        closed = _MATH.match(text)
        return closed[0] if closed else text
    end = _SENTENCE_END.search(text)
    cut = text[: end.start()] if end else text
    if cut.count("**") % 2:
        cut = cut.replace("**", "")
    return cut.strip().strip("*").strip()


def _only_math(text: str) -> str:
    """Return the mathematics of a sentence that has one piece of it and otherwise words."""
    spans = list(_MATH.finditer(text))
    if len(spans) != 1:
        return text
    content = next(group for group in spans[0].groups() if group).strip()
    behind = text[spans[0].end() :].strip(" .,!")
    before = text[: spans[0].start()].strip()
    if re.search(r"\d", before + behind) or re.search(r"(?i)\b(?:or|and|not)\b", before + behind):
        return text
    return f"{content} \\text{{{behind}}}" if re.fullmatch(r"[A-Za-z /]+", behind) else content
