"""When a target counts as lost: its score against the tracker's own level on the first frames."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dslt.core.definitions import config_file, read_definitions
from dslt.core.errors import DsltError
from dslt.settings.base import Count, Fraction, Settings, validate

FILE = "lost.yaml"
OTHERS = "others"


class LostSettings(Settings):
    """When a target counts as lost, an aid of `dslt demo`; no tracker acts on it."""

    frames: Count
    """Frames after the first one whose median score is the level."""
    below: dict[str, Fraction]
    """Fraction of the level up to which a target is lost, by tracker; `others` for the rest."""


def read_lost_settings(path: Path | None = None) -> LostSettings:
    """Read the definition: a file, or that of the working directory or of the installed checkout.

    Raises:
        DsltError: It is missing, or says something else.
    """
    path = path or config_file(FILE)
    settings = validate(LostSettings, read_definitions(path), str(path))
    if OTHERS not in settings.below:
        raise DsltError(f"{path}: below has no value for {OTHERS!r}; expected a fraction")
    return settings


def below_level(settings: LostSettings, tracker: str) -> float:
    """Fraction of the level up to which a tracker's target is lost."""
    return settings.below.get(tracker, settings.below[OTHERS])


@dataclass
class LostRule:
    """Judges the scores of one target, as they come.

    A target is lost in a frame whose score is not above a fraction of its level, the median score
    of the first frames after the one that the tracker started on. Before the level is there,
    nothing is judged, and nothing ever is where the level is below 0 (scores without a zero) or
    missing, of which no fraction can be taken.

    Attributes:
        below: Fraction of the level.
        frames: Frames that make the level.
        level: The level, NaN before it is there.
    """

    below: float
    frames: int
    level: float = float("nan")
    _first: list[float] = field(default_factory=list)

    def lost(self, score: float) -> bool | None:
        """Judge the next frame's score; None: it cannot be judged."""
        if len(self._first) < self.frames:
            self._first.append(score)
            if len(self._first) == self.frames:
                self.level = float(np.median(self._first))
            return None
        if not self.level >= 0:
            return None
        return not score > self.below * self.level  # a score that is NaN is lost, too

    @property
    def blind(self) -> bool:
        """Whether there is a level of which no fraction can be taken."""
        return len(self._first) == self.frames and not self.level >= 0
