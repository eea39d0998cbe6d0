"""Frames of training videos, opened and counted: a few may be damaged, too many are an error."""

from collections.abc import Sequence

import torch
from torch.utils.data import get_worker_info

from dslt.core.errors import DsltError
from dslt.data.pairs.source import DamagedError, PairSource, View
from dslt.data.pairs.videos import Track, Video
from dslt.geometry.boxes import Boxes, format_number

ATTEMPTS = 20  # at one sample
_MOST_WORKERS = 255

Look = tuple[View, Boxes]
"""An open frame, and the target's box (4,) in it."""


class CountedViews:
    """Opens frames of sources and counts those that are damaged.

    Args:
        sources: The sources.
        epoch: Views of an epoch: before so many, the allowed share is one of so many.
    """

    def __init__(self, sources: Sequence[PairSource], epoch: int) -> None:
        self._sources, self._epoch = sources, epoch
        # Views so far, and damaged ones, by process and source: each process writes a row of its
        # own, so no lock is needed.
        self._counts = torch.zeros((2, _MOST_WORKERS + 1, len(sources)), dtype=torch.int64)
        self._counts.share_memory_()  # type: ignore[no-untyped-call]

    @property
    def damaged(self) -> dict[str, int]:
        """Damaged views so far, by source, those of worker processes included."""
        counts = self._counts[1].sum(dim=0).tolist()
        return {source.name: count for source, count in zip(self._sources, counts, strict=True)}

    def look(self, which: int, video: Video, track: Track, position: int) -> Look:
        """Open a frame of a source and count it.

        Raises:
            DamagedError: It is damaged, or its box lies outside.
            DsltError: Too many are: more than the source's share of the views so far, or of those
                of one epoch where that is more.
        """
        source = self._sources[which]
        self._counts.numpy()[0, _row(), which] += 1  # torch takes ten times as long
        try:
            view, box = source.view(video, track, position)
            _check_inside(box, view.size, source.name, video, track, position)
        except DamagedError as error:
            self.count(which, error)
            raise
        return view, box

    def count(self, which: int, error: DamagedError) -> None:
        """Count a damaged view.

        Raises:
            DsltError: As `look`.
        """
        source, counts = self._sources[which], self._counts[:, :, which]
        counts[1, _row()] += 1
        views, damaged = counts.sum(dim=1).tolist()
        if damaged > source.damaged * max(views, self._epoch):
            raise DsltError(
                f"training set {source.name}: {damaged} of {views} views are damaged, more than"
                f" its `damaged: {source.damaged:g}` allows; the last: {error}"
            ) from error


def _row() -> int:
    """Return the row of this process in the counts."""
    worker = get_worker_info()
    return 0 if worker is None else worker.id % _MOST_WORKERS + 1


def _check_inside(
    box: Boxes, size: tuple[int, int], name: str, video: Video, track: Track, position: int
) -> None:
    """Refuse a box that lies outside its image: one of the two is wrong."""
    x, y, width, height = box.tolist()
    if x < size[0] and y < size[1] and x + width > 0 and y + height > 0:
        return
    text = ",".join(format_number(value) for value in box.tolist())
    frame = int(track.frames[position])
    raise DamagedError(
        f"training set {name}, {video.name}, target {track.name}, frame {frame}: the"
        f" box {text} (x,y,w,h from 0) lies outside the image of {size[0]}x{size[1]} pixels"
    )
