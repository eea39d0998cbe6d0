"""The choice of the device that torch runs on."""

from __future__ import annotations

from typing import Literal

from dslt.errors import DsltError

Device = Literal["auto", "cpu", "cuda", "mps"]


def choose_device(device: Device) -> str:
    """Resolve `auto` (CUDA, then MPS, then CPU) and prepare a reproducible run.

    Raises:
        DsltError: if the named device is not available.
    """
    import torch

    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if there[name])  # type: ignore[assignment]
    if not there[device]:
        names = ", ".join(name for name, available in there.items() if available)
        raise DsltError(f"device {device!r} is not available here; available: {names}, auto")
    if device == "cuda":
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    return device
