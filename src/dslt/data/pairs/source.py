"""Sources of training pairs: videos and views of their frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.data.pairs.videos import Track, Video
from dslt.data.sequences.images import read_image
from dslt.geometry.boxes import Boxes
from dslt.geometry.crops import Region
from dslt.geometry.squares import mean_color, padded_crop

_LOOKED_FOR = 100  # videos whose first image is looked for
UNSEEN = np.zeros(3, dtype=np.uint8)  # colour outside the frame, of crops that lie within it


class DamagedError(DsltError):
    """An image cannot be read, or its box does not fit it: the pair may be skipped."""


class Videos(Protocol):
    """Videos by number; an object is made when it is asked for."""

    def __len__(self) -> int:
        """Return the number of videos."""

    def __getitem__(self, index: int) -> Video:
        """Return video `index`, 0 <= index < len."""


class View(Protocol):
    """One frame, of which a part is wanted."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame in pixels."""

    def crop(self, region: Region) -> Frame:
        """Cut an upright region, RGB uint8 (h, w, 3); outside the frame stands a mean colour."""


@dataclass(frozen=True, eq=False)
class PairSource(ABC):
    """A training set, or a generator of pairs.

    Attributes:
        name: Name of its entry in `config/training_sets.yaml`.
        frame_range: Largest distance of the two frames of a pair, in annotated frames.
        damaged: Share of views that may be damaged.
        videos: The videos.
        endless: Whether the videos are made on the spot, and their number means nothing.
    """

    name: str
    frame_range: int
    damaged: float
    videos: Videos
    endless: ClassVar[bool] = False

    @abstractmethod
    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Look at one annotated frame.

        Args:
            video: One of `videos`.
            track: One of its tracks.
            position: Which of the track's frames, 0 <= position < N.

        Returns:
            The frame, and the target's box (4,) in its pixels.

        Raises:
            DamagedError: The frame cannot be read.
        """


@dataclass(frozen=True, eq=False)
class ImageView:
    """A frame that has been decoded."""

    pixels: Frame

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def crop(self, region: Region) -> Frame:
        """Cut a region; outside stands the frame's mean colour."""
        color = UNSEEN if region.lies_in(self.size) else mean_color(self.pixels)
        return padded_crop(self.pixels, region, color)


@dataclass(frozen=True, eq=False)
class ImageSource(PairSource):
    """Annotated image files.

    Attributes:
        root: Folder of the images.
        image: Path of an image under it, with `{video}`, `{track}` and `{frame}`.
        relative: Whether the boxes are parts of the image's width and height.
    """

    root: Path
    image: str
    relative: bool = False

    def path(self, video: Video, track: Track, position: int) -> Path:
        """Return the path of the image at a position of a track."""
        frame = int(track.frames[position])
        return self.root / self.image.format(video=video.name, track=track.name, frame=frame)

    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Decode one annotated frame; see `PairSource.view`."""
        try:
            view = ImageView(read_image(self.path(video, track, position)))
        except DsltError as error:
            raise DamagedError(str(error)) from error
        scale = np.array(view.size * 2, dtype=np.float64) if self.relative else 1.0
        box: Boxes = track.boxes[position] * scale
        return view, box

    def check(self) -> ImageSource:
        """Return the source itself, after looking for images; some videos may be gone.

        Raises:
            DsltError: None is where it should be: the root or the layout is another one.
        """
        step = -(-len(self.videos) // _LOOKED_FOR)
        videos = [self.videos[number] for number in range(0, len(self.videos), step)]
        paths = [self.path(video, video.tracks[0], 0) for video in videos]
        if not any(path.is_file() for path in paths):
            raise DsltError(
                f"{paths[0]}: no such image of training set {self.name}; expected {self.image}"
                f" under {self.root}, where the first one of {len(videos)} videos was looked for:"
                " check the root, or fetch the images"
            )
        return self
