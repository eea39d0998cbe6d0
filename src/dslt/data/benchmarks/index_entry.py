"""What an index says about one sequence, and where its frames are."""

from __future__ import annotations

import functools
from collections.abc import Sized
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa

from dslt.core.arrays import Ints
from dslt.core.errors import DsltError
from dslt.core.files import verify_sha256
from dslt.data.sequences.frames import FrameSource, ImageFolder
from dslt.data.sequences.packed import PackedFrames
from dslt.data.sequences.target import Target
from dslt.data.synthetic.render import SyntheticFrames
from dslt.geometry.boxes import Boxes
from dslt.settings.base import Settings

_REFETCH = "fetch it again (dslt fetch)"


class VideoSource(Settings):
    """Frames of a video file."""

    kind: Literal["video"] = "video"
    path: str
    sha256: str
    first_frame: int
    frames: int

    def open(self) -> FrameSource:
        """Check the bytes of the file (once per process) and open it.

        Raises:
            DsltError: The file is missing or has another checksum.
        """
        from dslt.data.sequences.kept import keep_frames  # here: images need no PyAV
        from dslt.data.sequences.video import VideoClip

        path = Path(self.path)
        if not path.is_file():
            raise DsltError(f"{path}: no such clip; {_REFETCH}")
        status = path.stat()
        _verify_once(path, self.sha256, status.st_size, status.st_mtime_ns)
        video = VideoClip(path, self.first_frame, self.frames)
        return keep_frames(video, self.sha256, self.first_frame)


@functools.cache
def _verify_once(path: Path, sha256: str, size: int, modified: int) -> None:
    """Check a file's checksum; `size` and `modified` only tell versions of the file apart."""
    verify_sha256(path, sha256, _REFETCH)


class SyntheticSource(Settings):
    """A scene that is rendered when it is read."""

    kind: Literal["synthetic"] = "synthetic"
    scene: str
    seed: int

    def open(self) -> FrameSource:
        """Make the scene."""
        return SyntheticFrames(self.scene, self.seed)


@dataclass(frozen=True, eq=False)
class ImagesSource:
    """Image files, loose or in a zip archive.

    Attributes:
        root: Folder of the images, or of the archive.
        names: Column (N,) of paths below the root, or of members of the archive.
        bytes: Lengths (N,) of the images.
        archive: Path of the archive below the root; None: the files are loose.
    """

    root: str
    names: pa.Array
    bytes: Ints
    archive: str | None = None

    @property
    def files(self) -> list[str]:
        """The paths or members, in the order of the frames."""
        files: list[str] = self.names.to_pylist()
        return files

    def part(self, frames: Ints) -> ImagesSource:
        """Some of the frames, by their numbers."""
        return replace(self, names=self.names.take(pa.array(frames)), bytes=self.bytes[frames])

    def open(self) -> FrameSource:
        """Take the images; each is checked when it is read."""
        root = Path(self.root)
        if self.archive is not None:
            return PackedFrames(root / self.archive, self.files, self.bytes.tolist())
        return ImageFolder([root / file for file in self.files], self.bytes.tolist())


FrameOrigin = VideoSource | SyntheticSource | ImagesSource


@dataclass(frozen=True, eq=False, kw_only=True)
class IndexEntry(Target):
    """One sequence of an index: its target, and where its frames are.

    Attributes:
        name: Unique within the benchmark.
        source: Where the frames are, None where there are annotations only.
        skipped: Rows of the annotation before the first one that is scored and that is listed
            here.
    """

    name: str
    source: FrameOrigin | None
    skipped: int = 0

    def __post_init__(self) -> None:
        """Check that all that is said of frames is said of each.

        Raises:
            ValueError: Lengths differ.
        """
        parts: dict[str, Sized | None] = {
            "corners": self.corners,
            "absent": self.absent,
            **self.tags,
        }
        if isinstance(self.source, ImagesSource):
            parts |= {"names": self.source.names, "bytes": self.source.bytes}
        for name, part in parts.items():
            if part is not None and len(part) != self.frames:
                raise ValueError(
                    f"sequence {self.name}: {name} of {len(part)} frames, truth of {self.frames}"
                )

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.truth)

    def boxes(self) -> Boxes:
        """Ground truth (N, 4), NaN rows where the target is absent; a new array."""
        return self.truth.copy()
