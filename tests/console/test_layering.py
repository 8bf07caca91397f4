from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenir.console.layering import Waypoint, arrange

NODES = st.lists(st.sampled_from("abcdefgh"), unique=True)
EDGES = st.lists(st.tuples(st.sampled_from("abcdefghz"), st.sampled_from("abcdefghz")))


@given(NODES, EDGES)
def test_every_node_stands_in_one_column(nodes: list[str], edges: list[tuple[str, str]]) -> None:
    layout = arrange(nodes, edges)
    placed = [node for column in layout.columns for node in column if isinstance(node, str)]
    assert sorted(placed) == sorted(nodes)


@given(NODES, EDGES)
def test_every_edge_goes_from_column_to_column(
    nodes: list[str], edges: list[tuple[str, str]]
) -> None:
    layout = arrange(nodes, edges)
    at = {place: x for x, column in enumerate(layout.columns) for place in column}
    ends = {(path[0], path[-1]) for path in layout.paths}
    assert ends == {(a, b) for a, b in edges if a in nodes and b in nodes and a != b}
    for path in layout.paths:
        if not {path[0], path[-1]} & set(layout.circular):
            assert [at[place] for place in path] == list(
                range(at[path[0]], at[path[0]] + len(path))
            )


def test_a_long_edge_keeps_room_in_the_columns_it_crosses() -> None:
    layout = arrange(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    assert layout.columns == (("a",), ("b", Waypoint("a", "c", 1)), ("c",))


@given(NODES, EDGES)
def test_a_child_stands_right_of_its_parents(
    nodes: list[str], edges: list[tuple[str, str]]
) -> None:
    layout = arrange(nodes, edges)
    at = {node: x for x, column in enumerate(layout.columns) for node in column}
    for parent, child in edges:
        free = {parent, child} <= at.keys() and not {parent, child} & set(layout.circular)
        if free and parent != child:
            assert at[parent] < at[child]


def test_a_circle_is_placed_and_named() -> None:
    layout = arrange(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "b")])
    assert layout.columns == (("a",), ("b", "c"))
    assert layout.circular == ("b", "c")


def test_rows_follow_the_parents() -> None:
    edges = [("a", "x"), ("b", "y")]
    assert arrange(["a", "b", "y", "x"], edges).columns == (("a", "b"), ("x", "y"))
