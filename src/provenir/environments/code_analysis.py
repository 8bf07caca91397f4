"""Reading the code of a completion for tricks, without running it.

`analyse` finds the code in a text: Markdown fences, programs in running text, diffs, shell
commands. Python is read as a syntax tree with its names resolved, so that an alias, `getattr` or a
string put together from pieces changes nothing; shell and diffs by a tokenizer. What it looks for
stands in `RULES`, with what each rule cannot see.

It never raises, whatever the text, and its cost is bounded: see `code.limits`.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from provenir.core.findings import Finding
from provenir.core.spans import Span
from provenir.environments.code.blocks import Block, block_at
from provenir.environments.code.diff_code import read_changes
from provenir.environments.code.finding_code import find_blocks, might_hold_code
from provenir.environments.code.hits import Embedded, Hit
from provenir.environments.code.limits import (
    MAX_BLOCKS,
    MAX_DECODINGS,
    MAX_HITS,
    MAX_PARSED_CHARS,
    MAX_TEXT_CHARS,
)
from provenir.environments.code.parsing import Budget
from provenir.environments.code.python_code import read_python
from provenir.environments.code.request import read_request
from provenir.environments.code.rules import RULE_BY_NAME
from provenir.environments.code.shell_code import read_shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from provenir.core.findings import Severity
    from provenir.environments.code.request import Request

__all__ = ["CodeAnalysis", "CodeFinding", "analyse"]

_LOG: Final = logging.getLogger(__name__)
_LANGUAGES: Final = {
    **dict.fromkeys(("python", "py", "python3", "ipython"), "python"),
    **dict.fromkeys(("shell", "sh", "bash", "zsh", "console"), "shell"),
    **dict.fromkeys(("diff", "patch"), "diff"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFinding(Finding):
    """One trick that was recognised in code.

    Attributes:
        rule: The name of the rule; see `RULES`.
        spans: Where, in characters of the text as it was given; sorted, at most 20.
    """

    rule: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeAnalysis:
    """What was found in the code of a text.

    Attributes:
        findings: One for each rule and severity that applies, in the order of their first spans.
        blocks: Pieces of code that were read.
        skipped: Reason → pieces that were not: ``too long``, ``too large``, ``too deep``,
            ``does not parse``, ``too much code``, ``in part``, ``middle of the text``,
            ``other language``, or ``fault`` of ours.
    """

    findings: tuple[CodeFinding, ...] = ()
    blocks: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)


def analyse(text: str, *, language: str | None = None, prompt: str | None = None) -> CodeAnalysis:
    """Read the code in a text.

    Args:
        text: A completion, or code. Of more than 96,000 characters the first two thirds of that
            and the last third are read.
        language: ``python``, ``shell`` or ``diff`` if all of the text is that; by default the
            code in it is looked for.
        prompt: What was asked for. It makes a finding information where the prompt asks for what
            the rule looks for, and lets special cases of its examples be recognised.

    Returns:
        The findings, and what was and was not read. For anything but a text an empty analysis.
    """
    if not text or not isinstance(text, str):
        return CodeAnalysis()
    if language is None and len(text) <= MAX_TEXT_CHARS and not might_hold_code(text):
        return CodeAnalysis()
    reader = _Reader(read_request(prompt))
    for start, piece in _pieces(text):
        reader.read(_blocks(piece, start, language))
    if len(text) > MAX_TEXT_CHARS:
        reader.skip("middle of the text")
    return reader.result()


def _pieces(text: str) -> list[tuple[int, str]]:
    if len(text) <= MAX_TEXT_CHARS:
        return [(0, text)]
    tail = MAX_TEXT_CHARS // 3
    return [(0, text[: MAX_TEXT_CHARS - tail]), (len(text) - tail, text[-tail:])]


def _blocks(piece: str, start: int, language: str | None) -> Iterable[Block]:
    if language is None:
        return find_blocks(piece, start)
    return (block_at(piece, start, language.strip().lower()),)


class _Reader:
    """Reads blocks and what is embedded in them, within one budget."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._budget = Budget(MAX_PARSED_CHARS)
        self._found: dict[tuple[str, Severity], tuple[str, set[Span]]] = {}
        self._blocks = 0
        self._skipped: dict[str, int] = {}

    def skip(self, reason: str) -> None:
        self._skipped[reason] = self._skipped.get(reason, 0) + 1

    def read(self, blocks: Iterable[Block]) -> None:
        waiting = deque(blocks)
        while waiting:
            block = waiting.popleft()
            if self._blocks >= MAX_BLOCKS:
                self.skip("too much code")
                continue
            items, reason = self._faultless(block)
            if reason:
                self.skip(reason)
            self._blocks += reason in {"", "in part"}
            for item in items:
                if isinstance(item, Block):
                    waiting.append(item)
                    continue
                if isinstance(item, Hit):
                    self._note(item, block)
                elif block.decodings < MAX_DECODINGS:
                    waiting.append(_embedded(item, block))
                else:
                    self.skip("too deep")

    def _faultless(self, block: Block) -> tuple[list[Hit | Embedded | Block], str]:
        """As `_items`; a fault of ours becomes a reason and never reaches a training loop."""
        try:
            return self._items(block)
        except Exception:  # noqa: BLE001
            _LOG.exception("a rule of the code analysis failed")
            return [], "fault"

    def _items(self, block: Block) -> tuple[list[Hit | Embedded | Block], str]:
        """What the rules say of a block, the blocks inside it, and why it was not read."""
        language = _LANGUAGES.get(block.language, "")
        if language == "python":
            return read_python(block, self._request, self._budget)
        if not language:
            return [], "other language"
        if not self._budget.spend(len(block.source)):
            return [], "too much code"
        if language == "shell":
            return [*read_shell(block, self._request)], ""
        hits, blocks = read_changes(block, self._request)
        return [*hits, *blocks], ""

    def _note(self, hit: Hit, block: Block) -> None:
        rule = RULE_BY_NAME[hit.rule]
        severity = hit.severity or rule.severity
        if block.added is not None and not block.adds(hit.start, hit.end):
            return
        start, end = block.place(hit.start, hit.end)
        _, spans = self._found.setdefault((rule.name, severity), (hit.what, set()))
        if len(spans) < MAX_HITS:
            spans.add(Span(start, max(start, end), rule.name))

    def result(self) -> CodeAnalysis:
        findings = [
            CodeFinding(
                kind=RULE_BY_NAME[name].kind,
                severity=severity,
                detail=f"{name}: {what}" if what else name,
                rule=name,
                spans=tuple(sorted(spans)),
            )
            for (name, severity), (what, spans) in self._found.items()
        ]
        findings.sort(key=lambda finding: (finding.spans[0], finding.rule))
        return CodeAnalysis(tuple(findings), self._blocks, dict(sorted(self._skipped.items())))


def _embedded(item: Embedded, block: Block) -> Block:
    start, end = block.place(item.start, item.end)
    inner = Block(
        source=item.source,
        language=item.language,
        start=start,
        end=max(start, end),
        path=item.path,
        decodings=block.decodings + 1,
    )
    if item.literal and block.origins is not None:
        lines = inner.line_starts()
        origins = tuple(block.place(item.start + line, item.end)[0] for line in lines)
        return replace(inner, origins=origins)
    return inner
