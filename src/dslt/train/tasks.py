"""What a network is to learn: the terms of its loss, by its outputs and a batch."""

from typing import Any, Protocol

import torch
from torch import Tensor

from dslt.core.errors import DsltError
from dslt.data.pairs.dataset import Pair
from dslt.data.pairs.domains import DomainSample
from dslt.losses.classification import classification_loss, two_class_logits
from dslt.losses.embedding import instance_loss
from dslt.losses.labels import response_label
from dslt.losses.offsets import box_loss
from dslt.networks.anchors import anchor_grid, anchor_labels, centred
from dslt.networks.rtmdnet import DomainScores
from dslt.networks.siamese import STRIDE
from dslt.settings.registry import entry_of
from dslt.settings.rtmdnet import RtmdNetTraining
from dslt.settings.siamfc import SiamFcTraining
from dslt.settings.siamrpn import SiamRpnTraining
from dslt.settings.tracker import TrainingSettings


class Task(Protocol):
    """The loss of a network, apart from how it is made small.

    Attributes:
        terms: Names of the loss's terms.
    """

    terms: tuple[str, ...]

    def loss(self, outputs: Any, batch: Any, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms, scalars by name; their sum is the loss.

        Args:
            outputs: What the network made of the batch's inputs.
            batch: The samples, on the device of the outputs.
            generator: Generator of what is random in labels; on the CPU.
        """


class SiamFcTask:
    """SiamFC: a classification of the response's cells (Eq. 9 to 14).

    Labels are centred, as published, whatever the few pixels by which the augmentation moved the
    target; a negative pair has no positive cell.

    Raises:
        DsltError: The augmentation moves targets further than centred labels allow.
    """

    terms: tuple[str, ...] = ("classification",)

    def __init__(self, settings: SiamFcTraining):
        self.labels = settings.labels
        self.classification = classification_loss(settings.loss)
        for side in ("template", "search"):
            shift = getattr(settings.crops, f"{side}_jitter").shift
            if shift > STRIDE:
                raise DsltError(
                    f"crops.{side}_jitter.shift: {shift:g} pixels for SiamFC; expected no more "
                    f"than the {STRIDE} of one cell, for its labels stay in the middle"
                )

    def loss(self, outputs: Tensor, batch: Pair, generator: torch.Generator) -> dict[str, Tensor]:
        """See `Task.loss`; the outputs are logits `(B, 1, H, W)`."""
        centre = torch.zeros(1, 2, device=outputs.device)
        labels = response_label(self.labels, outputs.shape[-1], STRIDE, centre)
        labels = labels * batch.positive[:, None, None, None]
        return {"classification": self.classification(outputs, labels, None)}


class SiamRpnTask:
    """SiamRPN and SiamRPN++: a classification of the anchors and offsets of the positive ones."""

    terms: tuple[str, ...] = ("classification", "regression")

    def __init__(self, settings: SiamRpnTraining):
        self.anchors = settings.anchors
        self.head = settings.head
        self.search = settings.crops.search
        self.classification = classification_loss(settings.loss)

    def loss(
        self, outputs: tuple[Tensor, Tensor], batch: Pair, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """See `Task.loss`; the outputs are scores `(B, 2, A, H, W)` and offsets `(B, 4, ...)`."""
        scores, offsets = outputs
        grid = anchor_grid(self.anchors, scores.shape[-1]).to(scores.device)
        boxes = centred(batch.box, self.search)
        labels = anchor_labels(self.anchors, grid, boxes, batch.positive, generator)
        logits = two_class_logits(scores)
        regression = box_loss(self.head.regression_loss, offsets, labels.offsets, labels.positive)
        return {
            "classification": self.classification(logits, labels.positive, labels.valid),
            "regression": self.head.regression_weight * regression,
        }


class RtmdNetTask:
    """RT-MDNet: a classification of boxes (Eq. 17 and 18), and targets told from each other."""

    terms: tuple[str, ...] = ("classification", "embedding")

    def __init__(self, settings: RtmdNetTraining):
        self.weight = settings.embedding
        self.classification = classification_loss(settings.loss)

    def loss(
        self, outputs: DomainScores, batch: DomainSample, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """See `Task.loss`."""
        positive = batch.positive.flatten(1)
        logits = two_class_logits(outputs.own.transpose(1, 2))
        return {
            "classification": self.classification(logits, positive, None),
            "embedding": self.weight * instance_loss(outputs.foreground, positive),
        }


def make_task(settings: TrainingSettings) -> Task:
    """Make the task of a tracker that learns offline.

    Raises:
        DsltError: As the task.
    """
    task: Task = entry_of(settings).load("task")(settings)
    return task
