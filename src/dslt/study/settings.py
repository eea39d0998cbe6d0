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
    """Cells on benchmarks, each pair that the study runs.

    Attributes:
        cells: empty means those that the sheet's column `shown_in` names for it.
        benchmarks: empty means all that are run; they are never averaged together.
    """

    cells: tuple[str, ...]
    benchmarks: tuple[str, ...]


class ConvergenceSettings(Settings):
    """The first-frame training that is recorded up to a cap, whatever the cell's own stop.

    Attributes:
        run: benchmark -> cells, empty for none; a benchmark that is not named has the cells of the
            sheet's Fig. 3 and 16 that run on it; one with resets, or that is not run, has none.
        seed: of every job.
        iterations: cap; sequences that have not converged by then are counted as censored.
    """

    run: dict[str, tuple[str, ...]]
    seed: Seed
    iterations: Count


class HeldOutSettings(Settings):
    """How every network is scored while it learns offline; see `ValidationSettings`.

    Attributes:
        procedural: held-out sequences made of the training photographs.
        texture: held-out sequences of photographs that are in no training pair.
        frames: of each sequence.
        seed: of the sequences.
        every: epochs from one validation to the next.
        protocol: a one-pass protocol.
        tracking: tracker -> `tracker/preset` whose tracking settings are used for all its cells.
    """

    procedural: Seed
    texture: Seed
    frames: Count
    seed: Seed
    every: Count
    protocol: str
    tracking: dict[str, str]


class TrainingSettings(Settings):
    """The offline training of Siamese networks.

    Attributes:
        sets_file: definitions of the training sets.
        sets: more training sets, or changes such as `vid: {root: /data/ILSVRC2015}`.
        threads: of one training; the number decides its last bits.
        workers: processes that draw pairs for it; 0: the training draws them itself.
        validation: see `HeldOutSettings`; null: none.
    """

    sets_file: str
    sets: dict[str, dict[str, Any]]
    threads: Count
    workers: Seed
    validation: HeldOutSettings | None


class JobSettings(Settings):
    """What one job may take; a cluster's scheduler asks, a single machine does not.

    Attributes:
        mem_mb: memory in MB.
        runtime: in minutes.
    """

    mem_mb: Count
    runtime: Count


class IndexJobSettings(JobSettings):
    """An index, which is made by several processes.

    Attributes:
        threads: their number; the index is the same with any.
    """

    threads: Count


class JobsSettings(Settings):
    """What the jobs of the workflow may take, for those whose size depends on the study.

    Attributes:
        fetch: one download.
        index: of a benchmark or a training set.
        train: one offline training.
        track: one unit of sequences; also first frames and response maps.
        score: one cell on a benchmark.
    """

    fetch: JobSettings
    index: IndexJobSettings
    train: JobSettings
    track: JobSettings
    score: JobSettings


class BootstrapSettings(Settings):
    """The paired bootstrap over source videos and seeds.

    Attributes:
        samples: number of resamples.
        seed: of the resampling.
    """

    samples: Count
    seed: Seed


class StripsSettings(SelectionSettings):
    """Fig. 1, 17 and 18: boxes of several cells on the same frames.

    Fig. 1 is drawn on the first of its benchmarks, the others on all of them. Benchmarks with
    resets and those without frames are left out.

    Attributes:
        sequences: number of strips of each benchmark, chosen by the figure's rule.
        frames: of each strip.
    """

    sequences: Count
    frames: Count


class ResponsesSettings(SelectionSettings):
    """Fig. 3: patch, label, response and histogram of |P - Y|, of the first of its benchmarks.

    Attributes:
        sequence: whose first frame is shown; null means the benchmark's first.
    """

    sequence: str | None


class MapsSettings(SelectionSettings):
    """Fig. 7: response maps of trained networks, of the first of its benchmarks.

    Attributes:
        sequences: number of sequences, spread evenly over the benchmark's.
    """

    sequences: Count


class TimelineSettings(SelectionSettings):
    """Fig. 14: classification score over time, of the first of its benchmarks.

    Attributes:
        sequence: null means the one on which the cells differ most.
        frames: shown above the curves.
    """

    sequence: str | None
    frames: Count


