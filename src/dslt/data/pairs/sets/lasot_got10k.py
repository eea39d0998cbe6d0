"""LaSOT's and GOT-10k's training parts: a folder of frames and text files per sequence."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from dslt.core.errors import DsltError
from dslt.core.workers import spread
from dslt.data.benchmarks.truth.lasot import ABSENCE
from dslt.data.benchmarks.truth.source import read_names, read_target
from dslt.data.pairs.sets.kinds import Got10kSet, LasotSet
from dslt.data.pairs.videos import RawTrack

LASOT_IMAGE = "{video}/img/{frame:08d}.jpg"
GOT10K_IMAGE = "{video}/{frame:08d}.jpg"


def lasot_tracks(entry: LasotSet, root: Path, jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of the sequences that a list names: `<root>/[<class>/]<class>-<n>/groundtruth.txt`.

    Frames that are flagged as fully occluded or out of view are left out.

    Args:
        entry: It names the list, a file under the root with one name a line.
        root: Folder of the sequences, of both parts.
        jobs: Processes that read annotations.

    Raises:
        DsltError: The list, a sequence, or a file of it is missing or wrong.
    """
    chosen = []
    for name in read_names(root / entry.sequences):
        places = [f"{name.rpartition('-')[0]}/{name}", name]
        video = next((place for place in places if (root / place).is_dir()), None)
        if video is None:
            raise DsltError(f"{root}: no folder of sequence {name}; looked for {places}")
        chosen.append(video)
    return spread(partial(_track, root, ABSENCE), chosen, jobs, "LaSOT", "sequences")


def got10k_tracks(_entry: Got10kSet, root: Path, jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of `<root>/<sequence>/groundtruth.txt`, frames with an absence flag left out.

    `list.txt` names the sequences where it is there, else all folders are taken.

    Raises:
        DsltError: The root has no sequence, or a file of one is missing or wrong.
    """
    if not root.is_dir():
        raise DsltError(f"{root}: no such folder; expected GOT-10k's `train`")
    listed = root / "list.txt"
    found = sorted(path.parent.name for path in root.glob("*/groundtruth.txt"))
    chosen = read_names(listed) if listed.is_file() else found
    read = partial(_track, root, ("absence.label",))
    return spread(read, chosen, jobs, "GOT-10k", "sequences")


def _track(root: Path, flags: tuple[str, ...], video: str) -> RawTrack:
    """The track of a folder: images count from 1, and so do pixels in the file."""
    folder = root / video
    absence = (folder / flag for flag in flags)
    target = read_target((), 1, folder / "groundtruth.txt", None, *absence)
    boxes = target.truth
    boxes[target.absent] = np.nan
    return video, "0", range(1, len(boxes) + 1), boxes
