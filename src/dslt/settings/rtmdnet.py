"""Typed settings of RT-MDNet: training settings decide its network, tracking settings the rest.

What both use of samples and scenes is in `dslt.settings.samples`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from dslt.settings.base import Count, Fraction, Natural, NonNegative, Positive, Settings
from dslt.settings.offline import (
    ClassificationLossSettings,
    OfflineNetworkTraining,
    SourceSettings,
)
from dslt.settings.samples import BoxDraw, SceneJitter, SceneSettings
from dslt.settings.tracker import BackboneSettings, TrackerSettings


class RtmdNetBackboneSettings(BackboneSettings):
    """The feature extractor of RT-MDNet."""

    name: Literal["vgg_m", "efficientnet_lite0"]
    """Network: `vgg_m` (its first three convolutions) or `efficientnet_lite0`, both of stride 8."""
    lrn: Literal["across_channels", "window_1"]
    """Normalisation in `vgg_m`: its own, across five channels, or the released code's, of each
    channel by itself.
    """


class RtmdNetHeadSettings(Settings):
    """What follows the backbone."""

    adaptive: bool
    """Whether the neighbours of a place of RoIAlign are as far apart as the places are."""
    padding: Positive
    """Factor on the sides of a box before its features are taken."""
    gain: Positive
    """Fixed factor on the features."""
    hidden: Count
    """Outputs of fc4 and of fc5."""
    dropout: Fraction
    """Share of the inputs of fc5 and fc6 that are dropped in training."""


def _counted(sources: dict[str, Natural]) -> dict[str, Natural]:
    """Leave out the sources that give no domain."""
    used = {name: count for name, count in sources.items() if count}
    if not used:
        raise ValueError("no source gives a domain; at least one must not be 0")
    return used


class DomainSettings(SourceSettings):
    """What a training sample is: frames of one video, its domain, with boxes in them."""

    sources: Annotated[dict[str, Natural], AfterValidator(_counted)]  # type: ignore[assignment]
    """Entries of `config/training_sets.yaml`, with the number of videos of each that are learnt
    from (0: a source that the preset names is not used). Every one is a domain with a branch of its
    own; which videos they are depends on the seed.
    """
    per_epoch: Count
    """Samples per epoch; as many as there are domains make a published cycle."""
    frames: Count
    """Frames of a sample."""
    positives: Count
    """Positive boxes of a frame."""
    negatives: Count
    """Negative boxes of a frame."""
    positive: BoxDraw
    """How positive boxes are drawn."""
    negative: BoxDraw
    """How negative boxes are drawn."""
    largest: Fraction
    """A frame is left out where the target has more than this part of both its sides."""
    scene: SceneSettings
    """What is cut from a frame."""
    jitter: SceneJitter
    """How that is varied."""
    others: Natural
    """Most other domains that a positive box is told apart from, drawn anew for each sample."""


class RtmdNetTraining(OfflineNetworkTraining):
    """Everything that decides what RT-MDNet learns before it sees a video."""

    tracker: ClassVar[str] = "rtmdnet"

    backbone: RtmdNetBackboneSettings
    head: RtmdNetHeadSettings
    pairs: DomainSettings
    embedding: NonNegative
    """Weight of the term that tells the targets of the domains apart."""

    @model_validator(mode="after")
    def _one_video(self) -> RtmdNetTraining:
        if self.schedule.batch != 1:
            raise ValueError("schedule.batch must be 1: a micro-batch is the frames of one video")
        return self


class CandidateSettings(Settings):
    """Where the target is looked for."""

    count: Count
    """Boxes that are scored in a frame."""
    trans: NonNegative
    """Reach of their centres, a part of the target's mean side."""
    lost: NonNegative
    """The same after a frame in which the target was not found."""
    scale: float = Field(ge=1)
    """Largest factor on their size."""
    best: Count
    """Best candidates whose mean is the target, and whose mean score decides."""


