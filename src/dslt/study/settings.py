"""What `config.yaml` may say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from dslt.core.device import Device, EngineName, LockstepName, Precision
from dslt.settings.base import Count, Natural, Settings
from dslt.settings.catalog import FIGURES, PAGES, TABLES
from dslt.study.heldout_settings import HeldOutSettings

Names = Annotated[tuple[str, ...], Field(min_length=1)]
if TYPE_CHECKING:
    Figure = str
    Table = str
    Page = str
else:  # the allowed names are those of the catalog
    Figure, Table, Page = (Literal[tuple(names)] for names in (FIGURES, TABLES, PAGES))


def _or_all(names: Sequence[str]) -> tuple[BeforeValidator, WithJsonSchema]:
    """Let the word `all` stand for all names of a list."""
    listed = {"type": "array", "items": {"enum": list(names), "type": "string"}}
    return (
        BeforeValidator(lambda value: tuple(names) if value == "all" else value),
        WithJsonSchema({"anyOf": [{"const": "all", "type": "string"}, listed]}),
    )


Figures = Annotated[tuple[Figure, ...], *_or_all(tuple(FIGURES))]
Tables = Annotated[tuple[Table, ...], *_or_all(tuple(TABLES))]


class SelectionSettings(Settings):
    """Cells on benchmarks, each pair that the study runs."""

    cells: tuple[str, ...] = ()
    """Cells that are shown; empty: those that the sheet's column `shown_in` names for it."""
    benchmarks: tuple[str, ...] = ()
    """Benchmarks that are shown, never averaged together; empty: all that are run and have the
    scores that the figure is about.
    """


class ConvergenceSettings(Settings):
    """The first-frame training that is recorded up to a cap, whatever the cell's own stop."""

    run: dict[str, tuple[str, ...]]
    """Map from benchmarks to the cells whose first frames are recorded, empty for none; a benchmark
    that is not named has the cells of the sheet's Fig. 3 and 16 that run on it, and one with
    resets, or that is not run, has none.
    """
    seed: Natural
    """Seed of the reductions, heads and samples of every job."""
    iterations: Count
    """Cap; sequences that have not converged by then are counted and drawn as censored."""


class OfflineTrainingSettings(Settings):
    """The offline training of networks."""

    sets_file: str
    """Definitions of the training sets that a cell's `pairs.sources` names."""
    sets: dict[str, dict[str, Any]]
    """More training sets, or changes such as `vid: {root: /data/ILSVRC2015}`."""
    threads: Count
    """Threads of one training; the number decides its last bits."""
    workers: Natural
    """Processes that draw pairs for one training; 0: it draws them itself."""
    skip_non_finite: Natural
    """Steps that are not finite that a training leaves out and counts before one is an error."""
    validation: HeldOutSettings | None
    """See `HeldOutSettings`; null: none."""

    @property
    def validated_on(self) -> tuple[str, ...]:
        """The benchmark that networks are scored on while they learn, if it is one."""
        chosen = self.validation
        return (chosen.benchmark,) if chosen and chosen.benchmark else ()


class JobSettings(Settings):
    """What one job may take; a cluster's scheduler asks, a single machine does not."""

    mem_mb: Count
    """Memory in MB."""
    runtime: Count
    """Time in minutes."""


class IndexJobSettings(JobSettings):
    """An index, which is made by several processes."""

    threads: Count
    """Processes; the index is the same with any number."""


class JobsSettings(Settings):
    """What the jobs of the workflow may take, for those whose size depends on the study."""

    fetch: JobSettings
    """One download."""
    index: IndexJobSettings
    """The index of a benchmark or a training set."""
    train: JobSettings
    """One offline training."""
    track: JobSettings
    """The tracking of one unit of sequences; also first frames and response maps."""
    score: JobSettings
    """The scores of one cell on a benchmark."""


class SensitivitySettings(Settings):
    """The target `sensitivity`: verdicts about pairs of cells, with tracking constants moved."""

    pairs: tuple[tuple[str, str], ...]
    """Pairs of cells of one `tracker/preset`, first the one that a claim calls better."""
    benchmarks: tuple[str, ...]
    """Benchmarks on which they are compared."""
    changes: dict[str, dict[str, str]]
    """Map from the cells' `tracker/preset` to named changes of both cells of a pair, each in the
    form of the sheet's `overrides`; only `tracking` may change. An empty text leaves one out.
    """


class StripsSettings(SelectionSettings):
    """Fig. 1, 17 and 18: boxes of several cells on the same frames.

    Fig. 1 is drawn on the first of its benchmarks, the others on all of them. Benchmarks with
    resets and those without frames are left out.
    """

    sequences: Count | tuple[str, ...] = 2
    """Number of strips of each benchmark, chosen by the figure's rule, or names of sequences, each
    of which is drawn from the first benchmark that has it.
    """
    frames: Count = 5
    """Frames of each strip, evenly spaced or around the first failure."""


class MapsSettings(SelectionSettings):
    """Fig. 3: patch, label, response and histogram of |P - Y|, of the first of its benchmarks."""

    sequence: str | None = None
    """Sequence whose first frame is shown; null: the benchmark's first."""


