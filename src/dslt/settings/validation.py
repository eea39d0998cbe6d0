"""Settings of the validation during a training. Reading this needs no torch."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from dslt.settings.base import Count, Natural, Settings


class ValidationSettings(Settings):
    """How the network is scored while it learns: on held-out sequences, never on a benchmark."""

    procedural: Natural
    """Number of sequences made of the training photographs."""
    texture: Natural
    """Number of sequences whose photographs are in no training pair."""
    frames: Annotated[int, Field(ge=2)]
    """Frames of each sequence."""
    seed: Natural
    """Seed of the sequences; the same for every cell and seed that is to be compared."""
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
        if not self.procedural + self.texture:
            raise ValueError("procedural and texture are both 0; expected at least one sequence")
        return self
