"""What `config.yaml` may say; `python -m dslt.study.settings` prints it as a JSON schema."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from dslt.core.device import Device
from dslt.settings.base import Count, Settings

Names = Annotated[tuple[str, ...], Field(min_length=1)]
Seed = Annotated[int, Field(ge=0)]
Figure = Literal[
    "fig01",
    "fig03",
    "fig04",
    "fig06",
    "fig07",
    "fig08",
    "fig09",
    "fig10",
    "fig11",
    "fig12",
    "fig13",
    "fig14",
    "fig15",
    "fig16",
    "fig17",
    "fig18",
    "attributes",
]
Table = Literal["table1", "table2", "table3"]
Page = Literal["data", "convergence", "offline", "ablation", "benchmarks", "scorecard"]


class SelectionSettings(Settings):
    """Cells on benchmarks, each pair that the study runs."""

    cells: tuple[str, ...]
    """Empty means those that the sheet's column `shown_in` names for it."""
    benchmarks: tuple[str, ...]
    """Empty means all that are run; they are never averaged together."""


class ConvergenceSettings(Settings):
    """The first-frame training that is recorded up to a cap, whatever the cell's own stop."""

    run: dict[str, tuple[str, ...]]
    """Benchmark -> cells, empty for none; a benchmark that is not named has the cells of the
    sheet's Fig. 3 and 16 that run on it; one with resets, or that is not run, has none.
    """
    seed: Seed
    """Of every job."""
    iterations: Count
    """Cap; sequences that have not converged by then are counted as censored."""


class HeldOutSettings(Settings):
    """How every network is scored while it learns offline; see `ValidationSettings`."""

    procedural: Seed
    """Held-out sequences made of the training photographs."""
    texture: Seed
    """Held-out sequences of photographs that are in no training pair."""
    frames: Count
    """Of each sequence."""
    seed: Seed
    """Of the sequences."""
    every: Count
    """Epochs from one validation to the next."""
    protocol: str
    """A one-pass protocol."""
    tracking: dict[str, str]
    """Tracker -> `tracker/preset` whose tracking settings are used for all its cells."""


class TrainingSettings(Settings):
    """The offline training of Siamese networks."""

    sets_file: str
    """Definitions of the training sets."""
    sets: dict[str, dict[str, Any]]
    """More training sets, or changes such as `vid: {root: /data/ILSVRC2015}`."""
    threads: Count
    """Of one training; the number decides its last bits."""
    workers: Seed
    """Processes that draw pairs for it; 0: the training draws them itself."""
    validation: HeldOutSettings | None
    """See `HeldOutSettings`; null: none."""


class JobSettings(Settings):
    """What one job may take; a cluster's scheduler asks, a single machine does not."""

    mem_mb: Count
    """Memory in MB."""
    runtime: Count
    """In minutes."""


class IndexJobSettings(JobSettings):
    """An index, which is made by several processes."""

    threads: Count
    """Their number; the index is the same with any."""


class JobsSettings(Settings):
    """What the jobs of the workflow may take, for those whose size depends on the study."""

    fetch: JobSettings
    """One download."""
    index: IndexJobSettings
    """Of a benchmark or a training set."""
    train: JobSettings
    """One offline training."""
    track: JobSettings
    """One unit of sequences; also first frames and response maps."""
    score: JobSettings
    """One cell on a benchmark."""


class BootstrapSettings(Settings):
    """The paired bootstrap over source videos and seeds."""

    samples: Count
    """Number of resamples."""
    seed: Seed
    """Of the resampling."""


class StripsSettings(SelectionSettings):
    """Fig. 1, 17 and 18: boxes of several cells on the same frames.

    Fig. 1 is drawn on the first of its benchmarks, the others on all of them. Benchmarks with
    resets and those without frames are left out.
    """

    sequences: Count
    """Number of strips of each benchmark, chosen by the figure's rule."""
    frames: Count
    """Of each strip."""


class ResponsesSettings(SelectionSettings):
    """Fig. 3: patch, label, response and histogram of |P - Y|, of the first of its benchmarks."""

    sequence: str | None
    """Whose first frame is shown; null means the benchmark's first."""


class MapsSettings(SelectionSettings):
    """Fig. 7: response maps of trained networks, of the first of its benchmarks."""

    sequences: Count
    """Number of sequences, spread evenly over the benchmark's."""


