"""Training sets: how those of `config/training_sets.yaml` are opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dslt.data.benchmarks import read_definitions
from dslt.data.index_file import load_index
from dslt.data.pairs import folders, ilsvrc, tables
from dslt.data.pairs.indexed import IndexSource, index_tracks
from dslt.data.pairs.procedural import ProceduralSource
from dslt.data.pairs.set_kinds import (
    CocoSet,
    Crop511Set,
    Got10kSet,
    IlsvrcSet,
    IndexSet,
    LasotSet,
    ProceduralSet,
    TrainingSet,
    YoutubeBbSet,
    parse_training_set,
)
from dslt.data.pairs.source import ImageSource, Keep, RawTrack, Source, VideoTable, is_held_out
from dslt.errors import DsltError, unknown


def load_training_sets(
    path: str | os.PathLike[str], extra: Mapping[str, Any] | None = None
) -> dict[str, TrainingSet]:
    """Read and check all training sets of a file; `extra` changes the keys of entries or adds some.

    Raises:
        DsltError: As `read_definitions` and `parse_training_set`.
    """
    definitions = read_definitions(path)
    for name, values in (extra or {}).items():
        base = definitions.get(name, {})
        definitions[name] = base | values if isinstance(values, Mapping) else values
    return {name: parse_training_set(name, values) for name, values in definitions.items()}


def open_sources(
    names: Iterable[str], sets: Mapping[str, TrainingSet], held_out: bool = False
) -> dict[str, Source]:
    """Open training sets; annotations are read here, images when a pair is drawn.

    Args:
        names: Entries, as in `pairs.sources`.
        sets: All entries.
        held_out: Take the videos that are held out instead of the others.

    Raises:
        DsltError: There is no such entry, its root is not named or not of this kind, or it has no
            usable pair.
    """
    opened: dict[str, Source] = {}
    for name in names:
        if name not in sets:
            raise unknown("training set", name, sets)
        opened[name] = open_source(name, sets[name], held_out)
    return opened


def open_source(name: str, entry: TrainingSet, held_out: bool = False) -> Source:
    """Open one training set; see `open_sources`."""
    if isinstance(entry, ProceduralSet):
        if held_out:
            raise DsltError(f"training set {name}: procedural pairs have no held-out videos")
        return ProceduralSource(name, entry.frame_range, entry.seed, entry.frames)
    if entry.root is None:
        raise DsltError(
            f"training set {name}: no root is named; set `root` of this entry in"
            " config/training_sets.yaml to the place where it is unpacked"
        )
    keep: Keep = lambda video: is_held_out(video, entry.held_out) == held_out  # noqa: E731
    where = f"training set {name} ({entry.root})"
    if isinstance(entry, IndexSet):
        index = load_index(entry.root)
        table = VideoTable(index_tracks(index, keep), where)
        return IndexSource(name, entry.frame_range, entry.damaged, index, table)
    root = Path(entry.root)
    tracks, image = _read(entry, root, keep)
    return ImageSource(
        name,
        entry.frame_range,
        entry.damaged,
        VideoTable(tracks, where),
        root,
        image,
        relative=isinstance(entry, YoutubeBbSet),
    ).check()


def _read(
    entry: IlsvrcSet | CocoSet | YoutubeBbSet | LasotSet | Got10kSet | Crop511Set,
    root: Path,
    keep: Keep,
) -> tuple[Iterable[RawTrack], str]:
    """Tracks of a training set, and where its images are under the root."""
    if isinstance(entry, IlsvrcSet):
        if entry.kind == "ilsvrc_vid":
            return ilsvrc.vid_tracks(root, entry.splits, keep), ilsvrc.VID_IMAGE
        return ilsvrc.det_tracks(root, entry.splits, keep), ilsvrc.DET_IMAGE
    if isinstance(entry, CocoSet):
        return tables.coco_tracks(root, entry.splits, keep), tables.COCO_IMAGE
    if isinstance(entry, YoutubeBbSet):
        return tables.youtube_tracks(root / entry.table, keep), entry.image
    if isinstance(entry, LasotSet):
        return folders.lasot_tracks(root, entry.sequences, keep), folders.LASOT_IMAGE
    if isinstance(entry, Got10kSet):
        return folders.got10k_tracks(root, keep), folders.GOT10K_IMAGE
    return tables.crop_tracks(root / entry.table, keep), tables.CROP_IMAGE