class ResponsesSettings(SelectionSettings):
    """Fig. 7: response maps of trained networks, of the first of its benchmarks."""

    sequences: Count = 3
    """Number of sequences, spread evenly over the benchmark's."""


class TimelineSettings(SelectionSettings):
    """Fig. 14: classification score over time, of the first of its benchmarks."""

    sequence: str | None = None
    """Sequence that is shown; null: the one on which the cells differ most."""
    frames: Count = 5
    """Number of frames shown above the curves."""


# What a figure's choice may say, by what it is drawn from.
CHOICES: dict[str, type[SelectionSettings]] = {
    "scores": SelectionSettings,
    "boxes": StripsSettings,
    "maps": MapsSettings,
    "responses": ResponsesSettings,
    "timeline": TimelineSettings,
    "records": SelectionSettings,
    "confidence": SelectionSettings,
}


class _Figures(Settings):
    """The figures of the paper, with the cells and benchmarks of each."""

    make: Figures
    """Figures to draw, or `all`; one for which no chosen cell runs is left out."""

    def choices(self) -> dict[str, SelectionSettings]:
        """Map the figures that choose cells and benchmarks to what they choose."""
        return {name: getattr(self, name) for name in FIGURES if hasattr(self, name)}


if TYPE_CHECKING:
    FigureSettings = _Figures
else:  # one choice for each figure of the catalog
    _chosen = {
        name: (choice, Field(default=choice(**entry.defaults), description=f"{entry.heading}."))
        for name, entry in FIGURES.items()
        if (choice := CHOICES.get(entry.source))
    }
    FigureSettings = create_model("FigureSettings", __base__=_Figures, **_chosen)


class QuickSettings(Settings):
    """The taste of the study behind the target `quick`."""

    benchmark: str
    """A small benchmark."""
    cells: Names
    """Cells that are compared in one figure."""


class StudySettings(Settings):
    """Everything in `config.yaml`; unknown keys are errors."""

    cells: str
    """Sheet with one row per cell: a tracker with its overrides, benchmarks and seeds."""
    trackers: str
    """Folder of the trackers' settings, one file per tracker, presets inside."""
    benchmarks_file: str
    """Definitions of the benchmarks: where their sequences are from, and how they are scored."""
    downloads_file: str
    """Definitions of the downloads: what publishers hand out, its size and terms."""
    protocols_file: str
    """Definitions of the protocols: thresholds and conventions."""
    paper: str
    """Folder of the numbers and claims that the paper prints."""
    claims: str
    """Folder of claims of ours that the scorecard judges beside the paper's, in families of their
    own.
    """
    benchmarks: dict[str, dict[str, Any]]
    """More benchmarks, or replacements, in the form of `benchmarks_file`; an entry without `kind`
    changes the keys that it names.
    """
    downloads: dict[str, dict[str, Any]]
    """More downloads, or changes such as a mirror, in the form of `downloads_file`."""
    agreed: tuple[str, ...]
    """Downloads whose terms you have accepted, as their `steps` say."""
    run: dict[str, Names]
    """Map from benchmarks to the cells that run on them, and no others; empty: what the sheet
    says.
    """
    only: tuple[str, ...]
    """Names of benchmarks, cells and sequences: the part of the study that is run; names of one
    kind restrict that kind, and empty means all of it.
    """
    reference_cell: str
    """Cell that the others are compared with, pairwise on the same sequences."""
    references: dict[str, str]
    """Map from a tracker, or `tracker/preset`, to the cell that its cells are compared with
    instead.
    """
    device: Device
    """Device of the networks; `auto` takes a GPU where there is one. A change computes everything
    again.
    """
    engine: EngineName
    """What runs frozen networks on a CPU; `auto` takes OpenVINO where it is installed. A change
    computes everything again that a network was in, on a CPU.
    """
    precision: Precision
    """Precision of frozen networks on a CPU; `bfloat16` only where the CPU has it. A change
    computes everything again that a network was in, on a CPU.
    """
    lockstep: LockstepName
    """Whether the sequences of a track job advance together: `never`, one by one; `graphs`, one by
    one with the arithmetic of lockstep, each frame a CUDA graph on a GPU, as for a live user
    (RT-MDNet has none); `exact`, together with the patches of one by one; `coarse`, with patches of
    fewer sizes, so that more sequences share a batch; `auto` is `exact` on an NVIDIA GPU, else
    `never`. A change tracks again.
    """
    lanes: Count | None
    """Most sequences at a time in lockstep; null: by free memory, at most 64 on a GPU and 4 on a
    CPU. Never more than `unit_size`. A change computes nothing again.
    """
    unit_size: Count
    """Sequences in one track job: 1 spreads best over cores, more saves start-up on a GPU. A change
    computes nothing again.
    """
    jobs: JobsSettings
    training: OfflineTrainingSettings
    convergence: ConvergenceSettings
    sensitivity: SensitivitySettings
    tables: Tables
    """Tables that the target `tables` writes, or `all`; one for which no cell runs is left out."""
    figures: FigureSettings
    pages: tuple[Page, ...]
    """Pages of the report, in this order."""
    quick: QuickSettings
