"""The sequences of a job in lockstep: they advance together, frame by frame, on one device.

Each has a lane; when it ends or fails, the next takes its place. Frames are decoded ahead for all
of them in the background.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from dslt.core.errors import DsltError
from dslt.core.memory import free_memory
from dslt.geometry.boxes import Box
from dslt.track.one_pass import Ask, Course, Told, timed
from dslt.track.team import Answer, Team
from dslt.trackers.lanes import LaneMaker, Start

T = TypeVar("T")
MOST = {"cpu": 4, "cuda": 64}
"""Lanes where none are asked for and memory is no limit: more of them gain nothing."""
SIZE = {"cpu": 1, "cuda": 8}
"""Lanes of a block: on a CPU, whose cache holds the maps of one target, they gain nothing."""
PART = 0.6
"""Part of the free memory that lanes may take: the estimate is a rough one."""
FRAME = 3 * 1920 * 1080
"""Bytes of a frame of which nobody knows the size."""
AHEAD = 6
"""Decoded frames of a lane: the present one, those ahead, and copies on the way."""


@dataclass(frozen=True)
class SequenceJob(Generic[T]):
    """A sequence that waits for a lane.

    Attributes:
        name: Its name.
        course: Opens its course.
        box: Its first box, which decides with which others it shares lanes.
        frames: Number of its frames.
    """

    name: str
    course: Callable[[], Course[T]]
    box: Box
    frames: int


@dataclass(eq=False)
class _Running(Generic[T]):
    """A sequence in a lane: its course, and what that asks for."""

    job: SequenceJob[T]
    course: Course[T]
    ask: Ask


def run_lockstep(
    jobs: Iterable[SequenceJob[T]], team: Team, lanes: int
) -> Iterator[tuple[str, T | DsltError]]:
    """Run sequences in lockstep.

    Those of one kind follow each other, so that they share a batch, the longest first, so that none
    is left alone at the end.

    Args:
        jobs: The sequences.
        team: Gives them their lanes.
        lanes: Most sequences at a time.

    Yields:
        The name of each, as soon as it is done, and what came of it: the course's result, or the
        `DsltError` that ended it and no other.
    """
    waiting = deque(sorted(jobs, key=lambda job: _rank(team.maker.kind(job.box), job)))
    running: dict[int, _Running[T]] = {}
    try:
        while waiting or running:
            for lane in range(lanes):
                while waiting and lane not in running:
                    job = waiting.popleft()
                    try:
                        course = job.course()
                        running[lane] = _Running(job, course, next(course))
                    except DsltError as error:
                        yield job.name, error
            answers, seconds = timed(_advance, team, running)
            share = seconds / max(len(answers), 1)
            for lane, answer in answers.items():
                one = running[lane]
                found = _tell(one, answer, share, team, lane)
                if found is not None:
                    del running[lane]
                    team.release(lane)
                    yield one.job.name, found[0]
    finally:
        for one in running.values():
            one.course.close()


def _rank(kind: Hashable, job: SequenceJob[T]) -> tuple[str, int]:
    """Order sequences by kind, the longest first."""
    return repr(kind), -job.frames


def _advance(team: Team, running: Mapping[int, _Running[T]]) -> dict[int, Answer]:
    """Do what all sequences ask for; sequences that go on before those that start."""
    starts: dict[int, Start] = {}
    frames = {}
    for lane, one in running.items():
        if one.ask.box is None:
            frames[lane] = one.ask.frame
        else:
            starts[lane] = Start(one.ask.frame, one.ask.box)
    return team.update(frames) | team.start(starts)


def _tell(
    one: _Running[T], answer: Answer, seconds: float, team: Team, lane: int
) -> tuple[T | DsltError] | None:
    """Tell a course what was found; return what came of it, if that was the end of it."""
    if isinstance(answer, DsltError):
        one.course.close()
        return (answer,)
    try:
        one.ask = one.course.send(Told(answer, seconds, team.record(lane)))
    except StopIteration as end:
        return (end.value,)
    except DsltError as error:
        return (error,)
    return None


def choose_lanes(
    given: int | None, maker: LaneMaker, boxes: Iterable[Box], device: str, frame: int = FRAME
) -> int:
    """Choose how many sequences run at a time, by free memory where nobody says.

    Args:
        given: What is asked for; None: it is chosen here.
        maker: Makes the lanes.
        boxes: First boxes of the sequences.
        device: Where they run.
        frame: Bytes of their largest frame.

    Returns:
        At least 1, and no more than there are sequences.
    """
    kinds = [maker.kind(box) for box in boxes]
    if given is not None:
        return min(given, len(kinds))
    size, names = SIZE.get(device, 1), set(kinds)
    # On a GPU the bytes of a frame, and sums of four each; on the host those that wait.
    waiting, there = AHEAD * frame, 0 if device == "cpu" else 5 * frame
    each = max(map(maker.memory, names)) + (there or waiting)
    room = PART * free_memory(device) / (size * each)
    most = min(MOST.get(device, 1), len(kinds), int(PART * free_memory("cpu") / waiting))
    for lanes in range(most, 1, -1):
        # Of each kind, one block may be half empty.
        blocks = min(lanes, -(-lanes // size) + min(lanes, len(names)) - 1)
        if blocks <= room:
            return lanes
    return 1
