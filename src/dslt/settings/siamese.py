"""Typed settings of the Siamese trackers SiamFC, SiamRPN and SiamRPN++.

Training settings decide what is learnt offline; tracking settings decide what happens on a video.
The paper's and its sources' values stand in `config/trackers/siam*.yaml`; nothing here has a
scientific default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dslt.settings.base import (
    Count,
    Fraction,
    NonNegative,
    Positive,
    Settings,
)


class ClassificationLossSettings(Settings):
    """The classification loss (Eq. 10 to 14, in the corrected form).

    Attributes:
        name: `bce` (Eq. 10), `focal` (Eq. 11) or `shrinkage` (Eq. 14).
        factor: of the shrinkage loss: the modulating factor with exp(p_t) (`full`, Eq. 13),
            without it (`no_exp`, Eq. 12), or exp(p_t) alone (`only_exp`).
        a: steepness of the modulating factor.
        c: probability of the true class above which a sample counts as easy.
        alpha: weight of the focal loss.
        gamma: exponent of the focal loss.
        balance: weights of the classes: `ratio`, by the share of the other class in the batch
            (Eq. 10); `half`, each class half of the weight; or `fixed`.
        fixed: weights of the positive and the negative class where `balance` is `fixed`.
        clamp: bound of the logits before the loss, as released; null: none.
        scale: factor on the loss.
    """

    name: Literal["bce", "focal", "shrinkage"]
    factor: Literal["full", "no_exp", "only_exp"]
    a: Positive
    c: Fraction
    alpha: Positive
    gamma: NonNegative
    balance: Literal["ratio", "half", "fixed"]
    fixed: tuple[Positive, Positive]
    clamp: Positive | None
    scale: Positive


def _used(sources: dict[str, int | None]) -> dict[str, int | None]:
    """Leave out the sources that give nothing."""
    used = {name: count for name, count in sources.items() if count != 0}
    if not used:
        raise ValueError("no source gives pairs; at least one must not be 0")
    return used


class PairSettings(Settings):
    """What a training pair is.

    Attributes:
        sources: entries of `config/training_sets.yaml`, with the number of pairs that each gives to
            an epoch before they are shuffled together (null: as many as it has videos; 0: a source
            that the preset names is not used).
        per_epoch: pairs per epoch, drawn from all sources together.
        negative: share of pairs whose search region shows another target.
        gray: share of pairs that are turned to gray.
    """

    sources: Annotated[dict[str, Annotated[int, Field(ge=0)] | None], AfterValidator(_used)]
    per_epoch: Count
    negative: Fraction
    gray: Fraction


class JitterSettings(Settings):
    """Augmentation of one side of a pair.

    Attributes:
        shift: largest shift of the centre in pixels of the crop, per axis.
        scale: largest change of the size, per axis; 0.05 means a factor of 0.95 to 1.05.
        blur: share of crops with motion blur.
        color: share of crops with colour noise.
        flip: share of crops that are mirrored.
    """

    shift: NonNegative
    scale: Fraction
    blur: Fraction
    color: Fraction
    flip: Fraction


class CropSettings(Settings):
    """Geometry of template and search region.

    Attributes:
        context: margin around the target, a part of width plus height.
        template: side of the template in pixels.
        search: side of the search region in training.
        template_jitter: augmentation of the template.
        search_jitter: augmentation of the search region.
    """

    context: NonNegative
    template: Count
    search: Count
    template_jitter: JitterSettings
    search_jitter: JitterSettings


class SgdSettings(Settings):
    """Stochastic gradient descent and its learning rate.

    Attributes:
        momentum: of the gradient.
        weight_decay: L2 penalty.
        warmup: epochs of warm-up, with geometric steps from `warmup_from` to `start`; 0: none.
        warmup_from: learning rate of the first warm-up epoch.
        start: learning rate after the warm-up.
        end: learning rate of the last epoch; log-spaced in between.
        clip: bound of the gradient's norm; null: none.
    """

    momentum: Fraction
    weight_decay: NonNegative
    warmup: Annotated[int, Field(ge=0)]
    warmup_from: Positive
    start: Positive
    end: Positive
    clip: Positive | None


class ScheduleSettings(Settings):
    """The training run.

    Attributes:
        epochs: number of epochs.
        batch: pairs per micro-batch.
        micro_batches: per step: ranks of a many-GPU recipe, on one device one after the other.
        gradient_reduction: gradients of the micro-batches are averaged, or summed as PySOT does
            over its GPUs.
        unfreeze_epoch: epoch (0-based) from which on `unfreeze` is trained; before it the backbone
            is frozen.
        unfreeze: parts of the backbone to train; empty: none.
        backbone_rate: factor on the learning rate of the backbone.
        precision: `full`, or `mixed` (on a GPU only).
        sgd: the optimiser.
    """

    epochs: Count
    batch: Count
    micro_batches: Count
    gradient_reduction: Literal["mean", "sum"]
    unfreeze_epoch: Annotated[int, Field(ge=0)]
    unfreeze: tuple[str, ...]
    backbone_rate: NonNegative
    precision: Literal["full", "mixed"]
    sgd: SgdSettings


class SiamBackboneSettings(Settings):
    """The feature extractor of a Siamese tracker.

    Attributes:
        name: `alexnet_groups` (SiamFC), `alexnet` (SiamRPN), `resnet50_dilated` (SiamRPN++) or
            `efficientnet_lite0`.
        weights: `pretrained` (ImageNet), `random` (said in words) or a file.
    """

    name: Literal["alexnet_groups", "alexnet", "resnet50_dilated", "efficientnet_lite0"]
    weights: str


class LabelSettings(Settings):
    """Labels of SiamFC.

    Attributes:
        kind: `hard` (1 within `radius` of the centre, else 0) or `soft` (Gaussian).
        radius: of hard labels, pixels of the search region.
        sigma: of soft labels, cells.
    """

    kind: Literal["hard", "soft"]
    radius: Positive
    sigma: Positive


class AnchorSettings(Settings):
    """Anchors and labels of SiamRPN.

    Attributes:
        stride: of the response, pixels.
        ratios: height over width.
        scales: of an anchor's side over the stride.
        positive: IoU above which an anchor is positive.
        negative: IoU below which it is negative; in between it is ignored.
        sampling: `all` proposals (the paper), or at most `positives` and `total` per pair (PySOT).
        positives: of a sampled pair.
        total: of a sampled pair.
        ignore_band: false counts what is not positive as negative (the paper read literally).
    """

    stride: Count
    ratios: tuple[Positive, ...] = Field(min_length=1)
    scales: tuple[Positive, ...] = Field(min_length=1)
    positive: Fraction
    negative: Fraction
    sampling: Literal["all", "sampled"]
    positives: Count
    total: Count
    ignore_band: bool

    @model_validator(mode="after")
    def _ordered(self) -> AnchorSettings:
        if self.negative > self.positive:
            raise ValueError("negative must not be above positive")
        return self


class SiamFcTraining(Settings):
    """Everything that decides what SiamFC learns.

    Attributes:
        channels: of the neck on the light backbone; null: no neck.
        gain: fixed factor on the response.
    """

    backbone: SiamBackboneSettings
    channels: Count | None
    gain: Positive
    crops: CropSettings
    pairs: PairSettings
    labels: LabelSettings
    loss: ClassificationLossSettings
    schedule: ScheduleSettings


class SiamFcTracking(Settings):
    """SiamFC on a video.

    Attributes:
        instance: side of the search region in pixels.
        scales: number of scales searched.
        step: factor between two scales.
        penalty: factor on the peak of every scale but the current one.
        rate: weight of the new size.
        window: weight of the cosine window.
        upsample: factor of the response.
        limits: of the search region's side over the initial one.
    """

    instance: Count
    scales: Literal[1, 3, 5]
    step: Positive
    penalty: Fraction
    rate: Fraction
    window: Fraction
    upsample: Count
    limits: tuple[Positive, Positive]


class SiamFcSettings(Settings):
    """A SiamFC tracker."""

    tracker: Literal["siamfc"]
    training: SiamFcTraining
    tracking: SiamFcTracking


class RpnHeadSettings(Settings):
    """The region proposal head.

    Attributes:
        channels: of the correlation.
        layers: taps of the backbone, each with a head.
        weighted: heads are combined by learnt weights, or averaged.
        regression_weight: of the box loss, beside 1 for the classification.
        regression_loss: `l1` (PySOT) or `smooth_l1` (the paper).
    """

    channels: Count
    layers: tuple[str, ...] = Field(min_length=1)
    weighted: bool
    regression_weight: Positive
    regression_loss: Literal["l1", "smooth_l1"]


class SiamRpnTraining(Settings):
    """Everything that decides what SiamRPN and SiamRPN++ learn."""

    backbone: SiamBackboneSettings
    head: RpnHeadSettings
    anchors: AnchorSettings
    crops: CropSettings
    pairs: PairSettings
    loss: ClassificationLossSettings
    schedule: ScheduleSettings


class SiamRpnTracking(Settings):
    """SiamRPN on a video.

    Attributes:
        instance: side of the search region in pixels.
        penalty: strength of the penalty on changes of size and ratio.
        window: weight of the cosine window.
        rate: weight of the new size.
    """

    instance: Count
    penalty: NonNegative
    window: Fraction
    rate: Fraction


class SiamRpnSettings(Settings):
    """A SiamRPN or SiamRPN++ tracker."""

    tracker: Literal["siamrpn"]
    training: SiamRpnTraining
    tracking: SiamRpnTracking


SiameseTraining = SiamFcTraining | SiamRpnTraining
