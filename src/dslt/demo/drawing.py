"""Targets drawn into frames, and the contact sheet of a run."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from dslt.core.images import Frame
from dslt.data.sequences.recording import scaled
from dslt.demo.targets import Colour
from dslt.geometry.boxes import Box

FONT = cv2.FONT_HERSHEY_SIMPLEX
GREY = np.array([128, 128, 128])
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
DASH = 6  # line widths, and half as much between two
THUMB = 480  # pixels, the longer side of a picture of the sheet
PICTURES, COLUMNS = 12, 3
KEPT = 8 * PICTURES  # while the length is not known: the spacing is even to a quarter
MARGIN, CAPTION = 8, 26  # pixels


@dataclass(frozen=True)
class Mark:
    """One target in one frame.

    Attributes:
        name: Its name, in ASCII.
        colour: Its colour.
        box: Its box; NaN where there is none.
        score: The tracker's score; NaN is not shown.
        lost: Whether it counts as lost.
    """

    name: str
    colour: Colour
    box: Box
    score: float
    lost: bool


def draw(frame: Frame, marks: Iterable[Mark]) -> Frame:
    """Return a copy of a frame with boxes, names and scores.

    A lost target is dashed, grey, and says so.
    """
    image = frame.copy()
    width = max(1, round(min(frame.shape[:2]) / 180))
    for mark in marks:
        if np.isfinite(mark.box).all():
            _draw_mark(image, mark, width)
    return image


def _draw_mark(image: Frame, mark: Mark, width: int) -> None:
    height, across = image.shape[:2]
    corners = np.concatenate([mark.box[:2], mark.box[:2] + mark.box[2:]])
    limits = np.array([across, height] * 2)
    # What is far outside is cut, so that its lines stay outside but have an end.
    x0, y0, x1, y1 = np.clip(corners, -2 * limits, 3 * limits).round().astype(int).tolist()
    colour = _shown(mark)
    if mark.lost:
        for start, end in itertools.pairwise([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]):
            _dashed(image, start, end, colour, width)
    else:
        cv2.rectangle(image, (x0, y0), (x1, y1), colour, width)
    _label(image, mark, (x0, y0), colour, width)


def _shown(mark: Mark) -> Colour:
    """Return the colour of a mark: half grey where it is lost."""
    if not mark.lost:
        return mark.colour
    red, green, blue = ((np.array(mark.colour) + 3 * GREY) // 4).tolist()
    return red, green, blue


def _dashed(
    image: Frame, start: tuple[int, int], end: tuple[int, int], colour: Colour, width: int
) -> None:
    """Draw a dashed line."""
    first, last = np.array(start, float), np.array(end, float)
    length = float(np.linalg.norm(last - first))
    step = 1.5 * DASH * width
    for begin in np.arange(0, length, step):
        ends = [first + (last - first) * at / length for at in (begin, begin + DASH * width)]
        ends[1] = last if begin + DASH * width > length else ends[1]
        (xa, ya), (xb, yb) = (point.round().astype(int).tolist() for point in ends)
        cv2.line(image, (xa, ya), (xb, yb), colour, width)


def _label(image: Frame, mark: Mark, corner: tuple[int, int], colour: Colour, width: int) -> None:
    """Write name and score above a box, or as near to it as the frame allows."""
    text = f"{mark.name} lost" if mark.lost else mark.name
    text += f" {mark.score:.2f}" if np.isfinite(mark.score) else ""
    scale, pad = 0.15 * width + 0.3, width + 1
    (across, tall), base = cv2.getTextSize(text, FONT, scale, max(1, width // 2))
    wide, high = across + 2 * pad, tall + base + 2 * pad
    x = int(np.clip(corner[0], 0, max(image.shape[1] - wide, 0)))
    y = int(np.clip(corner[1] - high, 0, max(image.shape[0] - high, 0)))
    cv2.rectangle(image, (x, y), (x + wide, y + high), colour, cv2.FILLED)
    ink = BLACK if np.dot(colour, (0.299, 0.587, 0.114)) > 120 else WHITE
    place = (x + pad, y + pad + tall)
    cv2.putText(image, text, place, FONT, scale, ink, max(1, width // 2), cv2.LINE_AA)


@dataclass
class ContactSheet:
    """Some evenly spaced frames of a run, whose length need not be known before its end.

    Every frame is kept until there are many more than are shown; then every other one goes, and of
    those that follow, too.
    """

    _step: int = 1
    _seen: int = 0
    _kept: list[tuple[str, Frame]] = field(default_factory=list)

    def add(self, frame: Frame, marks: Iterable[Mark], caption: str) -> None:
        """Look at the next frame; the caption is ASCII."""
        if self._seen % self._step == 0:
            if len(self._kept) == KEPT:
                del self._kept[1::2]
                self._step *= 2
            if self._seen % self._step == 0:
                self._kept.append((caption, _thumb(frame, marks)))
        self._seen += 1

    def chosen(self) -> list[tuple[str, Frame]]:
        """Choose the pictures that are shown, with their captions; the first frame is one."""
        count = min(PICTURES, len(self._kept))
        places = np.linspace(0, len(self._kept) - 1, count).round().astype(int)
        return [self._kept[place] for place in places.tolist()]

    def picture(self) -> Frame:
        """Lay out the pictures, with captions, row by row.

        Raises:
            ValueError: No frame was added.
        """
        chosen = self.chosen()
        if not chosen:
            raise ValueError("a contact sheet needs a frame")
        height, width = chosen[0][1].shape[:2]
        columns = min(COLUMNS, len(chosen))
        rows = -(-len(chosen) // columns)
        across, down = width + MARGIN, height + CAPTION + MARGIN
        sheet = np.full((rows * down + MARGIN, columns * across + MARGIN, 3), 255, np.uint8)
        for place, (caption, image) in enumerate(chosen):
            y, x = place // columns * down + MARGIN, place % columns * across + MARGIN
            sheet[y : y + height, x : x + width] = image
            at = (x, y + height + CAPTION - 8)
            cv2.putText(sheet, caption, at, FONT, 0.5, BLACK, 1, cv2.LINE_AA)
        return sheet


def _thumb(frame: Frame, marks: Iterable[Mark]) -> Frame:
    """Draw marks into a frame of the size of a picture of the sheet."""
    thumb = scaled(frame, THUMB)
    (tall, wide), (height, width) = thumb.shape[:2], frame.shape[:2]
    scale = np.array([wide / width, tall / height] * 2)
    return draw(thumb, [Mark(m.name, m.colour, m.box * scale, m.score, m.lost) for m in marks])
