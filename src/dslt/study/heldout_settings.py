"""What `config.yaml` may say of the validation during offline trainings."""

from dslt.settings.base import Count, Natural, Settings


class SomeHeldOutSettings(Settings):
    """What of the validation is another for one tracker; null: nothing is."""

    procedural: Natural | None = None
    """See `training.validation.procedural`."""
    texture: Natural | None = None
    """See `training.validation.texture`."""
    frames: Count | None = None
    """See `training.validation.frames`."""
    every: Count | None = None
    """See `training.validation.every`."""


class HeldOutSettings(Settings):
    """How every network is scored while it learns offline; see `ValidationSettings`."""

    benchmark: str | None
    """A benchmark that is run, on whose sequences networks are scored, as in the paper; null: on
    made-up ones.
    """
    sequences: tuple[str, ...]
    """Of that benchmark; none: all."""
    procedural: Natural
    """Held-out sequences made of the training photographs."""
    texture: Natural
    """Held-out sequences of photographs that are in no training pair."""
    frames: Count
    """Frames of each sequence; of a benchmark's, the first ones."""
    seed: Natural
    """Seed of made-up sequences; the same for all cells."""
    every: Count
    """Epochs from one validation to the next; the first and the last network are always scored."""
    protocol: str
    """Entry of `protocols_file`, of kind `ope`, that scores the sequences."""
    of: dict[str, SomeHeldOutSettings]
    """Map from a tracker, or `tracker-backbone`, to `procedural`, `texture`, `frames` or `every` of
    all its cells.
    """
    tracking: dict[str, str]
    """Map from a tracker, or `tracker-backbone`, to the `tracker/preset` whose tracking settings
    all its cells use.
    """
