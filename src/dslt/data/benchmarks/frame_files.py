"""The image files of a sequence: where they are, which of them are used, and whether they fit.

This is the part of indexing that waits for the disk, so it is done for many sequences at a time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dslt.core.columns import text
from dslt.core.errors import DsltError
from dslt.core.images import SUFFIXES
from dslt.data.benchmarks.checks import ImageCheck, chosen_frames
from dslt.data.benchmarks.index_entry import ImagesSource
from dslt.data.sequences.images import natural_key
from dslt.data.sequences.target import Mask

_SAME_DIGIT = str.maketrans("123456789", "0" * 9)
_LAST_NUMBER = re.compile(r"(\d+)\D*$")
_SUFFIXES = frozenset(suffix.removeprefix(".") for suffix in SUFFIXES)


@dataclass(frozen=True)
class Packed:
    """Images that stay in an archive.

    Attributes:
        root: Folder of the archive.
        archive: Its name below that.
        members: Names of the images in it, in natural order.
        bytes: Their lengths.
    """

    root: str
    archive: str
    members: tuple[str, ...]
    bytes: tuple[int, ...]


@dataclass(frozen=True)
class Wanted:
    """The frames of one sequence, before they are looked for.

    Attributes:
        name: Of the sequence.
        root: Folder of all images.
        places: Folders below it, of which the first that has images is taken.
        packed: The images, where they are in an archive; `root` and `places` are not looked at.
        rows: Rows of the ground truth.
        span: First and last number of the frames that are used, both included.
        skipped: Rows of the annotation that were dropped at its start; where the folder has frames
            for all rows, as many are dropped.
        images: Which of the images are decoded.
    """

    name: str
    root: str
    places: tuple[str, ...]
    rows: int
    packed: Packed | None = None
    span: tuple[int, int] | None = None
    skipped: int = 0
    images: ImageCheck = "sampled"


@dataclass(frozen=True, eq=False)
class Found:
    """The frames of one sequence.

    Attributes:
        source: Where they are; None where they do not fit.
        size: Width and height in pixels; None where the first one cannot be read.
        keep: Rows of the ground truth that have a frame, where it has rows for all files of a
            folder of which a part is used; None: all.
        problems: What is wrong.
        has_gap: Whether numbers are missing between those of the files.
    """

    source: ImagesSource | None = None
    size: tuple[int, int] | None = None
    keep: Mask | None = None
    problems: tuple[str, ...] = ()
    has_gap: bool = False


@dataclass(frozen=True)
class _Listing:
    """Names of images in natural order, without their folder, and their lengths.

    Those of most sequences differ in the values of their digits alone (`is_uniform`). `place` is
    the folder below the root, `where` names it for a reader.
    """

    place: str
    where: str
    names: Sequence[str]
    bytes: NDArray[np.int64]
    is_uniform: bool

    @cached_property
    def gap(self) -> str:
        """Words for the first frame that is missing in the numbering, if one is.

        Numbers may go up by any step (every third frame of a video), but by the same one.
        """
        return _gap(self)


def find_frames(wanted: Wanted) -> Found:
    """Find the frames of a sequence, and decode some of them."""
    try:
        listing = _listing(wanted)
        chosen, keep = _chosen(listing, wanted)
        source = _source(listing, chosen, wanted)
    except DsltError as error:
        return Found(problems=(str(error),))
    size, problems = _decoded(source, wanted)
    has_gap = wanted.span is None and bool(listing.gap)
    return Found(source, size, keep, tuple(problems), has_gap)


def _decoded(source: ImagesSource, wanted: Wanted) -> tuple[tuple[int, int] | None, list[str]]:
    """Decode the first frame, which gives the size, and others."""
    numbers = chosen_frames(wanted.name, len(source.names), wanted.images)
    frames = source.part(numbers).open()
    size, problems = None, []
    for number in range(len(frames)):
        try:
            height, width = frames[number].shape[:2]
            size = size or (width, height)
        except DsltError as error:
            problems.append(str(error))
    return size, problems


def _listing(wanted: Wanted) -> _Listing:
    """List the first place that has images.

    Raises:
        DsltError: None has.
    """
    if wanted.packed is not None:
        where = f"{wanted.packed.root}/{wanted.packed.archive}"
        members, lengths = wanted.packed.members, np.array(wanted.packed.bytes, np.int64)
        return _Listing("", where, members, lengths, _is_uniform(members))
    for place in wanted.places:
        folder = f"{wanted.root}/{place}"
        if os.path.isdir(folder) and (sizes := _image_sizes(folder)):  # noqa: PTH112
            is_uniform = _is_uniform(sizes)
            names = sorted(sizes, key=None if is_uniform else natural_key)
            lengths = np.array([sizes[name] for name in names], np.int64)
            return _Listing(place, folder, names, lengths, is_uniform)
    looked = ", ".join(f"{wanted.root}/{place}" for place in wanted.places)
    raise DsltError(f"{wanted.root}: no frames of {wanted.name}; looked in {looked}")


def _image_sizes(folder: str) -> dict[str, int]:
    """Length of each image file of a folder."""
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.rpartition(".")[2].lower() in _SUFFIXES and name[0] != ".":
                try:
                    sizes[name] = entry.stat().st_size
                except OSError as error:
                    raise DsltError(f"{folder}/{name}: {error.strerror}") from None
    return sizes


def _is_uniform(names: Iterable[str]) -> bool:
    """Whether names differ in the values of their digits alone, and so sort without a key."""
    return len({name.translate(_SAME_DIGIT) for name in names}) == 1


def frame_number(name: str) -> int | None:
    """Frame number in a file name (its last digits)."""
    match = _LAST_NUMBER.search(name.rpartition(".")[0])
    return int(match[1]) if match else None


def _chosen(listing: _Listing, wanted: Wanted) -> tuple[slice | Mask, Mask | None]:
    """Choose the files that are used; where rows are of all files, the rows that are.

    Raises:
        DsltError: Their number differs from that of the rows.
    """
    files, rows, keep = len(listing.names), wanted.rows, None
    chosen: slice | Mask = slice(None)
    if wanted.span is not None:
        chosen = _within(listing, wanted.span)
        keep = chosen if rows == files and not wanted.skipped else None
        files, rows = int(chosen.sum()), rows if keep is None else int(keep.sum())
    elif wanted.skipped and files == rows + wanted.skipped:
        chosen, files = slice(wanted.skipped, None), rows
    if files != rows:
        gap = listing.gap if wanted.span is None else ""
        raise DsltError(
            f"{listing.where}: {files} frames for {rows} rows of ground truth of {wanted.name}"
            f"{gap}; where a part of the frames is used, name it in the benchmark's `frames`"
        )
    return chosen, keep


def _within(listing: _Listing, span: tuple[int, int]) -> Mask:
    """Files (N,) whose number is in a span.

    Raises:
        DsltError: One of the span is missing.
    """
    first, last = span
    numbers = [frame_number(name) for name in listing.names]
    inside = np.array([number is not None and first <= number <= last for number in numbers])
    if inside.sum() != last - first + 1:
        there = set(numbers)
        missing = next((n for n in range(first, last + 1) if n not in there), None)
        lacking = "" if missing is None else f"; frame {missing} is missing"
        raise DsltError(
            f"{listing.where}: {inside.sum()} frames numbered {first} to {last}, expected"
            f" {last - first + 1}{lacking}"
        )
    return inside


def _gap(listing: _Listing) -> str:
    names = listing.names
    if listing.is_uniform:
        first, last = frame_number(names[0]), frame_number(names[-1])
        if first is None or last is None or last - first == len(names) - 1:
            return ""
    found = [frame_number(name) for name in names]
    numbers = np.array([number for number in found if number is not None], dtype=np.int64)
    steps = np.diff(numbers)
    if len(numbers) < len(names) or len(steps) == 0 or (steps == steps[0]).all():
        return ""
    usual = int(np.median(steps))
    place = int(np.flatnonzero(steps != usual)[0])
    digits = _LAST_NUMBER.search(names[place].rpartition(".")[0])
    width = len(digits[1]) if digits else 0
    return f"; frame {numbers[place] + usual:0{width}d} is missing after {names[place]}"


def _source(listing: _Listing, chosen: slice | Mask, wanted: Wanted) -> ImagesSource:
    """Describe the chosen files."""
    names: Sequence[str] = listing.names
    if isinstance(chosen, slice):
        names = names[chosen]
    else:
        names = [name for name, is_used in zip(names, chosen.tolist(), strict=True) if is_used]
    lengths = listing.bytes[chosen]
    if wanted.packed is not None:
        return ImagesSource(
            wanted.packed.root, text(names, listing.where), lengths, wanted.packed.archive
        )
    prefix = f"{listing.place}/" if listing.place not in ("", ".") else ""
    files = text([prefix + name for name in names], listing.where)
    return ImagesSource(wanted.root, files, lengths)
