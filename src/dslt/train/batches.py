"""Samples on their way to the network: drawn in worker processes, joined to batches.

A sample is a named tuple of tensors, such as a pair; a batch is one with an axis more.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from dslt.core.device import limit_threads, training_layout
from dslt.core.errors import DsltError
from dslt.train.schedule import Key, KeyBatches


class Batch(Protocol):
    """Samples, or one of them: a named tuple of tensors."""

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What the network is called with."""


class Pairs(Protocol):
    """A source of samples; sample `i` of epoch `e` depends on its seed, `e` and `i` only.

    Attributes:
        domains: Names of what the network has a part of its own for; a training goes on with the
            same ones only.
    """

    @property
    def domains(self) -> Sequence[str]:
        """See above."""

    def __len__(self) -> int:
        """Samples per epoch."""

    def sample(self, epoch: int, index: int) -> Batch:
        """Draw one sample.

        Raises:
            DsltError: Nothing usable can be drawn.
        """


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Bring a batch to a device, its images in the layout that convolutions are fast in."""
    layout = training_layout(device)

    def moved(part: Tensor) -> Tensor:
        part = part.to(device, non_blocking=True)  # before its layout is changed: a GPU is faster
        plain = layout is torch.contiguous_format
        return part.contiguous(memory_format=layout) if plain or part.ndim == 4 else part

    return _made(type(batch), map(moved, _parts(batch)))


def _parts(sample: Any) -> Sequence[Tensor]:
    """Return the tensors of a sample."""
    return tuple(sample)


def _made(kind: Any, parts: Any) -> Batch:
    """Make a sample of its tensors."""
    made: Batch = kind(*parts)
    return made


@dataclass(frozen=True)
class Failure:
    """An error of a worker on its way to the main process, without the worker's traceback."""

    message: str


class _Keyed(Dataset[Batch | Failure]):
    """Samples by `(epoch, index)`."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def __getitem__(self, key: Key) -> Batch | Failure:
        try:
            return self.pairs.sample(*key)
        except DsltError as error:
            return Failure(f"{error} (pair {key[1]} of epoch {key[0]})")


def join(samples: list[Batch | Failure]) -> Batch | Failure:
    """Join samples to a batch; a failure among them takes the place of the batch."""
    failures = [sample for sample in samples if isinstance(sample, Failure)]
    if failures:
        return failures[0]
    parts = zip(*map(_parts, samples), strict=True)
    return _made(type(samples[0]), map(_stacked, parts))


def _stacked(parts: Sequence[Tensor]) -> Tensor:
    """Stack tensors; images `(..., 3, H, W)` whose channels are last in memory stay so."""
    if parts[0].is_contiguous():
        return torch.stack(tuple(parts))
    return torch.stack([part.movedim(-3, -1) for part in parts]).movedim(-1, -3)


def _start_worker(_: int) -> None:
    """Prepare a worker: one thread, and signals left to the main process, which ends it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    limit_threads(1)
    # Last of all; it would end in an abort when the libraries took down their threads.
    atexit.register(os._exit, 0)


def batches(
    pairs: Pairs, keys: KeyBatches, workers: int, device: torch.device
) -> Generator[Batch, None, None]:
    """Yield the batches of a process in order, drawn ahead by workers.

    The workers are started afresh: one that is forked from here may wait forever for a thread of
    OpenCV's that was not forked with it. (One of a fork server would outlive a killed training.)

    Args:
        pairs: Their source; it is sent to the workers, so it can be pickled.
        keys: Which ones, and in which order.
        workers: Number of processes that draw; with 0 they are drawn here, when they are asked for.
        device: Where they will go (to a GPU, copies overlap with its work).

    Raises:
        DsltError: As `Pairs.sample`.
    """
    loader: DataLoader[Any] = DataLoader(
        _Keyed(pairs),
        batch_sampler=keys,  # type: ignore[arg-type]  # keys are pairs of integers
        num_workers=workers,
        collate_fn=join,
        pin_memory=device.type == "cuda",
        worker_init_fn=_start_worker,
        multiprocessing_context="spawn" if workers else None,
    )
    for batch in loader:
        if isinstance(batch, Failure):
            raise DsltError(batch.message)
        yield batch
