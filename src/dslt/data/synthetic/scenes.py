"""What a scene of the synthetic videos is made of: who moves where, before what, in which light.

Places are world pixels: the pixels of the background. Times run from 0 (first frame) to 1 (last).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from dslt.data.synthetic.curves import Keyframes
from dslt.data.synthetic.sprites import Backdrop, Cutout


@dataclass(frozen=True)
class Actor:
    """A moving object.

    Attributes:
        cutout: What it looks like.
        x: World column of its middle.
        y: World row of its middle.
        scale: Factor on its size.
        turn: Rotation in degrees, clockwise on the screen.
        stretch: Factor on its own width; its height is divided by it.
        wobble: Amplitude of its bending as a part of its width; 0 is rigid.
        cycles: Periods of the bending in the whole video.
    """

    cutout: Cutout
    x: Keyframes
    y: Keyframes
    scale: Keyframes = field(default_factory=lambda: {0: 1})
    turn: Keyframes = field(default_factory=lambda: {0: 0})
    stretch: Keyframes = field(default_factory=lambda: {0: 1})
    wobble: float = 0
    cycles: float = 0


class Take(NamedTuple):
    """What stays the same during a video.

    Attributes:
        attributes: OTB attribute codes that the video was made for.
        frames: Number of frames.
        backdrop: The background.
        shake: Largest jerk of the camera from frame to frame, pixels.
        shutter: Exposure as a part of the time between frames (0: no motion blur).
        noise: Largest noise, grey levels.
    """

    attributes: tuple[str, ...]
    frames: int
    backdrop: Backdrop
    shake: float = 1
    shutter: float = 0
    noise: int = 6


@dataclass(frozen=True)
class Camera:
    """Where a camera looks.

    Attributes:
        x: World column at the middle of the screen.
        y: World row at the middle of the screen.
        zoom: Screen pixels per world pixel.
    """

    x: Keyframes
    y: Keyframes
    zoom: Keyframes = field(default_factory=lambda: {0: 1})


@dataclass(frozen=True)
class Scene:
    """One video.

    Attributes:
        take: What stays the same during it.
        camera: Where the camera looks.
        target: The object to track.
        behind: Objects that the target covers, in drawing order.
        front: Objects that cover the target, in drawing order.
        gain: Brightness in the middle of the screen.
        slope: Brightness at the right edge over that in the middle.
    """

    take: Take
    camera: Camera
    target: Actor
    behind: tuple[Actor, ...] = ()
    front: tuple[Actor, ...] = ()
    gain: Keyframes = field(default_factory=lambda: {0: 1})
    slope: Keyframes = field(default_factory=lambda: {0: 0})
