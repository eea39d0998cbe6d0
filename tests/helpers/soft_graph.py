"""A CUDA graph in software: the same operations on the same memory, without asking Python again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

REFUSED = {  # the host reads, or copies from memory that is not pinned
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten.lift_fresh.default,
}


class SoftGraph(TorchDispatchMode):
    """Records what is done while it is entered, undoes it, and does it again when asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.undo: list[tuple[Tensor, Tensor]] = []
        self.replays = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in REFUSED, f"a capture would fail: {func}"
        kwargs = kwargs or {}
        if func._schema.is_mutable:
            for value in tree_leaves((args, kwargs)):
                if isinstance(value, Tensor):
                    self.undo.append((value, value.clone()))
        found = func(*args, **kwargs)
        self.calls.append((func, args, kwargs, found))
        return found

    @torch.no_grad()
    def forget(self) -> None:
        """A capture runs nothing: take back what was written."""
        for value, old in reversed(self.undo):
            value.copy_(old)
        self.undo = []

    @torch.no_grad()
    def replay(self) -> None:
        self.replays += 1
        for func, args, kwargs, found in self.calls:
            again = func(*args, **kwargs)
            for old, new in zip(tree_leaves(found), tree_leaves(again), strict=True):
                # What is a view, or was written in place, is there already.
                if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


@contextmanager
def soft_capture(graph: SoftGraph) -> Iterator[None]:
    with graph:
        yield
    graph.forget()


class NoStream:
    """A stream that waits for nothing."""

    def __init__(self, *_: Any) -> None: ...

    def wait_stream(self, other: NoStream) -> None: ...


def pretend_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put software in the place of what captures and replays CUDA graphs."""
    monkeypatch.setattr(torch.cuda, "Stream", NoStream)
    monkeypatch.setattr(torch.cuda, "current_stream", NoStream)
    monkeypatch.setattr(torch.cuda, "stream", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", SoftGraph)
    monkeypatch.setattr(torch.cuda, "graph", soft_capture)
