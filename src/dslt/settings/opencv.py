"""Typed settings of OpenCV's trackers."""

from typing import Literal

from dslt.settings.tracker import TrackerSettings


class OpenCvSettings(TrackerSettings):
    """A tracker of OpenCV with its own defaults."""

    tracker: Literal["opencv"]
    algorithm: Literal["csrt", "kcf"]
    """Which of OpenCV's trackers."""

    @property
    def speed_name(self) -> str:
        """See `TrackerSettings.speed_name`."""
        return f"{self.tracker}-{self.algorithm}"
