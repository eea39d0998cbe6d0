"""What the fuzzing knows of a reader of the project."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutate import mutate_bytes

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


class DisagreementError(Exception):
    """Two readers say different things about one content, or one says what cannot be."""


@dataclass(frozen=True)
class Reader:
    """A reader, and how it is fed.

    Attributes:
        name: Its name, in the table.
        share: Its part of all inputs, in thousandths.
        seeds: Makes valid inputs.
        read: Reads an input in an empty folder that it may write to. Everything that it raises but
            a `DsltError` is a finding.
        mutations: One of them makes an input of a valid one.
        generate: Makes an input of nothing; used for every fourth one.
        headroom: MB that reading may take.
    """

    name: str
    share: int
    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[bytes, Path], object]
    mutations: tuple[Mutation, ...] = (mutate_bytes,)
    generate: Callable[[random.Random], bytes] | None = None
    headroom: int = 1024

    def input(self, random: random.Random, seeds: Sequence[bytes]) -> bytes:
        """Make an input."""
        if self.generate is not None and random.random() < 0.25:
            return self.generate(random)
        return random.choice(self.mutations)(random, random.choice(seeds), seeds)


def agree(first: object, second: object, what: str) -> None:
    """Compare what two readers say.

    Raises:
        DisagreementError: They say different things.
    """
    if first != second:
        raise DisagreementError(f"{what}: {str(first)[:200]} and {str(second)[:200]}")


def written(data: bytes, folder: Path, name: str) -> Path:
    """Write an input to a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
