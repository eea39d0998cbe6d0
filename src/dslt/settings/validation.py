"""Settings of the validation during a training. Reading this needs no torch."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from dslt.settings.base import Count, Natural, Settings


class ValidationSettings(Settings):
    """How the network is scored while it learns. Nothing is chosen by these scores."""

    benchmark: str | None = None
    """Score on sequences of this benchmark, and on no made-up ones."""
    sequences: tuple[str, ...] = ()
    """Of that benchmark; none: all."""
    procedural: Natural
    """Number of sequences made of the training photographs."""
    texture: Natural
    """Number of sequences whose photographs are in no training pair."""
    frames: Annotated[int, Field(ge=2)]
    """Frames of each sequence; of a benchmark's, the first ones."""
    seed: Natural
    """Seed of made-up sequences; the same for every cell and seed that is to be compared."""
    every: Count
    """Epochs from one validation to the next; the untrained network and the last epoch are always
    scored.
    """
    tracking: dict[str, Any]
    """Tracking settings; not the cell's own, so that a change of those trains nothing again."""
    protocol: dict[str, Any]
    """A one-pass protocol, whose success AUC is taken."""

    @model_validator(mode="after")
    def _some(self) -> ValidationSettings:
        made_up = self.procedural + self.texture
        if not made_up and self.benchmark is None:
            raise ValueError("procedural and texture are both 0; expected at least one sequence")
        if made_up and self.benchmark is not None:
            raise ValueError("benchmark beside procedural or texture; expected one or the other")
        if self.sequences and self.benchmark is None:
            raise ValueError("sequences without benchmark, whose they are")
        return self
