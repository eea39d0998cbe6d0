"""What the settings of all trackers have in common; `dslt.settings.registry` lists the trackers."""

from typing import ClassVar, Self

from dslt.settings.base import Settings

# Networks that start from the published weights of another.
_SAME_WEIGHTS = {"resnet50_dilated": "resnet50"}


class BackboneSettings(Settings):
    """A feature extractor."""

    name: str
    """Network."""
    weights: str
    """`pretrained` (ImageNet), `random` (said in words: for tests of the code path) or a file."""

    @property
    def published(self) -> str:
        """Network whose published weights it starts from; empty where it has others."""
        return _SAME_WEIGHTS.get(self.name, self.name) if self.weights == "pretrained" else ""

    @property
    def own_file(self) -> str:
        """File of one's own whose weights it starts from; empty where there is none."""
        return "" if self.weights in ("pretrained", "random") else self.weights


class TrainingSettings(Settings):
    """Everything that decides what a tracker learns, on the first frame or offline.

    Attributes:
        tracker: Name of the tracker that learns so, in the registry.
    """

    tracker: ClassVar[str]

    backbone: BackboneSettings

    @property
    def first_frame_iterations(self) -> int | None:
        """Most iterations on the first frame; None where nothing is learnt there."""
        return None

    def capped(self, iterations: int) -> Self:
        """Let the training on the first frame run to a cap, whatever its own rule to stop."""
        return self


class TrackerSettings(Settings):
    """A tracker."""

    tracker: str
    """Name of the tracker in the registry."""

    @property
    def learnt(self) -> TrainingSettings | None:
        """What decides its network, its `training`; None for a tracker without one."""
        return getattr(self, "training", None)

    @property
    def speed_name(self) -> str:
        """Name under which `config/speeds.yaml` says how fast it is; empty where nothing runs."""
        return f"{self.tracker}-{self.learnt.backbone.name}" if self.learnt else ""

    def results_of(self, benchmark: str, seed: int) -> str | None:
        """Name the folder of results that another program wrote; None for a tracker run here."""
        return None

    @property
    def results_origin(self) -> int | None:
        """Where those results count pixels from; None: as the benchmark's annotations."""
        return None

    @property
    def results_download(self) -> str:
        """Name of the download that those results are in; empty where they are in none."""
        return ""
