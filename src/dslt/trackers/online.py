"""What RT-MDNet learns from a video: a classifier of features, and a regression of boxes."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from dslt.core.device import seeded
from dslt.geometry.boxes import Box, Boxes, centers
from dslt.losses.classification import classification_loss, two_class_logits
from dslt.networks.rtmdnet import RtmdNet
from dslt.settings.offline import ClassificationLossSettings
from dslt.settings.rtmdnet import OnlineSgdSettings

LARGEST_ZOOM = 1.0  # bound of |log(side / box's side)|: few samples must not throw a box away


class OnlineClassifier:
    """A copy of a network's fc4 and fc5, and a last layer of this video's own.

    Args:
        net: The network; it is not changed.
        loss: The loss.
        sgd: The optimiser and the choice of samples.
        random: Generator of everything random.
    """

    def __init__(
        self,
        net: RtmdNet,
        loss: ClassificationLossSettings,
        sgd: OnlineSgdSettings,
        random: np.random.Generator,
    ):
        self.sgd, self.random = sgd, random
        self.loss = classification_loss(loss)
        device = next(net.parameters()).device
        with seeded(self._seed()):
            last = nn.Linear(net.head.hidden, 2)
        layers = (*copy.deepcopy(net.fc4), *copy.deepcopy(net.fc5), copy.deepcopy(net.dropout))
        self.layers = nn.Sequential(*layers, last).to(device).requires_grad_(True)

    def optimiser(self, rate: float) -> "OnlineSgd":
        """Make an optimiser of the layers; it keeps its momentum from one `fit` to the next."""
        *others, last = self.layers
        rates = [(value, rate) for layer in others for value in layer.parameters()]
        rates += [(value, rate * self.sgd.last) for value in last.parameters()]
        return OnlineSgd(rates, self.sgd)

    @torch.no_grad()
    def scores(self, features: Tensor) -> Tensor:
        """Return the raw scores `(N,)` of the target, of features `(N, D)`."""
        found: Tensor = self.layers.eval()(features)[:, 1]
        return found

    def fit(
        self, optimiser: "OnlineSgd", positives: Tensor, negatives: Tensor, iterations: int
    ) -> None:
        """Learn from features `(N, D)`: of the negative ones, the hardest of many (Section 3.3).

        Samples are gone through in random order, again and again.
        """
        sgd, device = self.sgd, positives.device
        chosen = self._turns(len(positives), sgd.positives)
        offered = self._turns(len(negatives), sgd.candidates)
        labels = torch.zeros(sgd.positives + sgd.negatives, device=device)
        labels[: sgd.positives] = 1
        with seeded(self._seed()):  # of the dropout
            for _ in range(iterations):
                hard = negatives[torch.from_numpy(next(offered)).to(device)]
                if sgd.candidates > sgd.negatives:
                    hard = hard[self.scores(hard).topk(sgd.negatives).indices]
                batch = torch.cat([positives[torch.from_numpy(next(chosen)).to(device)], hard])
                loss = self.loss(two_class_logits(self.layers.train()(batch)), labels, None)
                optimiser.step(loss)

    def _turns(self, total: int, count: int) -> Iterator[NDArray[np.int64]]:
        """Yield `count` numbers below `total` at a time, all of them before one comes again."""
        left = np.zeros(0, dtype=np.int64)
        while True:
            while len(left) < count:
                left = np.concatenate([left, self.random.permutation(total)])
            yield left[:count]
            left = left[count:]

    def _seed(self) -> int:
        return int(self.random.integers(2**62))


class OnlineSgd:
    """Stochastic gradient descent as torch has it, whose own takes seconds to be imported.

    Args:
        rates: Parameters, and the learning rate of each.
        settings: Momentum, weight decay and bound of the gradient.
    """

    def __init__(self, rates: Sequence[tuple[nn.Parameter, float]], settings: OnlineSgdSettings):
        self.rates, self.settings = rates, settings
        self.velocities = [torch.zeros_like(value) for value, _ in rates]

    def step(self, loss: Tensor) -> None:
        """Make a loss smaller."""
        settings, values = self.settings, [value for value, _ in self.rates]
        gradients = torch.autograd.grad(loss, values)
        if settings.clip is not None:
            norm = get_total_norm(gradients)
            gradients = tuple(
                g * torch.clamp(settings.clip / (norm + 1e-6), max=1) for g in gradients
            )
        with torch.no_grad():
            for (value, rate), velocity, gradient in zip(
                self.rates, self.velocities, gradients, strict=True
            ):
                velocity.mul_(settings.momentum).add_(gradient)
                velocity.add_(value, alpha=settings.weight_decay)
                value.sub_(velocity, alpha=rate)


def level_of(positives: Tensor, negatives: Tensor, quantile: float) -> float:
    """Return the score above which a target counts as found, by the first frame's own scores.

    It lies in the middle between a low quantile of the positive boxes' scores and the opposite,
    high quantile of the negative boxes'. The published level is 0, which means something else to
    each loss: cross-entropy goes on pushing easy samples away from 0 for as long as it learns,
    shrinkage and focal loss leave them where they are easy enough, so that the same box has another
    score. Quantiles know the order of the scores only, which a loss that merely stretches or bends
    the scale does not change; and the middle moves and scales with both. So the level stands where
    the classifier itself tells one kind from the other, whatever the heights. The quantiles are
    near the ends, and not medians, since the medians follow the easiest samples, which are exactly
    the ones that the losses treat differently.
    """
    low = torch.quantile(positives.cpu().double(), quantile)
    high = torch.quantile(negatives.cpu().double(), 1 - quantile)
    return float((low + high) / 2)


class BoxRegression:
    """Ridge regression from a box's features to the target's box (Girshick et al., 2014).

    Args:
        features: Features `(N, D)` of boxes about the target.
        boxes: These boxes, `(N, 4)`.
        target: The target's box (4,).
        alpha: Weight of the ridge.
    """

    def __init__(self, features: Tensor, boxes: Boxes, target: Box, alpha: float):
        x, y = features.cpu().double(), torch.from_numpy(_offsets(boxes, target))
        self.mean, self.level = x.mean(dim=0), y.mean(dim=0)
        x, y = x - self.mean, y - self.level
        count, inputs = x.shape
        unit = alpha * torch.eye(min(count, inputs), dtype=x.dtype)
        if inputs <= count:
            self.weight = torch.linalg.solve(x.T @ x + unit, x.T @ y)
        else:
            self.weight = x.T @ torch.linalg.solve(x @ x.T + unit, y)

    def __call__(self, features: Tensor, boxes: Boxes) -> Boxes:
        """Move boxes `(N, 4)` with features `(N, D)` to where the target is believed to be."""
        found = (features.cpu().double() - self.mean) @ self.weight + self.level
        moved = found.numpy()
        sizes = boxes[:, 2:] * np.exp(np.clip(moved[:, 2:], -LARGEST_ZOOM, LARGEST_ZOOM))
        middles = centers(boxes) + moved[:, :2] * boxes[:, 2:]
        return np.concatenate([middles - sizes / 2, sizes], axis=1)


def _offsets(boxes: Boxes, target: Box) -> Boxes:
    """Return what moves boxes to the target: shifts over their sides, logarithms of the zooms."""
    shift = (centers(target) - centers(boxes)) / boxes[:, 2:]
    return np.concatenate([shift, np.log(target[2:] / boxes[:, 2:])], axis=1)
