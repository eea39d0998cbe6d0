"""The procedural source: endless seeded videos of which only the crops are rendered."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from dslt.core.images import Frame
from dslt.data.pairs.source import View
from dslt.data.pairs.videos import Track, Video
from dslt.data.synthetic.photographs import HELD_OUT, TRAINING
from dslt.data.synthetic.worlds import (
    HEIGHT,
    WIDTH,
    World,
    make_world,
)
from dslt.geometry.boxes import Boxes
from dslt.geometry.crops import Region
from dslt.geometry.squares import padded_crop

_COUNT = 2**62
_TRAINING_STREAM, _VALIDATION_STREAM = 0, 1  # of seeds: never in common


@functools.lru_cache(maxsize=8)
def training_world(seed: int, number: int) -> World:
    """Video `number` of the training stream; its two frames are asked for one after the other."""
    return make_world(_random(seed, _TRAINING_STREAM, number), tuple(TRAINING))


@functools.lru_cache(maxsize=64)
def validation_world(seed: int, number: int, photo: str | None) -> World:
    """Video `number` of the validation stream.

    Args:
        seed: Of the stream.
        number: Of the video, of those with `photo` and of those without.
        photo: A held-out photograph: the target is cut from it and all else from held-out ones.
            None: everything is of the training photographs.
    """
    random = _random(seed, _VALIDATION_STREAM, 0 if photo is None else 1, number)
    if photo is None:
        return make_world(random, tuple(TRAINING))
    return make_world(random, tuple(HELD_OUT), (photo,))


def _random(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))


@dataclass(frozen=True, eq=False)
class WorldView:
    """A frame of a world, of which only the wanted area is rendered."""

    world: World
    frame: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return WIDTH, HEIGHT

    def crop(self, region: Region) -> Frame:
        """Cut a region; outside the frame stands the background's mean colour."""
        color = self.world.mean_color(self.frame)
        block = max(1, int(min(region.step)))
        margin = 3 * block + 1
        corners = np.array([region.to_image((0, 0)), region.to_image(region.size)])
        low = np.clip(np.floor(corners[0]) - margin, 0, (WIDTH - 1, HEIGHT - 1)).astype(int)
        low -= low % block  # blocks of pixels are averaged from the frame's corner on
        high = np.clip(np.ceil(corners[1]) + margin, low + 1, (WIDTH, HEIGHT)).astype(int)
        part = self.world.render(self.frame, (int(low[0]), int(low[1]), int(high[0]), int(high[1])))
        center = (region.center[0] - float(low[0]), region.center[1] - float(low[1]))
        return padded_crop(part, Region(center, region.step, region.size), color)


@dataclass(frozen=True)
class WorldVideos:
    """Videos of the training stream, so many that none comes twice."""

    seed: int
    frames: int

    def __len__(self) -> int:
        """Number of videos."""
        return _COUNT

    def __getitem__(self, index: int) -> Video:
        """Video `index`."""
        frames = np.arange(self.frames, dtype=np.int64)
        boxes = training_world(self.seed, index).boxes(frames)
        return Video(str(index), (Track("0", frames, boxes),))


@dataclass(frozen=True)
class ProceduralSource:
    """Pairs that are made on the spot; see `PairSource`.

    Attributes:
        seed: Of the videos; the training run's seed chooses among them.
        frames: Length of a video.
    """

    name: str
    frame_range: int
    seed: int
    frames: int
    damaged: float = 0.0
    endless: bool = True

    @property
    def videos(self) -> WorldVideos:
        """The videos."""
        return WorldVideos(self.seed, self.frames)

    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Look at one frame; see `PairSource.view`."""
        world = training_world(self.seed, int(video.name))
        return WorldView(world, int(track.frames[position])), track.boxes[position]
