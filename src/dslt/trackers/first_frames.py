"""The training of several first frames together; the rules are those of `FirstFrame`."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from dslt.networks.correlation import as_cells
from dslt.networks.stacked import StackedAdam, StackedNetworks, weights_of
from dslt.trackers.base import TrainingRecord
from dslt.trackers.first_frame import STOP_WINDOW, FirstFrame, noted

ASK = 25  # iterations between two looks at whether all have converged


class Learnt(NamedTuple):
    """What was learnt.

    Attributes:
        weights: The networks' weights, `(L, ...)` each.
        cells: The heads' inputs of the samples, `(L, n, H, W, 2 C)`.
        records: The course of each training, by its lane.
    """

    weights: dict[str, Tensor]
    cells: Tensor
    records: dict[int, TrainingRecord]


def train_together(
    networks: StackedNetworks, models: Mapping[int, FirstFrame], size: int
) -> Learnt:
    """Fit the networks of several targets of one geometry to their first frames.

    Args:
        networks: What they compute.
        models: Models after `prepare`, by their lane.
        size: Number of lanes; those without a model train on nothing, so that all shapes are the
            same for any number of models.
    """
    one = next(iter(models.values()))
    settings, trained = one.settings, one.settings.reduction.train
    weights = _stack({lane: weights_of(model.network) for lane, model in models.items()}, size)
    samples = _Samples.of(networks, weights, models, size, fixed=not trained)
    rates = networks.rates(settings.adam, reductions=trained)
    optimiser = StackedAdam(settings.adam, rates, {})
    optimiser.make(weights)
    generator = torch.Generator().manual_seed(one.seed)
    running = torch.ones(size, dtype=torch.bool, device=one.device)
    last = torch.full((size,), settings.iterations, device=one.device)
    notes: list[Tensor] = []
    for iteration in range(settings.iterations + 1):
        chosen = slice(None)
        if not settings.samples.together:
            pick = int(torch.randint(len(one.labels), (1,), generator=generator))
            chosen = slice(pick, pick + 1)
        now = weights | {name: weights[name].detach().requires_grad_() for name in rates}
        response, labels = samples.respond(now, chosen), samples.labels[:, chosen]
        loss = one.loss_of_cells(response, labels).sum(dim=(2, 3)).mean(dim=1)
        notes.append(noted(loss, response, labels))
        if iteration == settings.iterations:
            break
        settled = _converged(notes, settings.stop, settings.stop_absolute)
        if settled is not None:
            last = torch.where(running & settled, iteration, last)
            running = running & ~settled
            if iteration % ASK == 0 and not bool(running[list(models)].any()):
                break
        optimiser.step(loss, now, running)
    with torch.no_grad():
        cells = networks.inputs(weights, samples.shallow, samples.deep)
    return Learnt(weights, cells, _records(notes, last, models))


class _Samples(NamedTuple):
    """The samples of all lanes, and what the heads see of them where that stays the same.

    Attributes:
        networks: What looks at them.
        shallow: Taps `(L, n, C, H, W)`, standardised.
        deep: The same of the deep tap.
        labels: Labels `(L, n, h, w)`.
        fixed: The heads' inputs, `(L, n, H, W, 2 C)`; None where the reductions learn.
    """

    networks: StackedNetworks
    shallow: Tensor
    deep: Tensor
    labels: Tensor
    fixed: Tensor | None

    @classmethod
    def of(
        cls,
        networks: StackedNetworks,
        weights: Mapping[str, Tensor],
        models: Mapping[int, FirstFrame],
        size: int,
        *,
        fixed: bool,
    ) -> "_Samples":
        """Stack the samples of models."""
        each = {
            lane: {"shallow": as_cells(m.taps[0]), "deep": as_cells(m.taps[1]), "labels": m.labels}
            for lane, m in models.items()
        }
        stacked = _stack(each, size)
        shallow, deep = (stacked[name].movedim(4, 2) for name in ("shallow", "deep"))
        seen = networks.inputs(weights, shallow, deep) if fixed else None
        return cls(networks, shallow, deep, stacked["labels"], seen)

    def respond(self, weights: Mapping[str, Tensor], chosen: slice) -> Tensor:
        """Return the responses `(L, n, h, w)` to some of the samples."""
        if self.fixed is not None:
            return self.networks.respond(weights, self.fixed[:, chosen])
        seen = self.networks.inputs(weights, self.shallow[:, chosen], self.deep[:, chosen])
        return self.networks.respond(weights, seen)


def _stack(found: Mapping[int, Mapping[str, Tensor]], size: int) -> dict[str, Tensor]:
    """Stack the tensors of some lanes; those of the others are zeros."""
    one = next(iter(found.values()))
    stacked = {name: value.new_zeros(size, *value.shape) for name, value in one.items()}
    for lane, values in found.items():
        for name, value in values.items():
            stacked[name][lane] = value
    return stacked


def _converged(notes: list[Tensor], stop: float, absolute: float) -> Tensor | None:
    """Tell for each lane whether its training may stop; None where no rule ends one early."""
    if not (stop or absolute):
        return None
    loss = notes[-1][:, 0]
    settled = loss < absolute
    if stop and len(notes) > STOP_WINDOW:
        recent = torch.stack([note[:, 0] for note in notes[-STOP_WINDOW:]])
        settled = settled | (recent.sum(dim=0) < STOP_WINDOW * stop * notes[0][:, 0])
    return settled


def _records(
    notes: list[Tensor], last: Tensor, models: Mapping[int, FirstFrame]
) -> dict[int, TrainingRecord]:
    """Read the course of each training, up to its last iteration."""
    values, ends = torch.stack(notes).cpu(), last.tolist()
    return {lane: TrainingRecord(*values[: ends[lane] + 1, lane].T.tolist()) for lane in models}
