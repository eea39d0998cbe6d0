"""Image files as RGB uint8 frames, whatever their depth and channels; partial files are errors."""

import io
import os
import re
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from dslt.core.errors import DsltError
from dslt.core.images import SUFFIXES, Frame, is_image

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH_AT = 24  # signature, IHDR length and tag, width, height, then the bit depth
_SAME_DIGIT = str.maketrans("123456789", "0" * 9)
_EIGHT_BIT = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that orders `2.jpg` before `10.jpg`."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part]


def list_images(folder: str | os.PathLike[str]) -> list[Path]:
    """Image files of a folder in natural order (hidden and other files are passed over).

    Raises:
        DsltError: The folder is missing or holds no image.
    """
    base = Path(folder)
    if not base.is_dir():
        raise DsltError(f"{base}: no such folder of frames")
    names = image_sizes(folder)
    if not names:
        raise DsltError(f"{base}: no frames in the folder; expected {', '.join(sorted(SUFFIXES))}")
    return [base / name for name in names]


def image_sizes(folder: str | os.PathLike[str]) -> dict[str, int]:
    """Length in bytes of each image file of a folder, by its name, in natural order.

    Raises:
        DsltError: A file cannot be looked at.
    """
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_image(entry.name) and entry.name[0] != ".":
                try:
                    sizes[entry.name] = entry.stat().st_size
                except OSError as error:
                    raise DsltError(f"{folder}/{entry.name}: {error.strerror}") from None
    # Names that differ in the values of their digits alone sort without a key.
    is_uniform = len({name.translate(_SAME_DIGIT) for name in sizes}) == 1
    return {name: sizes[name] for name in sorted(sizes, key=None if is_uniform else natural_key)}


def read_image(path: str | os.PathLike[str]) -> Frame:
    """Read an image file as RGB uint8 (H, W, 3); see `decode_image`.

    Raises:
        DsltError: The file is missing, truncated, damaged or of another kind of image.
    """
    return decode_image(read_bytes(path), os.fspath(path))


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


def decode_image(data: bytes, where: str) -> Frame:
    """Decode the bytes of an image file as RGB uint8 (H, W, 3).

    Gray becomes three equal channels, alpha is dropped, 16 bits become 8 by dividing by 257 and
    rounding. Pixels are taken as stored: an orientation tag is not applied, as the boxes of
    benchmarks refer to stored pixels.

    Args:
        data: All bytes of the file.
        where: Names the file in the error.

    Raises:
        DsltError: The image is truncated, damaged or of another kind.
    """
    try:
        # Pillow refuses truncated files; OpenCV fills them up silently.
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            mode, is_deep = image.mode, image.mode.startswith("I;16") or _is_deep_png(data)
            if not is_deep and mode in _EIGHT_BIT:
                return np.array(image if mode == "RGB" else image.convert("RGB"), dtype=np.uint8)
    except UnidentifiedImageError:
        raise DsltError(f"{where}: unreadable frame, not an image ({len(data)} bytes)") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DsltError(f"{where}: unreadable frame, truncated or damaged ({error})") from error
    if is_deep:
        return _decode_deep(data, where)
    raise DsltError(f"{where}: pixels of kind {mode!r}; expected 8 or 16 bits per channel")


def _is_deep_png(data: bytes) -> bool:
    """Whether a PNG has 16 bits per channel (Pillow reports colour ones as 8)."""
    return data.startswith(_PNG_SIGNATURE) and data[_PNG_DEPTH_AT] == 16


def _decode_deep(data: bytes, where: str) -> Frame:
    """Decode an image of 16 bits per channel as 8-bit RGB."""
    pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise DsltError(f"{where}: unreadable 16-bit frame")
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        pixels = pixels[..., 2::-1]
    elif pixels.ndim == 3:
        pixels = pixels[..., 0]
    wide = (pixels.astype(np.uint32) + 128) // 257
    if wide.ndim == 2:
        wide = np.repeat(wide[..., None], 3, axis=2)
    return np.ascontiguousarray(wide, dtype=np.uint8)


def checked_index(index: int, length: int) -> int:
    """Return a frame index, or raise IndexError where there is no such frame."""
    if not 0 <= index < length:
        raise IndexError(f"frame {index} of a sequence of {length} frames")
    return index


def size_text(shape: tuple[int, ...]) -> str:
    """Text `WxH` of a frame shape `(H, W, ...)`."""
    return f"{shape[1]}x{shape[0]}"
