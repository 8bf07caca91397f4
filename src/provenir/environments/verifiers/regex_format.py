"""A format, given as a regular expression, in time that no pattern and no response can stretch."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import available
from provenir.environments.verifiers.killable import DEFAULT_CPU_S, EndedError, ask_killable
from provenir.environments.verifiers.regex_translation import translated
from provenir.environments.verifiers.text import accepted, refused, unreadable

if TYPE_CHECKING:
    from provenir.core.protocols import VerificationResult

__all__ = ["RegexFormatVerifier"]

_FLAGS: Final = re.ASCII | re.DOTALL | re.IGNORECASE | re.MULTILINE | re.UNICODE | re.VERBOSE
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_MAX_WORK: Final = 50_000_000
"""Instructions times characters that RE2 is asked for in this process: well under a second."""


class RegexFormatVerifier:
    r"""Passes a response that matches a pattern.

    The language is that of Python's `re`, with ASCII classes: ``\d`` is 0 to 9 and ``\w`` a letter
    of English, a digit or an underscore, so that no look-alike of another script slips in. With
    `re.UNICODE` among the flags the classes are Unicode's. A lone surrogate in a response is read
    as U+FFFD.

    Two engines decide, and mean the same by what both are given. RE2 (extra `regex`) needs time
    that grows linearly with the response. Python's own takes what RE2 lacks (look-around,
    back-references, Unicode classes, ignoring case) or everything where RE2 is not installed; it
    runs in a process that is ended after `timeout_s` CPU seconds, and then the response does not
    pass. ``metadata["engine"]`` says which it was: ``re2`` or ``re``.

    The reference is not looked at. What it cannot see: whether what stands in the format is right.
    A format alone is easily learnt, so weigh it little or make it the gate of a composite.

    Args:
        pattern: The pattern.
        full_match: Whether the whole response has to match, white space at its ends included;
            otherwise any part of it is enough.
        flags: Of `re`: ASCII, DOTALL, IGNORECASE, MULTILINE, UNICODE, VERBOSE.
        timeout_s: CPU seconds for one response.

    Raises:
        UsageError: Python does not accept the pattern or takes too long over it, or a flag or the
            time limit is none of those.
    """

    def __init__(
        self,
        pattern: str,
        full_match: bool = True,
        *,
        flags: int = 0,
        timeout_s: float = DEFAULT_CPU_S,
    ) -> None:
        if not isinstance(pattern, str):
            raise UsageError(f"a pattern is text, not {type(pattern).__name__}")
        if not isinstance(flags, int):
            raise UsageError(f"flags are {type(flags).__name__}", mend="flags of re, such as re.S")
        if flags & ~_FLAGS:
            raise UsageError(
                "a flag that is not taken",
                where="flags",
                mend="ASCII, DOTALL, IGNORECASE, MULTILINE, UNICODE, VERBOSE of re",
            )
        if not 0.0 < timeout_s < math.inf:
            raise UsageError(f"timeout_s is {timeout_s!r}", mend="CPU seconds, above 0")
        self.pattern = pattern
        self.full_match = full_match
        self.flags = int(flags if flags & re.UNICODE else flags | re.ASCII)
        self.timeout_s = timeout_s
        self._check()
        self._linear = _by_re2(translated(pattern, self.flags, full=full_match))

    def verify(self, response: str, reference: Any = None) -> VerificationResult:
        """Match `response`; `reference` is not looked at."""
        del reference
        if (refusal := unreadable(response)) is not None:
            return refusal
        text = _SURROGATES.sub("\ufffd", response)
        engine = "re" if self._linear is None else "re2"
        try:
            matched = self._matches(text)
        except EndedError as fault:
            return refused(
                fault.reason,
                f"matching was given up after {self.timeout_s:g} s of CPU time"
                if fault.reason == "timeout"
                else "the engine ended while matching",
                engine=engine,
            )
        where = "the whole response" if self.full_match else "a part of the response"
        if matched:
            return accepted(f"{where} matches", engine=engine)
        return refused("no_match", f"the pattern does not match {where}", engine=engine)

    def _matches(self, text: str) -> bool:
        linear = self._linear
        if linear is not None and linear.programsize * len(text) <= _MAX_WORK:
            looked = linear.fullmatch if self.full_match else linear.search
            return looked(text) is not None
        answer = ask_killable(
            {
                "ask": "match",
                "engine": "re" if linear is None else "re2",
                "pattern": self.pattern if linear is None else linear.pattern,
                "flags": self.flags,
                "full": self.full_match,
                "text": text,
            },
            cpu_s=self.timeout_s,
        )
        return bool(answer["matched"])

    def _check(self) -> None:
        """Have Python compile the pattern where that, too, can be stopped."""
        question = {"ask": "compile", "pattern": self.pattern, "flags": self.flags}
        try:
            answer = ask_killable(question, cpu_s=self.timeout_s)
        except EndedError as fault:
            raise UsageError(f"compiling the pattern ended in: {fault.reason}") from None
        if "error" in answer:
            raise UsageError(f"no regular expression: {answer['error']}", where=self.pattern)


def _by_re2(pattern: str | None) -> Any:
    """The pattern compiled by RE2; None where RE2 is not there or does not take it."""
    if pattern is None or not available("re2"):
        return None
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None
