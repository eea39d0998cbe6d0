"""The processes that share a training, started by `torchrun`; without it there is one.

Gradients are added up here rather than by torch's wrapper for data parallelism: that one always
averages, and wants to be told again whenever a part of the network is frozen or freed.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import torch
from torch import Tensor, distributed

from dslt.core.errors import DsltError

PATIENCE = timedelta(hours=6)  # the other processes wait while rank 0 validates


@dataclass(frozen=True)
class Processes:
    """This process among all.

    Attributes:
        rank: Number of this one, from 0; rank 0 validates and writes.
        count: Number of processes.
    """

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def share(self, micro_batches: int) -> range:
        """Return this process's micro-batches: neighbours, in the order of the ranks.

        Raises:
            DsltError: They cannot be shared out evenly.
        """
        if micro_batches % self.count:
            raise DsltError(
                f"schedule.micro_batches: {micro_batches} for {self.count} processes; expected a "
                "multiple of their number; start as many processes as divide it"
            )
        each = micro_batches // self.count
        return range(self.rank * each, (self.rank + 1) * each)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors of one type by their sums over all processes, in place."""
        self._exchange(tensors, distributed.all_reduce)

    def follow(self, tensors: Sequence[Tensor]) -> None:
        """Replace floating-point tensors by those of rank 0, in place."""
        self._exchange(tensors, partial(distributed.broadcast, src=0))

    def _exchange(self, tensors: Sequence[Tensor], exchange: Callable[[Tensor], object]) -> None:
        """Exchange tensors with the other processes as one vector, in place."""
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        exchange(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            distributed.barrier()


ALONE = Processes()


@contextlib.contextmanager
def joined(device: str) -> Iterator[tuple[Processes, str]]:
    """Join the processes that `torchrun` started, and name this one's device.

    Args:
        device: Either `cpu`, or `cuda`: the process then takes the GPU of its local rank.

    Raises:
        DsltError: There are fewer GPUs than processes on this machine.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE, device
        return
    if device.startswith("cuda"):
        local = int(os.environ["LOCAL_RANK"])
        if local >= torch.cuda.device_count():
            raise DsltError(
                f"process {local} of this machine has no GPU of its own; expected at most "
                f"{torch.cuda.device_count()} processes per machine"
            )
        device = f"cuda:{local}"
        torch.cuda.set_device(local)
    backend = "nccl" if device.startswith("cuda") else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Processes(distributed.get_rank(), count), device
    finally:
        distributed.destroy_process_group()
