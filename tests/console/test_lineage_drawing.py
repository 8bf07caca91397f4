from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.console.lineage_drawing import DRAWN, draw_lineage
from provenir.console.lineage_section import read_lineage
from strategies import any_text

if TYPE_CHECKING:
    from provenir.console.picture import Picture

SVG = "{http://www.w3.org/2000/svg}"


def graph(*names: str) -> dict[str, Any]:
    nodes = [
        {"node_id": f"n{i}", "node_type": "run", "attributes": {"name": name}}
        for i, name in enumerate(names)
    ]
    edges = [
        {"parent_id": f"n{i}", "child_id": f"n{i + 1}", "relation": "made"}
        for i in range(len(names) - 1)
    ]
    return {"nodes": nodes, "edges": edges}


def parsed(picture: Picture | None, dress: str = "light") -> ET.Element:
    assert picture is not None
    address = getattr(picture, dress)
    return ET.fromstring(b64decode(address.removeprefix("data:image/svg+xml;base64,")))


def words(picture: Picture | None) -> list[str]:
    return [t.text or "" for t in parsed(picture).iter(f"{SVG}text")]


def test_nodes_links_and_names_are_drawn() -> None:
    picture = draw_lineage(graph("train set", "my-run", "model"))
    assert {"train set", "my-run", "model", "no digest"} <= set(words(picture))
    assert len(list(parsed(picture).iter(f"{SVG}rect"))) == 3
    assert len(list(parsed(picture).iter(f"{SVG}path"))) == 2 * 2
    assert "3 nodes" in picture.alt if picture else False


@given(st.lists(any_text, min_size=1, max_size=4))
@settings(max_examples=40)
def test_no_name_breaks_the_drawing_or_becomes_markup(names: list[str]) -> None:
    root = parsed(draw_lineage(graph(*names, "</text><script>x</script>", "\uffff\x00\u202e")))
    assert {e.tag for e in root.iter()} <= {f"{SVG}{t}" for t in ("svg", "rect", "text", "path")}


def test_long_and_wide_names_stay_in_their_box() -> None:
    long, wide = words(draw_lineage(graph("x" * 90, "宽" * 90)))[1::3]
    assert (len(long), len(wide)) == (22, 11)
    assert long.endswith("…")


def test_a_digest_in_a_name_is_shown_as_the_namers_word() -> None:
    named = graph("tiny sha256:" + "ab" * 32)
    assert words(draw_lineage(named)) == ["run", "tiny", "as named abababababab…"]
    (row,) = read_lineage(named).nodes.rows
    assert row[1].text == "tiny"
    assert row[3].text == "sha256:" + "ab" * 32 + " as named, not hashed here"


def test_a_digest_of_its_own_goes_before_one_in_the_name() -> None:
    named = graph("tiny sha256:" + "ab" * 32)
    named["nodes"][0]["content_hash"] = "sha256:" + "cd" * 32
    assert words(draw_lineage(named))[2] == "sha256:cdcdcdcdcdcd…"
    assert words(draw_lineage(graph("sha256:" + "ab" * 32)))[1].startswith("sha256:abab")


def test_a_large_lineage_is_drawn_in_part() -> None:
    picture = draw_lineage(graph(*(f"node {i}" for i in range(DRAWN + 20))))
    assert len(list(parsed(picture).iter(f"{SVG}rect"))) == DRAWN


def test_the_dark_dress_has_other_colours_and_the_same_words() -> None:
    picture = draw_lineage(graph("a", "b"))
    light, dark = parsed(picture), parsed(picture, "dark")
    assert [e.text for e in light.iter()] == [e.text for e in dark.iter()]
    assert {e.get("fill") for e in light.iter()}.isdisjoint(
        {e.get("fill") for e in dark.iter()} - {None, "none"}
    )


def test_nothing_to_draw() -> None:
    for empty in ({}, {"nodes": []}, {"nodes": 3, "edges": "x"}, {"nodes": [None, 4]}):
        assert draw_lineage(empty) is None
