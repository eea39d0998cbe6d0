"""Numbers that say how sure they are, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNITS = {"GB": 1e9, "MB": 1e6, "kB": 1e3}


@dataclass(frozen=True)
class Amount:
    """A quantity: hours, bytes, frames.

    Attributes:
        value: As far as it is known.
        guess: Some of it is a guess.
        unknown: What is not counted, in words.
    """

    value: float = 0.0
    guess: bool = False
    unknown: tuple[str, ...] = ()

    def __add__(self, other: Amount) -> Amount:
        """The sum is as sure as its least sure part."""
        return Amount(
            self.value + other.value,
            self.guess or other.guess,
            tuple(dict.fromkeys(self.unknown + other.unknown)),
        )

    def __mul__(self, other: Amount | float) -> Amount:
        """The product; of nothing there is nothing to guess."""
        factor = other if isinstance(other, Amount) else Amount(other)
        if not (self and factor):
            return NONE
        return Amount(self.value * factor.value) + Amount(
            0.0, self.guess or factor.guess, self.unknown + factor.unknown
        )

    def __bool__(self) -> bool:
        """Whether there is anything, or may be."""
        return bool(self.value or self.unknown)

    def __str__(self) -> str:
        """Write it: `1,903`, `0.42`, `~12` for a guess, `12 + ?` and `?` where parts lack."""
        return self._written(_number(self.value))

    def as_bytes(self) -> str:
        """Write it as an amount of bytes: `~12 GB`, `?`."""
        unit = next((unit for unit, size in UNITS.items() if self.value >= size), "kB")
        return self._written(f"{_number(self.value / UNITS[unit])} {unit}")

    def _written(self, value: str) -> str:
        if self.unknown and not self.value:
            return "?"
        return f"{'~' if self.guess else ''}{value}{' + ?' if self.unknown else ''}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.2g}"


NONE = Amount()


def total(amounts: Iterable[Amount]) -> Amount:
    """Add amounts up."""
    return sum(amounts, NONE)
