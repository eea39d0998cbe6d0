"""Published benchmarks on disk: which folders, or which archives, have a sequence's images."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dslt.core.columns import text
from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.checks import ImageCheck
from dslt.data.benchmarks.definitions import Benchmark
from dslt.data.benchmarks.frame_files import WantedFrames
from dslt.data.benchmarks.index_entry import ImagesSource
from dslt.data.benchmarks.kinds import ClipsBenchmark
from dslt.data.downloads.definitions import Download, VotDownload, downloads_folder, unpacked_folder
from dslt.data.downloads.vot_manifest import MANIFEST, manifest_files
from dslt.data.sequences.packed import PackedFrames, packed_frames
from dslt.data.sequences.target import Target

# Folders of the images' folders, and folders of images in those, as the archives have them.
_ABOVE = {
    "uav123": ("", "data_seq/UAV123/"),
    "uav123_10fps": ("", "data_seq/UAV123_10fps/"),
}
_BELOW = ("/img", "/color", "")


def located(benchmark: AnnotationsBenchmark, data: str | os.PathLike[str]) -> AnnotationsBenchmark:
    """Name the folder of a benchmark's download as its root, where it has no other.

    Raises:
        DsltError: The download was not unpacked.
    """
    if benchmark.root is not None or benchmark.download is None:
        return benchmark
    folder = unpacked_folder(data, benchmark.download)
    if not folder.is_dir():
        raise DsltError(
            f"{folder}: {benchmark.title} is not there; run `dslt fetch {benchmark.download}`, or"
            " set `root` (and `images`) of this benchmark to a folder that has it"
        )
    place = folder.as_posix()
    return benchmark.model_copy(update={"root": place, "images": benchmark.images or place})


def remedy_of(benchmark: Benchmark) -> str:
    """Say what to do about files of a benchmark that do not fit."""
    if isinstance(benchmark, ClipsBenchmark):
        return "fetch it again (`dslt fetch`)"
    if isinstance(benchmark, AnnotationsBenchmark) and benchmark.root is None:
        # Without --undo what is unpacked is taken to be whole, without --verify the archives are.
        command = f"dslt fetch {benchmark.download}"
        return f"unpack it again (`{command} --undo`, then `{command} --verify`)"
    return "put right what is in its folder"


def packed_folders(
    name: str | None, download: Download | None, data: Path
) -> dict[str, ImagesSource]:
    """Images that stay in the archives of a download, by the folder that they would be in.

    Raises:
        DsltError: An archive is damaged.
    """
    if name is None or download is None:
        return {}
    root = downloads_folder(data, name)
    if isinstance(download, VotDownload):
        manifest = root / MANIFEST
        there = manifest.is_file()
        files = manifest_files(read_json(manifest), download.url, str(manifest)) if there else []
    else:
        files = [file for entry in download.files for file in entry.spelled_out()]
    found = {}
    for file in files:
        archive = root / file.file
        if file.unpack != "text" or not archive.is_file():
            continue  # of a copy that was adopted, the images may be loose
        for folder, members in packed_frames(archive, file.strip, file.into).items():
            lengths = np.array(PackedFrames(archive, members).lengths())
            names = text(members, str(archive))
            found[folder] = ImagesSource(root.as_posix(), names, lengths, file.file)
    return found


def wanted_frames(
    benchmark: AnnotationsBenchmark,
    name: str,
    target: Target,
    packed: Mapping[str, ImagesSource],
    images: ImageCheck,
) -> WantedFrames:
    """Say where the frames of a sequence may be, and which of them are used."""
    category = name.rpartition("-")[0] or name
    places = [
        f"{above}{folder}{below}"
        for above in _ABOVE.get(benchmark.family, ("",))
        for folder in dict.fromkeys((name, target.video, f"{category}/{name}"))
        for below in _BELOW
    ]
    return WantedFrames(
        name=name,
        root=benchmark.images or "",
        places=tuple(places),
        rows=len(target.truth),
        packed=next((packed[place] for place in places if place in packed), None),
        span=benchmark.frames.get(name),
        skipped=benchmark.scored_from.get(name, 1) - 1,
        images=images,
    )
