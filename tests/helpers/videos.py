"""Small videos of every kind, and a tracker that follows one colour."""

import av
import cv2
import numpy as np

from dslt.trackers.base import Prediction, TrainingRecord

RED, BLUE = (230, 30, 30), (30, 60, 230)


def encode(path, frames, codec="mpeg4", pixels="yuv420p", times=None, turn=None, **options):
    """Write frames; `times` are in 1/25 s, `turn` is a display matrix (a, b, c, d)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, 25, pix_fmt=pixels, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        if turn is not None:
            a, b, c, d = (65536 * value for value in turn)
            stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        for number, frame in enumerate(frames):
            kind = "gray16le" if frame.dtype == np.uint16 else "rgb24"
            picture = av.VideoFrame.from_ndarray(frame, format=kind)
            picture.pts = number if times is None else times[number]
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def two_squares(count, size=(160, 120), side=24, below=60):
    """Frames in which a blue square stands still and a red one leaves to the right."""
    width, height = size
    frames = np.full((count, height, width, 3), 90, np.uint8)
    for frame, left in zip(frames, red_lefts(count, size), strict=True):
        frame[20 : 20 + side, left : left + side] = RED
        frame[below : below + side, 40 : 40 + side] = BLUE
    return list(frames)


def red_lefts(count, size=(160, 120)):
    """Left edges of the red square, which is outside in the last quarter."""
    return [round(20 + number * (size[0] - 20) / (0.75 * count - 1)) for number in range(count)]


class ColourTracker:
    """Follows what has the colour of the first box's middle; scores how much of it is seen."""

    def __init__(self):
        self.record = TrainingRecord()

    def initialize(self, frame, box):
        self.box = np.array(box, float)
        x, y = (self.box[:2] + self.box[2:] / 2).astype(int)
        self.limits = [frame[y, x].astype(float) + change for change in (-60, 60)]

    def update(self, frame):
        found = cv2.inRange(frame, *self.limits)
        seen = cv2.countNonZero(found)
        if seen:
            self.box[:2] = cv2.boundingRect(found)[:2]
        return Prediction(self.box.copy(), seen / self.box[2:].prod())
