"""What of a network is trained in which epoch, and its optimiser."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD

from dslt.networks.siamese import SiameseNet
from dslt.settings.offline import ScheduleSettings


def trained_parts(schedule: ScheduleSettings, epoch: int) -> tuple[str, ...]:
    """Name the parts of the backbone that are trained in an epoch (0-based)."""
    return schedule.unfreeze if epoch >= schedule.unfreeze_epoch else ()


def make_optimiser(net: SiameseNet, schedule: ScheduleSettings) -> SGD:
    """Make the optimiser of the head and of the unfrozen parts; its momentum starts at zero.

    Each group has a `factor` on the learning rate of the epoch (`set_rate`).
    """
    groups: list[dict[str, Any]] = [
        {"params": net.head_parameters(), "factor": 1.0},
        {"params": net.backbone_parameters(), "factor": schedule.backbone_rate},
    ]
    return SGD(
        [group for group in groups if group["params"]],
        lr=schedule.sgd.start,  # set anew in every epoch
        momentum=schedule.sgd.momentum,
        weight_decay=schedule.sgd.weight_decay,
    )


def set_rate(optimiser: SGD, rate: float) -> None:
    """Set the learning rate of every group."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]


def weights_of(optimiser: SGD) -> list[Tensor]:
    """List the tensors that the optimiser changes."""
    return [weight for group in optimiser.param_groups for weight in group["params"]]


def learning_norms(net: nn.Module) -> Iterator[_BatchNorm]:
    """Yield the batch normalisations whose statistics follow the batches."""
    for module in net.modules():
        if isinstance(module, _BatchNorm) and module.training:
            yield module
