"""Typed settings of DSLT and DSLT*.

Training settings decide what is learnt before the second frame; tracking settings decide what
happens from then on. The paper's values stand in `config/trackers/dslt.yaml`, preset `paper`;
nothing here has a scientific default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dslt.settings.base import (
    Count,
    Fraction,
    NonNegative,
    Positive,
    Settings,
)


def _starts_sharp(blurs: tuple[float, ...]) -> tuple[float, ...]:
    """The first sample stays in the memory for good: it must be the patch as it is."""
    if not blurs or blurs[0] != 0:
        raise ValueError("the first entry must be 0, the patch itself")
    return blurs


class BackboneSettings(Settings):
    """The frozen feature extractor.

    Attributes:
        name: network; `vgg16_hed` is VGG-16 with convolutions fine-tuned for edges (a check that
            needs no download from outside the package index).
        weights: `pretrained`, `random` (said in words: for tests of the code path) or a file.
        keep_pools: false removes VGG-16's pool3 and pool4, as the released code does.
    """

    name: Literal["efficientnet_lite0", "resnet50", "vgg16", "vgg16_hed"]
    weights: str
    keep_pools: bool


class PatchSettings(Settings):
    """The search area and its size in pixels (`dslt.geometry.crops.patch_shape`).

    Attributes:
        rule: `per_axis` (the authors' code: a multiple of width and of height) or `per_area` (the
            same margin on both axes).
        context: `(x, y)` margin over the target's width and height, or over `sqrt(w h)`.
        context_follows_zoom: multiply the context by the zoom of large targets (released code).
        target_cap: `per_axis`: larger targets are reduced to this side in pixels.
        min_side: `per_axis`: smaller patches are enlarged to the square of this area.
        target_side: `per_area`: patch pixels of `sqrt(w h)`.
    """

    rule: Literal["per_axis", "per_area"]
    context: tuple[NonNegative, NonNegative]
    context_follows_zoom: bool
    target_cap: Positive
    min_side: Positive
    target_side: Positive


class ReductionSettings(Settings):
    """The projection of the taps to few channels.

    Attributes:
        channels: of each reduced map.
        kernel: 1 (paper) or 3 (released code).
        init: `he` (He-normal) or `orthogonal`.
        train: whether the first frame trains it (the published learning rate moves it by 1e-6).
        normalise: by the first frame: `map` brings both reduced maps to one level, `channel`
            standardises each channel of the taps.
        growth: the heads' inputs are scaled so that a step of the first-frame optimiser raises
            the response's peak by about this; the published learning rates mean nothing without
            the magnitude of the features they were found for.
    """

    channels: Count
    kernel: Literal[1, 3]
    init: Literal["he", "orthogonal"]
    train: bool
    normalise: Literal["map", "channel"]
    growth: Positive


class HeadSettings(Settings):
    """The regression heads and their residual connections (Fig. 2).

    Attributes:
        fuse: feature fusion; false is DSLT_mul of Fig. 15.
        fusion: `(shallow, deep)` coefficients of the fused map.
        relu: rectify the maps before the heads.
        padding: `same` (odd kernel) or `valid` (released code).
        bias: learnable bias of the heads.
        init_std: standard deviation of the initial weights.
    """

    fuse: bool
    fusion: tuple[float, float]
    relu: bool
    padding: Literal["same", "valid"]
    bias: bool
    init_std: NonNegative


class LabelSettings(Settings):
    """The soft label: standard deviation over the target's size, and its lower bound in cells."""

    sigma: Positive
    min_sigma: NonNegative


class LossSettings(Settings):
    """The regression loss (`dslt.losses.regression`).

    Attributes:
        name: `l2` (Eq. 3), `l3` (Eq. 4), `shrinkage` (Eq. 6 and 7), `ohnm` or `released`.
        importance: weight by the label, `none` or `exp` (Eq. 7).
        a: speed of the shrinkage.
        c: location of the shrinkage.
        threshold: of `ohnm`: cells with a smaller error are left out.
    """

    name: Literal["l2", "l3", "shrinkage", "ohnm", "released"]
    importance: Literal["none", "exp"]
    a: Positive
    c: Fraction
    threshold: Fraction


