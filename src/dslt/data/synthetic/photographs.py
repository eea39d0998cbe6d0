"""Photographs that the procedural pairs and the held-out sequences are made of.

They ship with scikit-image and Matplotlib; each is pinned by its SHA-256. No target of the
benchmark `synthetic` is cut from any of them, and of its photographs only three are here, all in
`TRAINING`: `brick`, `grass` and `gravel`, which are backgrounds and occluders there. The two lists
have no photograph in common.
"""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dslt.core.errors import DsltError
from dslt.core.files import verify_sha256
from dslt.core.images import Frame
from dslt.data.sequences.images import read_image

_SMALLEST = 48  # side of the coarsest level of a pyramid, pixels


@dataclass(frozen=True)
class Photograph:
    """A picture file inside an installed package."""

    package: str
    path: str
    sha256: str


TRAINING = {
    "rocket": Photograph(
        "skimage",
        "data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
    "hubble": Photograph(
        "skimage",
        "data/hubble_deep_field.jpg",
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    ),
    "moon": Photograph(
        "skimage",
        "data/moon.png",
        "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577",
    ),
    "cell": Photograph(
        "skimage",
        "data/cell.png",
        "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515",
    ),
    "clock": Photograph(
        "skimage",
        "data/clock_motion.png",
        "f029226b28b642e80113d86622e9b215ee067a0966feaf5e60604a1e05733955",
    ),
    "page": Photograph(
        "skimage",
        "data/page.png",
        "341a6f0a61557662b02734a9b6e56ec33a915b2c41886b97509dedf2a43b47a3",
    ),
    "logo": Photograph(
        "skimage",
        "data/logo.png",
        "f2c57fe8af089f08b5ba523d95573c26e62904ac5967f4c8851b27d033690168",
    ),
    "wheel": Photograph(
        "skimage",
        "data/color.png",
        "7d2df993de2b4fa2a78e04e5df8050f49a9c511aa75e59ab3bd56ac9c98aef7e",
    ),
    "brick": Photograph(
        "skimage",
        "data/brick.png",
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    ),
    "grass": Photograph(
        "skimage",
        "data/grass.png",
        "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    ),
    "gravel": Photograph(
        "skimage",
        "data/gravel.png",
        "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    ),
}
HELD_OUT = {
    "portrait": Photograph(
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    ),
    "retina": Photograph(
        "skimage",
        "data/retina.jpg",
        "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
    ),
    "text": Photograph(
        "skimage",
        "data/text.png",
        "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1",
    ),
}
_ALL = TRAINING | HELD_OUT


@functools.cache
def pyramid(name: str) -> tuple[Frame, ...]:
    """A photograph at full size, half, quarter and so on, RGB uint8 (H, W, 3).

    Raises:
        DsltError: The package is not installed or ships another picture by this name.
    """
    wanted = _ALL[name]
    package = importlib.util.find_spec(wanted.package)  # found, not imported
    if package is None or package.origin is None:
        raise DsltError(f"procedural pairs need the package {wanted.package}; install it")
    path = Path(package.origin).parent / wanted.path
    verify_sha256(path, wanted.sha256, f"this version of {wanted.package} ships another picture")
    levels = [read_image(path)]
    while min(levels[-1].shape[:2]) >= 2 * _SMALLEST:
        height, width = levels[-1].shape[:2]
        size = (width // 2, height // 2)
        smaller = cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(smaller, dtype=np.uint8))
    for level in levels:
        level.flags.writeable = False
    return tuple(levels)


def photo_size(name: str) -> tuple[int, int]:
    """Width and height of a photograph in pixels."""
    height, width = pyramid(name)[0].shape[:2]
    return width, height


def sample(
    name: str, linear: NDArray[np.float64], at: NDArray[np.float64], size: tuple[int, int]
) -> Frame:
    """Look at a photograph through an affine window.

    Args:
        name: Of `TRAINING` or `HELD_OUT`.
        linear: (2, 2), from offsets in the window to offsets in the photograph, pixels.
        at: (2,) place of the window's left upper corner in the photograph, pixels.
        size: Width and height of the window.

    Returns:
        RGB uint8 (h, w, 3), bilinear in the level of the pyramid that is just finer; outside the
        photograph its mirror image.
    """
    levels = pyramid(name)
    grain = float(np.sqrt(abs(np.linalg.det(linear))))
    level = min(max(int(np.floor(np.log2(grain))), 0), len(levels) - 1)
    shrunk = linear / 2**level
    # Pixel i covers [i, i + 1): its middle is at i + 0.5 in both pictures.
    offset = at / 2**level + shrunk @ np.array([0.5, 0.5]) - 0.5
    matrix = np.column_stack([shrunk, offset])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(
        levels[level], matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(picture, dtype=np.uint8)
