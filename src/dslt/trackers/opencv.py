"""OpenCV's CSRT and KCF behind the tracker contract, as live peers."""

import sys

import cv2
import numpy as np
from tqdm import tqdm

from dslt.core.images import Frame
from dslt.geometry.boxes import Box
from dslt.settings.opencv import OpenCvSettings
from dslt.trackers.base import Prediction, TrainingRecord


class OpenCvTracker:
    """A tracker of OpenCV with its own defaults.

    OpenCV's KCF learns nothing when it is started, and takes the place of the first frame's target
    for that in the next one; here the first frame is its first update, too, as the method says. It
    takes whole pixels. A loss of the target is reported as a score of 0 and the last box, and so
    is what OpenCV gives up on: CSRT cannot start on some thin or tiny boxes, or at some edges. A
    note says so once.
    """

    def __init__(self, settings: OpenCvSettings):
        makers = {"csrt": cv2.TrackerCSRT_create, "kcf": cv2.TrackerKCF_create}  # type: ignore[attr-defined]
        self.name = f"OpenCV's {settings.algorithm.upper()}"
        self.tracker = makers[settings.algorithm]()
        self.learns_late = settings.algorithm == "kcf"
        self.record = TrainingRecord()
        self.frames = 0
        self.warned = False
        self.started = False

    def initialize(self, frame: Frame, box: Box) -> None:
        """Start on the first frame."""
        self.box = np.asarray(box, dtype=np.float64)
        height, width = frame.shape[:2]
        x, y, w, h = (round(float(value)) for value in box)
        start = min(x, width - 1), min(y, height - 1), max(w, 1), max(h, 1)
        try:
            self.tracker.init(_bgr(frame), start)
            if self.learns_late:
                self.tracker.update(_bgr(frame))
        except cv2.error as error:
            self._warn(f"cannot start on the box {start} in {width}x{height} pixels", error)
        else:
            self.started = True

    def update(self, frame: Frame) -> Prediction:
        """Find the target in the next frame."""
        self.frames += 1
        found, box = False, (0, 0, 0, 0)
        if self.started:
            try:
                found, box = self.tracker.update(_bgr(frame))
            except cv2.error as error:
                self._warn(f"gives up on frame {self.frames} after its start", error)
        found = found and min(box[2:]) > 0
        if found:
            self.box = np.asarray(box, dtype=np.float64)
        return Prediction(self.box.copy(), float(found))

    def _warn(self, what: str, error: cv2.error) -> None:
        """Say once what OpenCV did not do."""
        if not self.warned:
            why = " ".join(error.err.split()) or error.func
            note = f"note: {self.name} {what}: the target counts as lost, with the last box and"
            tqdm.write(f"{note} a score of 0 ({why})", file=sys.stderr)  # above the bar, if any
        self.warned = True


def _bgr(frame: Frame) -> Frame:
    """Turn RGB into OpenCV's channel order."""
    return np.ascontiguousarray(frame[:, :, ::-1])
