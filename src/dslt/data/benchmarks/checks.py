"""Checks of an index: what is wrong is collected, and what is only odd is counted.

What published annotations hold is no error: OTB-2015 has 2 boxes without area, LaSOT's test part
10,289 (all but three flagged as absent), and in VOT-2018 boxes reach over the edge of 494 frames.
Few boxes, if any, lie outside their frame as a whole. So where a tenth of a sequence's boxes does,
they belong to other frames, or count from elsewhere.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from dslt.core.arrays import Mask
from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.kinds import Totals
from dslt.data.sequences.frames import validate_initial_box
from dslt.geometry.boxes import Boxes
from dslt.geometry.forms import CENTRE, CORNERS, FORMS, SIDES

ImageCheck = Literal["none", "sampled", "all"]
_SAMPLED = 2  # frames between the first and the last one
_SHOWN = 20
_OUTSIDE = 0.1  # share of a sequence's boxes
# Share of a sequence's boxes that reach over the edge from which on another form is tried. Of 26
# development sequences as x,y,w,h none gets a hint; as corners all do, as centres a third.
_OVER = {CORNERS: 0.05, SIDES: 0.3, CENTRE: 0.2}
_FRACTION = 1.5  # fractions are not larger, nor are they where 1 was taken off
_ALMOST_ALL = 0.95  # share of them that the other form has to bring inside
_APART = 0.5  # of the change of what is taken for the size
_SLACK = 2  # pixels, for what counts from 0 or 1


def chosen_frames(name: str, frames: int, check: ImageCheck) -> list[int]:
    """Numbers of the frames that are decoded: of `none` the first, which gives the size.

    Args:
        name: Name of the sequence, which decides which frames are sampled.
        frames: Number of its frames.
        check: What is decoded; `sampled` is the first, the last, and two between them.
    """
    if check == "all":
        return list(range(frames))
    if check == "none" or frames < 2:
        return [0]
    random = np.random.Generator(np.random.Philox(zlib.crc32(name.encode())))
    return sorted({0, frames - 1, *random.integers(frames, size=_SAMPLED).tolist()})


@dataclass
class Report:
    """What the checks of an index found.

    Attributes:
        remedy: What to do about files that do not fit.
        problems: What is wrong, with the remedy.
        said: Notes of the annotations' readers.
        odd: What is only counted: by its description, the number of frames of each sequence.
    """

    remedy: str
    problems: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    odd: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def wrong(self, sequence: str, what: str, remedy: str = "") -> None:
        """Add a problem of a sequence once, with a remedy of its own or the one of all files."""
        problem = f"sequence {sequence}: {what}; {remedy or self.remedy}"
        if problem not in self.problems:  # all frames of an archive have the same one
            self.problems.append(problem)

    def count(self, what: str, sequence: str, frames: int) -> None:
        """Count frames of a sequence that are odd in some way."""
        if frames:
            self.odd[what][sequence] = frames

    def notes(self) -> list[str]:
        """All that is no error, in sentences."""
        counted = [
            f"{what}: {sum(found.values())} frames of {len(found)} sequences"
            f" ({', '.join(list(found)[:3])}{', ...' * (len(found) > 3)})"
            for what, found in self.odd.items()
        ]
        return self.said + counted

    def finish(self, benchmark: str) -> None:
        """End the indexing where anything is wrong.

        Raises:
            DsltError: With the problems, the first twenty of many.
        """
        if not self.problems:
            return
        shown = self.problems[:_SHOWN]
        if len(self.problems) > _SHOWN:
            shown.append(f"... and {len(self.problems) - _SHOWN} more")
        heading = [f"{benchmark}: {len(self.problems)} problems; no index was written"]
        raise DsltError("\n  ".join(shown if len(self.problems) == 1 else heading + shown))


def check_entry(entry: IndexEntry, report: Report) -> None:
    """Check the boxes of a sequence.

    The first box must be one that a tracker can start from, where there are frames.
    """
    if entry.source is not None and entry.size is not None:
        width, height = entry.size
        try:
            validate_initial_box(entry.truth[0], (height, width), "the ground truth")
        except DsltError as error:
            report.wrong(entry.name, str(error), "correct the first row, or leave the sequence out")
    if entry.source is not None and entry.frames == 1:
        report.wrong(entry.name, "has one frame, so there is nothing to track", "leave it out")
    boxes = entry.truth
    there = ~np.isnan(boxes).any(axis=1)
    solid = there & np.all(boxes[:, 2:] > 0, axis=1)
    unflagged = there & ~solid if entry.absent is None else there & ~solid & ~entry.absent
    report.count("boxes without area", entry.name, int(unflagged.sum()))
    if entry.size is not None:
        _check_inside(entry, entry.size, solid, report)


def _check_inside(entry: IndexEntry, size: tuple[int, int], solid: Mask, report: Report) -> None:
    """Check that boxes with an area are in their frames."""
    low = entry.truth[:, :2]
    high = low + entry.truth[:, 2:]
    outside = solid & ((low >= size) | (high <= 0)).any(axis=1)
    over = solid & ~outside & ((low < 0) | (high > size)).any(axis=1)
    report.count("boxes that reach over the edge of the frame", entry.name, int(over.sum()))
    form = "" if entry.corners is not None else _other_form(entry.truth[solid], size)
    if form:
        report.count(
            f"HINT: boxes that would lie inside the frame as {form}, unlike as x,y,w,h; if they"
            " are that, write them as x,y,w,h",
            entry.name,
            int(solid.sum()),
        )
    count = int(outside.sum())
    if count > _OUTSIDE * solid.sum():
        first = int(np.flatnonzero(outside)[0])
        report.wrong(
            entry.name,
            f"{count} of {int(solid.sum())} boxes lie outside the frames of"
            f" {size[0]}x{size[1]} pixels, the first in frame {first}",
            "these frames and this ground truth do not belong together"
            + (f", or the rows are {form}: write them as x,y,w,h" if form else ""),
        )
    else:
        report.count("boxes outside the frame", entry.name, count)


def _other_form(boxes: Boxes, size: tuple[int, int]) -> str:
    """Name the form in which boxes (N, 4) are in their frames, unlike as x,y,w,h.

    Boxes may reach over an edge, so it takes many that do. Corners also show where they do not:
    what is taken for the size moves with the place.
    """
    with np.errstate(invalid="ignore"):
        if len(boxes) and (np.abs(boxes) <= _FRACTION).all():
            return "fractions of the frame's width and height"
    share = 1 - float(_inside(boxes, size).mean()) if len(boxes) else 0.0
    moved = np.diff(boxes, axis=0)
    apart = np.abs(moved[:, 2:] - moved[:, :2]).sum(axis=0)
    together = bool((apart < _APART * np.abs(moved[:, 2:]).sum(axis=0)).all())
    for form, least in _OVER.items():
        if share > least or (form == CORNERS and together):
            rows = FORMS[form](boxes)
            if (rows[:, 2:] > 0).all() and _inside(rows, size).mean() >= _ALMOST_ALL:
                return form
    return ""


def _inside(boxes: Boxes, size: tuple[int, int]) -> Mask:
    """Tell which boxes (N, 4) reach over no edge, but for some pixels (N,)."""
    over = (boxes[:, :2] < -_SLACK) | (boxes[:, :2] + boxes[:, 2:] > np.add(size, _SLACK))
    return np.asarray(~over.any(axis=1))


def check_totals(entries: Iterable[IndexEntry], totals: Totals, report: Report) -> None:
    """Compare a whole benchmark with what is known of it."""
    counts = [entry.frames + entry.skipped for entry in entries]
    for what, found, expected in (
        ("sequences", len(counts), totals.sequences),
        ("annotated frames", sum(counts), totals.frames),
    ):
        if expected is not None and found != expected:
            report.problems.append(
                f"all sequences together: {found} {what}, expected {expected}; {report.remedy}"
            )
