"""Pairs on their way to the network: drawn in worker processes, joined to batches."""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from dslt.core.device import limit_threads, training_layout
from dslt.core.errors import DsltError
from dslt.data.pairs.dataset import Pair
from dslt.train.schedule import Key, KeyBatches


class Pairs(Protocol):
    """A source of pairs in which sample `i` of epoch `e` depends on its seed, `e` and `i` only."""

    def __len__(self) -> int:
        """Pairs per epoch."""

    def sample(self, epoch: int, index: int) -> Pair:
        """Draw one pair.

        Raises:
            DsltError: Nothing usable can be drawn.
        """


class Batch(Pair):
    """`B` pairs; every tensor has a first axis more than that of a pair."""

    def to(self, device: torch.device) -> Batch:
        """Bring the batch to a device, its images in the layout that convolutions are fast in."""

        def moved(part: Tensor) -> Tensor:
            layout = training_layout(device) if part.ndim == 4 else torch.preserve_format
            return part.to(device, non_blocking=True, memory_format=layout)

        return Batch(*map(moved, self))


@dataclass(frozen=True)
class Failure:
    """An error of a worker on its way to the main process, without the worker's traceback."""

    message: str


class _Keyed(Dataset[Pair | Failure]):
    """Pairs by `(epoch, index)`."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def __getitem__(self, key: Key) -> Pair | Failure:
        try:
            return self.pairs.sample(*key)
        except DsltError as error:
            return Failure(f"{error} (pair {key[1]} of epoch {key[0]})")


def join(pairs: list[Pair | Failure]) -> Batch | Failure:
    """Join pairs to a batch; a failure among them takes the place of the batch."""
    failures = [pair for pair in pairs if isinstance(pair, Failure)]
    if failures:
        return failures[0]
    return Batch(*map(torch.stack, zip(*cast(list[Pair], pairs), strict=True)))


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
