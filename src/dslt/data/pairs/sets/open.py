"""Training sets: how those of `config/training_sets.yaml` are opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dslt.core.errors import DsltError, unknown
from dslt.data.benchmarks.index_file import load_index
from dslt.data.downloads.definitions import unpacked_folder
from dslt.data.pairs.indexed import IndexSource, index_tracks
from dslt.data.pairs.procedural import ProceduralSource
from dslt.data.pairs.sets import (
    coco_youtube_bb as tables,
)
from dslt.data.pairs.sets import (
    ilsvrc,
    youtube_vos,
)
from dslt.data.pairs.sets import (
    lasot_got10k as folders,
)
from dslt.data.pairs.sets.index import load_training_index, write_training_index
from dslt.data.pairs.sets.kinds import (
    CocoSet,
    Crop511Set,
    Got10kSet,
    IlsvrcSet,
    IndexSet,
    LasotSet,
    ProceduralSet,
    TrainingSet,
    YoutubeBbSet,
    YoutubeVosSet,
)
from dslt.data.pairs.source import ImageSource, Source
from dslt.data.pairs.videos import Keep, RawTrack, VideoTable, is_held_out

_OwnedSet = IlsvrcSet | CocoSet | YoutubeBbSet | LasotSet | Got10kSet | YoutubeVosSet | Crop511Set
"""Sets with images and annotations of the user."""

_IMAGES = {
    "ilsvrc_vid": ilsvrc.VID_IMAGE,
    "ilsvrc_det": ilsvrc.DET_IMAGE,
    "coco": tables.COCO_IMAGE,
    "lasot": folders.LASOT_IMAGE,
    "got10k": folders.GOT10K_IMAGE,
    "youtube_vos": youtube_vos.IMAGE,
    "crop511": tables.CROP_IMAGE,
}


def open_sources(
    names: Iterable[str],
    sets: Mapping[str, TrainingSet],
    held_out: bool = False,
    indexes: Mapping[str, Path] | None = None,
    data: str | os.PathLike[str] = "data",
) -> dict[str, Source]:
    """Open training sets; annotations are read here, images when a pair is drawn.

    Args:
        names: Entries, as in `pairs.sources`.
        sets: All entries.
        held_out: Take the videos that are held out instead of the others.
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
    opened: dict[str, Source] = {}
    for name in wanted:
        if name not in sets:
            raise unknown("training set", name, sets)
        opened[name] = open_source(name, sets[name], held_out, given.get(name), data)
    return opened


def open_source(
    name: str,
    entry: TrainingSet,
    held_out: bool = False,
    index: Path | None = None,
    data: str | os.PathLike[str] = "data",
) -> Source:
    """Open one training set; see `open_sources`."""
    if isinstance(entry, ProceduralSet):
        if held_out:
            raise DsltError(f"training set {name}: procedural pairs have no held-out videos")
        return ProceduralSource(name, entry.frame_range, entry.seed, entry.frames)
    root = root_of(name, entry, data)
    keep: Keep = lambda video: is_held_out(video, entry.held_out) == held_out  # noqa: E731
    where = f"training set {name} ({root})"
    if isinstance(entry, IndexSet):
        found = load_index(root)
        videos = VideoTable.collect(index_tracks(found, keep), where)
        return IndexSource(name, entry.frame_range, entry.damaged, found, videos)
    if index is None:
        table = VideoTable.collect(_tracks(entry, root, keep), where)
    else:
        table = load_training_index(index, _deciding(entry, root))
        table = table.part(keep).checked(where) if held_out or entry.held_out else table
    return ImageSource(
        name,
        entry.frame_range,
        entry.damaged,
        table,
        root,
        _image(entry),
        relative=isinstance(entry, YoutubeBbSet),
    ).check()


def index_training_set(
    name: str,
    entry: TrainingSet,
    out: str | os.PathLike[str],
    data: str | os.PathLike[str] = "data",
    jobs: int = 1,
) -> VideoTable:
    """Read the annotations of a training set once, and write what is in them to a file.

    Args:
        name: Of the entry.
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
    tracks = _tracks(entry, root, lambda _: True, jobs)
    table = VideoTable.collect(tracks, f"training set {name} ({root})")
    write_training_index(out, table, _deciding(entry, root))
    return table


def root_of(name: str, entry: _OwnedSet | IndexSet, data: str | os.PathLike[str]) -> Path:
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


def _deciding(entry: _OwnedSet, root: Path) -> dict[str, Any]:
    """What of a definition decides which boxes there are, whichever are held out."""
    free = {"title", "frame_range", "damaged", "held_out", "download", "image"}
    return entry.model_dump(mode="json", exclude=free) | {"root": root.as_posix()}


def _tracks(entry: _OwnedSet, root: Path, keep: Keep, jobs: int = 1) -> Iterable[RawTrack]:
    """Tracks of a training set, as its annotations have them."""
    if isinstance(entry, IlsvrcSet):
        read = ilsvrc.vid_tracks if entry.kind == "ilsvrc_vid" else ilsvrc.det_tracks
        return read(root, entry.splits, keep, jobs)
    if isinstance(entry, CocoSet):
        return tables.coco_tracks(root, entry.splits, keep)
    if isinstance(entry, YoutubeBbSet):
        return tables.youtube_tracks(root / entry.table, keep)
    if isinstance(entry, LasotSet):
        return folders.lasot_tracks(root, entry.sequences, keep, jobs)
    if isinstance(entry, Got10kSet):
        return folders.got10k_tracks(root, keep, jobs)
    if isinstance(entry, YoutubeVosSet):
        return youtube_vos.youtube_vos_tracks(root, keep, jobs)
    return tables.crop_tracks(root / entry.table, keep)


def _image(entry: _OwnedSet) -> str:
    """Where the images of a training set are under its root."""
    if isinstance(entry, YoutubeBbSet):
        return entry.image
    return _IMAGES[entry.kind]