class AdamSettings(Settings):
    """Adam, with one learning rate for the deep head and one for the rest.

    Attributes:
        lr_deep: of the head on the deep map.
        lr_shallow: of the head on the fused map and of the reductions.
        betas: decay of the moments.
        weight_decay: coupled L2, lambda of Eq. 7.
        frozen_bias_correction: keep Adam's bias correction at its first step (released code).
    """

    lr_deep: Positive
    lr_shallow: Positive
    betas: tuple[Fraction, Fraction]
    weight_decay: NonNegative
    frozen_bias_correction: bool


class SampleSettings(Settings):
    """The augmented first-frame samples; each entry of a list is one sample.

    Attributes:
        blurs: standard deviations of Gaussian blurs in patch pixels (0: the patch itself).
        mirrors: number of mirrored copies.
        angles: rotations in degrees.
        shifts: `(x, y)` of the target in the patch, in target sizes; labels shift along.
        zooms: factors of the search area; labels shrink along.
        together: all samples in each step (true), or one at random per step (false, as released).
    """

    blurs: Annotated[tuple[NonNegative, ...], AfterValidator(_starts_sharp)]
    mirrors: Annotated[int, Field(ge=0)]
    angles: tuple[float, ...]
    shifts: tuple[tuple[float, float], ...]
    zooms: tuple[Positive, ...]
    together: bool


class TrainingSettings(Settings):
    """Everything that decides the model after the first frame.

    Attributes:
        iterations: at most, on the first frame.
        stop: end when the moving mean of the loss falls below this part of its start (0: never).
        stop_absolute: end when the loss falls below this value (released code; 0: never).
    """

    backbone: BackboneSettings
    patch: PatchSettings
    reduction: ReductionSettings
    head: HeadSettings
    label: LabelSettings
    loss: LossSettings
    adam: AdamSettings
    samples: SampleSettings
    iterations: Count
    stop: Fraction
    stop_absolute: NonNegative


class ScaleSettings(Settings):
    """The scale pyramid through the regression network.

    Attributes:
        step: ratio between neighbouring levels.
        levels: number of levels, odd.
        gate: no change of size where the response's peak is not above this.
        penalty: factor on the peak of every level but the middle one.
        rate: weight of the new size.
        recenter: search the scale about the new centre in a second pass (paper) or jointly with
            the position (false).
        limits: of the size over the initial one.
    """

    step: Annotated[float, Field(ge=1)]
    levels: Literal[1, 3, 5]
    gate: NonNegative
    penalty: Fraction
    rate: Fraction
    recenter: bool
    limits: tuple[Positive, Positive]


class MotionSettings(Settings):
    """The Gaussian motion prior on the response.

    Attributes:
        sigma: over the target's size.
        growth: factor on sigma for each frame in a row whose score is below `lost`.
        max_sigma: bound of the growth.
        lost: score below which the target counts as unseen: size stays, no update.
        hold: keep the position too while the target is unseen.
    """

    sigma: Positive
    growth: Annotated[float, Field(ge=1)]
    max_sigma: Positive
    lost: NonNegative
    hold: bool


class RedetectionSettings(Settings):
    """The search of the whole frame for an unseen target (not in the paper).

    Attributes:
        patches: patches of the frame looked at per frame, nearest first, in turn (0: none).
        after: frames in a row that the target was unseen before.
        score: raw response that counts as the target.
    """

    patches: Annotated[int, Field(ge=0)]
    after: Count
    score: NonNegative


class UpdateSettings(Settings):
    """The online update from the first and the latest frames.

    Attributes:
        adam: the optimiser.
        memory: number of samples: the first frame's and the latest ones.
        steps: steps per update with all samples together, or with each sample in turn.
        together: all samples in each step (true) or one after the other (false, as released).
        every: update once in so many frames.
        recrop: cut the sample anew at the found box (paper), or keep the search patch with the
            label where the target was found.
        first: number of first-frame samples that stay in the memory.
    """

    adam: AdamSettings
    memory: Count
    steps: Annotated[int, Field(ge=0)]
    together: bool
    every: Count
    recrop: bool
    first: Count


class TrackingSettings(Settings):
    """Everything that happens from the second frame on."""

    motion: MotionSettings
    redetection: RedetectionSettings
    scale: ScaleSettings
    update: UpdateSettings


class DsltSettings(Settings):
    """A DSLT tracker."""

    tracker: Literal["dslt"]
    training: TrainingSettings
    tracking: TrackingSettings
