"""What an image is in this program, and what its file may be called."""

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm"})
