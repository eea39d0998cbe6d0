"""The matrix of sequences and trackers, the entrance to the pages of the sequences."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dslt.report import html
from dslt.report.sequences.shown import (
    ShownTracker,
    attribute_words,
    described,
    script_data,
    sequence_metrics,
)
from dslt.settings.catalog import benchmark_title

SCRIPTS = ("assets/matrix.js",)


def write_matrix(
    benchmarks: Mapping[str, Sequence[ShownTracker]],
    pages: Mapping[str, Path],
    out: Path,
    site: html.Site,
) -> None:
    """Write the page.

    Args:
        benchmarks: Name of each benchmark to its trackers.
        pages: Name of each benchmark to the folder of its sequences' pages.
        out: The page.
        site: The site that it is a part of.

    Raises:
        DsltError: The file cannot be written.
    """
    data = [
        {
            "id": name,
            "title": benchmark_title(name),
            "folder": quote(html.relative(pages[name], out.parent)),
        }
        | _benchmark(trackers)
        for name, trackers in benchmarks.items()
    ]
    body = html.fill("sequences", several=len(data) > 1, data=script_data({"benchmarks": data}))
    html.write("Sequences", body, out, site, scripts=SCRIPTS)


def _benchmark(trackers: Sequence[ShownTracker]) -> dict[str, Any]:
    """Gather the scores of the sequences of a benchmark."""
    metrics = sequence_metrics(trackers)
    rows = {
        name: row
        for one in trackers
        for scores in one.scores.values()
        for name, row in scores.sequences.items()
    }
    return {
        "metrics": described(metrics),
        "attributes": attribute_words(code for row in rows.values() for code in row.attributes),
        "sequences": [{"name": name, "attributes": row.attributes} for name, row in rows.items()],
        "cells": [
            {
                "id": one.id,
                "label": one.label,
                "loss": one.loss,
                "runs": [
                    {
                        "seed": seed,
                        "values": {
                            name: one.values(seed, name, metrics) for name in scores.sequences
                        },
                    }
                    for seed, scores in one.scores.items()
                ],
            }
            for one in trackers
        ],
    }
