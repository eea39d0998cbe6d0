"""Numbers that say how sure they are, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNITS = {"GB": 1e9, "MB": 1e6, "kB": 1e3}


@dataclass(frozen=True)
class Amount:
    """A number of hours, bytes, frames or pairs.

    Attributes:
        value: The number, as far as it is known.
        guess: Whether some of it is a guess.
        unknown: What is not counted, in words.
    """

    value: float = 0.0
    guess: bool = False
    unknown: tuple[str, ...] = ()

    def __add__(self, other: Amount) -> Amount:
        """Return the sum, which is as sure as its least sure part."""
        return self._combined(other, self.value + other.value)

    def __mul__(self, other: Amount | float) -> Amount:
        """Return the product; of nothing there is nothing to guess."""
        factor = other if isinstance(other, Amount) else Amount(other)
        return self._combined(factor, self.value * factor.value) if self and factor else Amount()

    def __bool__(self) -> bool:
        """Tell whether there is anything, or may be."""
        return bool(self.value or self.unknown)

    def __str__(self) -> str:
        """Write it: `1,903`, `0.42`, `~12` for a guess, `12 + ?` and `?` where parts lack."""
        return self._written(1.0, "")

    def as_bytes(self) -> str:
        """Write it as an amount of bytes: `~12 GB`, `?`."""
        unit = next((unit for unit, size in UNITS.items() if self.value >= size), "kB")
        return self._written(UNITS[unit], f" {unit}")

    def _combined(self, other: Amount, value: float) -> Amount:
        unknown = dict.fromkeys(self.unknown + other.unknown)
        return Amount(value, self.guess or other.guess, tuple(unknown))

    def _written(self, size: float, unit: str) -> str:
        if self.unknown and not self.value:
            return "?"
        value = self.value / size
        number = f"{value:,.0f}" if value >= 9.95 else f"{value:.2g}"
        return f"{'~' if self.guess else ''}{number}{unit}{' + ?' if self.unknown else ''}"


def total(amounts: Iterable[Amount]) -> Amount:
    """Add amounts up."""
    return sum(amounts, Amount())


def known_or(words: str, value: float | None, guess: bool = False) -> Amount:
    """Make an amount of a number; where there is none, `words` say what is not known."""
    return Amount(unknown=(words,)) if value is None else Amount(value, guess)
