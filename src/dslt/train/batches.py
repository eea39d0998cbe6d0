"""Pairs on their way to the network: drawn in worker processes, joined to batches."""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

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
        ...

    def sample(self, epoch: int, index: int) -> Pair:
        """Draw one pair.

        Raises:
            DsltError: if nothing usable can be drawn.
        """
        ...


class Batch(NamedTuple):
    """`B` pairs.

    Attributes:
        template: float32 `(B, 3, T, T)`, RGB, 0 to 255.
        search: float32 `(B, 3, S, S)`, RGB, 0 to 255.
        box: float32 `(B, 4)`, `(x, y, w, h)` in pixels of the search region, 0-based.
        positive: bool `(B,)`.
    """

    template: Tensor
    search: Tensor
    box: Tensor
    positive: Tensor

    def to(self, device: torch.device) -> Batch:
        """Bring the batch to a device, its images in the layout that convolutions are fast in."""
        images = (
            part.to(device, non_blocking=True, memory_format=training_layout(device))
            for part in (self.template, self.search)
        )
        rest = (part.to(device, non_blocking=True) for part in (self.box, self.positive))
        return Batch(*images, *rest)


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
    for pair in pairs:
        if isinstance(pair, Failure):
            return pair
    good = [pair for pair in pairs if not isinstance(pair, Failure)]
    return Batch(*map(torch.stack, zip(*good, strict=True)))


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
        pairs: where they come from; sent to the workers, so it can be pickled.
        keys: which ones, and in which order.
        workers: processes that draw; with 0 they are drawn here, when they are asked for.
        device: where they will go (to a GPU, copies overlap with its work).

    Raises:
        DsltError: as `Pairs.sample`.
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
