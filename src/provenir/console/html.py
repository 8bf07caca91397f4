"""From view values to one HTML file in which nothing can act.

Rules kept here, in one place:

- every value that the template writes is neutralised (:func:`provenir.core.text.printable`) and
  escaped; the only exceptions are the style sheet of this package and the drawings this room made;
- the policy forbids everything (``default-src 'none'``) but images given as data and the one
  style element, which it names by its SHA-256 (Content Security Policy Level 3, section 2.3.1);
- there is no script, no inline style attribute, no form, no base address, no outside address.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from provenir._version import __version__
from provenir.console.picture import DataUri
from provenir.console.wording import shorten
from provenir.core.text import printable

MAX_TEXT: Final = 4_000
"""Most characters that one written value has; long text is cut, with a count, before it."""

_LONGEST_ESCAPE: Final = 10
_TEMPLATES: Final = ("report.html.j2", "contamination.html.j2", "parts.html.j2")


def write(page: object, template: str = "report.html.j2") -> str:
    """Fill a template with a page's values and return the whole document."""
    style = _source("report.css")
    return (
        _environment()
        .get_template(template)
        .render(
            page=page,
            style=Markup(style),  # noqa: S704 - our own file, no data in it
            policy=content_policy(style),
            version=__version__,
        )
    )


def content_policy(style: str) -> str:
    """Return the content security policy for a page with this one style element."""
    digest = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    return (
        "default-src 'none'; img-src data:; "
        f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def harmless(value: Any) -> Any:
    """Neutralise one value that the template is about to write.

    Line breaks and tabs stay; other control characters, directional and invisible ones become
    visible escapes. A drawing's address passes untouched.
    """
    if isinstance(value, (DataUri, Markup)):
        return value
    shown = shorten(str(value), MAX_TEXT)
    lines = (
        "\t".join(
            printable(part, max_chars=_LONGEST_ESCAPE * MAX_TEXT) for part in line.split("\t")
        )
        for line in shown.split("\n")
    )
    return "\n".join(lines)


@cache
def _environment() -> Environment:
    return Environment(
        loader=DictLoader({name: _source(name) for name in _TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=harmless,
        trim_blocks=False,
    )


def _source(name: str) -> str:
    return files("provenir.console").joinpath("templates", name).read_text(encoding="utf-8")
