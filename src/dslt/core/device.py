"""The choice of the device that torch runs on, and what makes a run repeat itself."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dslt.core.errors import DsltError
from dslt.core.extras import how_to_get
from dslt.core.gpus import claim_gpu

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda", "mps"]
EngineName = Literal["auto", "openvino", "torch"]
Precision = Literal["float32", "bfloat16"]
LockstepName = Literal["auto", "never", "graphs", "exact", "coarse"]


@dataclass(frozen=True)
class FrozenNetworks:
    """What runs networks, or their parts, that are not trained, where they are on a CPU.

    Attributes:
        engine: `openvino` or `torch`.
        precision: Of their arithmetic; what they return is float32.
    """

    engine: str
    precision: Precision


_chosen: list[FrozenNetworks] = []


def frozen_networks() -> FrozenNetworks:
    """Return this process's choice; like the number of threads, it decides a run's last bits."""
    return _chosen[-1] if _chosen else choose_engine("auto")


def choose_engine(engine: EngineName, precision: Precision = "float32") -> FrozenNetworks:
    """Choose for this process what runs frozen networks on a CPU.

    `auto` is OpenVINO where it is installed (it has no wheel for some platforms).

    Raises:
        DsltError: OpenVINO is asked for and missing, or the precision cannot be had here.
    """
    there = importlib.util.find_spec("openvino") is not None
    if engine == "openvino" and not there:
        raise DsltError(f"engine: {how_to_get('openvino')}, or choose torch")
    name = "openvino" if there and engine != "torch" else "torch"
    if precision == "bfloat16" and not _has_bfloat16(name):
        raise DsltError(
            "precision: bfloat16 needs the engine openvino and a CPU with AVX512-BF16 or AMX; "
            "expected float32 here"
        )
    _chosen[:] = [FrozenNetworks(name, precision)]
    return _chosen[-1]


@contextmanager
def plain_torch() -> Iterator[None]:
    """Let torch run frozen networks for a while: what is done once is not worth compiling."""
    _chosen.append(FrozenNetworks("torch", "float32"))
    try:
        yield
    finally:
        _chosen.pop()


_as_on_gpu: list[bool] = []


@contextmanager
def arithmetic_of_gpu() -> Iterator[None]:
    """Let a CPU compute, for a while, in the ways that are fast on a GPU: how those are tested."""
    _as_on_gpu.append(True)
    try:
        yield
    finally:
        _as_on_gpu.pop()


def one_at_a_time(device: torch.device) -> bool:
    """Tell whether samples are best computed one after the other.

    A CPU's cache holds the maps of one, and its numbers are the host's; a GPU wants batches of
    fixed shapes, and must not wait for the host.
    """
    return device.type == "cpu" and not _as_on_gpu


def _has_bfloat16(engine: str) -> bool:
    """Tell whether the engine computes in bfloat16 on this CPU."""
    if engine != "openvino":
        return False
    return "BF16" in openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@functools.cache
def openvino_core() -> Any:
    """Return OpenVINO, which stays: unloaded under its threads, it takes the process down."""
    return import_openvino().Core()


@functools.cache
def import_openvino() -> Any:
    """Import OpenVINO without its telemetry.

    By itself the package tells Intel of each process that imports it, from a fork of that process,
    and writes an identity of the user into their home. It does without where that part is missing.
    """
    telemetry = "openvino_telemetry"
    already = telemetry in sys.modules
    if not already:
        sys.modules[telemetry] = None  # type: ignore[assignment]  # makes importing it fail
    try:
        return importlib.import_module("openvino")
    finally:
        if not already:
            del sys.modules[telemetry]


def copy_ahead(host: torch.Tensor, place: torch.Tensor) -> None:
    """Copy a tensor of the host to a device, if it is a GPU beside what the host does next."""
    host = host.pin_memory() if place.device.type == "cuda" else host
    place.copy_(host, non_blocking=True)


def limit_threads(threads: int) -> None:
    """Let torch and OpenCV use so many threads; the number decides a run's last bits."""
    import cv2
    import torch

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw torch's random numbers from `seed`, and leave its generator as it was."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def choose_lockstep(asked: LockstepName, device: str, able: bool, graphs: bool = True) -> str:
    """Resolve how a job's sequences are run; like the device, it decides a run's last bits.

    Args:
        asked: `auto` is `exact` on a GPU and `never` elsewhere.
        device: A device of torch.
        able: Whether the tracker has lanes; one that has none runs its sequences one by one.
        graphs: Whether its frames can be CUDA graphs; if not, they are one by one what they are.

    Returns:
        `never`: one by one; `graphs`: one by one with the arithmetic of lockstep, each frame a CUDA
        graph on a GPU; `exact`: together, with the patches of one by one; `coarse`: together,
        with patches of fewer sizes, so that more sequences share a batch.
    """
    if not able or (asked == "graphs" and not graphs):
        return "never"
    if asked == "auto":
        return "exact" if device == "cuda" else "never"
    return asked


def training_layout(device: torch.device) -> torch.memory_format:
    """Tell in which layout of images and weights the convolutions of a training are fast.

    On a GPU, cuDNN computes dilated convolutions of channels-last float32 in the slowest way that
    it has: on an H100 the backbone of SiamRPN++ learned 8 pairs a second so, and 64 in the plain
    layout.
    """
    import torch

    return torch.contiguous_format if device.type == "cuda" else torch.channels_last


def choose_device(device: Device) -> str:
    """Resolve `auto` (CUDA, then MPS, then CPU) and prepare a reproducible run.

    Where there are several GPUs, this process has one of its own from then on.

    Raises:
        DsltError: The named device is not available.
    """
    import torch

    if device in ("auto", "cuda"):
        claim_gpu()
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
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # deterministic products
        torch.use_deterministic_algorithms(True)
        # Nothing reads what this would fill.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.backends.cudnn.benchmark = False
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    return device
