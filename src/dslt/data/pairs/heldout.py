"""Validation sequences, for the AUC per epoch: no training pair and no benchmark has them.

Their seeds are of another stream than those of the training videos. The sequences `procedural` are
made of the training photographs, the sequences `texture` of photographs that no training pair has.
"""

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
        procedural: Number of sequences made of the training photographs.
        texture: Number of sequences whose targets are cut from held-out photographs in turn.
        frames: Number of frames of each; every third frame of the video is taken.
        seed: Seed of all of them.

    Returns:
        `procedural-00`, ..., `texture-00`, ..., with exact boxes. The photograph that the target is
        cut from counts as the video, as sequences that share it are not independent.
    """
    kinds: list[tuple[str, int, str | None]] = [("procedural", n, None) for n in range(procedural)]
    kinds += [("texture", n, HELD_OUT[n % len(HELD_OUT)]) for n in range(texture)]
    numbers = range(0, _STEP * frames, _STEP)
    made = []
    for kind, number, photo in kinds:
        name, world = f"{kind}-{number:02d}", validation_world(seed, number, photo)
        boxes = world.boxes(np.array(numbers))
        made.append(Sequence(name, WorldFrames(world, numbers), boxes, video=world.target_photo))
    return made
