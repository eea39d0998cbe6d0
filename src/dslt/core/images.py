"""What an image is in this program, and what its file may be called."""

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")


def is_image(path: str) -> bool:
    """Tell whether a file is an image, by its name."""
    return path.lower().endswith(SUFFIXES)
