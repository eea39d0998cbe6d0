"""Real clips: boxes of this project for ranges of video files that are fetched."""

from pathlib import Path

from dslt.core.errors import DsltError, unknown
from dslt.core.jsonfile import read_json
from dslt.data.benchmarks.kinds import ClipsBenchmark
from dslt.data.downloads.sources import FileName, Sha256
from dslt.data.sequences.folders import BOXES, META
from dslt.geometry.boxes import Boxes, read_boxes
from dslt.settings.base import Count, Natural, Settings, validate


class ClipAnnotation(Settings):
    """What `meta.json` of one sequence says.

    Attributes:
        clip: File name of the video.
        sha256: Checksum of the video.
        first_frame: Frame of the video that is frame 0 of the sequence.
        frames: Number of frames.
        target: The target in words.
        attributes: Codes of its OTB attributes.
    """

    clip: FileName
    sha256: Sha256
    first_frame: Natural
    frames: Count
    target: str
    attributes: tuple[str, ...]


def read_annotation(benchmark: ClipsBenchmark, name: str) -> tuple[ClipAnnotation, Boxes]:
    """Read one sequence's annotation: what it is, and its boxes (N, 4), 0-based.

    Raises:
        DsltError: A file is missing or wrong, the boxes differ from the frames in number, or the
            clip is not the one that the benchmark fetches.
    """
    folder = Path(benchmark.annotations, name)
    if not folder.is_dir():
        known = [path.parent.name for path in Path(benchmark.annotations).glob(f"*/{META}")]
        raise unknown(f"sequence of {benchmark.annotations}", name, known)
    annotation = validate(ClipAnnotation, read_json(folder / META), str(folder / META))
    boxes = read_boxes(folder / BOXES, benchmark.box_origin)
    if len(boxes) != annotation.frames:
        raise DsltError(
            f"{folder / BOXES}: {len(boxes)} boxes, but {META} says {annotation.frames} frames"
        )
    fetched = benchmark.checksums.get(annotation.clip, "no such clip")
    if fetched != annotation.sha256:
        raise DsltError(
            f"{folder / META}: drawn on {annotation.clip} with SHA-256 {annotation.sha256}; the "
            f"benchmark fetches {fetched}"
        )
    return annotation, boxes
