"""The plan of a study: jobs, hours, disk and downloads of each stem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dslt.study.cost.amounts import NONE, Amount, total
from dslt.study.cost.costs import Costs, Row
from dslt.study.cost.downloads import Needed
from dslt.study.cost.jobs import Job, count_stems
from dslt.study.cost.speeds import Speeds
from dslt.study.cost.work import planned_work, whole_work
from dslt.study.study import Study

# Bytes of what is written, guesses from studies that were run. Of a network: its parameters and
# buffers in float32; its state while it is trained is so many times as large.
MODEL = {
    "siamfc-alexnet_groups": 9.4e6,
    "siamfc-efficientnet_lite0": 0.4e6,
    "siamrpn-alexnet": 25e6,
    "siamrpn-resnet50_dilated": 216e6,
}
STATE = 3.0
# A frame's box and records; curves and maps of a recorded first frame; what another job leaves.
FRAME = 100.0
RECORD = 120e3
JOB = {"data": 0.5e6, "score": 50e3, "compare": 5e3, "figures": 0.7e6, "report": 12e6}


@dataclass(frozen=True)
class Stem:
    """What is left of a stem.

    Attributes:
        jobs: To do.
        hours_left: Of them.
        hours: Of the whole study.
        disk: Bytes that they add.
        fetch: Bytes to fetch.
    """

    jobs: int
    hours_left: Amount = NONE
    hours: Amount = NONE
    disk: Amount = NONE
    fetch: Amount = NONE

    def __add__(self, other: Stem) -> Stem:
        """Both together."""
        return Stem(
            self.jobs + other.jobs,
            self.hours_left + other.hours_left,
            self.hours + other.hours,
            self.disk + other.disk,
            self.fetch + other.fetch,
        )


@dataclass(frozen=True)
class Plan:
    """What a study costs.

    Attributes:
        target: What Snakemake was asked for.
        speeds: That hours are made of.
        stems: Stem -> what is left of it.
        trainings: By preset and network.
        runs: By network and benchmark.
        records: First-frame trainings, by network and benchmark.
        downloads: What comes from elsewhere.
    """

    target: str
    speeds: Speeds
    stems: dict[str, Stem]
    trainings: list[Row]
    runs: list[Row]
    records: list[Row]
    downloads: list[Needed]

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is not counted, in words."""
        everything = sum(self.stems.values(), Stem(0))
        parts = (everything.hours_left, everything.hours, everything.disk, everything.fetch)
        return total(parts).unknown


def make_plan(
    study: Study, target: str, jobs: Sequence[Job], costs: Costs, downloads: list[Needed]
) -> Plan:
    """Put a plan together.

    Args:
        study: The study.
        target: What is to be made.
        jobs: What Snakemake would run for it.
        costs: Of the study's work.
        downloads: What the study needs.
    """
    works = planned_work(jobs), whole_work(study)
    trainings, runs, records = costs.trainings(*works), costs.runs(*works), costs.records(*works)
    fetched = [one for one in downloads if not one.there]
    fetch = Stem(0, disk=total(d.disk for d in fetched), fetch=total(d.bytes for d in fetched))
    records_disk = total(row.size_left for row in records) * Amount(RECORD, guess=True)
    frames_disk = total(row.size_left for row in runs) * Amount(FRAME, guess=True)
    more = {
        "data": fetch,
        "train": _hours([*trainings, *records], _models(trainings) + records_disk),
        "track": _hours(runs, frames_disk),
    }
    stems = {
        name: Stem(count, disk=Amount(JOB.get(name, 0.0), guess=True) * count)
        + more.get(name, Stem(0))
        for name, count in count_stems(jobs).items()
    }
    return Plan(target, costs.speeds, stems, trainings, runs, records, downloads)


def _hours(rows: Iterable[Row], disk: Amount) -> Stem:
    rows = list(rows)
    hours_left, hours = total(row.hours_left for row in rows), total(row.hours for row in rows)
    return Stem(0, hours_left, hours, disk)


def _models(trainings: Iterable[Row]) -> Amount:
    """Trained networks, and one state: it goes when its training ends."""
    models = [(_model(row.names[1]), row.left) for row in trainings if row.left]
    state = max((size for size, _ in models), key=lambda size: size.value, default=NONE)
    return total(size * count for size, count in models) + state * STATE


def _model(network: str) -> Amount:
    if network not in MODEL:
        return Amount(unknown=(f"bytes of {network} when trained",))
    return Amount(MODEL[network], guess=True)