class TimelineSettings(SelectionSettings):
    """Fig. 14: classification score over time, of the first of its benchmarks."""

    sequence: str | None
    """Null means the one on which the cells differ most."""
    frames: Count
    """Shown above the curves."""


class FigureSettings(Settings):
    """The figures of the paper.

    Plots of success and precision take the benchmarks of one-pass protocols, plots of the expected
    average overlap those of supervised ones.
    """

    make: tuple[Figure, ...]
    """The figures to draw; one for which no chosen cell runs is left out."""
    fig01: StripsSettings
    """Strips where the cells differ most."""
    fig03: ResponsesSettings
    """Label, response and histogram."""
    fig07: MapsSettings
    """Response maps after offline training."""
    fig08: SelectionSettings
    """Success and precision (OTB-2013 and OTB-2015)."""
    fig09: SelectionSettings
    """Success and precision (UAV-123)."""
    fig10: SelectionSettings
    """Expected average overlap (VOT-2016)."""
    fig11: SelectionSettings
    """Success and precision with and without shrinkage (OTB-2015)."""
    fig12: SelectionSettings
    """Expected average overlap (VOT-2018)."""
    fig13: SelectionSettings
    """Success and precision (LaSOT)."""
    fig14: TimelineSettings
    """Classification score over time."""
    fig15: SelectionSettings
    """Precision and success plots of the ablation."""
    fig16: SelectionSettings
    """Convergence curves, and validation during offline training."""
    fig17: StripsSettings
    """Strips where the reference cell does best."""
    fig18: StripsSettings
    """Strips where the reference cell fails."""
    attributes: SelectionSettings
    """Scores by attribute."""

    def choices(self) -> dict[str, SelectionSettings]:
        """Map the figures that choose cells and benchmarks to what they choose."""
        chosen = {name: getattr(self, name) for name in type(self).model_fields}
        return {n: value for n, value in chosen.items() if isinstance(value, SelectionSettings)}


class QuickSettings(Settings):
    """The taste of the study behind the target `quick`."""

    benchmark: str
    """A small one."""
    cells: Names
    """Compared in one figure."""


class StudySettings(Settings):
    """Everything in `config.yaml`; unknown keys are errors."""

    cells: str
    """Sheet with one row per cell."""
    trackers: str
    """Folder of the trackers' settings."""
    benchmarks_file: str
    """Definitions of the benchmarks."""
    downloads_file: str
    """Definitions of the downloads."""
    protocols_file: str
    """Definitions of the protocols."""
    paper: str
    """Folder of the numbers and claims that the paper prints."""
    benchmarks: dict[str, dict[str, Any]]
    """More benchmarks, or replacements, in the form of `benchmarks_file`."""
    downloads: dict[str, dict[str, Any]]
    """More downloads, or changes such as a mirror, in the form of `downloads_file`."""
    agreed: tuple[str, ...]
    """Downloads whose terms you have accepted."""
    run: dict[str, Names]
    """Benchmark -> cells; empty means what the sheet says."""
    only: tuple[str, ...]
    """Names of benchmarks, cells and sequences: the part of the study that is run; empty: all of
    it. Names of one kind restrict that kind.
    """
    reference_cell: str
    """That the others are compared with."""
    references: dict[str, str]
    """Tracker, or `tracker/preset` -> cell that its cells are compared with instead."""
    device: Device
    """Where the networks run."""
    unit_size: Count
    """Sequences in one track job."""
    jobs: JobsSettings
    """See `JobsSettings`."""
    training: TrainingSettings
    """See `TrainingSettings`."""
    convergence: ConvergenceSettings
    """See `ConvergenceSettings`."""
    bootstrap: BootstrapSettings
    """See `BootstrapSettings`."""
    tables: tuple[Table, ...]
    """Tables that the target `tables` writes."""
    figures: FigureSettings
    """See `FigureSettings`."""
    pages: tuple[Page, ...]
    """Pages of the report."""
    quick: QuickSettings
    """See `QuickSettings`."""


def config_schema() -> str:
    """Generate the JSON schema of `config.yaml`."""
    return json.dumps(StudySettings.model_json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(config_schema(), end="")
