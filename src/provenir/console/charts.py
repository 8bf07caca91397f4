"""Charts of the recorded channels, drawn on our side as SVG.

The grammar is Vega-Lite, written with Altair and drawn by vl-convert (extra ``report``), both
loaded at the first chart. A specification holds its data inline and names no address; vl-convert
is given an empty list of allowed addresses besides. No text from a run enters a specification:
names and reasons stand beside the picture, where the page escapes them.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Final

from provenir.console import palette
from provenir.console.bands import DASHES, SHAPES, Mark, bands, in_words
from provenir.console.picture import Picture
from provenir.console.scales import log_axis
from provenir.console.series import Bucket, Series, joined
from provenir.console.wording import figure
from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 380
HEIGHT: Final = 146
_OUTGROWN: Final = 20.0
"""How many times its median a positive channel may reach on a linear scale."""

_LARGEST: Final = 1e300
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_LABELS: Final = (
    "datum.value != 0 && (abs(datum.value) >= 1e6 || abs(datum.value) < 1e-3)"
    " ? replace(format(datum.value, '.3~e'), '+', '') : format(datum.value, ',.9~r')"
)
"""In full up to a million, so that neighbours on a narrow axis differ."""

_HINT: Final = 0.3
_SIGN_SIZE: Final = 46
_SIGN_AT: Final = 3
"""Pixels below the upper edge of the plot."""

_STEP_TICKS: Final = 6
_STEPS: Final = {"grid": False, "tickMinStep": 1, "format": ",d"}
_DRESS: Final[dict[str, Any]] = {
    "width": WIDTH,
    "height": HEIGHT,
    # A browser's font may be wider than the one that the labels were measured with.
    "padding": {"left": 10, "right": 12, "top": 8, "bottom": 4},
    "autosize": {"type": "fit", "contains": "padding"},
    "config": {
        "aria": False,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {
            "domain": False,
            "gridColor": palette.GRID,
            "labelColor": palette.MUTED,
            "labelFont": _FONT,
            "labelFontSize": 11,
            "labelPadding": 5,
            "ticks": False,
            "titleAnchor": "end",
            "titleColor": palette.MUTED,
            "titleFont": _FONT,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "titlePadding": 2,
        },
        "area": {"color": palette.LINE},
        "line": {"color": palette.LINE, "strokeWidth": 1.6, "strokeJoin": "round"},
        "point": {"color": palette.LINE},
    },
}


def draw(
    series: Series, marks: Sequence[Mark] = (), span: tuple[int, int] | None = None
) -> Picture:
    """Draw one channel with its anomalies.

    Args:
        series: The channel's course.
        marks: Where its anomalies lie.
        span: First and last step of the axis; by default those of the channel.

    Raises:
        MissingExtraError: The extra ``report`` is not installed.
    """
    svg = _svg(specification(series, marks, span or (series.first_step, series.last_step)))
    return Picture.of(svg, alt=_alt(series, marks), width=WIDTH, height=HEIGHT)


def is_log(series: Series) -> bool:
    """Tell whether a few values so outgrow the rest that only a logarithmic scale shows both."""
    low, high = series.low, series.high
    if low is None or high is None or low <= 0:
        return False
    return high > _OUTGROWN * median(b.last for b in series.buckets if b.last is not None)


def specification(series: Series, marks: Sequence[Mark], span: tuple[int, int]) -> dict[str, Any]:
    """Return the Vega-Lite specification of one channel's chart."""
    alt = require("report", "altair")
    buckets = joined(series.buckets)
    domain = [span[0], max(span[1], span[0] + 1)]
    value = alt.Y("last:Q", title=None, **_value_axis(series))
    # More ticks than steps would write each step twice.
    ticks = {**_STEPS, "tickCount": min(_STEP_TICKS, domain[1] - domain[0])}
    step = alt.X("step:Q", title="step", scale={"domain": domain, "nice": False}, axis=ticks)
    base = alt.Chart(alt.Data(values=_rows(buckets))).encode(x=step)
    layers = [*_shade(alt, marks, span, step)]
    if any(b.low != b.high for b in buckets):
        layers.append(base.mark_area(opacity=0.22, clip=True).encode(y="low:Q", y2="high:Q"))
    layers.append(base.mark_line(clip=True).encode(y=value))
    if _lonely(buckets):
        layers.append(base.mark_point(filled=True, size=22, opacity=1).encode(y=value))
    # The rest is constant: set on the finished value, it is not validated at every chart.
    found: dict[str, Any] = alt.layer(*layers).to_dict(validate=False)
    return {**found, **_DRESS}


def _value_axis(series: Series) -> dict[str, Any]:
    low, high = _drawable(series.low), _drawable(series.high)
    if low is None or high is None or not is_log(series):
        scale: dict[str, Any] = {"type": "linear", "zero": False, "nice": True}
        return {"scale": scale, "axis": {"tickCount": 4, "labelExpr": _LABELS}}
    axis = log_axis(low, high)
    # Left to itself the drawing drops labels that it deems too close, decades among them.
    written = {"values": list(axis.ticks), "labelOverlap": False, "labelExpr": _LABELS}
    return {"scale": axis.scale, "axis": written}


def _rows(buckets: Sequence[Bucket]) -> list[dict[str, float | int | None]]:
    return [
        {
            "step": b.last_step,
            "low": _drawable(b.low),
            "high": _drawable(b.high),
            "last": _drawable(b.last),
        }
        for b in buckets
    ]


def _drawable(value: float | None) -> float | None:
    # A scale computes the difference of its ends, which must not overflow a double.
    return None if value is None else max(-_LARGEST, min(_LARGEST, value))


def _lonely(buckets: Sequence[Bucket]) -> bool:
    """Tell whether a value stands between two gaps, where a line alone would not show it."""
    seen = [b.last is not None for b in buckets]
    padded = [False, *seen, False]
    return any(
        here and not before and not after
        for before, here, after in zip(padded, padded[1:], padded[2:], strict=False)
    )


def _shade(alt: Any, marks: Sequence[Mark], span: tuple[int, int], step: Any) -> list[Any]:
    layers: list[Any] = []
    for found in bands(marks, span):
        rows = [{"step": first, "end": last} for first, last in found.spans]
        colour = palette.severity_colour(found.severity)
        base = alt.Chart(alt.Data(values=rows)).encode(x=step)
        band = base.mark_rect(color=colour, opacity=found.opacity, clip=True)
        layers.append(band.encode(x2="end:Q"))
        # A band of one step has no width; its line is seen at any size.
        line: dict[str, Any] = {"strokeWidth": 1.0, "opacity": _HINT}
        if found.has_signs:
            line = {"strokeWidth": 1.5, "strokeDash": DASHES[found.severity]}
        layers.append(base.mark_rule(color=colour, clip=True, **line))
        if found.has_signs:
            sign = base.mark_point(
                color=colour, filled=True, opacity=1, shape=SHAPES[found.severity], size=_SIGN_SIZE
            )
            layers.append(sign.encode(y=alt.value(_SIGN_AT)))
    return layers


def _svg(spec: dict[str, Any]) -> str:
    converter = require("report", "vl_convert")
    drawn: str = converter.vegalite_to_svg(spec, allowed_base_urls=[])
    return drawn


def _alt(series: Series, marks: Sequence[Mark]) -> str:
    words = (
        f"{series.channel} from step {series.first_step} to {series.last_step}:"
        f" last {figure(series.last, missing='not finite')},"
        f" lowest {figure(series.low, missing='none')},"
        f" highest {figure(series.high, missing='none')}"
    )
    return "; ".join(filter(None, (words, in_words(marks)))) + "."
