"""A command of the workflow: the options on its line, and what it asks of its scheduler."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from dslt.core.gpus import gpu_count

TOLD = "DSLT_FOUND_DEVICE"


@dataclass(frozen=True)
class Job:
    """One command: the files that it reads and its options.

    Attributes:
        verb: Sub-command.
        files: Inputs.
        options: Words of the command line.
    """

    verb: str
    files: tuple[str, ...]
    options: tuple[str, ...]


def repeat(option: str, values: Iterable[object]) -> list[str]:
    """Spell an option out once for each value."""
    return [word for value in values for word in (option, str(value))]


def assignments(mapping: Mapping[str, object]) -> list[str]:
    """Write a mapping as words KEY=VALUE."""
    return [f"{key}={value}" for key, value in mapping.items()]


def pairs(option: str, mapping: Mapping[str, object]) -> list[str]:
    """Spell an option out as KEY=VALUE for each pair."""
    return repeat(option, assignments(mapping))


def found_device(device: str) -> str:
    """Say what `auto` finds, while planning: it decides results, so all jobs are told the same.

    A job on another machine has what its planner found in the environment variable `TOLD`. On a Mac
    it stays `auto`: whether torch can use Apple's GPU, only a job can tell.
    """
    if device != "auto":
        return device
    if told := os.environ.get(TOLD):
        return told
    if gpu_count() and _torch_has_cuda():
        return "cuda"
    return "auto" if sys.platform == "darwin" else "cpu"


def _torch_has_cuda() -> bool:
    """Tell by its version, for a plan does not import torch, and may have none."""
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return True


def gpu_jobs(device: str) -> int:
    """Say how many GPUs a job asks for: one where it would find one by itself, too."""
    return int(found_device(device) == "cuda")


def place_on(device: str, engine: str, precision: str) -> str:
    """Spell out where networks run; what runs frozen ones on a CPU changes nothing on CUDA."""
    return f"--device {device}" + f" --engine {engine}:{precision}" * (device != "cuda")


def growing(mem_mb: int) -> Callable[[object, int], int]:
    """Make a rule's memory in MB: so much, and twice, three times as much where it is tried again.

    What was killed for want of memory is known by nothing but its failure. Snakemake knows the
    function's second argument by its name.
    """

    def memory(wildcards: object, attempt: int) -> int:
        return mem_mb * attempt

    return memory
