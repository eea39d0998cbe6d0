"""How much memory is free where torch runs."""

import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")


def free_memory(device: str) -> int:
    """Return the bytes that can be had on a device of torch.

    On the host, what Linux calls available; elsewhere half of what is built in.
    """
    if device == "cuda":
        import torch

        return torch.cuda.mem_get_info()[0]
    if MEMINFO.exists():
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return 2**31
