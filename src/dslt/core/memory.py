"""How much memory is free where torch runs."""

import psutil


def free_memory(device: str) -> int:
    """Return the bytes that can be had on a device of torch."""
    if device == "cuda":
        import torch

        return torch.cuda.mem_get_info()[0]
    return int(psutil.virtual_memory().available)
