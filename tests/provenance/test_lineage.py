from __future__ import annotations

import json
import math
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import InputError, LineageCycleError, UsageError
from provenir.provenance.lineage import NODE_TYPES, LineageGraph
from provenir.provenance.lineage_document import LineageDocument

HOSTILE = [
    'quote " ] ; evil -> x',
    "back\\slash\\",
    "\\",
    "new\nline",
    "esc\x1b[2J",
    "bidi\u202e",
    "<b>html</b> &quot;",
    "\\N \\G",
    "/* */ // #",
    "🚀",
    "\ud800",
    "x" * 5000,
]


def chain() -> LineageGraph:
    graph = LineageGraph()
    graph.add_node("web", "source")
    graph.add_node("train", "dataset", "sha256:" + "a" * 64, {"n": 1200})
    graph.add_node("run-1", "run")
    graph.add_node("lora", "adapter", "sha256:" + "b" * 64)
    graph.add_node("gsm8k", "eval", attributes={"score": 0.71})
    graph.add_node("merged", "merge")
    graph.add_edge("web", "train", "collected_from")
    graph.add_edge("train", "run-1", "trained_on")
    graph.add_edge("run-1", "lora", "produced")
    graph.add_edge("lora", "gsm8k", "evaluated_by")
    graph.add_edge("lora", "merged", "merged_into")
    return graph


edge_lists = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30)


def build(pairs: list[tuple[int, int]]) -> tuple[LineageGraph, list[tuple[int, int]]]:
    """A graph of eight datasets with every edge that was accepted."""
    graph = LineageGraph()
    for number in range(8):
        graph.add_node(str(number), "dataset")
    accepted = []
    for parent, child in pairs:
        try:
            graph.add_edge(str(parent), str(child), "r")
        except LineageCycleError:
            continue
        accepted.append((parent, child))
    return graph, accepted


