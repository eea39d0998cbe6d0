"""Stochastic gradient descent with momentum, by torch's function."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd

from dslt.settings.offline import SgdSettings


@dataclass
class Group:
    """Parameters that share a learning rate.

    Attributes:
        parameters: The parameters.
        factor: Factor on the learning rate of the training.
        momenta: Decayed sum of the gradients of each parameter; None before the first step.
    """

    parameters: list[nn.Parameter]
    factor: float
    momenta: list[Tensor | None] = field(init=False)

    def __post_init__(self) -> None:
        self.momenta = [None] * len(self.parameters)


class Sgd:
    """The optimiser of a training.

    It calls torch's function, not its class, the first of which in a process imports torch's
    compiler: three seconds.

    Args:
        groups: What is trained.
        settings: Momentum and weight decay; and the learning rate, until `rate` is set.
    """

    def __init__(self, groups: Sequence[Group], settings: SgdSettings):
        self.groups, self.settings, self.rate = groups, settings, settings.start

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All parameters."""
        return [value for group in self.groups for value in group.parameters]

    def forget_gradients(self) -> None:
        """Begin a step."""
        for value in self.parameters:
            value.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change each parameter, which has a gradient, along it."""
        for group in self.groups:
            sgd(
                group.parameters,  # type: ignore[arg-type]
                [value.grad for value in group.parameters],  # type: ignore[misc]
                group.momenta,
                weight_decay=self.settings.weight_decay,
                momentum=self.settings.momentum,
                lr=self.rate * group.factor,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )

    def state(self) -> list[list[Tensor | None]]:
        """Return what is remembered from one step to the next."""
        return [group.momenta for group in self.groups]

    def restore(self, state: list[list[Tensor | None]]) -> None:
        """Go on from an earlier `state` of the same parameters."""
        for group, momenta in zip(self.groups, state, strict=True):
            group.momenta = list(momenta)
