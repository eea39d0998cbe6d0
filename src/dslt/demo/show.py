"""One demo from the first frame to the last file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dslt.core.errors import DsltError
from dslt.core.files import NotWrittenError
from dslt.core.images import Frame
from dslt.data.sequences.recording import check_format, write_timed_video, write_video
from dslt.demo.drawing import ContactSheet, draw
from dslt.demo.follow import DemoRun, TargetTrack
from dslt.demo.footage import Footage
from dslt.demo.outputs import Outputs, write_results
from dslt.trackers.base import Tracker


def demonstrate(
    footage: Footage,
    run: DemoRun,
    make: Callable[[], Tracker],
    outputs: Outputs,
    about: Mapping[str, Any],
) -> list[str]:
    """Track, draw and write, with a progress bar.

    A video that cannot be written ends neither the tracking nor the other files.

    Args:
        footage: The frames.
        run: The targets; filled.
        make: Makes a fresh tracker.
        outputs: Where the files go.
        about: What the summary says of how it was made.

    Returns:
        What to tell in the end.

    Raises:
        DsltError: A frame is unreadable, a box unusable, or a file cannot be written.
    """
    told, sheet = footage.notes(), ContactSheet()
    drawn = _drawn(footage, run, make, sheet, str(about["source"]))
    failures = _record(outputs.video, drawn, footage)
    failures += write_results(outputs, not failures, run, sheet.picture(), about)
    for note in [*(note for note in footage.notes() if note not in told), *map(_blind, run.tracks)]:
        if note:
            tqdm.write(f"note: {note}", file=sys.stderr)
    texts = outputs.boxes([track.target.name for track in run.tracks])
    if failures:
        there = ", ".join(str(text) for text in texts if text.exists())
        more = "".join(f"; {error}" for error in failures[1:])
        raise DsltError(f"{failures[0]}{more}" + (f"; the boxes are in {there}" if there else ""))
    boxes = ", ".join(map(str, texts))
    first = f"{outputs.video}: {len(run.times)} frames; boxes in {boxes}"
    return [first, *(_told(track, footage.first) for track in run.tracks)]


def _drawn(
    footage: Footage,
    run: DemoRun,
    make: Callable[[], Tracker],
    sheet: ContactSheet,
    where: str,
) -> Iterator[tuple[Frame, float]]:
    """Yield the frames with what was tracked in them, as it is tracked, and their times."""
    followed = run.through(footage, make, where)
    bar = tqdm(followed, total=footage.count, desc="tracking", unit="frame")
    for number, (frame, seconds, marks) in enumerate(bar, footage.first):
        sheet.add(frame, marks, f"frame {number}, {seconds:.2f} s")
        yield draw(frame, marks), seconds


def _record(
    path: Path, drawn: Iterator[tuple[Frame, float]], footage: Footage
) -> list[NotWrittenError]:
    """Write the video; where that fails, go on with the frames all the same."""
    timed = check_format(path).timed and not footage.even
    if not timed and not footage.even:
        note = f"{path.suffix} has no times: frames are shown at {footage.rate:.4g} per second"
        tqdm.write(f"note: {path}: {note}", file=sys.stderr)
    try:
        if timed:
            write_timed_video(path, drawn, footage.rate)
        else:
            write_video(path, (frame for frame, _ in drawn), footage.rate)
    except NotWrittenError as error:
        for _ in drawn:
            pass
        return [error]
    return []


def _blind(track: TargetTrack) -> str:
    """Say why a target is never called lost, where it is so."""
    if not track.rule.blind:
        return ""
    return (
        f"{track.target.name}: the level of the first {track.rule.frames} scores is "
        f"{track.rule.level:.3g}, of which no fraction can be taken: it is never called lost"
    )


def _told(track: TargetTrack, first: int) -> str:
    """Say in how many frames a target counts as lost."""
    name, rule = track.target.name, track.rule
    if not rule.level >= 0:
        return f"{name}: not judged"
    numbers = [first + number for number, lost in enumerate(track.lost) if lost]
    since = f", the first is {numbers[0]}" if numbers else ""
    return (
        f"{name}: lost in {len(numbers)} of {len(track.lost)} frames{since} (score up to "
        f"{rule.below:g} of {rule.level:.3g}, its level in the first {rule.frames})"
    )
