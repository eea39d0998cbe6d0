"""One step of a training: micro-batches, their gradients, and the optimiser."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from dslt.core.device import training_layout
from dslt.core.errors import DsltError
from dslt.networks.siamese import SiameseNet
from dslt.settings.offline import ScheduleSettings
from dslt.train.batches import Batch
from dslt.train.parameters import (
    learning_norms,
    make_optimiser,
    set_rate,
    trained_parts,
    weights_of,
)
from dslt.train.processes import ALONE, Processes
from dslt.train.schedule import learning_rates
from dslt.train.tasks import Task

MIXED = torch.bfloat16  # float32's range, so that gradients need no scaling


@dataclass(frozen=True)
class StepRecord:
    """What a step tells.

    Attributes:
        loss: mean over the micro-batches, whatever the reduction of the gradients.
        terms: of the loss, by name, likewise.
        gradient_norm: before clipping.
        stop: whether a process was asked to stop.
    """

    loss: float
    terms: dict[str, float]
    gradient_norm: float
    stop: bool


class Trainer:
    """A network, its task and its optimiser.

    The micro-batches of a step stand for the GPUs of a recipe: each has its own batch statistics
    and its own class balance, the running statistics are those of the first one, and the gradients
    are averaged or summed before they are clipped. However many processes share them, in the
    order of their ranks, the result is the same up to rounding.

    Args:
        net: on its device; the backbone's parts are frozen and freed by the schedule.
        task: what it learns.
        schedule: the schedule.
        seed: of what is random in a micro-batch.
        processes: who shares the work.

    Raises:
        DsltError: if mixed precision is not to be had here, or the schedule is not possible.
    """

    def __init__(
        self,
        net: SiameseNet,
        task: Task,
        schedule: ScheduleSettings,
        seed: int,
        processes: Processes = ALONE,
    ):
        self.task, self.schedule, self.seed = task, schedule, seed
        self.processes = processes
        self.own = processes.share(schedule.micro_batches)
        self.device = next(net.parameters()).device
        self.net = net.to(memory_format=training_layout(self.device))  # type: ignore[call-overload]
        self.rates = learning_rates(schedule.sgd, schedule.epochs)
        self.mixed = schedule.precision == "mixed"
        if self.mixed:
            check_mixed(self.device)
        net.unfreeze(schedule.unfreeze)  # names that do not exist are told of now, not later
        self._free(trained_parts(schedule, 0))

    def _free(self, trained: tuple[str, ...]) -> None:
        """Train these parts of the backbone, with a new optimiser."""
        self.trained = trained
        self.net.unfreeze(trained)
        self.optimiser = make_optimiser(self.net, self.schedule)

    def begin(self, epoch: int) -> float:
        """Prepare an epoch (0-based) and return its learning rate.

        Where the backbone is freed the optimiser starts anew, as in PySOT.
        """
        trained = trained_parts(self.schedule, epoch)
        if trained != self.trained:
            self._free(trained)
        rate = float(self.rates[epoch])
        set_rate(self.optimiser, rate)
        self.net.train()
        return rate

    def restore(
        self, net: dict[str, Any], optimiser: dict[str, Any], trained: tuple[str, ...]
    ) -> None:
        """Go on from earlier state dictionaries."""
        self.net.load_state_dict(net)
        self._free(trained)
        self.optimiser.load_state_dict(optimiser)

    def step(self, number: int, batches: Iterator[Batch], *, stop: bool = False) -> StepRecord:
        """Do one step.

        Args:
            number: of the step since the start of the training, from 0.
            batches: this process's micro-batches are the next ones.
            stop: whether this process was asked to stop; all will know of it.

        Raises:
            DsltError: if the loss or the gradient is not finite; the weights are not changed.
        """
        self.optimiser.zero_grad(set_to_none=True)
        terms = torch.zeros(self.schedule.micro_batches, len(self.task.terms), device=self.device)
        for micro in self.own:
            with _statistics(self.net, follow=micro == 0):
                terms[micro] = self._learn(number, micro, next(batches).to(self.device))
        asked = torch.tensor([float(stop)], device=self.device)
        self.processes.add_up([terms, asked])
        losses = terms.double().cpu().numpy()
        self._check_losses(number, losses)
        norm = self._update(number)
        means = dict(zip(self.task.terms, losses.mean(axis=0).tolist(), strict=True))
        return StepRecord(sum(means.values()), means, norm, bool(asked.item()))

    def _learn(self, number: int, micro: int, batch: Batch) -> Tensor:
        """Add the gradients of one micro-batch; return its terms."""
        generator = torch.Generator().manual_seed(draw_seed(self.seed, number, micro))
        torch.manual_seed(draw_seed(self.seed, number, micro))  # what the network itself draws
        with torch.autocast(self.device.type, MIXED, enabled=self.mixed):
            outputs = self.net(batch.template, batch.search)
        found = self.task.loss(outputs, batch, generator)
        terms = torch.stack([found[name] for name in self.task.terms])
        torch.autograd.backward(terms.sum())
        return terms.detach()

    def _update(self, number: int) -> float:
        """Reduce and clip the gradients, and let the optimiser use them; return their norm."""
        weights = weights_of(self.optimiser)
        gradients = [_gradient(weight) for weight in weights]
        self.processes.add_up(gradients)
        if self.schedule.gradient_reduction == "mean" and self.schedule.micro_batches > 1:
            for gradient in gradients:
                gradient /= self.schedule.micro_batches
        total = get_total_norm(gradients)
        norm = float(total)
        if not np.isfinite(norm):
            raise DsltError(
                f"{self._place(number)}: the gradient's norm is {norm}, the loss is finite; "
                "expected a number; lower the learning rate or set schedule.sgd.clip"
            )
        if self.schedule.sgd.clip is not None:
            clip_grads_with_norm_(weights, self.schedule.sgd.clip, total)
        self.optimiser.step()
        return norm

    def _check_losses(self, number: int, losses: np.ndarray) -> None:
        """Stop where a term `(micro-batches, terms)` is not finite, and say where that is."""
        for micro, term in np.argwhere(~np.isfinite(losses)):
            raise DsltError(
                f"{self._place(number)}, micro-batch {micro} of {len(losses)}: the "
                f"{self.task.terms[term]} loss is {losses[micro, term]}; expected a number; the "
                "weights of the step before are untouched; lower the learning rate or set "
                "schedule.sgd.clip"
            )

    def _place(self, number: int) -> str:
        """Name a step in an error."""
        return f"step {number + 1}, learning rate {self.optimiser.param_groups[0]['lr']:.3g}"

    def agree(self) -> None:
        """Give every process the batch norms' statistics of rank 0, which alone follows them."""
        buffers = [value for value in self.net.buffers() if value.is_floating_point()]
        self.processes.follow(buffers)


def check_mixed(device: torch.device) -> None:
    """Refuse mixed precision where the device does not compute in bfloat16 itself."""
    if device.type != "cuda":
        raise DsltError(
            f"schedule.precision: mixed on {device.type}; expected a GPU; choose 'full' here"
        )
    if torch.cuda.get_device_capability(device) < (8, 0):
        raise DsltError(
            f"schedule.precision: mixed on {torch.cuda.get_device_name(device)}; expected a GPU "
            "with bfloat16 (compute capability 8.0 or later); choose 'full' here"
        )


def draw_seed(seed: int, *numbers: int) -> int:
    """Derive the seed of one micro-batch from the run's, whatever process works on it."""
    return int(np.random.SeedSequence([seed, *numbers]).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def _statistics(net: SiameseNet, *, follow: bool) -> Iterator[None]:
    """Let the running statistics of batch norms follow a micro-batch, or leave them as they are."""
    norms: Iterable[Any] = [] if follow else list(learning_norms(net))
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def _gradient(weight: Tensor) -> Tensor:
    """Return a weight's gradient; zeros where the loss does not depend on it."""
    if weight.grad is None:
        weight.grad = torch.zeros_like(weight)
    return weight.grad
