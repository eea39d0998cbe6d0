"""OpenCV's CSRT and KCF behind the tracker contract, as live peers."""

import cv2
import numpy as np

from dslt.core.images import Frame
from dslt.geometry.boxes import Box
from dslt.settings.opencv import OpenCvSettings
from dslt.trackers.base import Prediction, TrainingRecord


class OpenCvTracker:
    """A tracker of OpenCV with its own defaults.

    It takes whole pixels; its loss of the target is reported as a score of 0 and the last box.
    """

    def __init__(self, settings: OpenCvSettings):
        makers = {"csrt": cv2.TrackerCSRT_create, "kcf": cv2.TrackerKCF_create}  # type: ignore[attr-defined]
        self.tracker = makers[settings.algorithm]()
        self.record = TrainingRecord()

    def initialize(self, frame: Frame, box: Box) -> None:
        """Start on the first frame."""
        x, y, w, h = (round(float(value)) for value in box)
        self.tracker.init(_bgr(frame), (x, y, max(w, 1), max(h, 1)))
        self.box = np.asarray(box, dtype=np.float64)

    def update(self, frame: Frame) -> Prediction:
        """Find the target in the next frame."""
        found, box = self.tracker.update(_bgr(frame))
        if found:
            self.box = np.asarray(box, dtype=np.float64)
        return Prediction(self.box.copy(), float(found))


def _bgr(frame: Frame) -> Frame:
    """Turn RGB into OpenCV's channel order."""
    return np.ascontiguousarray(frame[:, :, ::-1])
