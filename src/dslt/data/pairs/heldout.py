"""Validation sequences, for the AUC per epoch: no training pair and no benchmark has them.

Their seeds are of another stream than those of the training videos. The sequences `procedural` are
made of the training photographs, the sequences `texture` of photographs that no training pair has.
"""

import itertools

import numpy as np

from dslt.core.images import Frame
from dslt.data.pairs.procedural import validation_world
from dslt.data.sequences.frames import Sequence
from dslt.data.sequences.images import checked_index
from dslt.data.synthetic.photographs import HELD_OUT
from dslt.data.synthetic.worlds import World

_STEP = 3  # every third frame of a video is taken, as in UAV123_10fps


class WorldFrames:
    """Frames of a procedural video, RGB uint8 (240, 320, 3); a `FrameSource`."""

    def __init__(self, world: World, numbers: range) -> None:
        """Take the frames of these numbers."""
        self._world, self._numbers = world, numbers

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._numbers)

    def __getitem__(self, index: int) -> Frame:
        """Render frame `index`; see `FrameSource`."""
        return self._world.render(self._numbers[checked_index(index, len(self))])


def heldout(procedural: int, texture: int, frames: int, seed: int) -> list[Sequence]:
    """Make the validation sequences.

    Args:
        procedural: Number of sequences made of the training photographs, each a video of its own.
        texture: Number of sequences whose targets are cut from held-out photographs in turn; the
            photograph counts as the video, as they are not independent.
        frames: Number of frames of each; every third frame of the video is taken.
        seed: Seed of all of them.

    Returns:
        `procedural-00`, ..., `texture-00`, ..., with exact boxes.
    """
    made = [
        _sequence(f"procedural-{number:02d}", seed, number, None, frames)
        for number in range(procedural)
    ]
    photos = itertools.cycle(HELD_OUT)
    made += [
        _sequence(f"texture-{number:02d}", seed, number, next(photos), frames)
        for number in range(texture)
    ]
    return made


def _sequence(name: str, seed: int, number: int, photo: str | None, frames: int) -> Sequence:
    world = validation_world(seed, number, photo)
    numbers = range(0, _STEP * frames, _STEP)
    boxes = world.boxes(np.array(numbers))
    return Sequence(name, WorldFrames(world, numbers), boxes, video=photo or name)