class SuccessSettings(Settings):
    """When the target counts as found."""

    rule: Literal["published", "first_frame"]
    """`published`: the mean score of the best candidates is above 0; `first_frame`: above a level
    that the first frame's own samples set.
    """
    quantile: Fraction
    """That level lies in the middle between this quantile of the scores of the first frame's
    positive boxes and the opposite quantile of its negative ones.
    """
    failure: Literal["keep", "follow"]
    """Box of a frame without success: the one before (`keep`), or the best candidates' (`follow`).
    """


class BoxRegressionSettings(Settings):
    """The ridge regression from features to boxes, learnt on the first frame."""

    count: Natural
    """Boxes that it is learnt from; 0: there is none."""
    draw: BoxDraw
    """How they are drawn."""
    area: tuple[Positive, Positive]
    """Smallest and largest area of them over the target's."""
    alpha: Positive
    """Weight of the ridge."""


class OnlineSgdSettings(Settings):
    """Stochastic gradient descent on fc4 to fc6."""

    momentum: Fraction
    """Momentum of the gradient."""
    weight_decay: NonNegative
    """Factor of the L2 penalty."""
    clip: Positive | None
    """Bound of the gradient's norm; null: none."""
    last: Positive
    """Factor on the learning rate of fc6."""
    positives: Count
    """Positive samples of an iteration."""
    negatives: Count
    """Negative samples of an iteration: the hardest of the candidates."""
    candidates: Count
    """Negative samples that these are chosen from."""

    @model_validator(mode="after")
    def _enough(self) -> OnlineSgdSettings:
        if self.candidates < self.negatives:
            raise ValueError("candidates must not be below negatives")
        return self


class OnlineFirstSettings(Settings):
    """Learning on the first frame."""

    positives: Count
    """Positive samples."""
    negatives: Count
    """Negative samples."""
    positive: BoxDraw
    """How positive boxes are drawn."""
    negative: BoxDraw
    """How negative boxes are drawn."""
    jitters: Annotated[tuple[tuple[float, float, float], ...], Field(min_length=1)]
    """Scenes that the samples' features are taken from: shift in x and y in pixels of the scene,
    and exponent of the zoom.
    """
    zoom: Positive
    """Base of the zoom."""
    iterations: Natural
    """Iterations of the training."""
    rate: Positive
    """Learning rate."""


class OnlineUpdateSettings(Settings):
    """Learning from the frames in which the target was found."""

    positives: Count
    """Positive samples of a frame."""
    negatives: Count
    """Negative samples of a frame."""
    positive: BoxDraw
    """How positive boxes are drawn."""
    negative: BoxDraw
    """How negative boxes are drawn."""
    own_scene: bool
    """Whether samples are taken from a scene of their own; false: from the candidates', which costs
    no further feature map.
    """
    long: Count
    """Latest frames whose positive samples are kept, for the long-term update."""
    short: Count
    """Latest frames whose negative samples are kept, and whose positive ones the short-term update
    uses.
    """
    every: Natural
    """Frames between two long-term updates; 0: nothing is learnt after the first frame."""
    iterations: Natural
    """Iterations of an update."""
    rate: Positive
    """Learning rate."""


class RtmdNetTracking(Settings):
    """RT-MDNet on a video."""

    loss: ClassificationLossSettings
    """The loss online; with that of `training` it says where a loss acts: offline, online, both."""
    scene: SceneSettings
    """What is cut from a frame."""
    candidates: CandidateSettings
    success: SuccessSettings
    box: BoxRegressionSettings
    sgd: OnlineSgdSettings
    first: OnlineFirstSettings
    update: OnlineUpdateSettings


class RtmdNetSettings(TrackerSettings):
    """An RT-MDNet tracker."""

    tracker: Literal["rtmdnet"]
    training: RtmdNetTraining
    tracking: RtmdNetTracking