class FigureSettings(Settings):
    """The figures of the paper.

    Plots of success and precision take the benchmarks of one-pass protocols, plots of the expected
    average overlap those of supervised ones.

    Attributes:
        make: the figures to draw; one for which no chosen cell runs is left out.
        fig01: strips where the cells differ most.
        fig03: label, response and histogram.
        fig07: response maps after offline training.
        fig08: success and precision (OTB-2013 and OTB-2015).
        fig09: success and precision (UAV-123).
        fig10: expected average overlap (VOT-2016).
        fig11: success and precision with and without shrinkage (OTB-2015).
        fig12: expected average overlap (VOT-2018).
        fig13: success and precision (LaSOT).
        fig14: classification score over time.
        fig15: precision and success plots of the ablation.
        fig16: convergence curves, and validation during offline training.
        fig17: strips where the reference cell does best.
        fig18: strips where the reference cell fails.
        attributes: scores by attribute.
    """

    make: tuple[Figure, ...]
    fig01: StripsSettings
    fig03: ResponsesSettings
    fig07: MapsSettings
    fig08: SelectionSettings
    fig09: SelectionSettings
    fig10: SelectionSettings
    fig11: SelectionSettings
    fig12: SelectionSettings
    fig13: SelectionSettings
    fig14: TimelineSettings
    fig15: SelectionSettings
    fig16: SelectionSettings
    fig17: StripsSettings
    fig18: StripsSettings
    attributes: SelectionSettings

    def choices(self) -> dict[str, SelectionSettings]:
        """Map the figures that choose cells and benchmarks to what they choose."""
        chosen = {name: getattr(self, name) for name in type(self).model_fields}
        return {n: value for n, value in chosen.items() if isinstance(value, SelectionSettings)}


class QuickSettings(Settings):
    """The taste of the study behind the target `quick`.

    Attributes:
        benchmark: a small one.
        cells: compared in one figure.
    """

    benchmark: str
    cells: Names


class StudySettings(Settings):
    """Everything in `config.yaml`; unknown keys are errors.

    Attributes:
        cells: sheet with one row per cell.
        trackers: folder of the trackers' settings.
        benchmarks_file: definitions of the benchmarks.
        downloads_file: definitions of the downloads.
        protocols_file: definitions of the protocols.
        paper: folder of the numbers and claims that the paper prints.
        benchmarks: more benchmarks, or replacements, in the form of `benchmarks_file`.
        downloads: more downloads, or changes such as a mirror, in the form of `downloads_file`.
        agreed: downloads whose terms you have accepted.
        run: benchmark -> cells; empty means what the sheet says.
        only: names of benchmarks, cells and sequences: the part of the study that is run; empty:
            all of it. Names of one kind restrict that kind.
        reference_cell: that the others are compared with.
        references: tracker, or `tracker/preset` -> cell that its cells are compared with instead.
        device: where the networks run.
        unit_size: sequences in one track job.
        jobs: see `JobsSettings`.
        training: see `TrainingSettings`.
        convergence: see `ConvergenceSettings`.
        bootstrap: see `BootstrapSettings`.
        tables: tables that the target `tables` writes.
        figures: see `FigureSettings`.
        pages: pages of the report.
        quick: see `QuickSettings`.
    """

    cells: str
    trackers: str
    benchmarks_file: str
    downloads_file: str
    protocols_file: str
    paper: str
    benchmarks: dict[str, dict[str, Any]]
    downloads: dict[str, dict[str, Any]]
    agreed: tuple[str, ...]
    run: dict[str, Names]
    only: tuple[str, ...]
    reference_cell: str
    references: dict[str, str]
    device: Device
    unit_size: Count
    jobs: JobsSettings
    training: TrainingSettings
    convergence: ConvergenceSettings
    bootstrap: BootstrapSettings
    tables: tuple[Table, ...]
    figures: FigureSettings
    pages: tuple[Page, ...]
    quick: QuickSettings


def config_schema() -> str:
    """Generate the JSON schema of `config.yaml`."""
    return json.dumps(StudySettings.model_json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(config_schema(), end="")
