"""One step of a training: micro-batches, their gradients, and the optimiser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from dslt.core.device import training_layout
from dslt.core.errors import DsltError
from dslt.networks.base import TrainedNet
from dslt.settings.offline import ScheduleSettings
from dslt.train.batches import Batch, to_device
from dslt.train.processes import ALONE, Processes
from dslt.train.schedule import learning_rates
from dslt.train.sgd import Group, Sgd
from dslt.train.tasks import Task

MIXED = torch.bfloat16  # float32's range, so that gradients need no scaling


_HINT = (
    "lower the learning rate, set schedule.sgd.clip, or leave a few such steps out"
    " (--skip-non-finite, training.skip_non_finite), which goes on from the last state"
)


@dataclass(frozen=True)
class StepRecord:
    """What a step tells.

    Attributes:
        loss: Mean over the micro-batches, whatever the reduction of the gradients.
        terms: Terms of the loss, by name, likewise.
        gradient_norm: Norm of the gradient before clipping.
        stop: Whether a process was asked to stop.
        skipped: Why the step changed nothing; empty where it did.
    """

    loss: float
    terms: dict[str, float]
    gradient_norm: float
    stop: bool
    skipped: str = ""


class NotFiniteError(DsltError):
    """A loss or a gradient is not finite."""


class Trainer:
    """A network, its task and its optimiser.

    The micro-batches of a step stand for the GPUs of a recipe: each has its own batch statistics
    and its own class balance, the running statistics are those of the first one, and the gradients
    are averaged or summed before they are clipped. However many processes share them, in the
    order of their ranks, the result is the same up to rounding.

    Args:
        net: The network, on its device; the schedule freezes and frees parts of the backbone.
        task: What it learns.
        schedule: The schedule.
        seed: Seed of what is random in a micro-batch.
        processes: Who shares the work.

    Raises:
        DsltError: Mixed precision is not to be had here, or the schedule is not possible.
    """

    def __init__(
        self,
        net: TrainedNet,
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
        self._free(_trained_parts(schedule, 0))

    def _free(self, trained: tuple[str, ...]) -> None:
        """Train these parts of the backbone, with a new optimiser whose momentum starts at zero."""
        self.trained = trained
        self.net.unfreeze(trained)
        groups = [
            Group(self.net.head_parameters(), 1.0),
            Group(self.net.backbone_parameters(), self.schedule.backbone_rate),
        ]
        self.optimiser = Sgd([group for group in groups if group.parameters], self.schedule.sgd)

    def begin(self, epoch: int) -> float:
        """Prepare an epoch (0-based) and return its learning rate.

        Where the backbone is freed the optimiser starts anew, as in PySOT.
        """
        trained = _trained_parts(self.schedule, epoch)
        if trained != self.trained:
            self._free(trained)
        self.optimiser.rate = rate = float(self.rates[epoch])
        self.net.train()
        return rate

    def state(self) -> dict[str, Any]:
        """Return what a training goes on from, by the names that `restore` takes."""
        net, optimiser = self.net.state_dict(), self.optimiser.state()
        return {"net": net, "optimiser": optimiser, "trained": list(self.trained)}

    def restore(
        self, net: dict[str, Any], optimiser: list[list[Tensor | None]], trained: list[str]
    ) -> None:
        """Go on from an earlier state."""
        self.net.load_state_dict(net)
        self._free(tuple(trained))
        self.optimiser.restore(optimiser)

    def step(
        self, number: int, batches: Iterator[Batch], *, stop: bool = False, skip: bool = False
    ) -> StepRecord:
        """Do one step.

        Args:
            number: Number of the step since the start of the training, from 0.
            batches: Batches of which the next ones are this process's micro-batches.
            stop: Whether this process was asked to stop; all will know of it.
            skip: Whether a step that is not finite is left out, as if it had not been.

        Raises:
            NotFiniteError: The loss or the gradient is not finite; the weights are not changed.
        """
        kept = [buffer.clone() for buffer in self.net.buffers()] if skip else []
        self.optimiser.forget_gradients()
        terms = torch.zeros(self.schedule.micro_batches, len(self.task.terms), device=self.device)
        for micro in self.own:
            with _statistics(self.net, follow=micro == 0):
                terms[micro] = self._learn(number, micro, to_device(next(batches), self.device))
        asked = torch.tensor([float(stop)], device=self.device)
        self.processes.add_up([terms, asked])
        losses = terms.cpu().double().numpy()
        try:
            self._check_losses(number, losses)
            norm = self._update(number)
        except NotFiniteError as error:
            if not skip:
                raise NotFiniteError(f"{error}; {_HINT}") from None
            for buffer, before in zip(self.net.buffers(), kept, strict=True):
                buffer.copy_(before)  # running statistics followed the bad batch
            return StepRecord(np.nan, {}, np.nan, bool(asked.item()), skipped=str(error))
        means = dict(zip(self.task.terms, losses.mean(axis=0).tolist(), strict=True))
        return StepRecord(sum(means.values()), means, norm, bool(asked.item()))

    def _learn(self, number: int, micro: int, batch: Batch) -> Tensor:
        """Add the gradients of one micro-batch; return its terms."""
        generator = torch.Generator().manual_seed(draw_seed(self.seed, number, micro))
        torch.manual_seed(draw_seed(self.seed, number, micro))  # what the network itself draws
        with torch.autocast(self.device.type, MIXED, enabled=self.mixed):
            outputs = self.net(*batch.inputs)
        found = self.task.loss(outputs, batch, generator)
        terms = torch.stack([found[name] for name in self.task.terms])
        torch.autograd.backward(terms.sum())
        return terms.detach()

    def _update(self, number: int) -> float:
        """Reduce and clip the gradients, and let the optimiser use them; return their norm."""
        weights = self.optimiser.parameters
        gradients = [_gradient(weight) for weight in weights]
        self.processes.add_up(gradients)
        if self.schedule.gradient_reduction == "mean" and self.schedule.micro_batches > 1:
            for gradient in gradients:
                gradient /= self.schedule.micro_batches
        total = get_total_norm(gradients)
        norm = float(total)
        if not np.isfinite(norm):
            raise NotFiniteError(
                f"{self._place(number)}: the gradient's norm is {norm}, the loss is finite; "
                "expected a number"
            )
        if self.schedule.sgd.clip is not None:
            clip_grads_with_norm_(weights, self.schedule.sgd.clip, total)
        self.optimiser.step()
        return norm

    def _check_losses(self, number: int, losses: np.ndarray) -> None:
        """Stop where a term `(micro-batches, terms)` is not finite, and say where that is."""
        for micro, term in np.argwhere(~np.isfinite(losses)):
            raise NotFiniteError(
                f"{self._place(number)}, micro-batch {micro} of {len(losses)}: the "
                f"{self.task.terms[term]} loss is {losses[micro, term]}; expected a number; the "
                "weights of the step before are untouched"
            )

    def _place(self, number: int) -> str:
        """Name a step in an error."""
        return f"step {number + 1}, learning rate {self.optimiser.rate:.3g}"

    def agree(self) -> None:
        """Give every process the batch norms' statistics of rank 0, which alone follows them."""
        buffers = [value for value in self.net.buffers() if value.is_floating_point()]
        self.processes.follow(buffers)


def _trained_parts(schedule: ScheduleSettings, epoch: int) -> tuple[str, ...]:
    """Name the parts of the backbone that are trained in an epoch (0-based)."""
    return schedule.unfreeze if epoch >= schedule.unfreeze_epoch else ()


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
def _statistics(net: TrainedNet, *, follow: bool) -> Iterator[None]:
    """Let the running statistics of batch norms follow a micro-batch, or leave them as they are."""
    modules = () if follow else net.modules()
    norms = [norm for norm in modules if isinstance(norm, _BatchNorm) and norm.training]
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
