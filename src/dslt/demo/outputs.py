"""The files of a demo: which there are, whose may be written over, and what stands in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from dslt import __version__
from dslt.core.csvfile import write_rows
from dslt.core.errors import DsltError
from dslt.core.files import NotWrittenError, atomic_write, sha256_file
from dslt.core.images import Frame
from dslt.core.jsonfile import read_json
from dslt.core.text import canonical, digest
from dslt.data.sequences.recording import check_format
from dslt.demo.follow import DemoRun, TargetTrack
from dslt.geometry.boxes import DECIMALS, format_number, to_file_origin, write_boxes

MADE_BY = "dslt demo"


@dataclass(frozen=True)
class Outputs:
    """Where the files of a demo go, all beside its video."""

    video: Path

    def named(self, ending: str) -> Path:
        """Name a file by what follows the video's name without its suffix."""
        return self.video.with_name(self.video.stem + ending)

    @property
    def table(self) -> Path:
        """Boxes, scores and states, one row per target and frame."""
        return self.named(".csv")

    @property
    def mot(self) -> Path:
        """Boxes as the tools of MOTChallenge read them."""
        return self.named(".mot.txt")

    @property
    def sheet(self) -> Path:
        """Some frames with their boxes."""
        return self.named(".png")

    @property
    def summary(self) -> Path:
        """All of it, how it was made, and the checksums of the others."""
        return self.named(".json")

    def boxes(self, names: Sequence[str]) -> list[Path]:
        """Boxes in OTB's form: a file for each target, named after it where there are several."""
        if len(names) == 1:
            return [self.named(".txt")]
        return [self.named(f"-{name}.txt") for name in names]

    def check(self, names: Sequence[str] | None, source: Path, overwrite: bool) -> None:
        """Refuse what cannot be written, or would be the user's, before anything is tracked.

        Args:
            names: Those of the targets, None where they are not known yet.
            source: Where the frames come from.
            overwrite: Whether files may go that no demo wrote.

        Raises:
            DsltError: The suffix is unknown, the source would be overwritten, or so would a file
                that no earlier demo wrote.
        """
        check_format(self.video)
        if source.is_dir() and self.video.resolve().parent == source.resolve():
            raise DsltError(
                f"--out {self.video}: the contact sheet would lie among the frames; expected a "
                "place outside their folder"
            )
        texts = self.boxes(names) if names else []
        ours = written_before(self.summary)
        for path in (self.summary, self.video, *texts, self.table, self.mot, self.sheet):
            if not path.exists():
                continue
            if source.exists() and path.samefile(source):
                where = f"{path}, where the boxes would go, " if path in texts else ""
                raise DsltError(
                    f"--out {self.video}: {where or f'{path} '}is the source itself; expected "
                    "another file"
                )
            if not overwrite:
                self._check_ours(path, ours)

    def _check_ours(self, path: Path, ours: Mapping[str, str] | None) -> None:
        """Refuse a file that is there and that the summary does not tell to be a demo's."""
        if path == self.summary:
            found = "" if ours is not None else f"was not written by {MADE_BY}, or changed since"
        elif ours is None:
            found = (
                f"there is no {self.summary.name} beside it that shows that {MADE_BY} wrote it (as "
                "after a demo that was ended early)"
            )
        elif ours.get(path.name) != sha256_file(path):
            found = f"is not (or no longer) what {MADE_BY} wrote"
        else:
            found = ""
        if found:
            raise DsltError(
                f"{path}: is there already, and {found}; choose another --out, or say --overwrite "
                "if it may go"
            )


def written_before(path: Path) -> dict[str, str] | None:
    """Read the checksums in the summary of an earlier demo; None: it is none, or was changed."""
    if not path.is_file():
        return None
    try:
        values = read_json(path)
    except DsltError:  # somebody else's
        return None
    if not isinstance(values, dict) or values.pop("checksum", None) != digest(canonical(values)):
        return None
    files = values.get("files")
    return files if isinstance(files, dict) else None


