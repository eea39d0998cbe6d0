"""A command of the workflow: the options on its line, and what it asks of its scheduler."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dslt.core.gpus import gpu_count


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
    return int(device == "cuda" or (device == "auto" and gpu_count() > 0))


def growing(mem_mb: int) -> Callable[[object, int], int]:
    """Make a rule's memory in MB: so much, and twice, three times as much where it is tried again.

    What was killed for want of memory is known by nothing but its failure. Snakemake knows the
    function's second argument by its name.
    """

    def memory(wildcards: object, attempt: int) -> int:
        return mem_mb * attempt

    return memory
