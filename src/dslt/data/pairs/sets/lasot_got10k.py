"""LaSOT's and GOT-10k's training parts: a folder of frames and text files per sequence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslt.core.errors import DsltError
from dslt.core.workers import spread
from dslt.data.pairs.videos import Keep, RawTrack
from dslt.geometry.boxes import parse_numbers, read_boxes

LASOT_IMAGE = "{video}/img/{frame:08d}.jpg"
GOT10K_IMAGE = "{video}/{frame:08d}.jpg"


def lasot_tracks(root: Path, names: str, keep: Keep, jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of the sequences that a list names: `<root>/[<class>/]<class>-<n>/groundtruth.txt`.

    Frames that are flagged as fully occluded or out of view are left out.

    Args:
        root: Folder of the sequences, of both parts.
        names: File under it with one name a line (LaSOT's `training_set.txt`).
        keep: Tells the videos that are used.
        jobs: Processes that read annotations.

    Raises:
        DsltError: The list, a sequence, or a file of it is missing or wrong.
    """
    chosen = []
    for name in _listed(root / names):
        places = [f"{name.rpartition('-')[0]}/{name}", name]
        video = next((place for place in places if (root / place).is_dir()), None)
        if video is None:
            raise DsltError(f"{root}: no folder of sequence {name}; looked for {places}")
        if keep(video):
            chosen.append(video)
    read = partial(_track, root, ("full_occlusion.txt", "out_of_view.txt"))
    yield from spread(read, chosen, jobs, "LaSOT", "sequences")


def got10k_tracks(root: Path, keep: Keep, jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of `<root>/<sequence>/groundtruth.txt`, frames with an absence flag left out.

    `list.txt` names the sequences where it is there, else all folders are taken.

    Raises:
        DsltError: The root has no sequence, or a file of one is missing or wrong.
    """
    if not root.is_dir():
        raise DsltError(f"{root}: no such folder; expected GOT-10k's `train`")
    listed = root / "list.txt"
    found = sorted(path.parent.name for path in root.glob("*/groundtruth.txt"))
    chosen = [video for video in (_listed(listed) if listed.is_file() else found) if keep(video)]
    yield from spread(
        partial(_track, root, ("absence.label",)), chosen, jobs, "GOT-10k", "sequences"
    )


def _track(root: Path, flags: tuple[str, ...], video: str) -> RawTrack:
    """The track of a folder: images count from 1, and so do pixels in the file."""
    path = root / video / "groundtruth.txt"
    boxes = read_boxes(path, origin=1)
    for absent in (_flags(root / video / flag) for flag in flags):
        if len(absent) != len(boxes):
            raise DsltError(f"{path}: {len(boxes)} boxes, but {len(absent)} flags of absence")
        boxes[absent] = np.nan
    return video, "0", range(1, len(boxes) + 1), boxes


def _listed(path: Path) -> list[str]:
    return [line.strip() for line in _text(path).splitlines() if line.strip()]


def _flags(path: Path) -> NDArray[np.bool_]:
    """Flags 0 or 1, in one line or one a line."""
    return np.array(parse_numbers(_text(path).strip().replace("\n", ","), str(path))) > 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DsltError(f"{path}: no such file; the training set is not complete") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{path}: not a readable text file ({error})") from error
