"""Training sets as data: the entries of `config/training_sets.yaml`, and how they are opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from dslt.data.benchmarks import read_definitions
from dslt.data.index_file import load_index
from dslt.data.pairs import folders, ilsvrc, tables
from dslt.data.pairs.indexed import IndexSource, index_tracks
from dslt.data.pairs.procedural import ProceduralSource
from dslt.data.pairs.source import ImageSource, Keep, RawTrack, Source, VideoTable, is_held_out
from dslt.dslt_settings import Count, Fraction
from dslt.errors import DsltError, unknown
from dslt.settings import Settings, validate

Split = Annotated[tuple[str, ...], Field(min_length=1)]


class _Set(Settings):
    """What all training sets have.

    Attributes:
        title: In words.
        frame_range: Largest distance of the frames of a pair, in annotated frames.
    """

    title: str = ""
    frame_range: Count


class _Annotated(_Set):
    """Images or videos of the user.

    Attributes:
        root: Their folder (of `index`: the index file); null until the user names one.
        damaged: Share of views that may be unreadable or have a box outside the image. They are
            replaced and counted; more of them stop the run.
        held_out: Share of videos that no pair is drawn from, for validation.
    """

    root: str | None = None
    damaged: Fraction
    held_out: Annotated[float, Field(ge=0, lt=1)]


class IlsvrcSet(_Annotated):
    """ILSVRC VID or DET, unpacked: `Annotations/` and `Data/` under the root.

    Attributes:
        splits: Folders under `Annotations/VID` or `Annotations/DET`.
    """

    kind: Literal["ilsvrc_vid", "ilsvrc_det"]
    splits: Split


class CocoSet(_Annotated):
    """COCO: `annotations/instances_<split>.json` and `<split>/` under the root."""

    kind: Literal["coco"]
    splits: Split


class YoutubeBbSet(_Annotated):
    """YouTube-BB: its table, and frames that the user took from the videos.

    Attributes:
        table: The CSV file under the root.
        image: Path of a frame under the root: `{video}` is `<class id>/<youtube id>`, `{frame}` the
            time in ms, `{track}` the number of the object.
    """

    kind: Literal["youtube_bb"]
    table: str
    image: str


class LasotSet(_Annotated):
    """LaSOT, unpacked.

    Attributes:
        sequences: File under the root that lists the sequences of the training part.
    """

    kind: Literal["lasot"]
    sequences: str


class Got10kSet(_Annotated):
    """GOT-10k: the root is the folder `train`."""

    kind: Literal["got10k"]


class Crop511Set(_Annotated):
    """Crops of 511 pixels as PySOT's scripts make them.

    Attributes:
        table: Their JSON file under the root.
    """

    kind: Literal["crop511"]
    table: str


class IndexSet(_Annotated):
    """Sequences of an index that `dslt index` made, for example of your own folder."""

    kind: Literal["index"]


class ProceduralSet(_Set):
    """Pairs that are made on the spot.

    Attributes:
        seed: Of the videos.
        frames: Length of a video.
    """

    kind: Literal["procedural"]
    seed: Annotated[int, Field(ge=0)]
    frames: Count


TrainingSet = (
    IlsvrcSet
    | CocoSet
    | YoutubeBbSet
    | LasotSet
    | Got10kSet
    | Crop511Set
    | IndexSet
    | ProceduralSet
)
_KINDS: dict[str, type[TrainingSet]] = {
    "ilsvrc_vid": IlsvrcSet,
    "ilsvrc_det": IlsvrcSet,
    "coco": CocoSet,
    "youtube_bb": YoutubeBbSet,
    "lasot": LasotSet,
    "got10k": Got10kSet,
    "crop511": Crop511Set,
    "index": IndexSet,
    "procedural": ProceduralSet,
}


def parse_training_set(name: str, definition: Any) -> TrainingSet:
    """Check the definition of a training set.

    Raises:
        DsltError: An unknown kind or key, a missing key, or a value of the wrong type.
    """
    kind = definition.get("kind") if isinstance(definition, dict) else definition
    if kind not in _KINDS:
        raise unknown(f"kind of training set {name}:", kind, _KINDS)
    return validate(_KINDS[kind], definition, f"training set {name}")


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
