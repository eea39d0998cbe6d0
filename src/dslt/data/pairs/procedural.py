"""The procedural source: endless seeded videos of which only the crops are rendered."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from dslt.core.images import Frame
from dslt.data.pairs.sampling import generator
from dslt.data.pairs.source import UNSEEN, PairSource, View
from dslt.data.pairs.videos import Track, Video
from dslt.data.synthetic.photographs import HELD_OUT, TRAINING
from dslt.data.synthetic.screen import HEIGHT, WIDTH, Area
from dslt.data.synthetic.worlds import World, make_world
from dslt.geometry.boxes import Boxes
from dslt.geometry.crops import Region
from dslt.geometry.squares import padded_crop

_COUNT = 2**62
_TRAINING_STREAM, _VALIDATION_STREAM = 0, 1  # second words of the seeds


@functools.lru_cache(maxsize=8)
def training_world(seed: int, number: int) -> World:
    """Make video `number` of the training stream; a pair asks for two of its frames in turn."""
    return make_world(generator(seed, _TRAINING_STREAM, number), TRAINING)


@functools.lru_cache(maxsize=64)
def validation_world(seed: int, number: int, photo: str | None) -> World:
    """Make a video of the validation stream.

    Args:
        seed: Seed of the stream.
        number: Number of the video; those with and without `photo` are counted apart.
        photo: Held-out photograph that the target is cut from, as all else is from held-out ones.
            None: Everything is cut from the training photographs.
    """
    random = generator(seed, _VALIDATION_STREAM, 0 if photo is None else 1, number)
    if photo is None:
        return make_world(random, TRAINING)
    return make_world(random, HELD_OUT, (photo,))


@dataclass(frozen=True, eq=False)
class WorldView:
    """A frame of a world, of which only the wanted area is rendered.

    Attributes:
        world: The video.
        frame: Number of the frame.
    """

    world: World
    frame: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return WIDTH, HEIGHT

    def crop(self, region: Region) -> Frame:
        """Cut a region; outside the frame stands the background's mean colour."""
        block = max(1, int(min(region.step)))
        margin = 3 * block + 1
        corners = zip(region.to_image((0, 0)), region.to_image(region.size), strict=True)
        spans = [
            _span(math.floor(low) - margin, math.ceil(high) + margin, side, block)
            for (low, high), side in zip(corners, self.size, strict=True)
        ]
        (left, right), (top, bottom) = spans
        part = self.world.render(self.frame, Area(left, top, right, bottom))
        center = (region.center[0] - left, region.center[1] - top)
        color = UNSEEN if region.lies_in(self.size) else self.world.mean_color(self.frame)
        return padded_crop(part, Region(center, region.step, region.size), color)


def _span(low: int, high: int, side: int, block: int) -> tuple[int, int]:
    """Return the part of a side's pixels from `low` to `high`, at least one of them.

    Blocks of pixels are averaged from the frame's corner on, so it begins with a whole one.
    """
    low = min(max(low, 0), side - 1)
    low -= low % block
    return low, min(max(high, low + 1), side)


@dataclass(frozen=True)
class WorldVideos:
    """Videos of the training stream, so many that none comes twice.

    Attributes:
        seed: Seed of the stream.
        frames: Number of frames of a video.
    """

    seed: int
    frames: int

    def __len__(self) -> int:
        """Return the number of videos."""
        return _COUNT

    def __getitem__(self, index: int) -> Video:
        """Make video `index`."""
        frames = np.arange(self.frames, dtype=np.int64)
        boxes = training_world(self.seed, index).boxes(frames)
        return Video(str(index), (Track("0", frames, boxes),))


@dataclass(frozen=True)
class ProceduralSource(PairSource):
    """Pairs that are made on the spot; the training run's seed chooses among the videos."""

    videos: WorldVideos
    endless = True

    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Look at one frame; see `PairSource.view`."""
        world = training_world(self.videos.seed, int(video.name))
        return WorldView(world, int(track.frames[position])), track.boxes[position]
