"""Typed settings of SiamRPN and SiamRPN++."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from dslt.settings.base import Count, Fraction, NonNegative, Positive, Settings
from dslt.settings.offline import SiameseTraining
from dslt.settings.tracker import TrackerSettings


class AnchorSettings(Settings):
    """Anchors and labels of SiamRPN."""

    stride: Count
    """Stride of the response in pixels."""
    ratios: tuple[Positive, ...] = Field(min_length=1)
    """Heights of the anchors over their widths."""
    scales: tuple[Positive, ...] = Field(min_length=1)
    """Sides of the anchors over the stride."""
    positive: Fraction
    """IoU above which an anchor is positive."""
    negative: Fraction
    """IoU below which it is negative; in between it is ignored."""
    sampling: Literal["all", "sampled"]
    """Proposals that count: `all` (the paper), or at most `positives` and `total` per pair (PySOT).
    """
    positives: Count
    """Most positive proposals of a sampled pair."""
    total: Count
    """Proposals of a sampled pair."""
    ignore_band: bool
    """Whether proposals between both bounds are ignored; false counts what is not positive as
    negative (the paper read literally).
    """

    @model_validator(mode="after")
    def _ordered(self) -> AnchorSettings:
        if self.negative > self.positive:
            raise ValueError("negative must not be above positive")
        return self


class RpnHeadSettings(Settings):
    """The region proposal head."""

    channels: Count
    """Channels of the correlation."""
    layers: tuple[str, ...] = Field(min_length=1)
    """Taps of the backbone, each with a head."""
    weighted: bool
    """Whether heads are combined by learnt weights, or averaged."""
    regression_weight: Positive
    """Weight of the box loss, beside 1 for the classification."""
    regression_loss: Literal["l1", "smooth_l1"]
    """Box loss: `l1` (PySOT) or `smooth_l1` (the paper)."""


class SiamRpnTraining(SiameseTraining):
    """Everything that decides what SiamRPN and SiamRPN++ learn."""

    tracker: ClassVar[str] = "siamrpn"

    head: RpnHeadSettings
    anchors: AnchorSettings


class SiamRpnTracking(Settings):
    """SiamRPN on a video."""

    instance: Count
    """Side of the search region in pixels."""
    penalty: NonNegative
    """Strength of the penalty on changes of size and ratio."""
    window: Fraction
    """Weight of the cosine window."""
    rate: Fraction
    """Weight of the new size."""


class SiamRpnSettings(TrackerSettings):
    """A SiamRPN or SiamRPN++ tracker."""

    tracker: Literal["siamrpn"]
    training: SiamRpnTraining
    tracking: SiamRpnTracking