def write_results(
    outputs: Outputs, video: bool, run: DemoRun, sheet: Frame, about: Mapping[str, Any]
) -> list[NotWrittenError]:
    """Write everything but the video, the summary last.

    Args:
        outputs: Where to.
        video: Whether the video is there.
        run: What was tracked.
        sheet: The contact sheet.
        about: What the summary says of how it was made; `first_frame` is the number of the first.

    Returns:
        The errors of files that could not be written; the others are there.
    """
    texts = outputs.boxes([track.target.name for track in run.tracks])
    first = int(about["first_frame"])
    writers: dict[Path, Callable[[Path], None]] = {
        text: partial(write_boxes, boxes=track.boxes, origin=0)
        for text, track in zip(texts, run.tracks, strict=True)
    }
    writers[outputs.table] = partial(_write_table, run=run, first=first)
    writers[outputs.mot] = partial(_write_mot, run=run, first=first)
    writers[outputs.sheet] = partial(_write_picture, picture=sheet)
    written = [outputs.video] if video else []
    writers[outputs.summary] = partial(_write_summary, run=run, about=about, files=written)
    failures = []
    for path, write in writers.items():
        try:
            write(path)
        except NotWrittenError as error:
            failures.append(error)
        else:
            written.append(path)
    return failures


def _write_table(path: Path, run: DemoRun, first: int) -> None:
    """Write a row per frame and target; what is NaN or was not judged stays empty."""
    rows = [
        (
            first + number,
            f"{seconds:.6f}",
            track.target.name,
            *_row(track, number),
            {None: "", False: 0, True: 1}[track.lost[number]],
        )
        for number, seconds in enumerate(run.times)
        for track in run.tracks
    ]
    write_rows(path, ("frame", "time", "target", "x", "y", "w", "h", "score", "lost"), rows)


def _row(track: TargetTrack, number: int) -> list[str]:
    """Write box and score of a frame."""
    box, score = track.predictions[number].box, track.predictions[number].score
    return [
        f"{value:.{digits}f}" if np.isfinite(value) else ""
        for value, digits in (*((value, DECIMALS) for value in box), (score, 6))
    ]


def _write_mot(path: Path, run: DemoRun, first: int) -> None:
    """Write MOTChallenge's text: frame, target, box, score and three numbers that are not used.

    Frames, targets and pixels count from 1. A target that is lost has no line; where the tracker
    has no score, as in the first frame, it is 1.
    """
    lines = []
    for number in range(len(run.times)):
        for place, track in enumerate(run.tracks, 1):
            prediction = track.predictions[number]
            if track.lost[number] or not np.isfinite(prediction.box).all():
                continue
            box = to_file_origin(prediction.box, 1).tolist()
            score = prediction.score if np.isfinite(prediction.score) else 1.0
            numbers = ",".join(format_number(value) for value in (*box, score))
            lines.append(f"{first + number + 1},{place},{numbers},-1,-1,-1\n")
    with atomic_write(path) as temporary:
        temporary.write_text("".join(lines), encoding="ascii")


def _write_picture(path: Path, picture: Frame) -> None:
    """Write a picture as PNG."""
    done, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
    assert done
    with atomic_write(path) as temporary:
        temporary.write_bytes(data.tobytes())


def _write_summary(
    path: Path, run: DemoRun, about: Mapping[str, Any], files: Sequence[Path]
) -> None:
    """Write everything as JSON, with the checksums of the other files and of itself."""
    values = {
        "made_by": f"{MADE_BY} {__version__}",
        **about,
        "frames": len(run.times),
        "size": list(run.size),
        "times": [round(seconds, 6) for seconds in run.times],
        "targets": [_summary_of(track) for track in run.tracks],
        "files": {file.name: sha256_file(file) for file in files},
    }
    values["checksum"] = digest(canonical(values))
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(values) + "\n", encoding="utf-8")


def _summary_of(track: TargetTrack) -> dict[str, Any]:
    return {
        "name": track.target.name,
        "colour": "#" + bytes(track.target.colour).hex().upper(),
        "level": _number(track.rule.level, 6),
        "lost_below": track.rule.below,
        "boxes": [[_number(value, DECIMALS) for value in box] for box in track.boxes.tolist()],
        "scores": [_number(score, 6) for score in track.scores.tolist()],
        "lost": track.lost,
        "seconds": [round(seconds, 6) for seconds in track.seconds],
    }


def _number(value: float, digits: int) -> float | None:
    return round(value, digits) if np.isfinite(value) else None
