"""Definitions of training sets: the entries of `config/training_sets.yaml`.

This is read while the workflow builds its graph, so it imports no heavy package.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from dslt.core.errors import unknown
from dslt.settings.base import Count, Fraction, Natural, Settings
from dslt.settings.kinds import kinds_of, parse_kind

Split = Annotated[tuple[str, ...], Field(min_length=1)]


class _Set(Settings):
    """What all training sets have."""

    title: str = ""
    """Name in words."""
    frame_range: Count
    """Largest distance of the frames of a pair, in annotated frames."""


class _Annotated(_Set):
    """Images or videos of the user."""

    root: str | None = None
    """Folder of the images or videos (of `index`: the index file); null until the user names one.
    """
    download: str | None = None
    """Entry of `config/downloads.yaml` that they come from; it is used where no root is named."""
    damaged: Fraction
    """Share of views that may be unreadable or have a box outside the image. They are replaced and
    counted; more of them stop the run.
    """
    held_out: Annotated[float, Field(ge=0, lt=1)]
    """Share of videos that no pair is drawn from, for validation."""


class IlsvrcSet(_Annotated):
    """ILSVRC VID or DET, unpacked: `Annotations/` and `Data/` under the root."""

    kind: Literal["ilsvrc_vid", "ilsvrc_det"]
    splits: Split
    """Names of folders under `Annotations/VID` or `Annotations/DET`."""


class CocoSet(_Annotated):
    """COCO: `annotations/instances_<split>.json` and `<split>/` under the root."""

    kind: Literal["coco"]
    splits: Split
    """Names of the parts, as in the names of files and folders."""


class YoutubeBbSet(_Annotated):
    """YouTube-BB: its table, and frames that the user took from the videos."""

    kind: Literal["youtube_bb"]
    table: str
    """The CSV file under the root."""
    image: str
    """Path of a frame under the root: `{video}` is `<class id>/<youtube id>`, `{frame}` is the time
    in ms, `{track}` is the number of the object.
    """


class LasotSet(_Annotated):
    """LaSOT, unpacked."""

    kind: Literal["lasot"]
    sequences: str
    """File under the root that lists the sequences of the training part."""


class Got10kSet(_Annotated):
    """GOT-10k: the root is the folder `train`."""

    kind: Literal["got10k"]


class YoutubeVosSet(_Annotated):
    """YouTube-VOS: `JPEGImages/` and `Annotations/` under the root, the folder `train`."""

    kind: Literal["youtube_vos"]


class Crop511Set(_Annotated):
    """Crops of 511 pixels as PySOT's scripts make them."""

    kind: Literal["crop511"]
    table: str
    """JSON file of the crops under the root."""


class IndexSet(_Annotated):
    """Sequences of an index that `dslt index` made, for example of your own folder."""

    kind: Literal["index"]


class ProceduralSet(_Set):
    """Pairs that are made on the spot."""

    kind: Literal["procedural"]
    seed: Natural
    """Seed of the videos."""
    frames: Count
    """Length of a video."""


OwnedSet = IlsvrcSet | CocoSet | YoutubeBbSet | LasotSet | Got10kSet | YoutubeVosSet | Crop511Set
"""Sets with images and annotations of the user."""

TrainingSet = OwnedSet | IndexSet | ProceduralSet
_KINDS: dict[str, type[TrainingSet]] = kinds_of(TrainingSet)


def is_training_set(definition: Any) -> bool:
    """Whether a definition is one of a training set, by its kind."""
    return isinstance(definition, dict) and definition.get("kind") in _KINDS


def parse_training_set(name: str, definition: Any) -> TrainingSet:
    """Check the definition of a training set.

    Raises:
        DsltError: An unknown kind or key, a missing key, or a value of the wrong type.
    """
    return parse_kind(_KINDS, definition, f"training set {name}")


def own_indexes(definitions: Mapping[str, Any]) -> dict[str, str]:
    """Map the sets of kind `index` to their files, where one is named.

    Args:
        definitions: Of training sets, complete (`used_sets`).
    """
    named = {name: one["root"] for name, one in definitions.items() if one["kind"] == "index"}
    return {name: file for name, file in named.items() if file}


def used_sets(found: Mapping[str, Any], names: Iterable[str], where: str) -> dict[str, Any]:
    """Choose the definitions of some training sets, checked and complete, as plain JSON values.

    Args:
        found: All definitions by name, unchecked.
        names: Names of those that are wanted; the result has them in alphabetical order.
        where: Names what wants them, in the error.

    Raises:
        DsltError: As `parse_training_set`, or there is no such entry.
    """
    for name in names:
        if name not in found:
            raise unknown(f"training set of {where}", name, found)
    return {
        # Words decide no training: other ones must not make it run again.
        name: parse_training_set(name, found[name]).model_dump(mode="json") | {"title": ""}
        for name in sorted(names)
    }
