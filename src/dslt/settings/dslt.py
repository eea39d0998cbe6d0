"""Typed settings of DSLT and DSLT*.

Training settings decide what is learnt before the second frame; tracking settings decide what
happens from then on. The paper's values stand in `config/trackers/dslt.yaml`, preset `paper`;
nothing here has a scientific default.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dslt.settings.base import Count, Fraction, Natural, NonNegative, Positive, Settings
from dslt.settings.tracker import BackboneSettings, TrackerSettings, TrainingSettings


def _starts_sharp(blurs: tuple[float, ...]) -> tuple[float, ...]:
    """The first sample stays in the memory for good: it must be the patch as it is."""
    if not blurs or blurs[0] != 0:
        raise ValueError("the first entry must be 0, the patch itself")
    return blurs


class DsltBackboneSettings(BackboneSettings):
    """The frozen feature extractor."""

    name: Literal["efficientnet_lite0", "resnet50", "resnet152_resmem", "vgg16", "vgg16_hed"]
    """Network. Two are checks that need no download from outside the package index: `vgg16_hed` is
    VGG-16 with convolutions fine-tuned for edges, `resnet152_resmem` the ImageNet ResNet-152 inside
    a model of how memorable an image is (non-commercial terms).
    """
    keep_pools: bool
    """Keep the pools; false removes VGG-16's pool3 and pool4, as the released code does."""


class PatchSettings(Settings):
    """The search area and its size in pixels (`dslt.geometry.crops.patch_shape`)."""

    rule: Literal["per_axis", "per_area"]
    """How the area is measured: `per_axis` (the authors' code: a multiple of width and of height)
    or `per_area` (the same margin on both axes).
    """
    context: tuple[NonNegative, NonNegative]
    """`(x, y)` margin over the target's width and height, or over `sqrt(w h)`."""
    context_follows_zoom: bool
    """Whether the context is multiplied by the zoom of large targets (released code)."""
    target_cap: Positive
    """With `per_axis`, larger targets are reduced to this side in pixels."""
    min_side: Positive
    """With `per_axis`, smaller patches are enlarged to the square of this area."""
    target_side: Positive
    """With `per_area`, patch pixels of `sqrt(w h)`."""


class ReductionSettings(Settings):
    """The projection of the taps to few channels."""

    channels: Count
    """Channels of each reduced map."""
    kernel: Literal[1, 3]
    """Side of the kernel: 1 (paper) or 3 (released code)."""
    init: Literal["he", "orthogonal"]
    """Initial weights: `he` (He-normal) or `orthogonal`."""
    train: bool
    """Whether the first frame trains it (the published learning rate moves it by 1e-6)."""
    normalise: Literal["map", "channel", "common"]
    """Levels by the first frame: `channel` standardises each channel of the taps, `map` brings both
    reduced maps to one level, `common` scales both by one factor, so that the gap between their
    levels, which the two learning rates are about, stays.
    """
    growth: Positive
    """Scale of the heads' inputs: a step of the first-frame optimiser raises the response's peak by
    about this; the published learning rates mean nothing without the magnitude of the features they
    were found for.
    """


class HeadSettings(Settings):
    """The regression heads and their residual connections (Fig. 2)."""

    fuse: bool
    """Whether features are fused; false is DSLT_mul of Fig. 15."""
    fusion: tuple[float, float]
    """`(shallow, deep)` coefficients of the fused map."""
    relu: bool
    """Whether the maps are rectified before the heads."""
    padding: Literal["same", "valid"]
    """Padding of the heads: `same` (odd kernel) or `valid` (released code)."""
    bias: bool
    """Whether the heads have a learnable bias."""
    init_std: NonNegative
    """Standard deviation of the initial weights."""


class SoftLabelSettings(Settings):
    """The soft label, a Gaussian about the target."""

    sigma: Positive
    """Standard deviation over the target's size."""
    min_sigma: NonNegative
    """Lower bound of the standard deviation, in cells."""


class LossSettings(Settings):
    """The regression loss (`dslt.losses.regression`)."""

    name: Literal["l2", "l3", "shrinkage", "ohnm", "released"]
    """Loss: `l2` (Eq. 3), `l3` (Eq. 4), `shrinkage` (Eq. 6 and 7), `ohnm` or `released`."""
    importance: Literal["none", "exp"]
    """Weight by the label: `none` or `exp` (Eq. 7)."""
    a: Positive
    """Speed of the shrinkage."""
    c: Fraction
    """Location of the shrinkage."""
    threshold: Fraction
    """Error below which `ohnm` leaves a cell out."""


