"""The photographs that everything here is cut from, pinned by their SHA-256.

They ship with scikit-image and Matplotlib. The benchmark `synthetic` has only PNG files (lossless:
every decoder gives the same pixels). No target of it is cut from a photograph in `TRAINING` or
`HELD_OUT`; `brick`, `grass` and `gravel`, its backgrounds and occluders, are in `TRAINING`, too.
"""

import functools
import importlib.util
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.extras import how_to_get
from dslt.core.files import verify_sha256
from dslt.core.images import Frame
from dslt.data.sequences.images import read_image

PHOTOS = {
    "astronaut": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    "brick": "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    "camera": "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
    "cell": "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515",
    "chelsea": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "clock_motion": "f029226b28b642e80113d86622e9b215ee067a0966feaf5e60604a1e05733955",
    "coffee": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "coins": "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba",
    "color": "7d2df993de2b4fa2a78e04e5df8050f49a9c511aa75e59ab3bd56ac9c98aef7e",
    "grass": "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    "gravel": "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    "hubble": "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    "ihc": "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
    "logo": "f2c57fe8af089f08b5ba523d95573c26e62904ac5967f4c8851b27d033690168",
    "moon": "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577",
    "motorcycle_left": "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    "motorcycle_right": "5fc913ae870e42a4b662314bc904d1786bcad8e2f0b9b67dba5a229406357797",
    "page": "341a6f0a61557662b02734a9b6e56ec33a915b2c41886b97509dedf2a43b47a3",
    "portrait": "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    "retina": "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
    "rocket": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    "text": "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1",
}
# The files of those that are not `data/NAME.png` in scikit-image.
_FILES = {
    "hubble": ("skimage", "data/hubble_deep_field.jpg"),
    "portrait": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "retina": ("skimage", "data/retina.jpg"),
    "rocket": ("skimage", "data/rocket.jpg"),
}
# Photographs of the procedural pairs, and of held-out sequences; random draws go by their order.
_SHARED = ("brick", "grass", "gravel")  # with backgrounds and occluders of the benchmark
TRAINING = ("rocket", "hubble", "moon", "cell", "clock_motion", "page", "logo", "color", *_SHARED)
HELD_OUT = ("portrait", "retina", "text")
LINEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP  # how OpenCV looks through an affine window
_SMALLEST = 48  # side of the coarsest level of a pyramid, pixels


@functools.cache
def photo(name: str) -> Frame:
    """Return one of `PHOTOS`, RGB uint8 (H, W, 3), read-only.

    Raises:
        DsltError: The package is not installed or ships another picture by this name.
    """
    package, file = _FILES.get(name, ("skimage", f"data/{name}.png"))
    found = importlib.util.find_spec(package)  # not imported: that takes a second
    called = package.replace("skimage", "scikit-image")  # its name where packages are installed
    if found is None or found.origin is None:
        how = how_to_get(package) or "install it"
        raise DsltError(f"synthetic videos need the package {called}: {how}")
    path = Path(found.origin).parent / file
    verify_sha256(path, PHOTOS[name], f"this version of {called} ships another picture")
    return _read_only(read_image(path))


def _read_only(pixels: Frame) -> Frame:
    pixels.flags.writeable = False
    return pixels


def photo_size(name: str) -> tuple[int, int]:
    """Return the width and height of a photograph in pixels."""
    height, width = photo(name).shape[:2]
    return width, height


@functools.cache
def pyramid(name: str) -> tuple[Frame, ...]:
    """Return a photograph at full size, half, quarter and so on, RGB uint8 (H, W, 3)."""
    levels = [photo(name)]
    while min(levels[-1].shape[:2]) >= 2 * _SMALLEST:
        height, width = levels[-1].shape[:2]
        smaller = cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        levels.append(_read_only(np.asarray(smaller, dtype=np.uint8)))
    return tuple(levels)


def affine(linear: NDArray[np.floating], offset: NDArray[np.floating]) -> Floats:
    """Return the map (2, 3) that `linear` (2, 2) and `offset` (2,) make up."""
    matrix = np.empty((2, 3))
    matrix[:, :2], matrix[:, 2] = linear, offset
    return matrix


def sample(name: str, linear: Floats, at: Floats, size: tuple[int, int]) -> Frame:
    """Look at a photograph through an affine window.

    Args:
        name: Name of the photograph.
        linear: Map (2, 2) from offsets in the window to offsets in the photograph, pixels.
        at: Place (2,) of the window's left upper corner in the photograph, pixels.
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
    matrix = affine(shrunk, offset)
    mirror = cv2.BORDER_REFLECT_101
    picture = cv2.warpAffine(levels[level], matrix, size, flags=LINEAR, borderMode=mirror)
    return np.asarray(picture, dtype=np.uint8)
