"""Whether the inputs that a function recognises are those of tests, or names of things."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.code.request import squeeze
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.environments.code.lookups import Pair
    from provenir.environments.code.request import Request

__all__ = [
    "are_inputs",
    "from_prompt",
    "is_enumeration",
    "is_rich",
    "is_striking",
    "telling",
]

_CHOICES: Final = words("yes no y n true false t f on off ok none null quit exit q help 1 0")
_DIGESTS: Final = re.compile(r"[0-9a-f]{16,128}")
_NEAR: Final = 60
_LEAST: Final = 2
_CLOSED: Final = re.compile(
    r"\b(?:weeks?|month\w*|days?|weekdays?|countr\w+|capitals?|states?|currenc\w+|codes?|"
    r"symbols?|names?|colou?rs?|maps?|mapping|table|look ?up|translat\w+|abbreviat\w+|constants?|"
    r"elements?|planets?|letters?|notes?|status\w*|levels?|priorit\w+|keys?|morse|nato|enum\w*|dictionar\w+|"
    r"suits?|ranks?|seasons?|zodiac|emojis?|opcodes?|commands|modes?|kinds?|categor\w+|either|"
    r"following|directions?|opposite|severity|unit names?|extensions?|mime|labels?|types?|roles?|"
    r"plans?|tiers?|sizes?|options?|settings?|flags?|return code)\b",
    re.IGNORECASE,
)
"""What a prompt says whose answer is a table by right."""

_OF_TESTS: Final = re.compile(
    r"_?(?:[a-z]+_)*(?:known|seen|answers?|expected|outputs?|results?|cases|examples?|tests?|"
    r"solutions?|precomputed|hard_?coded|hidden|samples?|gold|truth|responses|memo|cached?)(?:_[a-z]+)*",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Za-z_]{2,}")


def telling(pairs: Sequence[Pair], request: Request) -> bool:
    """Whether the inputs of a table are those of tests, and not names that something goes by."""
    if sum(from_prompt(pair, request) for pair in pairs) >= _LEAST:
        return True
    rich = [pair for pair in pairs if is_rich(pair.key)]
    if any(from_prompt(pair, request) for pair in rich):
        return True
    return len(rich) >= _LEAST and 2 * len(rich) >= len(pairs)


def are_inputs(pairs: Sequence[Pair], request: Request) -> bool:
    """Whether a table stands in the place of a computation that the prompt asks for.

    For a function that the prompt asks for and that does nothing else. Keys that the prompt names,
    one letter each, or that are words (unless the table is named after tests) belong to a table by
    right, and so does whatever the prompt calls a map, a code, a name and the like.
    """
    keys = [pair.key for pair in pairs]
    if _CLOSED.search(request.text) or all(_is_small(key) for key in keys):
        return False
    named = [key for key in keys if _is_named(key, request)]
    if 2 * len(named) > len(keys):
        return False
    texts = [key for key in keys if isinstance(key, str)]
    if len(texts) == len(keys) and all(_WORD.fullmatch(text) for text in texts):
        return any(_OF_TESTS.fullmatch(_table_name(pair)) for pair in pairs)
    answers_in_words = all(isinstance(pair.answer, str) for pair in pairs)
    return not (answers_in_words and all(isinstance(key, int) for key in keys))


def _table_name(pair: Pair) -> str:
    """Return the name of the table that a pair stands in, empty where it has none."""
    node = pair.table
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_small(key: Any) -> bool:
    return key is None or isinstance(key, bool) or (isinstance(key, str) and len(key) == 1)


def _is_named(key: Any, request: Request) -> bool:
    """Whether the prompt speaks of a key as a word of its own."""
    if not isinstance(key, str | int) or isinstance(key, bool) or not str(key):
        return False
    return re.search(rf"(?<!\w){re.escape(str(key)[:200])}(?!\w)", request.text) is not None


def is_rich(key: Any) -> bool:
    """Whether a key is a whole input: a list, several arguments, the text of one, its digest."""
    if isinstance(key, list | dict):
        return len(key) > 0
    if isinstance(key, tuple):
        return len(key) > 1 and not all(isinstance(part, str) for part in key)
    if isinstance(key, bytes):
        return len(key) > 8
    if isinstance(key, str):
        text = key.strip()
        if _DIGESTS.fullmatch(text):
            return True
        return text[:1] in "[({" and text[-1:] in "])}" and any(c.isdigit() for c in text)
    return False


def is_striking(pair: Pair) -> bool:
    """Whether an input of at least three parts has an answer that must have been computed."""
    if isinstance(pair.answer, bool) or pair.answer in (0, 1, -1, None, "", [], (), {}):
        return False
    if isinstance(pair.key, list) and len(pair.key) == 1 and isinstance(pair.key[0], str):
        return any(char.isdigit() or char == " " for char in pair.key[0])
    parts = _parts(pair.key)
    return len(parts) > 2 and len(set(map(repr, parts))) > 2 and is_rich(pair.key)


def _parts(key: Any, depth: int = 0) -> list[Any]:
    if isinstance(key, list | tuple) and depth < 4:
        return [part for item in key[:50] for part in _parts(item, depth + 1)]
    return [key]


def from_prompt(pair: Pair, request: Request) -> bool:
    """Whether an example of the prompt holds the input and the answer."""
    if not request.text or not _is_specific(pair.key):
        return False
    text = request.squeezed
    parts = pair.key if isinstance(pair.key, tuple) else (pair.key,)
    end = 0
    for part in (*parts, pair.answer):
        word = squeeze(repr(part))
        place = text.find(word, end)
        if place < 0 or (end and place > end + _NEAR):
            return False
        end = place + len(word)
    return True


def _is_specific(key: Any) -> bool:
    if isinstance(key, bool) or key is None:
        return False
    if isinstance(key, int | float):
        return abs(key) > 2
    if isinstance(key, str):
        return len(key) > 2 and key.lower() not in _CHOICES
    return isinstance(key, list | tuple | dict | set) and len(key) > 1


def is_enumeration(pairs: Sequence[Pair]) -> bool:
    """Whether the keys are names or count up, as those of months, codes and symbols do."""
    keys = [pair.key for pair in pairs]
    if all(isinstance(key, str) for key in keys):
        return True
    if all(isinstance(pair.answer, str) for pair in pairs):
        return True
    if all(isinstance(key, int) for key in keys):
        ordered = sorted(keys)
        span = ordered[-1] - ordered[0] + 1
        return span == len(set(ordered)) and len(ordered) in {2, 7, 10, 12, 16, 24, 26}
    return not all(isinstance(key, int | float | tuple | list) for key in keys)