class AdamSettings(Settings):
    """Adam, with one learning rate for the deep head and one for the rest."""

    lr_deep: Positive
    """Learning rate of the head on the deep map."""
    lr_shallow: Positive
    """Learning rate of the head on the fused map and of the reductions."""
    betas: tuple[Fraction, Fraction]
    """Decay of the moments."""
    weight_decay: NonNegative
    """Coupled L2 penalty, lambda of Eq. 7."""
    frozen_bias_correction: bool
    """Whether Adam's bias correction stays at its first step (released code)."""


class SampleSettings(Settings):
    """The augmented first-frame samples; each entry of a list is one sample."""

    blurs: Annotated[tuple[NonNegative, ...], AfterValidator(_starts_sharp)]
    """Standard deviations of Gaussian blurs in patch pixels (0: the patch itself)."""
    mirrors: Natural
    """Number of mirrored copies."""
    angles: tuple[float, ...]
    """Rotations in degrees."""
    shifts: tuple[tuple[float, float], ...]
    """Shifts `(x, y)` of the target in the patch, in target sizes; labels shift along."""
    zooms: tuple[Positive, ...]
    """Factors of the search area; labels shrink along."""
    together: bool
    """Whether each step takes all samples (true), or one at random per step (false, as released).
    """

    @property
    def count(self) -> int:
        """Number of samples."""
        lists = (self.blurs, self.angles, self.shifts, self.zooms)
        return self.mirrors + sum(map(len, lists))


class DsltTraining(TrainingSettings):
    """Everything that decides the model after the first frame."""

    tracker: ClassVar[str] = "dslt"

    backbone: DsltBackboneSettings
    patch: PatchSettings
    reduction: ReductionSettings
    head: HeadSettings
    label: SoftLabelSettings
    loss: LossSettings
    adam: AdamSettings
    samples: SampleSettings
    iterations: Count
    """Most iterations on the first frame."""
    stop: Fraction
    """Part of its start below which the moving mean of the loss ends the training (0: never)."""
    stop_absolute: NonNegative
    """Loss below which the training ends (released code; 0: never)."""

    @property
    def first_frame_iterations(self) -> int:
        """See `TrainingSettings.first_frame_iterations`."""
        return self.iterations

    def capped(self, iterations: int) -> Self:
        """See `TrainingSettings.capped`."""
        free = {"iterations": iterations, "stop": 0, "stop_absolute": 0}
        return self.model_copy(update=free)


class ScaleSettings(Settings):
    """The scale pyramid through the regression network."""

    step: Annotated[float, Field(ge=1)]
    """Ratio between neighbouring levels."""
    levels: Literal[1, 3, 5]
    """Number of levels, odd."""
    gate: NonNegative
    """Peak of the response up to which the size does not change (released code; 0: always changes).
    """
    penalty: Fraction
    """Factor on the peak of every level but the middle one."""
    rate: Fraction
    """Weight of the new size."""
    recenter: bool
    """Whether the scale is searched about the new centre in a second pass (paper), or jointly with
    the position.
    """
    limits: tuple[Positive, Positive]
    """Smallest and largest size over the initial one."""


class MotionSettings(Settings):
    """The Gaussian motion prior on the response."""

    sigma: Positive
    """Standard deviation over the target's size."""


class UpdateSettings(Settings):
    """The online update from the first and the latest frames."""

    adam: AdamSettings
    """The optimiser."""
    memory: Count
    """Number of samples: the first frame's and the latest ones."""
    steps: Natural
    """Steps per update with all samples together, or with each sample in turn."""
    together: bool
    """Whether each step takes all samples (true), or one after the other (false, as released)."""
    every: Count
    """Frames from one update to the next."""
    recrop: bool
    """Whether the sample is cut anew at the found box (paper), or the search patch is kept with the
    label where the target was found.
    """
    first: Count
    """Number of first-frame samples that stay in the memory, which has room for more."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.memory <= self.first:
            raise ValueError("memory must be above `first`, so that it holds later samples, too")
        return self


class TrackingSettings(Settings):
    """Everything that happens from the second frame on."""

    motion: MotionSettings
    scale: ScaleSettings
    update: UpdateSettings


class DsltSettings(TrackerSettings):
    """A DSLT tracker."""

    tracker: Literal["dslt"]
    training: DsltTraining
    tracking: TrackingSettings
