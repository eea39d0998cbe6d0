"""How much memory is free where torch runs."""

from collections.abc import Iterator
from pathlib import Path

import psutil

_GROUPS = Path("/sys/fs/cgroup")


def free_memory(device: str) -> int:
    """Return the bytes that can be had on a device of torch.

    On a CPU no more than this process may have: a container or a job of a cluster has a limit.
    """
    if device == "cuda":
        import torch

        return torch.cuda.mem_get_info()[0]
    return min([psutil.virtual_memory().available, *_limits(Path("/proc/self/cgroup"), _GROUPS)])


def _limits(own: Path, groups: Path) -> Iterator[int]:
    """Limits in bytes of the control groups that a process is in, of both versions of them."""
    lines = own.read_text().splitlines() if own.is_file() else []  # Linux alone has them
    for _, kinds, path in (line.split(":", 2) for line in lines):
        if kinds and "memory" not in kinds.split(","):
            continue
        root = groups / "memory" if kinds else groups
        place = root / path.lstrip("/")
        for folder in (place, *place.parents):
            file = folder / ("memory.limit_in_bytes" if kinds else "memory.max")
            if file.is_file() and (text := file.read_text().strip()).isdecimal():
                yield int(text)
            if folder == root:
                break
