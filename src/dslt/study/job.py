"""A command of the workflow, and how options are spelled out on its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


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


def gpu_jobs(device: str) -> int:
    """Say how many GPUs a job asks for: one where it would find one by itself, too."""
    found = Path("/proc/driver/nvidia/gpus").is_dir()
    return int(device == "cuda" or (device == "auto" and found))
