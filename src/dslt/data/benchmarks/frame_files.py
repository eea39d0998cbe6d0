"""The image files of a sequence: where they are, which of them are used, and whether they fit.

This is the part of indexing that waits for the disk, so it is done for many sequences at a time.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

import numpy as np

from dslt.core.arrays import Ints, Mask
from dslt.core.columns import text
from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.data.benchmarks.checks import ImageCheck, chosen_frames
from dslt.data.benchmarks.index_entry import FrameOrigin, ImagesSource
from dslt.data.sequences.frames import ImageFrames
from dslt.data.sequences.images import image_sizes
from dslt.data.sequences.order import frame_order, last_number

ALIKE = "all frames that were looked at are the same picture"
ONE_COLOUR = "first frames are of one colour all over, so there is nothing to follow"


@dataclass(frozen=True)
class WantedFrames:
    """The frames of one sequence, before they are looked for.

    Attributes:
        name: Name of the sequence.
        root: Folder of all images.
        places: Folders below it, of which the first that has images is taken.
        packed: The images, where they are in an archive; `root` and `places` are not looked at.
        rows: Number of rows of the ground truth.
        span: First and last number of the frames that are used, both included.
        skipped: Rows of the annotation that were dropped at its start; where the folder has frames
            for all rows, as many are dropped.
        images: Which of the images are decoded.
    """

    name: str
    root: str
    places: tuple[str, ...]
    rows: int
    packed: ImagesSource | None = None
    span: tuple[int, int] | None = None
    skipped: int = 0
    images: ImageCheck = "sampled"


@dataclass(frozen=True, eq=False)
class FoundFrames:
    """The frames of one sequence.

    Attributes:
        source: Where they are; None where they do not fit.
        size: Width and height in pixels; None where the first one cannot be read.
        keep: Rows of the ground truth that have a frame, where it has rows for all files of a
            folder of which a part is used; None: all.
        problems: What is wrong.
        odd: What is only counted: by its description, the number of frames.
        notes: What else to know.
    """

    source: FrameOrigin | None = None
    size: tuple[int, int] | None = None
    keep: Mask | None = None
    problems: tuple[str, ...] = ()
    odd: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def find_frames(wanted: WantedFrames) -> FoundFrames:
    """Find the frames of a sequence, and decode some of them."""
    try:
        images, where, notes = _images(wanted)
        names = [file.rpartition("/")[2] for file in images.files]
        gap, missing = _gap(names) if wanted.span is None else ("", 0)
        more = "".join(f"; {note}" for note in notes)
        chosen, keep = _chosen(names, where, wanted, gap + more)
        source = images.part(chosen)
    except DsltError as error:
        return FoundFrames(problems=(str(error),))
    size, odd, problems = _decoded(source, wanted)
    if missing:
        odd["numbers of frames are missing"] = missing
    said = tuple(f"{where}: {note}" for note in notes)
    return FoundFrames(source, size, keep, tuple(problems), odd, said)


def _decoded(
    source: ImagesSource, wanted: WantedFrames
) -> tuple[tuple[int, int] | None, dict[str, int], list[str]]:
    """Decode the first frame, which gives the size, and others."""
    numbers = chosen_frames(wanted.name, len(source.names), wanted.images)
    frames = source.part(np.array(numbers)).open()
    size, alike = None, len(frames) > 1
    first: Frame | None = None
    odd: dict[str, int] = {}
    problems: dict[str, None] = {}  # each once: a first frame that is broken breaks all
    for number in range(len(frames)):
        try:
            frame = frames[number]
        except DsltError as error:
            problems[str(error)] = None
            continue
        size = size or (frame.shape[1], frame.shape[0])
        first = frame if first is None else first
        alike = alike and np.array_equal(frame, first)
        if not number and (frame == frame[0, 0]).all():
            odd[ONE_COLOUR] = 1
    if alike and not problems:
        odd[ALIKE] = len(source.names)
    if isinstance(frames, ImageFrames):
        odd |= dict.fromkeys(frames.notes(), len(source.names))
    return size, odd, list(problems)


def _images(wanted: WantedFrames) -> tuple[ImagesSource, str, list[str]]:
    """All frames of the first place that has any, in their order, the place for a reader, notes.

    Raises:
        DsltError: None has, or their order is ambiguous.
    """
    if wanted.packed is not None:
        return _in_order(wanted.packed, f"{wanted.packed.root}/{wanted.packed.archive}")
    for place in wanted.places:
        folder = f"{wanted.root}/{place}"
        if os.path.isdir(folder) and (sizes := image_sizes(folder)):  # noqa: PTH112
            files = text([f"{place}/{name}" for name in sizes], folder)
            lengths = np.array([*sizes.values()], np.int64)
            return _in_order(ImagesSource(wanted.root, files, lengths), folder)
    looked = ", ".join(f"{wanted.root}/{place}" for place in wanted.places)
    there = [name for place in wanted.places for name in _listed(f"{wanted.root}/{place}")]
    found = f", which has {', '.join(there[:3])}{', ...' * (len(there) > 3)}" if there else ""
    raise DsltError(f"{wanted.root}: no frames of {wanted.name}; looked in {looked}{found}")


def _listed(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []  # noqa: PTH112, PTH208


def _in_order(images: ImagesSource, where: str) -> tuple[ImagesSource, str, list[str]]:
    order, notes = frame_order([file.rpartition("/")[2] for file in images.files], where)
    return images.part(np.array(order)), where, notes


def _digits(name: str) -> str:
    """Frame number in a file name (its last digits); empty where it has none, or a time."""
    number = last_number(name)
    return number if number.isdecimal() else ""


def _chosen(
    names: Sequence[str], where: str, wanted: WantedFrames, gap: str
) -> tuple[Ints, Mask | None]:
    """Choose the files that are used; where rows are of all files, the rows that are.

    Raises:
        DsltError: Their number differs from that of the rows.
    """
    places, rows, keep = np.arange(len(names)), wanted.rows, None
    if wanted.span is not None:
        inside = _within(names, where, wanted.span)
        places = np.flatnonzero(inside)
        if rows == len(names) and not wanted.skipped:
            keep, rows = inside, len(places)
    elif wanted.skipped and len(names) == rows + wanted.skipped:
        places = places[wanted.skipped :]
    if len(places) != rows:
        raise DsltError(
            f"{where}: {len(places)} frames for {rows} rows of ground truth of {wanted.name}"
            f"{gap}; where a part of the frames is used, name it in the benchmark's `frames`"
        )
    return places, keep


def _within(names: Sequence[str], where: str, span: tuple[int, int]) -> Mask:
    """Files (N,) whose number is in a span.

    Raises:
        DsltError: One of the span is missing.
    """
    first, last = span
    numbers = [int(_digits(name) or -1) for name in names]
    inside = np.array([first <= number <= last for number in numbers])
    if inside.sum() != last - first + 1:
        missing = set(range(first, last + 1)).difference(numbers)
        lacking = f"; frame {min(missing)} is missing" if missing else ""
        raise DsltError(
            f"{where}: {inside.sum()} frames numbered {first} to {last}, expected"
            f" {last - first + 1}{lacking}"
        )
    return inside


def _gap(names: Sequence[str]) -> tuple[str, int]:
    """Words for the first frame that is missing in the numbering, and how many are.

    Numbers may go up by any step (every third frame of a video), but by the same one.
    """
    digits = [_digits(name) for name in names]
    if not all(digits):
        return "", 0
    steps = [after - before for before, after in pairwise(map(int, digits))]  # of any length
    if len(set(steps)) < 2:
        return "", 0
    usual = int(median(steps))
    place = next(place for place, step in enumerate(steps) if step != usual)
    before = digits[place]
    words = f"; frame {int(before) + usual:0{len(before)}d} is missing after {names[place]}"
    return words, sum(max(step // max(usual, 1) - 1, 0) for step in steps)
