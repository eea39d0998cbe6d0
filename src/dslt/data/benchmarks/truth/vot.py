"""Ground truth of VOT: sequence folders as the toolkit keeps them, or JSON."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.data.benchmarks.truth.pysot import json_layouts
from dslt.data.benchmarks.truth.rows import read_rows, region_target
from dslt.data.benchmarks.truth.source import Layout, TruthSource, listed, read_flags, read_text
from dslt.data.sequences.target import Target

_LIST = "list.txt"
_ORIENTATION, _ON_ITS_SIDE = 0x0112, range(5, 9)  # of EXIF; frames are shown upright
_TAG_SUFFIXES = (".tag", ".label")
_SIDE = re.compile(r"^\s*(width|height)\s*=\s*(\d+)\s*$", re.MULTILINE)


def layouts(root: Path, origin: int) -> Iterator[Layout]:
    """Ground truth under a root, in the order of its `list.txt` where there is one.

    Raises:
        DsltError: The list or a JSON file cannot be read.
    """
    if root.is_dir():
        for folder in (root, root / "sequences"):
            files = {path.parent.name: path for path in sorted(folder.glob("*/groundtruth.txt"))}
            if files:
                files, lacking = listed(files, folder / _LIST)
                yield Layout(
                    {
                        name: TruthSource((path, *_tag_files(path)), partial(_target, path, origin))
                        for name, path in files.items()
                    },
                    lacking=lacking,
                )
    yield from json_layouts(root, origin)


def _tag_files(path: Path) -> list[Path]:
    """Files with the attributes of frames, beside the ground truth."""
    return sorted(file for file in path.parent.iterdir() if file.suffix in _TAG_SUFFIXES)


def _target(path: Path, origin: int) -> Target:
    rows = read_rows(path)
    tags = {file.stem: read_flags(file, len(rows), pad=True) for file in _tag_files(path)}
    return region_target(rows, origin, tags=tags, size=_size(path.parent))


def _size(folder: Path) -> tuple[int, int] | None:
    """Width and height from the file `sequence`, or of the first image, if either is there."""
    description = folder / "sequence"
    if description.is_file():
        sides = {side: int(value) for side, value in _SIDE.findall(read_text(description))}
        if len(sides) == 2:
            return sides["width"], sides["height"]
    image = next(iter(sorted([*folder.glob("color/*.jpg"), *folder.glob("*.jpg")])), None)
    if image is None:
        return None
    from PIL import Image  # only where no file says the size

    try:
        with Image.open(image) as picture:
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
            return (height, width) if turned else (width, height)
    except OSError as error:
        raise DsltError(f"{image}: unreadable frame ({error})") from None
