"""Learning rates, and which micro-batch of which step sees which pairs.

Nothing here depends on how many processes or workers do the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.settings.offline import ScheduleSettings, SgdSettings

Key = tuple[int, int]  # epoch and sample of a pair, both from 0


def learning_rates(sgd: SgdSettings, epochs: int) -> Floats:
    """List the learning rate of every epoch (`(epochs,)`).

    The warm-up climbs in `warmup` equal ratios, so that `start` is the rate of the first epoch
    after it; from there the rates are log-spaced and `end` is the last one.

    Raises:
        DsltError: The warm-up is longer than the training.
    """
    if sgd.warmup > epochs:
        raise DsltError(
            f"schedule.sgd.warmup: {sgd.warmup} epochs; expected no more than the {epochs} epochs "
            "of schedule.epochs"
        )
    climb = np.geomspace(sgd.warmup_from, sgd.start, sgd.warmup, endpoint=False)
    return np.concatenate([climb, np.geomspace(sgd.start, sgd.end, epochs - sgd.warmup)])


@dataclass(frozen=True)
class Plan:
    """How the pairs of an epoch are cut into steps and micro-batches.

    Step `s` of an epoch takes `micro_batches * batch` pairs in their order, micro-batch after
    micro-batch; what is left over at the end of an epoch makes no step.

    Attributes:
        epochs: Number of epochs.
        pairs: Pairs per epoch.
        batch: Pairs per micro-batch.
        micro_batches: Micro-batches per step.
    """

    epochs: int
    pairs: int
    batch: int
    micro_batches: int

    def __post_init__(self) -> None:
        if self.pairs < self.per_step:
            raise DsltError(
                f"pairs.per_epoch: {self.pairs}; expected at least the {self.per_step} pairs of "
                f"one step ({self.micro_batches} micro-batches of {self.batch})"
            )

    @classmethod
    def of(cls, schedule: ScheduleSettings, pairs: int) -> Plan:
        """Make the plan of a schedule.

        Raises:
            DsltError: An epoch is shorter than one step.
        """
        return cls(schedule.epochs, pairs, schedule.batch, schedule.micro_batches)

    @property
    def per_step(self) -> int:
        """Pairs per step."""
        return self.batch * self.micro_batches

    @property
    def steps(self) -> int:
        """Steps per epoch."""
        return self.pairs // self.per_step

    @property
    def total(self) -> int:
        """Steps of the whole training."""
        return self.steps * self.epochs

    def keys(self, step: int, micro: int) -> list[Key]:
        """Name the pairs of one micro-batch; `step` counts from the start of the training."""
        epoch, within = divmod(step, self.steps)
        first = within * self.per_step + micro * self.batch
        return [(epoch, sample) for sample in range(first, first + self.batch)]


@dataclass(frozen=True)
class KeyBatches:
    """The micro-batches of one process from a step on, in the order in which it needs them."""

    plan: Plan
    first: int
    micro_batches: range

    def __len__(self) -> int:
        """Number of micro-batches."""
        return (self.plan.total - self.first) * len(self.micro_batches)

    def __iter__(self) -> Iterator[list[Key]]:
        """Yield the keys of one micro-batch after the other."""
        for step in range(self.first, self.plan.total):
            for micro in self.micro_batches:
                yield self.plan.keys(step, micro)
