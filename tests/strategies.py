"""Hypothesis strategies shared by the tests of every room."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from fakes import Raising, Scalar

SAFE = 2**53 - 1

# Text -----------------------------------------------------------------------------------------

unicode_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
"""Well-formed text of any script."""

any_text = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["\ud800", "a\udfffb", "\ud83d\ude00", "\x1b]0;x\x07", "a\nb", "\u202eabc", "\x00", "😀", ""]
)
"""Text as Python can hold it, lone surrogates included."""

hostile_names = st.sampled_from(
    ["a/b", "..", "../../etc/passwd", "a\nb", "🚀", "", " ", "-rf", "x" * 500, "a\x00b", "\ud800"]
)
"""Names that must not reach a file system as they are."""

# JSON -----------------------------------------------------------------------------------------

safe_integers = st.integers(-SAFE, SAFE)
finite_floats = st.floats(allow_nan=False, allow_infinity=False)
json_scalars = st.none() | st.booleans() | safe_integers | finite_floats | unicode_text


def _containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=5) | st.dictionaries(unicode_text, children, max_size=5)


json_values = st.recursive(json_scalars, _containers, max_leaves=20)
"""Values with canonical bytes."""

json_objects = st.dictionaries(unicode_text, json_values, max_size=6)
"""Objects with canonical bytes: what a document's content looks like."""

# Training rows (leaf rule 1) --------------------------------------------------------------------

_zones = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30))])
_times = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001
row_scalars = (
    json_scalars
    | any_text
    | st.integers()
    | st.floats()
    | st.binary(max_size=8)
    | _times
    | st.builds(lambda moment, zone: moment.replace(tzinfo=zone), _times, _zones)
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals()
)
_keys = st.sampled_from(["a", "b", "$int", "$$int", "$str", "$map", "$"]) | any_text


def _row_containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    unusual_keys = st.integers() | st.booleans() | st.dates() | st.binary(max_size=3) | _keys
    return (
        st.lists(children, max_size=4)
        | st.dictionaries(_keys, children, max_size=4)
        | st.dictionaries(unusual_keys, children, max_size=3)
    )


row_values = st.recursive(row_scalars, _row_containers, max_leaves=12)
"""Values that leaf rule 1 names, hostile keys and text included."""

rows = st.dictionaries(_keys, row_values, max_size=5)
"""Training rows."""

text_rows = st.fixed_dictionaries(
    {"prompt": unicode_text, "answer": unicode_text},
    optional={"id": safe_integers, "tags": st.lists(unicode_text, max_size=3)},
)
"""Rows of the shape that most datasets have."""

# What training loops hand over ----------------------------------------------------------------

metric_names = st.sampled_from(
    ["step", "kl", "entropy", "reward_mean", "reward_std", "grad_norm", "loss", "learning_rate"]
)
metric_values = st.floats() | st.integers() | st.none() | st.booleans()
steps = st.dictionaries(metric_names, metric_values, max_size=8)
"""What a loop may pass to `log_step`."""


def _self_containing() -> Any:
    value: list[Any] = [1]
    value.append({"again": value})
    return value


def _nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


hostile_values = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, 10**400, -(2**70), 2**53]),
    any_text,
    st.binary(max_size=8),
    st.builds(Raising),
    st.builds(_self_containing),
    st.builds(lambda: _nested(500)),
    st.builds(Scalar, st.floats()),
    st.builds(object),
    st.builds(lambda: (item for item in range(3))),
    st.sets(st.integers(), max_size=3),
    st.decimals(),
    st.complex_numbers(),
    st.just(Decimal("sNaN")),
    st.just(Scalar),
    st.just(print),
    st.builds(lambda: {Raising: 1, (1, 2): 2, None: 3, 1.5: 4}),
)
"""Values that nobody expects in a step, and that must not break it."""

hostile_steps = st.dictionaries(metric_names | any_text, metric_values | hostile_values, max_size=6)

trajectories = st.fixed_dictionaries(
    {"prompt": any_text},
    optional={
        "prediction": any_text,
        "response": any_text,
        "reward": st.floats() | st.none(),
        "proxy_reward": st.floats(0, 1),
        "true_reward": st.floats(0, 1),
        "held_out_reward": st.floats(0, 1),
        "group_id": st.integers(0, 3) | unicode_text,
        "index": st.integers(0, 100),
        "note": hostile_values,
    },
)
"""What a loop may pass to `log_trajectory`."""
