"""Image files as RGB uint8 frames, whatever their depth and channels; partial files are errors.

Pixels are taken as every viewer and OpenCV show them: turned where the file has an orientation tag.
"""

import io
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import BITSPERSAMPLE, PLANAR_CONFIGURATION, TiffImageFile

from dslt.core.errors import DsltError
from dslt.core.images import Frame, is_image
from dslt.data.sequences.levels import Levels

LARGEST = 10**8  # pixels of a frame, six times those of 4K film
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH_AT = 24  # signature, IHDR length and tag, width, height, then the bit depth
_EIGHT_BIT = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}


def image_sizes(folder: str | os.PathLike[str]) -> dict[str, int]:
    """Length in bytes of each image file of a folder, by its name (hidden ones are passed over).

    Raises:
        DsltError: The folder cannot be read, or a file cannot be looked at.
    """
    sizes, path = {}, os.fspath(folder)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_image(entry.name) and entry.name[0] != ".":
                    path = entry.path
                    sizes[entry.name] = entry.stat().st_size
    except OSError as error:
        raise DsltError(f"{path}: {error.strerror}") from None
    return sizes


def read_image(path: str | os.PathLike[str]) -> Frame:
    """Read an image file that stands alone; see `ImageDecoder`.

    Raises:
        DsltError: The file is missing, truncated, damaged or of another kind of image.
    """
    return ImageDecoder().decode(read_bytes(path), os.fspath(path))


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read an image file without decoding it.

    Raises:
        DsltError: The file is missing or unreadable.
    """
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise DsltError(f"{os.fspath(path)}: missing frame; fetch it or index again") from None
    except OSError as error:
        raise DsltError(f"{os.fspath(path)}: unreadable frame ({error.strerror})") from error


class ImageDecoder:
    """Decodes the images of one sequence alike; the first one says what they are like.

    Attributes:
        shape: Height and width of the first image, None before it.
        levels: How its 16 bits became 8, None where it has 8 bits.
        flattened: Whether an image lost most of its grey levels that way.
    """

    def __init__(self) -> None:
        self.shape: tuple[int, ...] | None = None
        self.levels: Levels | None = None
        self.flattened = False

    def decode(self, data: bytes, where: str) -> Frame:
        """Decode the bytes of an image file as RGB uint8 (H, W, 3).

        Gray becomes three equal channels, alpha is dropped, 16 bits become 8 (see `Levels`).

        Args:
            data: All bytes of the file.
            where: Names the file in the error.

        Raises:
            DsltError: The image is truncated, damaged or of another kind, or unlike the first one.
        """
        pixels = _pixels(data, where)
        deep = pixels.dtype == np.uint16
        if self.shape is None:
            self.shape = pixels.shape[:2]
            self.levels = Levels.of(pixels) if deep else None
        if pixels.shape[:2] != self.shape:
            raise DsltError(
                f"{where}: frame of {size_text(pixels.shape)} pixels in a sequence "
                f"of {size_text(self.shape)}; all frames of a sequence must have one size"
            )
        if deep != (self.levels is not None):
            raise DsltError(
                f"{where}: frame of {16 if deep else 8} bits per channel in a sequence of others; "
                "all frames of a sequence must have one depth"
            )
        frame = pixels
        if self.levels is not None:
            frame = self.levels.apply(pixels)
            self.flattened = self.flattened or self.levels.flatten(pixels)
        if frame.ndim == 2:
            frame = np.repeat(frame[..., None], 3, axis=2)
        return np.ascontiguousarray(frame, dtype=np.uint8)


def _pixels(data: bytes, where: str) -> NDArray[Any]:
    """Pixels of an image: uint8 (H, W, 3), or uint16 (H, W) or (H, W, 3)."""
    try:
        # Pillow refuses truncated files; OpenCV fills them up silently.
        with Image.open(io.BytesIO(data)) as image:
            _check_single(image, where)
            if image.width * image.height > LARGEST:
                raise DsltError(
                    f"{where}: {image.width}x{image.height} pixels; expected a frame of at most "
                    f"{LARGEST // 10**6} million: is it damaged?"
                )
            image.load()
            mode, deep = image.mode, _deep_pixels(data, image, where)
            if deep is None and mode in _EIGHT_BIT:
                # What Pillow reads of TIFF is turned already.
                turned = ImageOps.exif_transpose(image) if "exif" in image.info else image
                return np.array(turned if mode == "RGB" else turned.convert("RGB"), dtype=np.uint8)
    except UnidentifiedImageError:
        raise DsltError(f"{where}: unreadable frame, not an image ({len(data)} bytes)") from None
    except DsltError:
        raise
    except Exception as error:  # a damaged file may trip the reader in any way
        raise DsltError(f"{where}: unreadable frame, truncated or damaged ({error})") from error
    if deep is None:
        raise DsltError(f"{where}: pixels of kind {mode!r}; expected 8 or 16 bits per channel")
    return deep


def _check_single(image: Image.Image, where: str) -> None:
    """Check that a file holds one picture; a photo (MPO) may hold others of the same view.

    Raises:
        DsltError: It holds several.
    """
    pictures = getattr(image, "n_frames", 1)
    if pictures > 1 and image.format != "MPO":
        raise DsltError(
            f"{where}: holds {pictures} pictures, expected one per file; write them as single "
            "files, named by number"
        )


def _deep_pixels(data: bytes, image: Image.Image, where: str) -> NDArray[np.uint16] | None:
    """Pixels of an image of 16 bits per channel; None where it has others.

    Raises:
        DsltError: It is a colour TIFF of 16 bits that OpenCV does not read.
    """
    # Pillow reports colour PNG, TIFF and PNM of 16 bits as 8, and gray PNM as 32.
    is_png = data.startswith(_PNG_SIGNATURE) and data[_PNG_DEPTH_AT] == 16
    is_tiff = _is_deep_tiff(image)
    if not (is_png or is_tiff or image.format == "PPM" or image.mode.startswith("I;16")):
        return None
    as_shown = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
    pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), as_shown)
    if is_tiff and (pixels is None or _has_planes(image)):
        raise DsltError(
            f"{where}: colour TIFF of 16 bits per channel that cannot be read, perhaps as its"
            " channels lie apart; write it with the channels of a pixel together, or as PNG"
        )
    if pixels is None or pixels.dtype != np.uint16:
        return None
    return pixels if pixels.ndim == 2 else pixels[..., ::-1]


def _is_deep_tiff(image: Image.Image) -> bool:
    """Tell whether an image is a colour TIFF of 16 bits per channel."""
    if not (isinstance(image, TiffImageFile) and image.mode.startswith("RGB")):
        return False
    return 16 in image.tag_v2.get(BITSPERSAMPLE, ())


def _has_planes(image: Image.Image) -> bool:
    """Tell whether the channels of a TIFF lie apart, which OpenCV takes for pixels."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(PLANAR_CONFIGURATION) == 2


def checked_index(index: int, length: int) -> int:
    """Return a frame index, or raise IndexError where there is no such frame."""
    if not 0 <= index < length:
        raise IndexError(f"frame {index} of a sequence of {length} frames")
    return index


def size_text(shape: tuple[int, ...]) -> str:
    """Text `WxH` of a frame shape `(H, W, ...)`."""
    return f"{shape[1]}x{shape[0]}"
