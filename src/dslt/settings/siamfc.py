"""Typed settings of SiamFC: training settings decide its network, tracking settings the rest."""

from typing import ClassVar, Literal

from dslt.settings.base import Count, Fraction, Positive, Settings
from dslt.settings.offline import SiameseTraining
from dslt.settings.tracker import TrackerSettings


class ResponseLabelSettings(Settings):
    """Labels of SiamFC."""

    kind: Literal["hard", "soft"]
    """Labels: `hard` (1 within `radius` of the centre, else 0) or `soft` (Gaussian)."""
    radius: Positive
    """Radius of hard labels in pixels of the search region."""
    sigma: Positive
    """Standard deviation of soft labels in cells."""


class SiamFcTraining(SiameseTraining):
    """Everything that decides what SiamFC learns."""

    tracker: ClassVar[str] = "siamfc"

    channels: Count | None
    """Channels of the neck on the light backbone; null: no neck."""
    gain: Positive
    """Fixed factor on the response."""
    labels: ResponseLabelSettings


class SiamFcTracking(Settings):
    """SiamFC on a video."""

    instance: Count
    """Side of the search region in pixels."""
    scales: Literal[1, 3, 5]
    """Number of scales searched."""
    step: Positive
    """Factor between two scales."""
    penalty: Fraction
    """Factor on the peak of every scale but the current one."""
    rate: Fraction
    """Weight of the new size."""
    window: Fraction
    """Weight of the cosine window."""
    upsample: Count
    """Factor by which the response is up-sampled."""
    limits: tuple[Positive, Positive]
    """Smallest and largest side of the search region over the initial one."""


class SiamFcSettings(TrackerSettings):
    """A SiamFC tracker."""

    tracker: Literal["siamfc"]
    training: SiamFcTraining
    tracking: SiamFcTracking
