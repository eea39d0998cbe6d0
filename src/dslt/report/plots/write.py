"""An interactive plot as two files: a script that hands it to the page, and its data as CSV."""

import json
from collections.abc import Sequence
from pathlib import Path

from dslt.core.csvfile import write_rows
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.figures.style import Look, dashes
from dslt.report.plots.charts import Cells, label, specification
from dslt.report.plots.panels import HEADER, PlotPanel, rows

FEW = 6  # names on an axis that fit into half of a page


def write_plot(
    name: str, panels: Sequence[PlotPanel], looks: Cells, out: Path
) -> tuple[Path, Path]:
    """Write `<out>.js` and `<out>.csv`.

    A page opened from a folder may not read other files, but it may run scripts: so the plot comes
    as one, a call with plain JSON.

    Args:
        name: What the page calls the plot.
        panels: What it shows.
        looks: How its cells look, in the order of the legend.
        out: Path without suffix.

    Raises:
        DsltError: There is nothing to show.
    """
    if not panels:
        raise DsltError(f"{out}: nothing to plot; expected results of at least one benchmark")
    shown = {
        "legend": [_entry(cell, look) for cell, look in looks.items()],
        "panels": [
            {
                "title": panel.title,
                "wide": len(panel.x.names) > FEW,
                "spec": specification(panel, looks),
            }
            for panel in panels
        ],
    }
    text = json.dumps(shown, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    script, table = (out.with_name(out.name + suffix) for suffix in (".js", ".csv"))
    with atomic_write(script) as path:
        path.write_text(f"dslt.plots[{json.dumps(name)}] = {text};\n", encoding="utf-8")
    write_rows(table, HEADER, rows(panels))
    return script, table


def _entry(cell: str, look: Look) -> dict[str, object]:
    """Describe a cell for the legend."""
    return {"cell": cell, "label": label(look), "color": look.color, "dash": dashes(look.dash)}
