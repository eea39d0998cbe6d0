"""ILSVRC VID and DET: annotations in one XML file per image (layout of the 2015 archives)."""

import os
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

from dslt.core.errors import DsltError, cut
from dslt.core.workers import spread
from dslt.data.pairs.sets.kinds import IlsvrcSet
from dslt.data.pairs.sets.rows import Box, by_track, numbered_files
from dslt.data.pairs.videos import RawTrack

VID_IMAGE = "Data/VID/{video}/{frame:06d}.JPEG"
DET_IMAGE = "Data/DET/{video}.JPEG"
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def vid_tracks(entry: IlsvrcSet, root: Path, jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of `Annotations/VID/<split>/**/<video>/<frame>.xml`, a box wherever one is annotated.

    A track that leaves and returns is one track; nothing is filtered by size or occlusion,
    as in PySOT (`training_dataset/vid`).

    Raises:
        DsltError: A folder is missing, or a file is not an annotation.
    """
    base = root / "Annotations" / "VID"
    names = [folder.relative_to(base).as_posix() for folder in _folders(base, entry.splits)]
    return chain.from_iterable(spread(partial(_read_video, base), names, jobs, "VID", "videos"))


def _read_video(base: Path, name: str) -> list[RawTrack]:
    """The tracks of one video."""
    rows = (
        (track, frame, box)
        for frame, path in numbered_files(base / name, "000000.xml")
        for track, box in _objects(path)
    )
    return [(name, *track) for track in by_track(rows)]


def det_tracks(entry: IlsvrcSet, root: Path, jobs: int = 1) -> Iterator[RawTrack]:
    """Objects of `Annotations/DET/<split>/**/<image>.xml`: a video of one frame per image.

    Raises:
        DsltError: A folder is missing, or a file is not an annotation.
    """
    base = root / "Annotations" / "DET"
    folders = _folders(base, entry.splits)
    return chain.from_iterable(spread(partial(_read_images, base), folders, jobs, "DET", "folders"))


def _read_images(base: Path, folder: Path) -> list[RawTrack]:
    """The objects of a folder of images."""
    return [
        (path.relative_to(base).with_suffix("").as_posix(), f"{number:02d}", [0], [box])
        for path in sorted(folder.glob("*.xml"))
        for number, (_, box) in enumerate(_objects(path))
    ]


def _folders(base: Path, splits: tuple[str, ...]) -> list[Path]:
    """Folders with annotations in a split, in the order of their names."""
    found = []
    for split in splits:
        if not (base / split).is_dir():
            raise DsltError(
                f"{base / split}: no such folder of annotations; expected the layout of the"
                " ILSVRC2015 archives"
            )
        for folder, _, files in os.walk(base / split):
            if any(file.endswith(".xml") for file in files):
                found.append(Path(folder))
    return sorted(found)


def _objects(path: Path) -> Iterator[tuple[str, Box]]:
    """Track identity (empty in DET) and box `(x, y, w, h)` of every object of an image."""
    try:
        tree = ElementTree.parse(path)
        for item in tree.iter("object"):
            corners = (float(item.findtext(f"bndbox/{corner}", "")) for corner in _CORNERS)
            left, top, right, bottom = corners
            yield item.findtext("trackid", ""), (left, top, right - left, bottom - top)
    except (OSError, ValueError, LookupError, ElementTree.ParseError) as error:
        raise DsltError(
            f"{path}: not an annotation ({cut(error)}); expected XML with object/bndbox"
        ) from error
