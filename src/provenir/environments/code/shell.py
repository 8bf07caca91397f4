"""A tokenizer for shell scripts: simple commands with their words, redirections and here-documents.

POSIX.1-2024 XCU section 2.3, read generously and in one pass over the characters: what does not
balance ends at the end of the text. Nothing is expanded but variables that the script itself sets
to constants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["Command", "HereDocument", "Redirect", "commands"]

_MAX_COMMANDS: Final = 2000
_MAX_WORD: Final = 20_000
_OPERATORS: Final = ("&&", "||", ";;", "|&", ";", "|", "&", "\n", "(", ")")


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirection: its operator such as ``>>``, and the file."""

    operator: str
    target: str


@dataclass(frozen=True, slots=True)
class HereDocument:
    """The text of a here-document and where it begins in the script."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class Command:
    """One simple command.

    Attributes:
        words: Its words with quotes taken off.
        redirects: Its redirections.
        documents: Its here-documents.
        start: Where it begins.
        end: Where it ends, here-documents left out.
        then: The operator after it: ``;``, ``|``, ``&``, ``&&``, ``||``, a newline, or empty.
    """

    words: list[str] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    documents: list[HereDocument] = field(default_factory=list)
    start: int = 0
    end: int = 0
    then: str = ""


def commands(script: str) -> list[Command]:
    """Return the simple commands of a script in their order, at most 2,000."""
    return _Scanner(script).run()


class _Scanner:
    def __init__(self, script: str) -> None:
        self.script, self.at = script, 0
        self.found: list[Command] = []
        self.current = Command()
        self.waiting: list[tuple[Command, str, bool]] = []
        self.variables: dict[str, str] = {}
        self.redirect = ""

    def run(self) -> list[Command]:
        script, length = self.script, len(self.script)
        while self.at < length and len(self.found) < _MAX_COMMANDS:
            char = script[self.at]
            if char in " \t\r":
                self.at += 1
            elif script.startswith("\\\n", self.at):
                self.at += 2
            elif char == "#":
                newline = script.find("\n", self.at)
                self.at = length if newline < 0 else newline
            elif self._redirected():
                continue
            elif not self._operator():
                self._word()
        self._close("")
        return self.found

    def _operator(self) -> bool:
        for operator in _OPERATORS:
            if self.script.startswith(operator, self.at):
                self.at += len(operator)
                self._close(operator)
                if operator == "\n" and self.waiting:
                    self._documents()
                return True
        return False

    def _close(self, then: str) -> None:
        command, self.current, self.redirect = self.current, Command(), ""
        if command.words or command.redirects:
            command.then = then
            self.found.append(command)
            for word in command.words:
                name, equals, value = word.partition("=")
                if not equals or not name.isidentifier():
                    break
                self.variables[name] = value[:500]
        elif self.found and then == "&":
            self.found[-1].then = then

    def _redirected(self) -> bool:
        script, at = self.script, self.at
        start = at
        while at < len(script) and script[at].isdigit() and at - start < 2:
            at += 1
        if script.startswith("&>", at) and at == start:
            at += 1
        if at >= len(script) or script[at] not in "<>":
            return False
        begin = at
        while at < len(script) and script[at] in "<>|&" and at - begin < 3:
            at += 1
        operator = script[begin:at]
        self.at = at
        if operator == "<<" and script.startswith("-", at):
            self.at += 1
            operator = "<<-"
        if operator in {">&", "<&"}:
            while self.at < len(script) and (script[self.at].isdigit() or script[self.at] == "-"):
                self.at += 1
            return True
        if operator == "<" and script.startswith("(", at):
            return True
        self._touch(start)
        self.redirect = operator
        while self.at < len(script) and script[self.at] in " \t":
            self.at += 1
        if self.at < len(script) and script[self.at] not in "\n;|&()":
            self._word()
        return True

    def _touch(self, start: int) -> None:
        if not self.current.words and not self.current.redirects:
            self.current.start = start

    def _word(self) -> None:
        script, length, start = self.script, len(self.script), self.at
        parts: list[str] = []
        self._touch(start)
        while self.at < length:
            char = script[self.at]
            if char == "\\":
                parts.append(script[self.at + 1 : self.at + 2].replace("\n", ""))
                self.at += 2
            elif char == "'":
                parts.append(self._until("'"))
            elif char == '"':
                parts.append(self._double())
            elif char == "$":
                parts.append(self._dollar())
            elif char == "`":
                parts.append(self._until("`"))
            elif char in " \t\r\n;|&()<>":
                break
            else:
                parts.append(char)
                self.at += 1
        if self.at == start:
            self.at += 1
        self._add("".join(parts)[:_MAX_WORD], quoted=script[start : start + 1] in "'\"\\")

    def _add(self, word: str, *, quoted: bool) -> None:
        operator, self.redirect = self.redirect, ""
        self.current.end = min(self.at, len(self.script))
        if operator in {"<<", "<<-"}:
            self.waiting.append((self.current, word, operator == "<<-"))
            self.current.redirects.append(Redirect(operator, word))
        elif operator == "<<<":
            self.current.documents.append(HereDocument(word, self.at - len(word), self.at))
        elif operator:
            self.current.redirects.append(Redirect(operator, word))
        elif word or quoted:
            self.current.words.append(word)

    def _until(self, mark: str) -> str:
        end = self.script.find(mark, self.at + 1)
        end = len(self.script) if end < 0 else end
        text = self.script[self.at + 1 : end]
        self.at = end + 1
        return text

    def _double(self) -> str:
        script, parts = self.script, []
        self.at += 1
        while self.at < len(script) and script[self.at] != '"':
            if script[self.at] == "\\":
                following = script[self.at + 1 : self.at + 2]
                parts.append(following if following in '"\\$`' else "\\" + following)
                self.at += 2
            elif script[self.at] == "$":
                parts.append(self._dollar())
            else:
                parts.append(script[self.at])
                self.at += 1
        self.at += 1
        return "".join(parts)

    def _dollar(self) -> str:
        script, start = self.script, self.at
        if script.startswith("$'", start):
            self.at += 1
            return self._until("'")
        if script.startswith("$(", start):
            return self._substitution()
        at = start + 1
        braced = script.startswith("{", at)
        at += braced
        begin = at
        while at < len(script) and (script[at].isalnum() or script[at] == "_"):
            at += 1
        name = script[begin:at]
        if braced:
            close = script.find("}", at)
            at = close + 1 if 0 <= close < at + 200 else at
        self.at = max(at, start + 1)
        return self.variables.get(name, f"${name}")

    def _substitution(self) -> str:
        script, depth, at = self.script, 0, self.at + 1
        limit = min(len(script), at + _MAX_WORD)
        while at < limit:
            depth += (script[at] == "(") - (script[at] == ")")
            at += 1
            if depth == 0:
                break
        text = script[self.at : at]
        self.at = at
        return text

    def _documents(self) -> None:
        waiting, self.waiting = self.waiting, []
        for command, mark, dashed in waiting:
            start, at = self.at, self.at
            while at < len(self.script):
                newline = self.script.find("\n", at)
                end = len(self.script) if newline < 0 else newline
                line = self.script[at:end].rstrip("\r")
                if (line.lstrip("\t") if dashed else line) == mark:
                    break
                at = end + 1
            stop = min(at, len(self.script))
            command.documents.append(HereDocument(self.script[start:stop], start, stop))
            newline = self.script.find("\n", stop)
            self.at = len(self.script) if newline < 0 else newline + 1