def closure(pairs: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """All (ancestor, descendant) pairs, the slow way."""
    found = set(pairs)
    while True:
        more = {(a, d) for a, b in found for c, d in found if b == c} - found
        if not more:
            return found
        found |= more


@settings(max_examples=80, deadline=None)
@given(edge_lists)
def test_exactly_the_edges_that_close_a_circle_are_refused(pairs: list[tuple[int, int]]) -> None:
    accepted: list[tuple[int, int]] = []
    graph, kept = build(pairs)
    for pair in pairs:
        reach = closure(accepted)
        if pair[0] != pair[1] and (pair[1], pair[0]) not in reach:
            accepted.append(pair)
    assert kept == accepted
    reach = closure(accepted)
    for node in range(8):
        above = sorted(str(a) for a, d in reach if d == node)
        below = sorted(str(d) for a, d in reach if a == node)
        assert (graph.ancestors(str(node)), graph.descendants(str(node))) == (above, below)


@settings(max_examples=40, deadline=None)
@given(edge_lists, st.randoms(use_true_random=False))
def test_the_document_round_trips_and_does_not_depend_on_the_order(pairs, random) -> None:
    graph, kept = build(pairs)
    random.shuffle(kept)
    other, _ = build(kept)
    assert graph == other
    table = graph.to_dict()
    assert canonical_bytes(table) == canonical_bytes(other.to_dict())
    assert LineageGraph.from_dict(json.loads(json.dumps(table))) == graph


def test_provenance_is_the_node_and_its_ancestors() -> None:
    graph = chain()
    part = graph.provenance_of("gsm8k")
    assert [node.node_id for node in part.nodes] == ["gsm8k", "lora", "run-1", "train", "web"]
    assert {edge.relation for edge in part.edges} == {
        "collected_from", "trained_on", "produced", "evaluated_by",
    }  # fmt: skip
    assert part.node("train").attributes == {"n": 1200}
    assert (graph.roots(), graph.leaves()) == (["web"], ["gsm8k", "merged"])
    assert (graph.parents("lora"), graph.children("lora")) == (["run-1"], ["gsm8k", "merged"])


def test_circles_name_both_ends() -> None:
    graph = chain()
    with pytest.raises(LineageCycleError, match=r"web.*merged"):
        graph.add_edge("merged", "web", "r")
    with pytest.raises(LineageCycleError):
        graph.add_edge("web", "web", "r")
    assert len(graph.edges) == 5


def test_unknown_nodes_and_types_are_misuse() -> None:
    graph = chain()
    for call in (
        lambda: graph.add_edge("web", "absent", "r"),
        lambda: graph.add_edge("absent", "web", "r"),
        lambda: graph.ancestors("absent"),
        lambda: graph.add_node("x", "checkpoint"),
        lambda: graph.add_node("", "run"),
        lambda: graph.add_node(3, "run"),  # type: ignore[arg-type]
        lambda: graph.add_node("train", "run"),
        lambda: graph.add_node("train", "dataset", "sha256:" + "f" * 64),
    ):
        with pytest.raises(UsageError):
            call()
    assert len(graph) == 6


def test_a_node_is_completed_by_a_second_mention() -> None:
    graph = LineageGraph()
    graph.add_node("m", "model", attributes={"a": 1})
    graph.add_node("m", "model", "sha256:1", {"b": 2})
    node = graph.node("m")
    assert (node.content_hash, node.attributes) == ("sha256:1", {"a": 1, "b": 2})
    assert "m" in graph
    assert "n" not in graph


def test_every_type_of_the_house_is_known() -> None:
    graph = LineageGraph()
    for node_type in NODE_TYPES:
        graph.add_node(node_type, node_type)
    assert len(graph) == 9


def test_graphs_merge_and_a_circle_between_them_is_refused() -> None:
    one, other = LineageGraph(), LineageGraph()
    for graph in (one, other):
        graph.add_node("a", "dataset")
        graph.add_node("b", "run")
    one.add_edge("a", "b", "r")
    other.add_node("c", "model")
    other.add_edge("b", "c", "r")
    assert one.merge(other).ancestors("c") == ["a", "b"]
    assert len(one) == 2
    back = LineageGraph()
    back.add_node("a", "dataset")
    back.add_node("b", "run")
    back.add_edge("b", "a", "r")
    with pytest.raises(LineageCycleError):
        one.merge(back)


def test_graphs_that_say_two_things_of_one_node_are_not_merged() -> None:
    one, other = LineageGraph(), LineageGraph()
    one.add_node("a", "dataset", attributes={"n": 1, "name": "x"})
    other.add_node("a", "dataset", attributes={"n": 2, "license": "mit"})
    for first, second in ((one, other), (other, one)):
        with pytest.raises(UsageError, match="differs in n between"):
            first.merge(second)
    other.add_node("a", "dataset", attributes={"n": 1})
    assert one.merge(other) == other.merge(one)
    assert one.merge(other).node("a").attributes == {"n": 1, "name": "x", "license": "mit"}


def test_nothing_that_is_handed_out_changes_the_graph() -> None:
    graph = LineageGraph()
    added = graph.add_node("a", "dataset", attributes={"n": 1, "more": {"x": [1]}})
    before = graph.to_dict()
    for node in (added, graph.node("a"), graph.nodes[0]):
        node.attributes["n"] = 2  # type: ignore[index]
        node.attributes["more"]["x"].append(2)
    graph.to_dict()["nodes"][0]["attributes"]["more"]["x"].append(2)
    assert graph.to_dict() == before


@pytest.mark.parametrize("odd", [None, 5, ["r"], b"r"])
def test_an_edge_is_of_text(odd: Any) -> None:
    graph = LineageGraph()
    graph.add_node("a", "dataset")
    graph.add_node("b", "run")
    graph.add_edge("a", "b", "trained_on")
    for edge in (("a", "b", odd), (odd, "b", "r"), ("a", odd, "r")):
        with pytest.raises(UsageError):
            graph.add_edge(*edge)
    assert len(graph.edges) == 1


NODE = {"node_id": "a", "node_type": "run", "content_hash": None, "attributes": {}}


@pytest.mark.parametrize(
    "table",
    [
        [],
        {},
        {"nodes": {}, "edges": []},
        {"nodes": [3], "edges": []},
        {"nodes": [{**NODE, "extra": 1}], "edges": []},
        {"nodes": [{**NODE, "node_type": "x"}], "edges": []},
        {"nodes": [{**NODE, "node_id": 3}], "edges": []},
        {"nodes": [{**NODE, "content_hash": 3}], "edges": []},
        {"nodes": [{**NODE, "attributes": [1]}], "edges": []},
        {"nodes": [NODE], "edges": [{"parent_id": "a", "child_id": "b", "relation": "r"}]},
        {"nodes": [NODE], "edges": [{"parent_id": "a", "child_id": "a"}]},
        {"nodes": [NODE], "edges": [{"parent_id": ["a"], "child_id": "a", "relation": "r"}]},
    ],
)
def test_a_malformed_document_is_an_input_error(table: object) -> None:
    with pytest.raises(InputError):
        LineageGraph.from_dict(table)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"schema_version": "lineage/99"}, "lineage/99"),
        ({"schema_version": None}, "schema_version"),
        ({"alien": 1}, "alien"),
        ({"nodes": [{**NODE, "alien": 1}]}, "alien"),
        ({"nodes": [{**NODE, "node_type": "x"}]}, "'x'"),
        ({"edges": [{"parent_id": "a", "child_id": "b", "relation": "r"}]}, "without a node"),
    ],
)
def test_a_file_of_another_format_is_refused(tmp_path, change: dict, named: str) -> None:
    path = tmp_path / "lineage.json"
    good = {"schema_version": "lineage/1", "nodes": [NODE], "edges": []}
    path.write_text(json.dumps(good))
    assert "a" in LineageGraph.read(path)
    path.write_text(json.dumps({**good, **change}))
    with pytest.raises(InputError) as caught:
        LineageGraph.read(path)
    assert named in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_deepest_attributes_are_read_back(tmp_path) -> None:
    deep: object = 1
    for _ in range(100):
        deep = {"a": deep}
    graph = LineageGraph()
    graph.add_node("a", "run", attributes={"deep": deep})
    LineageDocument.model_validate(graph.to_dict()).write(tmp_path / "lineage.json")
    assert LineageGraph.read(tmp_path / "lineage.json") == graph


