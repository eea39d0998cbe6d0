"""Panels as Vega-Lite, in the figures' colours, dashes and markers."""

import json
import math
from collections.abc import Mapping
from typing import Any

import altair as alt

from dslt.figures.style import GREY, Look, dashes
from dslt.report.plots.panels import PlotAxis, PlotPanel, PlotSeries

HEIGHT = 280  # pixels
ROOM = 0.07  # of the values' range, beyond them
# A name for matplotlib's markers, where Vega has one; SVG paths for the others.
SHAPES: Mapping[str, str] = {
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "d": "diamond",
    "^": "triangle-up",
    "v": "triangle-down",
    "<": "triangle-left",
    ">": "triangle-right",
    "+": "cross",
    "x": "M-1,-1L1,1M1,-1L-1,1",
    "X": "M-1,-1L1,1M1,-1L-1,1",
    "P": "cross",
    "1": "M0,0L0,1M0,0L-.87,-.5M0,0L.87,-.5",
    "2": "M0,0L0,-1M0,0L-.87,.5M0,0L.87,.5",
    "*": "M0,-1L.29,-.4L.95,-.31L.48,.15L.59,.81L0,.5L-.59,.81L-.48,.15L-.95,-.31L-.29,-.4Z",
    "p": "M0,-1L.95,-.31L.59,.81L-.59,.81L-.95,-.31Z",
    "h": "M0,-1L.87,-.5L.87,.5L0,1L-.87,.5L-.87,-.5Z",
    "H": "M-1,0L-.5,-.87L.5,-.87L1,0L.5,.87L-.5,.87Z",
    "8": "M-.41,-1L.41,-1L1,-.41L1,.41L.41,1L-.41,1L-1,.41L-1,-.41Z",
}
Cells = Mapping[str, Look]


def label(look: Look) -> str:
    """Return what a cell is called, without what matplotlib needs escaped (`style.plain`)."""
    return look.label.replace(r"\$", "$")


def specification(panel: PlotPanel, looks: Cells) -> dict[str, Any]:
    """Write a panel as Vega-Lite.

    A parameter `hidden` holds the cells that are switched off; the page's legend sets it.

    Args:
        panel: The panel.
        looks: How its cells look.
    """
    order = {cell: place for place, cell in enumerate(looks)}
    drawn = sorted(panel.series, key=lambda one: (not one.single, -order[one.cell]))
    data = alt.Chart(alt.InlineData(values=[_row(one, looks) for one in drawn]))
    base = (
        data.transform_flatten(["x", "y"])
        .transform_filter("indexof(hidden, datum.cell) < 0")
        .encode(
            x=_places(panel, looks),
            y=_values(panel),
            color=_by_cell(alt.Color, looks, [look.color for look in looks.values()]),
            detail="of:N",
        )
    )
    if panel.x.kind == "names" and not _of_cells(panel, looks):
        base = base.encode(xOffset=alt.XOffset("cell:N", sort=list(looks)))
    lines = _line(base, looks) if panel.mark == "line" else []
    layers = [*_behind(panel, looks), *lines]
    hidden = alt.param(name="hidden", value=[])
    chart = alt.layer(*layers, _points(base, panel, looks)).add_params(hidden)
    found: dict[str, Any] = chart.properties(width="container", height=HEIGHT).to_dict()
    del found["config"]  # the page has one for each theme
    return found


def _row(series: PlotSeries, looks: Cells) -> dict[str, Any]:
    """Write a series as a row of data, which Vega-Lite flattens; five digits are seen."""
    x = [place if isinstance(place, str) else float(f"{place:.5g}") for place in series.x]
    y = [float(f"{value:.5g}") for value in series.y]
    named = {"cell": series.cell, "label": label(looks[series.cell]), "of": series.of}
    return named | {"single": series.single, "x": x, "y": y}


def _of_cells(panel: PlotPanel, looks: Cells) -> bool:
    """Tell whether the names on the first axis are those of cells."""
    return set(panel.x.names) <= set(looks)


def _places(panel: PlotPanel, looks: Cells, field: str = "x") -> alt.X:
    """Place a field of the data on the first axis."""
    axis = panel.x
    if axis.kind == "names":
        titles = {n: label(looks[n]) if n in looks else n for n in axis.names}
        named = f"({json.dumps(titles)})[datum.value]"
        shown = alt.Axis(labelAngle=0, labelLimit=110, labelOverlap=True, labelExpr=named)
        return alt.X(f"{field}:N", title=axis.title, sort=list(axis.names), axis=shown)
    values = [float(place) for series in panel.series for place in series.x]
    scale, ticks = _scale(axis, values), _ticks(axis)
    return alt.X(f"{field}:Q", title=axis.title, scale=scale, axis=ticks)


