"""One spelling for each notation: Unicode, LaTeX and typewriter mathematics become plain LaTeX.

What is written here changes no value: a comma stays a comma, and what could mean two things stays
as it is for the reader (`reading`) to decide or to refuse.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from provenir.environments.verifiers.math.scanning import closing

__all__ = ["normalise", "unwrap_text"]

_SYMBOLS: Final = str.maketrans(
    {
        "−": "-",
        "‐": "-",
        "‑": "-",
        "﹣": "-",
        "－": "-",
        "×": r"\times ",
        "⋅": r"\cdot ",
        "·": r"\cdot ",
        "∙": r"\cdot ",
        "÷": r"\div ",
        "π": r"\pi ",
        "∞": r"\infty ",
        "≤": r"\le ",
        "≥": r"\ge ",
        "≠": r"\ne ",
        "≈": r"\approx ",
        "±": r"\pm ",
        "∓": r"\mp ",
        "∪": r"\cup ",
        "∩": r"\cap ",
        "∅": r"\emptyset ",
        "∈": r"\in ",
        "°": r"^\circ ",
        "θ": r"\theta ",
        "α": r"\alpha ",
        "β": r"\beta ",
        "λ": r"\lambda ",
        "ℝ": r"\mathbb{R}",
        "ℤ": r"\mathbb{Z}",
        "⟨": r"\langle ",
        "⟩": r"\rangle ",
        "∖": r"\setminus ",
        "’": "'",
        "′": "'",
        "％": "%",
        "，": ",",
        "。": ".",
        "\u2061": "",
        "\u200b": "",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\n": " ",
        "\t": " ",
        "\r": " ",
    }
)
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_FUNCTIONS: Final = (
    "arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|ln|log|exp|lcm|gcd|max|min"
)
_FONTS: Final = (
    r"\\(?:text(?:bf|it|rm|normal|sf|tt)?|mathrm|mathbf|mathit|mathsf|mathtt|mathnormal|boldsymbol"
    r"|bm|mbox|hbox|operatorname\*?|emph|underline)\s*\{"
)

_REWRITES: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # A dash is a minus sign, but for one between two numbers, which may be a range.
        (r"(?<!\d)[–—]|[–—](?!\d)", "-"),
        (r"\\(?:text)?color\s*\{\s*[a-z]+\s*\}", ""),
        (r"\{([^{}]*)\\over(?![A-Za-z])([^{}]*)\}", r"\\frac{\1}{\2}"),
        (r"\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}", r"\\binom{\1}{\2}"),
        (r"√\s*(\d+(?:\.\d+)?|[A-Za-z]|\{[^{}]*\})", r"\\sqrt{\1}"),
        (r"√\s*\(([^()]*)\)", r"\\sqrt{\1}"),
        # A thin space or a comma in braces between groups of digits is a thousands separator.
        (r"(?<=\d)(?:\\[,!;:]\s*|\{,\}|,\\!\s*)(?=\d{3}(?!\d))", ""),
        (r"\{,\}", ","),
        (r"(?<!\\)\\!", ""),
        (r"\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])\s*\.?(?=[^A-Za-z]|$)", ""),
        (r"\\(?:left|right|[bB]igg?[lr]?)(?=\\)", ""),
        (r"\\(?:displaystyle|textstyle|limits|nolimits|rm|bf|it)(?![A-Za-z])", ""),
        (r"(?<!\\)\\(?:[,;:> ]|quad(?![A-Za-z])|qquad(?![A-Za-z]))|~", " "),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
        (r"\\(?:leq|leqslant)(?![A-Za-z])|<=|=<", r"\\le "),
        (r"\\(?:geq|geqslant)(?![A-Za-z])|>=", r"\\ge "),
        (r"\\neq(?![A-Za-z])|!=", r"\\ne "),
        (r"\\lt(?![A-Za-z])", "<"),
        (r"\\gt(?![A-Za-z])", ">"),
        (r"\\lbrace(?![A-Za-z])", r"\\{"),
        (r"\\rbrace(?![A-Za-z])", r"\\}"),
        (r"\\lbrack(?![A-Za-z])", "["),
        (r"\\rbrack(?![A-Za-z])", "]"),
        (r"\\[lr]vert(?![A-Za-z])|\\vert(?![A-Za-z])|\\mid(?![A-Za-z])", "|"),
        (r"\\varnothing(?![A-Za-z])|\\\{\s*\\\}", r"\\emptyset "),
        (r"\\(?:ldots|dots|cdots|dotsc)(?![A-Za-z])|…", "..."),
        (r"\\degree(?![A-Za-z])|\^\s*\{\s*\\circ\s*\}|\^\s*\\circ(?![A-Za-z])", r"^\\circ "),
        (r"\*\*", "^"),
        (r"\*", r"\\cdot "),
        (r"\\(?:ast|bullet)(?![A-Za-z])", r"\\cdot "),
        (r"\^\s*\(([^()]*)\)", r"^{\1}"),
        (r"\\exponentialE(?![A-Za-z])", "e"),
        (r"(?<![\\A-Za-z])sqrt\s*\(([^()]*)\)", r"\\sqrt{\1}"),
        (r"(?<![\\A-Za-z])sqrt(?=\s*[\d{])", r"\\sqrt"),
        (r"(?i)(?<![\\A-Za-z])inf(?:inity)?(?![A-Za-z])", r"\\infty "),
        (r"(?<![\\A-Za-z])oo(?![A-Za-z])", r"\\infty "),
        (r"(?<![\\A-Za-z])pi(?![A-Za-z])", r"\\pi "),
        (rf"(?<![\\A-Za-z])({_FUNCTIONS})(?=\s*[\d(\\{{^_]|\s+[a-z](?![A-Za-z]))", r"\\\1"),
        (r"([_^])\s*\{\s*([A-Za-z0-9])\s*\}", r"\1\2"),
        (r"\\%", "%"),
        (r"(?i)\s*(?<![A-Za-z\\])(?:percent(?:age)?|pct)(?![A-Za-z])", "%"),
        (r"\\text\{\s*([%:])\s*\}", r"\1"),
        (r"\\inf(?![A-Za-z])", r"\\infty "),
    )
)
_SPACES: Final = re.compile(r"\s+")
_FONT: Final = re.compile(_FONTS)
_VULGAR: Final = re.compile(r"[¼½¾⅐-⅞]")
_WITH_ARGUMENTS: Final = re.compile(r"\\(frac|sqrt|binom)(?![A-Za-z])")
_ONE: Final = re.compile(r"\\[A-Za-z]+|[^\s{}\\]")


def normalise(text: str) -> str:
    """Return the text in one spelling; the same for text that is in it already."""
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+", lambda m: "^{" + m[0].translate(_SUPERSCRIPTS) + "}", text)
    text = re.sub("[₀-₉]+", lambda m: "_{" + m[0].translate(_SUBSCRIPTS) + "}", text)
    text = _VULGAR.sub(_vulgar_fraction, text)
    text = unicodedata.normalize("NFKC", text.translate(_SYMBOLS)).translate(_SYMBOLS)
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() and c > "\x7f" else c for c in text)
    # Several patterns try white space from each of its characters on.
    text = _plain_fonts(_SPACES.sub(" ", text))
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return _SPACES.sub(" ", _braced(text)).strip()


def _vulgar_fraction(match: re.Match[str]) -> str:
    over, _, under = unicodedata.normalize("NFKC", match[0]).partition("⁄")
    return rf"\frac{{{over}}}{{{under}}}" if over and under else match[0]


def _plain_fonts(text: str) -> str:
    r"""Drop the font of a single symbol (``\mathrm{e}`` is ``e``); the rest is ``\text{…}``."""
    pieces, last = [], 0
    for match in _FONT.finditer(text):
        if match.start() < last:
            continue
        end = closing(text, match.end() - 1)
        if end < 0:
            break
        content = text[match.end() : end]
        bare = content.strip()
        if bare.strip(", ").lower() in ("or", "and"):
            content = f" {bare} "
        elif match[0].startswith("\\operatorname") and re.fullmatch(_FUNCTIONS, bare):
            content = "\\" + bare
        elif not (len(bare) == 1 and not match[0].startswith("\\text")) and not _mathematical(bare):
            content = r"\text{" + content + "}"
        pieces += [text[last : match.start()], content]
        last = end + 1
    return "".join(pieces) + text[last:]


def _mathematical(content: str) -> bool:
    """Whether text in a font holds numbers or commands alone, which the font says nothing about."""
    return bool(re.fullmatch(r"[\d\s.,+\-*/=()\\{}^_]*\d[\d\s.,+\-*/=()\\{}^_]*", content))


def _braced(text: str) -> str:
    r"""Write every argument of a fraction, root or binomial in braces: ``\frac12``, ``\sqrt2``."""
    pieces, position = [], 0
    while match := _WITH_ARGUMENTS.search(text, position):
        pieces.append(text[position : match.end()])
        position = match.end()
        index = re.compile(r"\s*\[[^\[\]]*\]").match(text, position)
        if match[1] == "sqrt" and index:
            pieces.append(index[0].strip())
            position = index.end()
        for _ in range(1 if match[1] == "sqrt" else 2):
            argument, position = _argument(text, position)
            pieces.append(argument)
    return "".join(pieces) + text[position:]


def _argument(text: str, position: int) -> tuple[str, int]:
    """Return the next argument in braces and where it ends; nothing where there is none."""
    while position < len(text) and text[position] == " ":
        position += 1
    if text[position : position + 1] == "{":
        end = closing(text, position)
        if end < 0:
            return text[position:], len(text)
        return "{" + _braced(text[position + 1 : end]) + "}", end + 1
    match = _ONE.match(text, position)
    if match is None or match[0] in ("\\frac", "\\sqrt"):
        return "", position
    return "{" + match[0] + "}", match.end()


def unwrap_text(text: str) -> str:
    r"""Return the text without the ``\text{…}`` around its words."""
    return re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", text)
