"""What a user of a network must know of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pixels:
    """What a network is shown of an image, RGB in [0, 255].

    Attributes:
        mean: Mean of RGB values, which is taken off.
        std: Divisor of what remains.
        bgr: Whether the network wants blue first.
    """

    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    bgr: bool = False


@dataclass(frozen=True)
class Spec:
    """What a regression tracker must know of a network.

    Attributes:
        channels: Channels of the shallow and of the deep tap.
        strides: Strides of the two taps in pixels.
        origin: Pixel coordinate (continuous, both axes) of the middle of the receptive field of
            the shallow tap's first cell; padding puts it off `stride / 2`.
        pixels: What it is shown.
    """

    channels: tuple[int, int]
    strides: tuple[int, int]
    origin: float
    pixels: Pixels
