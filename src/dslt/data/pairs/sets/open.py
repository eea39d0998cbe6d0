"""Training sets: how those of `config/training_sets.yaml` are opened."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dslt.core.errors import DsltError, unknown
from dslt.data.benchmarks.index_file import load_index
from dslt.data.downloads.definitions import unpacked_folder
from dslt.data.pairs.indexed import IndexSource, index_tracks
from dslt.data.pairs.procedural import ProceduralSource, WorldVideos
from dslt.data.pairs.sets import coco_youtube_bb, ilsvrc, lasot_got10k, youtube_vos
from dslt.data.pairs.sets.index import load_training_index, write_training_index
from dslt.data.pairs.sets.kinds import IndexSet, OwnedSet, ProceduralSet, TrainingSet, YoutubeBbSet
from dslt.data.pairs.source import ImageSource, PairSource
from dslt.data.pairs.videos import RawTrack, VideoTable, is_held_out

_LAYOUTS: dict[str, tuple[Callable[[Any, Path, int], Iterable[RawTrack]], str]] = {
    "ilsvrc_vid": (ilsvrc.vid_tracks, ilsvrc.VID_IMAGE),
    "ilsvrc_det": (ilsvrc.det_tracks, ilsvrc.DET_IMAGE),
    "coco": (coco_youtube_bb.coco_tracks, coco_youtube_bb.COCO_IMAGE),
    "youtube_bb": (coco_youtube_bb.youtube_tracks, ""),  # its entry says where the images are
    "lasot": (lasot_got10k.lasot_tracks, lasot_got10k.LASOT_IMAGE),
    "got10k": (lasot_got10k.got10k_tracks, lasot_got10k.GOT10K_IMAGE),
    "youtube_vos": (youtube_vos.youtube_vos_tracks, youtube_vos.IMAGE),
    "crop511": (coco_youtube_bb.crop_tracks, coco_youtube_bb.CROP_IMAGE),
}
"""By kind: what reads the tracks of an entry under a root (entry, root, processes), and where the
images are under the root."""


def open_sources(
    names: Iterable[str],
    sets: Mapping[str, TrainingSet],
    indexes: Mapping[str, Path] | None = None,
    data: str | os.PathLike[str] = "data",
) -> dict[str, PairSource]:
    """Open training sets; annotations are read here, images when a pair is drawn.

    Videos that are held out are left out.

    Args:
        names: Entries, as in `pairs.sources`.
        sets: All entries.
        indexes: Files of `index_training_set`, which are opened instead of reading annotations.
        data: Folder with fetched files.

    Raises:
        DsltError: There is no such entry, its root is not named or not of this kind, or it has no
            usable pair; or an index is of no entry.
    """
    wanted, given = list(names), dict(indexes or {})
    for name in given:
        if name not in wanted:
            raise unknown("training set of an index:", name, wanted)
    opened: dict[str, PairSource] = {}
    for name in wanted:
        if name not in sets:
            raise unknown("training set", name, sets)
        opened[name] = open_source(name, sets[name], given.get(name), data)
    return opened


def open_source(
    name: str, entry: TrainingSet, index: Path | None = None, data: str | os.PathLike[str] = "data"
) -> PairSource:
    """Open one training set; see `open_sources`."""
    if isinstance(entry, ProceduralSet):
        return ProceduralSource(name, entry.frame_range, 0.0, WorldVideos(entry.seed, entry.frames))
    root = root_of(name, entry, data)
    where = f"training set {name} ({root})"

    def drawn(table: VideoTable) -> VideoTable:
        kept = table.part(lambda video: not is_held_out(video, entry.held_out))
        return kept.checked(where)

    if isinstance(entry, IndexSet):
        found = load_index(root)
        videos = drawn(VideoTable.collect(index_tracks(found), where))
        return IndexSource(name, entry.frame_range, entry.damaged, videos, found)
    if index is None:
        table = _read(name, entry, root)
    else:
        table = load_training_index(index, _deciding(entry, root))
    relative = isinstance(entry, YoutubeBbSet)
    image = entry.image if isinstance(entry, YoutubeBbSet) else _LAYOUTS[entry.kind][1]
    source = ImageSource(
        name, entry.frame_range, entry.damaged, drawn(table), root, image, relative
    )
    return source.check()


def index_training_set(
    name: str,
    entry: TrainingSet,
    out: str | os.PathLike[str],
    data: str | os.PathLike[str] = "data",
    jobs: int = 1,
) -> VideoTable:
    """Read the annotations of a training set once, and write what is in them to a file.

    Args:
        name: Name of the entry.
        entry: The entry; its `held_out` does not count.
        out: The file (`dslt.data.pairs.sets.index`).
        data: Folder with fetched files.
        jobs: Processes that read annotations; the file does not depend on their number.

    Raises:
        DsltError: As `open_source`; or the set has no annotations of its own.
    """
    if isinstance(entry, ProceduralSet | IndexSet):
        raise DsltError(f"training set {name}: {entry.kind} sets need no index")
    root = root_of(name, entry, data)
    table = _read(name, entry, root, jobs)
    write_training_index(out, table, _deciding(entry, root))
    return table


def root_of(name: str, entry: OwnedSet | IndexSet, data: str | os.PathLike[str]) -> Path:
    """Folder of a training set: its root, or what is unpacked of its download.

    Raises:
        DsltError: Neither is named, or the download was not unpacked.
    """
    if entry.root is not None:
        return Path(entry.root)
    if entry.download is None:
        raise DsltError(
            f"training set {name}: no root is named; set `root` of this entry in"
            " config/training_sets.yaml to the place where it is unpacked"
        )
    folder = unpacked_folder(data, entry.download)
    if not folder.is_dir():
        raise DsltError(
            f"{folder}: training set {name} is not there; run `dslt fetch {entry.download}`, or set"
            " `root` of this entry in config/training_sets.yaml to a folder that has it"
        )
    return folder


def _deciding(entry: OwnedSet, root: Path) -> dict[str, Any]:
    """What of a definition decides which boxes there are, whichever are held out."""
    free = {"title", "frame_range", "damaged", "held_out", "download", "image"}
    return entry.model_dump(mode="json", exclude=free) | {"root": root.as_posix()}


def _read(name: str, entry: OwnedSet, root: Path, jobs: int = 1) -> VideoTable:
    """Read the annotations of a training set."""
    tracks = _LAYOUTS[entry.kind][0](entry, root, jobs)
    return VideoTable.collect(tracks, f"training set {name} ({root})")
