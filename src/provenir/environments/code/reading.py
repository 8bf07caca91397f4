"""`Reading`: a parsed block with all that the rules ask of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenir.environments.code.hits import Hit
from provenir.environments.code.program import Program, Scope
from provenir.environments.code.resolver import Resolver
from provenir.environments.code.values import Local, Ref

if TYPE_CHECKING:
    from provenir.core.findings import Severity
    from provenir.environments.code.blocks import Block
    from provenir.environments.code.request import Request

__all__ = ["Call", "Reading"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call: what is called, by full name where that is known, and the positional arguments."""

    node: ast.Call
    scope: Scope
    name: str
    args: list[ast.expr]
    local: Local | None = None


class Reading:
    """A block, its program and its names.

    Attributes:
        block: The block.
        program: Its syntax tree, walked.
        names: Its resolver.
        request: What was asked for.
        calls: Every call in the order of the text.
        path: The file that the code is for, empty where unknown.
    """

    __slots__ = ("_ascii", "_lines", "block", "calls", "names", "path", "program", "request")

    def __init__(self, block: Block, tree: ast.Module, request: Request) -> None:
        self.block = block
        self.request = request
        self.path = block.path or ""
        self.program = Program(tree)
        self.names = Resolver(self.program)
        self._lines = block.line_starts()
        self._ascii = block.source.isascii()
        self.calls = [self._call(node, scope) for node, scope in self.program.nodes(ast.Call)]

    def _call(self, node: ast.Call, scope: Scope) -> Call:
        function, args = self.names.called(node, scope)
        if isinstance(function, Ref):
            return Call(node, scope, function.name, args)
        return Call(node, scope, "", args, function)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node stands in the block's source, in characters."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line = getattr(node, "end_lineno", None) or line
        end_column = getattr(node, "end_col_offset", None) or 0
        start = self._offset(line, column)
        return start, max(start, self._offset(end_line, end_column))

    def _offset(self, line: int, column: int) -> int:
        lines, source = self._lines, self.block.source
        row = min(max(line, 1), len(lines)) - 1
        begin = lines[row]
        if self._ascii:
            return min(begin + column, len(source))
        end = lines[row + 1] if row + 1 < len(lines) else len(source)
        encoded = source[begin:end].encode("utf-8", "replace")
        return begin + len(encoded[:column].decode("utf-8", "ignore"))

    def hit(
        self, rule: str, node: ast.AST, what: str = "", severity: Severity | None = None
    ) -> Hit:
        """Return a hit that covers a node; of a definition only its first line."""
        start, end = self.span(node)
        if isinstance(node, ast.stmt) and hasattr(node, "body"):
            newline = self.block.source.find("\n", start, end)
            end = newline if newline > 0 else end
        return Hit(rule=rule, start=start, end=end, what=what, severity=severity)

    def argument(self, call: Call, position: int, *words: str) -> ast.expr | None:
        """Return an argument of a call by its position or one of its names."""
        if len(call.args) > position:
            return call.args[position]
        for word in call.node.keywords:
            if word.arg in words:
                return word.value
        return None

    def text_of(self, node: ast.expr | None, scope: Scope) -> str:
        """Return a constant text, empty where it is none."""
        return self.names.text(node, scope) if node is not None else ""
