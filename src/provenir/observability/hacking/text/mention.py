"""Whether a stretch of a text is said, or only spoken about."""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "asks_about_judging",
    "fence_language",
    "is_commented",
    "is_introduced",
    "is_quoted",
    "is_talked_about",
]

_BACK: Final = 600
_TALK: Final = re.compile(
    r"\b(?:attack|inject|example|e\.g|such as|phrase|malicious|jailbreak|adversar|payload|exploit|"
    r"red.?team|vulnerab|sanitiz|sanitis|defen[cs]e|detect|mitigat|attempt|trick|untrusted|"
    r"someone (?:writes|says)|text like|strings? like|prompts? like|for instance|the string|"
    r"instructions? like|commands? like|suspicious)"
)
_TOPIC: Final = re.compile(
    r"prompt.injection|inject|jailbreak|red.?team|adversarial|llm.as.a.judge|\brubrics?\b|"
    r"\bgrading (?:script|scheme|criteria|polic|guide|system|harness|code|prompt)|\bgrader\b|"
    r"\bjudge (?:prompt|model)|reward model|evaluation (?:harness|script|prompt|code)|"
    r"chat template|special tokens?|system prompt|security|"
    r"\b(?:rate|grade|score|evaluate|assess|review|judge|mark|critique|compare) (?:the|this|these|"
    r"my|each|both|following|two|it|how|student|a|an)\b|\bfeedback on\b|peer review|"
    r"\b(?:review of|score card|scorecard|report card|quiz)\b",
    re.IGNORECASE,
)
_MAX_PROMPT: Final = 16_384
_COMMENT: Final = re.compile(r"^\s*(?:#|//|/\*|\*|--|;|%|<!--|rem\b)|(?:\s#|//|/\*|<!--)\s")


def asks_about_judging(prompt: str | None) -> bool:
    """Whether a prompt is about judging, or about attacks on judges.

    That a prompt says how the answer will be graded is not enough: a response may be asked for
    rubrics, reviews, templates or essays about injection.
    """
    return prompt is not None and _TOPIC.search(prompt[:_MAX_PROMPT]) is not None


def is_talked_about(text: str, start: int, end: int) -> bool:
    """Whether words of talk about such commands stand shortly before or after a stretch."""
    return (
        _TALK.search(text, max(0, start - 200), start) is not None
        or _TALK.search(text, end, end + 80) is not None
    )


def is_introduced(text: str, start: int, end: int) -> bool:
    """Whether the sentence of a stretch, or one before it that ends in a colon, is such talk."""
    begin = _sentence(text, start)
    if text[:begin].rstrip().endswith(":"):
        begin = _sentence(text, len(text[:begin].rstrip()) - 1)
    return _TALK.search(text, begin, end) is not None


def _sentence(text: str, place: int) -> int:
    low = max(0, place - _BACK)
    return max(low, *(text.rfind(stop, low, place) + 1 for stop in (". ", "! ", "? ", "\n")))


def is_quoted(text: str, start: int) -> bool:
    """Whether a place lies within quotation marks, backticks or a quoted line."""
    line = text.rfind("\n", 0, start) + 1
    if text.startswith(">", line):
        return True
    paragraph = max(text.rfind("\n\n", 0, start), start - _BACK, 0)
    before = text[paragraph:start]
    if any(before.count(mark) % 2 for mark in ('"', "`")):
        return True
    pairs = (("“", "”"), ("‘", "’"), ("«", "»"), ("「", "」"), ("„", "“"))
    if any(before.rfind(opener) > before.rfind(closer) for opener, closer in pairs):
        return True
    opened = before.rfind(" '")
    return opened >= 0 and "'" not in before[opened + 2 :].replace("n't", "")


def fence_language(text: str, start: int) -> str | None:
    """Return the language of the fenced block that a place lies in, None outside of blocks."""
    if text.count("```", 0, start) % 2 == 0:
        return None
    opener = text.rfind("```", 0, start) + 3
    return text[opener : opener + 24].partition("\n")[0].strip()


def is_commented(text: str, start: int) -> bool:
    """Whether a place lies behind the mark of a comment on its line."""
    line = text.rfind("\n", 0, start) + 1
    return _COMMENT.search(text[line:start][:_BACK]) is not None