def test_an_unknown_node_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"lora.*run-1.*train"):
        chain().node("nothing")
    with pytest.raises(UsageError, match="none"):
        LineageGraph().node("nothing")


def test_a_circle_in_a_document_is_refused() -> None:
    nodes = [{**NODE, "node_id": name} for name in "ab"]
    edges = [{"parent_id": p, "child_id": c, "relation": "r"} for p, c in (("a", "b"), ("b", "a"))]
    with pytest.raises(LineageCycleError):
        LineageGraph.from_dict({"nodes": nodes, "edges": edges})


def test_long_chains_exhaust_no_stack() -> None:
    graph = LineageGraph()
    graph.add_node("0", "dataset")
    for number in range(1, 3000):
        graph.add_node(str(number), "dataset")
        graph.add_edge(str(number), str(number - 1), "r")
    assert len(graph.ancestors("0")) == 2999
    assert LineageGraph.from_dict(graph.to_dict()) == graph
    assert len(graph.to_text(max_lines=10_000).splitlines()) == 3000
    assert len(graph.to_text(max_lines=5).splitlines()) == 6


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_in_a_picture_never_obeyed(name: str) -> None:
    graph = LineageGraph()
    graph.add_node(name, "dataset", name, {name: math.nan})
    graph.add_node("run", "run")
    graph.add_edge(name, "run", name)
    assert graph.ancestors("run") == graph.parents("run")
    canonical_bytes(graph.to_dict())
    dot = graph.to_dot()
    assert dot.isprintable() or "\x1b" not in dot
    lines = dot.splitlines()
    assert len(lines) == 7  # header, two settings, two nodes, one edge, end
    for line in lines[3:6]:
        assert _quoted_parts(line) == 1
    assert graph.to_text().count("\n") == 1
    assert "\x1b" not in graph.to_text()


def _quoted_parts(line: str) -> int:
    """Strings of a DOT line; an unbalanced quote fails."""
    inside, count, position = False, 0, 0
    while position < len(line):
        if inside and line[position] == "\\":
            position += 1
        elif line[position] == '"':
            inside = not inside
            count += inside
        position += 1
    assert not inside
    return count


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
def test_graphviz_accepts_the_drawing() -> None:
    graph = chain()
    for name in HOSTILE:
        graph.add_node(name, "dataset")
        graph.add_edge(name, "run-1", name)
    result = subprocess.run(
        ["dot", "-Tplain"], input=graph.to_dot(), capture_output=True, text=True, check=True
    )
    assert sum(line.startswith("node ") for line in result.stdout.splitlines()) == len(graph)


def test_the_tree_is_compact_and_says_what_stands_above() -> None:
    graph = chain()
    graph.add_node("other", "dataset")
    graph.add_edge("other", "run-1", "trained_on")
    assert graph.to_text().splitlines() == [
        "dataset other",
        "└─ run run-1 [trained_on]",
        "   └─ adapter lora sha256:bbbbbbbbbbbb [produced]",
        "      ├─ eval gsm8k score 0.71 [evaluated_by]",
        "      └─ merge merged [merged_into]",
        "source web",
        "└─ dataset train sha256:aaaaaaaaaaaa [collected_from]",
        "   └─ run run-1 [trained_on] (above)",
    ]
    assert LineageGraph().to_text() == ""
