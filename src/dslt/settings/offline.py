"""Typed settings that the trackers with a network trained offline share.

The paper's and its sources' values stand in `config/trackers/siam*.yaml`; nothing here has a
scientific default.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator

from dslt.settings.base import Count, Fraction, Natural, NonNegative, Positive, Settings
from dslt.settings.tracker import BackboneSettings, TrainingSettings


class ClassificationLossSettings(Settings):
    """The classification loss (Eq. 10 to 14, in the corrected form)."""

    name: Literal["bce", "focal", "shrinkage"]
    """Loss: `bce` (Eq. 10), `focal` (Eq. 11) or `shrinkage` (Eq. 14)."""
    factor: Literal["full", "no_exp", "only_exp"]
    """Factor of the shrinkage loss: the modulating factor with exp(p_t) (`full`, Eq. 13), without
    it (`no_exp`, Eq. 12), or exp(p_t) alone (`only_exp`).
    """
    a: Positive
    """Steepness of the modulating factor."""
    c: Fraction
    """Probability of the true class above which a sample counts as easy."""
    alpha: Positive
    """Weight of the focal loss."""
    gamma: NonNegative
    """Exponent of the focal loss."""
    balance: Literal["ratio", "half", "fixed"]
    """Weights of the classes: `ratio`, by the share of the other class in the batch (Eq. 10);
    `half`, each class half of the weight; or `fixed`.
    """
    fixed: tuple[Positive, Positive]
    """Weights of the positive and the negative class where `balance` is `fixed`."""
    clamp: Positive | None
    """Bound of the logits before the loss, as released; null: none."""
    scale: Positive
    """Factor on the loss."""


def _used(sources: dict[str, int | None]) -> dict[str, int | None]:
    """Leave out the sources that give nothing."""
    used = {name: count for name, count in sources.items() if count != 0}
    if not used:
        raise ValueError("no source gives pairs; at least one must not be 0")
    return used


class SourceSettings(Settings):
    """What a network learns from: sources, and how much of them makes an epoch."""

    sources: Annotated[dict[str, Natural | None], AfterValidator(_used)]
    """Entries of `config/training_sets.yaml`, with the number of pairs that each gives to an epoch
    before they are shuffled together (null: as many as it has videos; 0: a source that the preset
    names is not used).
    """
    per_epoch: Count
    """Pairs per epoch, drawn from all sources together."""


class PairSettings(SourceSettings):
    """What a training pair is."""

    negative: Fraction
    """Share of pairs whose search region shows another target."""
    gray: Fraction
    """Share of pairs that are turned to gray."""


class JitterSettings(Settings):
    """Augmentation of one side of a pair."""

    shift: NonNegative
    """Largest shift of the centre in pixels of the crop, per axis."""
    scale: Fraction
    """Largest change of the size, per axis; 0.05 means a factor of 0.95 to 1.05."""
    blur: Fraction
    """Share of crops with motion blur."""
    color: Fraction
    """Share of crops with colour noise."""
    flip: Fraction
    """Share of crops that are mirrored."""


class CropSettings(Settings):
    """Geometry of template and search region."""

    context: NonNegative
    """Margin around the target, a part of width plus height."""
    template: Count
    """Side of the template in pixels."""
    search: Count
    """Side of the search region in training."""
    template_jitter: JitterSettings
    """Augmentation of the template."""
    search_jitter: JitterSettings
    """Augmentation of the search region."""


class SgdSettings(Settings):
    """Stochastic gradient descent and its learning rate."""

    momentum: Fraction
    """Momentum of the gradient."""
    weight_decay: NonNegative
    """Factor of the L2 penalty."""
    warmup: Natural
    """Epochs of warm-up, with geometric steps from `warmup_from` to `start`; 0: none."""
    warmup_from: Positive
    """Learning rate of the first warm-up epoch."""
    start: Positive
    """Learning rate after the warm-up."""
    end: Positive
    """Learning rate of the last epoch; log-spaced in between."""
    clip: Positive | None
    """Bound of the gradient's norm; null: none."""


class ScheduleSettings(Settings):
    """The training run."""

    epochs: Count
    """Number of epochs."""
    batch: Count
    """Pairs per micro-batch."""
    micro_batches: Count
    """Micro-batches per step: ranks of a many-GPU recipe, on one device one after the other."""
    gradient_reduction: Literal["mean", "sum"]
    """Whether gradients of the micro-batches are averaged, or summed as PySOT does over its GPUs.
    """
    unfreeze_epoch: Natural
    """Epoch (0-based) from which on `unfreeze` is trained; before it the backbone is frozen."""
    unfreeze: tuple[str, ...]
    """Parts of the backbone to train; empty: none."""
    backbone_rate: NonNegative
    """Factor on the learning rate of the backbone."""
    precision: Literal["full", "mixed"]
    """Precision of the arithmetic: `full`, or `mixed` (on a GPU only)."""
    sgd: SgdSettings
    """The optimiser."""


class SiameseBackboneSettings(BackboneSettings):
    """The feature extractor of a Siamese tracker."""

    name: Literal["alexnet_groups", "alexnet", "resnet50_dilated", "efficientnet_lite0"]
    """Network: `alexnet_groups` (SiamFC), `alexnet` (SiamRPN), `resnet50_dilated` (SiamRPN++) or
    `efficientnet_lite0`.
    """


class OfflineNetworkTraining(TrainingSettings):
    """What decides a network that learns offline, whatever it is."""

    pairs: SourceSettings
    loss: ClassificationLossSettings
    schedule: ScheduleSettings


class SiameseTraining(OfflineNetworkTraining):
    """What decides a Siamese network, whatever its head."""

    backbone: SiameseBackboneSettings
    crops: CropSettings
    pairs: PairSettings