def _values(panel: PlotPanel, field: str = "y") -> alt.Y:
    """Place a field of the data on the second axis."""
    values = [value for series in panel.series for value in series.y]
    scale, ticks = _scale(panel.y, values), _ticks(panel.y)
    return alt.Y(f"{field}:Q", title=panel.y.title, scale=scale, axis=ticks)


def _scale(axis: PlotAxis, values: list[float]) -> alt.Scale:
    """Place values on an axis, with some room where they decide its ends."""
    room = ROOM * ((max(values) - min(values)) or 1.0)
    low = min(values) - room if axis.low is None else axis.low
    high = max(values) + room if axis.high is None else axis.high
    log = axis.kind == "log"
    ends = [float(f"{end:.5g}") for end in sorted((low, high))]
    kind: Any = "log" if log else "linear"
    return alt.Scale(type=kind, reverse=high < low, clamp=log, domain=ends, nice=False)


def _ticks(axis: PlotAxis) -> alt.Axis:
    """Choose ticks: 1, 2, 5, 10 and so on where the axis is logarithmic."""
    if axis.kind == "log" and axis.low is not None and axis.high is not None:
        powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
        steps = [float(f"{step}e{power}") for power in powers for step in (1, 2, 5)]
        return alt.Axis(values=[s for s in steps if axis.low <= s <= axis.high], format="~g")
    return alt.Axis(tickMinStep=axis.step) if axis.step else alt.Axis()


def _by_cell(channel: Any, looks: Cells, values: list[Any]) -> Any:
    """Give each cell a value of a channel; the page has a legend of its own."""
    return channel("cell:N", legend=None, scale=alt.Scale(domain=list(looks), range=values))


def _behind(panel: PlotPanel, looks: Cells) -> list[alt.Chart]:
    """Draw what lies behind the series, on their axes: a shaded range, a level."""
    layers = []
    if panel.band:
        values = [{"from": panel.band[0], "to": panel.band[1]}]
        band = alt.Chart(alt.InlineData(values=values)).mark_rect(opacity=0.15, color=GREY)
        layers.append(band.encode(x=_places(panel, looks, "from"), x2="to:Q"))
    if panel.level is not None:
        rule = alt.Chart(alt.InlineData(values=[{"level": panel.level}]))
        dashed = rule.mark_rule(color=GREY, strokeDash=[4, 3])
        layers.append(dashed.encode(y=_values(panel, "level")))
    return layers


def _line(base: alt.Chart, looks: Cells) -> list[alt.Chart]:
    """Draw lines, those of single seeds thin."""
    single = alt.when("datum.single")
    return [
        base.mark_line(interpolate="linear", strokeCap="butt").encode(
            strokeDash=_by_cell(alt.StrokeDash, looks, [_scaled(k) for k in looks.values()]),
            strokeWidth=single.then(alt.value(0.8)).otherwise(alt.value(2)),
            opacity=single.then(alt.value(0.45)).otherwise(alt.value(1)),
        )
    ]


def _scaled(look: Look) -> list[float]:
    """Dashes in pixels, for lines of two pixels."""
    return [2 * part for part in dashes(look.dash)] or [1, 0]


def _points(base: alt.Chart, panel: PlotPanel, looks: Cells) -> alt.Chart:
    """Draw points: of the mark, or of the value nearest to the pointer only."""
    near = alt.selection_point(
        on="pointerover", nearest=True, clear="pointerout", fields=["cell", "of", "x"], empty=False
    )
    pointed = alt.when(near).then(alt.value(1)).when("datum.single")
    whole = 0 if panel.mark == "line" else 1
    shown = pointed.then(alt.value(0.4 * whole)).otherwise(alt.value(whole))
    shapes = [SHAPES[look.marker] for look in looks.values()]
    points: alt.Chart = (
        base.mark_point(strokeWidth=1.4)
        .encode(
            shape=_by_cell(alt.Shape, looks, shapes),
            fill=_by_cell(alt.Fill, looks, [look.color for look in looks.values()]),
            size=alt.when(near).then(alt.value(110)).otherwise(alt.value(55)),
            opacity=shown,
            tooltip=_tip(panel),
        )
        .add_params(near)
    )
    return points


def _tip(panel: PlotPanel) -> Any:
    """Say what a value is of.

    The nearest value is found by an area around it, which wraps it; lists of names as tooltips
    leave names undefined there (Vega-Lite 6.4).
    """
    one = "(datum.datum || datum)"
    place = f"{one}.x" if panel.x.kind == "names" else f"format({one}.x, '.4~g')"
    parts = {
        "Cell": f"{one}.label",
        "Of": f"{one}.of",
        panel.x.title: place,
        panel.y.title: f"format({one}.y, '.4~g')",
    }
    listed = ", ".join(f"{json.dumps(name)}: {value}" for name, value in parts.items())
    return alt.value(alt.expr(f"{{{listed}}}"))
