"""The page of each sequence of a benchmark: video, boxes, curves and scores of chosen trackers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from dslt.core.arrays import Floats
from dslt.data.sequences.target import Target
from dslt.figures import style
from dslt.report import html
from dslt.report.sequences.runs import Regions, ShownRun
from dslt.report.sequences.shown import (
    ShownTracker,
    attribute_words,
    described,
    script_data,
    sequence_metrics,
)
from dslt.report.sequences.video import RATE
from dslt.score.evaluate import Suite
from dslt.settings.catalog import benchmark_title

SCRIPTS = ("assets/player.js", "assets/curves.js", "assets/sequence.js")
PIXEL_DIGITS, OVERLAP_DIGITS, SCORE_DIGITS = 1, 3, 3  # more cannot be seen, and pages are heavy
Records = Mapping[tuple[str, int], Mapping[str, ShownRun]]


@dataclass(frozen=True)
class ShownBenchmark:
    """A benchmark with what trackers did on it.

    Attributes:
        suite: The ground truth.
        trackers: The trackers, in the order of the tables.
        records: Id and seed of a run to its sequences.
        chosen: Ids of the trackers that are shown at first.
        videos: Sequence to its video file, which may be made later; others have none.
    """

    suite: Suite
    trackers: Sequence[ShownTracker]
    records: Records
    chosen: Sequence[str]
    videos: Mapping[str, Path]


def write_pages(shown: ShownBenchmark, folder: Path, site: html.Site) -> Iterator[Path]:
    """Write `<sequence>.html` for all sequences; yields each file when it is written.

    Args:
        shown: The benchmark.
        folder: The folder of the pages.
        site: The site that they are a part of; its page `sequences` leads to them.

    Raises:
        DsltError: A file cannot be written.
    """
    names = list(shown.suite.targets)
    metrics = sequence_metrics(shown.trackers)
    cells = _looks(shown.trackers)
    for place, name in enumerate(names):
        target, video = shown.suite.targets[name], shown.videos.get(name)
        data = _data(shown, name, cells, metrics)
        body = html.fill(
            "sequence",
            name=name,
            title=benchmark_title(shown.suite.benchmark),
            benchmark=shown.suite.benchmark,
            root=f"{html.relative(site.folder or folder, folder)}/",
            before=names[place - 1] if place else "",
            after=names[place + 1] if place + 1 < len(names) else "",
            quote=quote,
            target=target,
            size=data["size"],
            video=quote(html.relative(video, folder)) if video else "",
            attributes=attribute_words(target.attributes),
            metrics=data["metrics"],
            seeds=sorted({seed for one in shown.trackers for seed in one.scores}),
            data=script_data(data),
        )
        title = f"{name}: {benchmark_title(shown.suite.benchmark)}"
        html.write(title, body, folder / f"{name}.html", site, scripts=SCRIPTS)
        yield folder / f"{name}.html"


def _looks(trackers: Sequence[ShownTracker]) -> dict[str, dict[str, Any]]:
    """Give each tracker the colour and dashes that it has in every figure."""
    looks = style.looks(one.id for one in trackers)
    return {
        one.id: {
            "id": one.id,
            "label": one.label,
            "loss": one.loss,
            "color": looks[one.id].color,
            "dash": style.dashes(looks[one.id].dash),
        }
        for one in trackers
    }


def _data(
    shown: ShownBenchmark, name: str, cells: Mapping[str, Mapping[str, Any]], metrics: Sequence[str]
) -> dict[str, Any]:
    """Gather what the scripts draw."""
    target = shown.suite.targets[name]
    found = [
        {**cells[one.id], "runs": runs}
        for one in shown.trackers
        if (
            runs := [
                {"seed": seed, "values": one.values(seed, name, metrics)}
                | _run(shown.records[one.id, seed][name])
                for seed in one.scores
                if name in shown.records[one.id, seed]
            ]
        )
    ]
    return {
        "frames": len(target.truth),
        "size": target.size or _extent(target),
        "rate": RATE,
        "truth": _regions(Regions.of_truth(target)),
        "absent": _spans(~target.present()),
        "metrics": described(metrics),
        "cells": found,
        "shown": list(shown.chosen),
    }


def _run(record: ShownRun) -> dict[str, Any]:
    score = record.score
    return {
        "regions": _regions(record.regions),
        "overlap": _numbers(np.round(record.overlap, OVERLAP_DIGITS)),
        "score": None if score is None else _numbers(np.round(score, SCORE_DIGITS)),
        "failed": record.failed,
        "started": record.started,
    }


def _regions(regions: Regions) -> list[list[float] | None]:
    rounded = None if regions.corners is None else np.round(regions.corners, PIXEL_DIGITS)
    return Regions(np.round(regions.boxes, PIXEL_DIGITS), rounded).rows()


def _numbers(values: Floats) -> list[float | None]:
    """List numbers, None for NaN, which JSON has not."""
    return [value if value == value else None for value in values.tolist()]


def _spans(flags: np.ndarray) -> list[list[int]]:
    """List the first and last frames of the stretches that are flagged."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False)).reshape(-1, 2)
    return [[first, end - 1] for first, end in edges.tolist()]


def _extent(target: Target) -> tuple[int, int]:
    """Give width and height that hold the truth and a tenth more, where no frames tell them."""
    boxes = target.truth[target.present()]
    reach = (boxes[:, :2] + boxes[:, 2:]).max(axis=0, initial=1.0)
    width, height = np.ceil(1.1 * reach).astype(int).tolist()
    return width, height
