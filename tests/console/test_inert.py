"""Nothing on the page can act, whatever the run holds."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("altair", reason="the charts need the extra report")
pytest.importorskip("vl_convert", reason="the charts need the extra report")

from base64 import b64decode, b64encode
from hashlib import sha256

import provenir
from provenir.console import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "header",
        "main",
        "footer",
        "section",
        "article",
        "nav",
        "ul",
        "li",
        "p",
        "span",
        "strong",
        "b",
        "h1",
        "h2",
        "h3",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "a",
        "figure",
        "figcaption",
        "picture",
        "source",
        "img",
        "details",
        "summary",
        "mark",
    ]
)
ATTRIBUTES = frozenset(
    [
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "id",
        "href",
        "aria-label",
        "role",
        "tabindex",
        "title",
        "scope",
        "data-label",
        "media",
        "srcset",
        "src",
        "alt",
        "width",
        "height",
    ]
)
SVG_TAGS = frozenset(["svg", "g", "path", "rect", "text", "line", "defs", "clipPath"])
HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</pre></title><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "'\"><svg onload=alert(1)><!--",
    "{{ 7*7 }}{% raw %}",
    "\u202egnp.exe\u2066\u200b",
    "\x1b]0;owned\x07\x00\uffff",
    "\ud800 lone",
    "https://evil.example/x.js",
    "data:text/html,<script>1</script>",
]


class Page(HTMLParser):
    """Collects what could act."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.styles: list[str] = []
        self.policy = ""
        self._in_style = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._in_style = tag == "style"
        if tag == "style":
            self.styles.append("")
        named = dict(attrs)
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named.get("content") or ""

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a processing instruction: {data!r}")


def assert_inert(text: str) -> None:
    page = Page(text)
    assert page.tags <= TAGS
    assert {name for _, name, _ in page.attributes} <= ATTRIBUTES
    for tag, name, value in page.attributes:
        if name in {"src", "srcset"}:
            assert value.startswith("data:image/svg+xml;base64,")
            assert_inert_drawing(value)
        elif name == "href":
            assert (tag, value[0]) == ("a", "#")
        elif name == "class":
            assert all(part.replace("-", "").isalpha() for part in value.split())
    (style,) = page.styles
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert page.policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}';"
        " base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style
    assert "@import" not in style
    assert text.isprintable() or not set(text) & set("\u202e\u2066\u200b\x1b\x00\x07")


def assert_inert_drawing(address: str) -> None:
    raw = b64decode(address.removeprefix("data:image/svg+xml;base64,"), validate=True)
    for element in ET.fromstring(raw).iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in SVG_TAGS
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert "href" not in name.lower()
            assert "url(" not in value or value.startswith("url(#")


def test_a_usual_page_is_inert(make_run: Callable[..., Path]) -> None:
    assert_inert(render(make_run()).read_text())


def test_hostile_text_in_everything_a_user_can_name(tmp_path: Path) -> None:
    everything = " ".join(HOSTILE)
    with provenir.track(
        everything,
        dataset=[{"q": text.encode("utf-8", "replace").decode()} for text in HOSTILE],
        base_model=everything,
        config={"a": everything, "framework": everything},
        output_dir=tmp_path / "run",
    ) as run:
        for at, text in enumerate(HOSTILE):
            run.log_step({text: 1.0, f"rewards/{text}/mean": 0.5, "kl": float(at)})
            run.log_trajectory(
                {"prompt": text, "prediction": text * 3, "reward": 1, "group_id": text}
            )
            run.record_eval(text, score=0.5, note=text)
        run.log_trajectory({"prediction": "<b>" + "A" * 1_000_000, "reward": -5, "true_reward": -9})
    page = render(tmp_path / "run")
    text = page.read_text()
    assert_inert(text)
    assert page.stat().st_size < 2_000_000
    assert re.search(r"[0-9,]+ (more|characters) not shown", text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert r"\u202e" in text
    assert "49" not in text.split("</title>")[0].split("<title>")[1]


@pytest.mark.parametrize(
    "name", ["flight_recorder.json", "hacking_report.json", "lineage.json", "bom.json"]
)
def test_hostile_values_at_every_place_of_a_document(
    make_run: Callable[..., Path], name: str
) -> None:
    folder = make_run(steps=12)
    path = folder / name
    hostile = "".join(HOSTILE).encode("utf-8", "replace").decode()
    path.write_text(json.dumps(poisoned(json.loads(path.read_text()), hostile)))
    assert_inert(render(folder).read_text())


def poisoned(value: Any, hostile: str) -> Any:
    """Replace every text and key that is data, keep the shape."""
    if isinstance(value, str):
        return value + hostile
    if isinstance(value, list):
        return [poisoned(item, hostile) for item in value]
    if isinstance(value, dict):
        changed = {key: poisoned(item, hostile) for key, item in value.items()}
        return {**changed, hostile: hostile}
    return value


def test_the_check_itself_can_fail() -> None:
    for bad in ("<script></script>", "<p onclick='x'>", "<a href='javascript:x'>", "<!-- x -->"):
        with pytest.raises(AssertionError):
            assert_inert(f"<html><style></style>{bad}</html>")
