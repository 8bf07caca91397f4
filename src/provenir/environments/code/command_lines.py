"""Which lines of running text are commands, and what an interactive session puts before them."""

from __future__ import annotations

import re
from typing import Final

from provenir.environments.code.words import words

__all__ = ["command_line", "without_prompts"]

_FIRST: Final = words(
    "rm mv cp sed git cat echo curl wget tee chmod nohup printf bash sh zsh perl python python3 "
    "pytest ln touch truncate export alias while until for unlink mkdir setsid crontab pkill kill "
    "find grep dd trap chattr tar unzip eval base64 faketime exec npm make tox go cargo yarn sudo "
    "pip pip3 function systemd-run screen xargs tmux"
)
_LONGEST: Final = 200
_PROMPT: Final = re.compile(
    r"^[ \t]*(?:\([\w.-]+\)[ \t]*)?(?:[\w.-]+@[\w.-]+[:~][^\n$#]{0,60})?[$#%>][ \t]+(?=\S)",
    re.MULTILINE,
)
_LINE: Final = re.compile(
    r"^[ \t]*(?:"
    r"(?:\$ |!)?(?:sudo )?(?:rm|mv|cp|sed|git|cat|echo|curl|wget|tee|chmod|nohup|printf|"
    r"bash|sh|perl|python3?|pytest|ln|touch|truncate|export|alias|while true|unlink|mkdir|setsid|"
    r"crontab|pkill|kill|find|grep|dd|trap|chattr|tar|unzip|eval|base64|faketime|exec)"
    r"[ \t]+\S*[-/.=>|'\"$*][^\n]*|"
    r"(?:\$ )?git (?:rm|mv|show|log|checkout|restore|stash|reset|cat-file|reflog|fetch|commit)\b"
    r"[^\n]*|(?:pytest|npm|make|tox|go|cargo|yarn)[ \t][^\n]{1,200}\|\|[^\n]*|"
    r"(?:\$ )?(?:echo|printf)\b[^\n]{0,400}(?:>|\| ?(?:base64|xxd|openssl) )[^\n]*|"
    r"(?:\$ )?(?:nohup|setsid|sudo|pip3?|npm) [a-z][^\n]*-[^\n]*|"
    r"\$ (?:[a-z][\w.-]*|\{|\(|\.{0,2}/\S+)[ \t][^\n]*|"
    r"\$\([a-z]{2,}[ \t][^\n]*|\{ \w+ [^\n]*\}[^\n]*|"
    r"\( ?(?:crontab|while|sleep|echo|nohup)\b[^\n]*|"
    r"(?:\$ )?(?:chmod (?:[0-7]{3,4}|[augo]*[-+]\w+) \S|function pytest|systemd-run -|screen -|"
    r"find [\w./]+ -|xargs |tmux \w|(?:ba|z)?sh <\()[^\n]*|"
    r"(?:while|until|for) [^\n]{1,200}; ?do\b[^\n]*"
    r")$",
    re.MULTILINE,
)


def command_line(text: str, start: int = 0) -> int:
    """Return where the next line begins that is a command with a path or option, else -1."""
    at = start
    while at < len(text):
        newline = text.find("\n", at)
        end = len(text) if newline < 0 else newline
        first = text[at : min(end, at + _LONGEST)].split(None, 1)
        if first and (first[0] in _FIRST or first[0][0] in "$!{(") and _LINE.match(text, at):
            return at
        at = end + 1
    return -1


def without_prompts(source: str) -> str:
    """Return a session with blanks in the place of its prompts; what is none as it is."""
    if "$ " not in source or not _is_session(source):
        return source
    return _PROMPT.sub(lambda match: " " * len(match[0]), source)


def _is_session(source: str) -> bool:
    return re.search(r"^[ \t]*(?:[\w.-]+@\S{1,80})?\$ ", source, re.MULTILINE) is not None
