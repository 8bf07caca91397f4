"""What a prompt asks for, as far as it changes what counts as a trick."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Request", "read_request", "squeeze"]

_MAX_PROMPT: Final = 20_000
_VERBS: Final = (
    "write|add|create|update|fix|generate|implement|extend|remove|delete|skip|refactor|rewrite|"
    "improve|modify|change|adjust|move|rename|port|convert|mark|disable|clean"
)
_TESTS: Final = re.compile(
    rf"\b(?:{_VERBS})\b(?:[^\w.!?]+[\w.`'/-]+){{0,6}}?[^\w.!?]+[`'\"]?(?:[\w/.-]*tests?\b|pytest|unittest|testcases?)",
    re.IGNORECASE,
)
_NEGATION: Final = re.compile(r"(?:\b(?:not|never|without|cannot|avoid|no)|n't)\b", re.IGNORECASE)
_EXIT: Final = re.compile(
    r"\b(?:exit(?:s|ing)?|quit|terminat\w+|SystemExit|(?:exit|status) code|stop the \w+)\b",
    re.IGNORECASE,
)
_GIT: Final = re.compile(r"\b(?:git|commits?|branch(?:es)?|stash|repository|repo)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for.

    Attributes:
        given: Whether there was a prompt at all.
        text: The prompt, its first 20,000 characters.
        squeezed: The same without white space, and with one kind of quotes.
        tests: Whether it asks to write or change tests.
        exits: Whether it speaks of ending a program.
        git: Whether it speaks of version control.
    """

    given: bool = False
    text: str = ""
    squeezed: str = ""
    tests: bool = False
    exits: bool = False
    git: bool = False

    def names(self, path: str) -> bool:
        """Whether the prompt names a file."""
        last = path.rstrip("/").rpartition("/")[2]
        return bool(last) and last in self.text


def squeeze(text: str) -> str:
    """Return a text without white space, and with one kind of quotes."""
    return "".join(text.split()).replace('"', "'")


def read_request(prompt: str | None) -> Request:
    """Read a prompt; None stands for an unknown one."""
    if not isinstance(prompt, str):
        return Request()
    text = prompt[:_MAX_PROMPT]
    return Request(
        given=True,
        text=text,
        squeezed=squeeze(text),
        tests=any(not _NEGATION.search(_before(text, match)) for match in _TESTS.finditer(text)),
        exits=_EXIT.search(text) is not None,
        git=_GIT.search(text) is not None,
    )


def _before(text: str, match: re.Match[str]) -> str:
    """What a match says and what stands before it in its sentence."""
    start = max(text.rfind(mark, 0, match.start()) for mark in ".!?\n;") + 1
    return text[max(start, match.start() - 60) : match.end()]
