"""How fast each network was on a device: `config/speeds.yaml`.

Networks are named `<tracker>-<backbone>`, e.g. `siamrpn-alexnet`. This imports no torch.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from dslt.core.definitions import config_file, read_definitions
from dslt.core.device import LockstepName, choose_lockstep
from dslt.core.errors import DsltError, unknown
from dslt.core.gpus import DRIVER
from dslt.core.text import split_pair
from dslt.settings.base import NonNegative, Positive, Settings, validate
from dslt.study.cells import Cell
from dslt.study.cost.amounts import Amount, known_or
from dslt.study.job import found_device
from dslt.study.study import Study

SPEEDS = "speeds.yaml"
Rate = Literal["pairs", "frames", "first", "lockstep", "lockstep_first"]
_IN_WORDS = {
    "pairs": "pairs per second of {}",
    "frames": "frames per second of {}",
    "lockstep": "frames per second of {} in lockstep",
}


class TrackingSpeed(Settings):
    """How fast a network tracks; null: not measured."""

    frames: Positive | None = None
    """Frames per second after the first one, decoding apart."""
    decoded: Positive | None = None
    """The same, frames decoded from JPEG meanwhile."""
    first: NonNegative | None = None
    """Seconds of a first frame; null: it takes as long as another."""

    @property
    def best_known(self) -> float | None:
        """Frames per second with decoding, or else without; None: neither was measured."""
        return self.decoded or self.frames


class LockstepSpeed(TrackingSpeed):
    """How fast many sequences advance together: frames of all of them, and `first` of each."""

    lanes: Annotated[int, Field(ge=1)]
    """Sequences that advanced together."""


class NetworkSpeed(TrackingSpeed):
    """What was measured of one network; frames are those of one stream."""

    preset: str
    """Preset that was measured; what cells of other presets take is guessed from it."""
    pairs: Positive | None = None
    """Training pairs per second."""
    precision: Literal["full", "mixed"] = "full"
    """Precision of the measured training."""
    graphs: TrackingSpeed | None = None
    """Tracking one stream by CUDA graphs; null: not measured."""
    lockstep: LockstepSpeed | None = None
    """Tracking in lockstep; null: not measured."""

    def measured(self, rate: Rate, *, graphs: bool = False) -> float | None:
        """Give the number of a rate, decoding included where that was measured.

        Args:
            rate: The rate.
            graphs: Whether one stream goes by CUDA graphs; what was not measured so is taken
                from what was measured without.
        """
        alone = (graphs and self.graphs) or TrackingSpeed()
        together = self.lockstep or TrackingSpeed()
        return {
            "pairs": self.pairs,
            "frames": alone.best_known or self.best_known,
            "first": alone.first or self.first,
            "lockstep": together.best_known,
            "lockstep_first": together.first,
        }[rate]


class DeviceSpeeds(Settings):
    """What was measured on one device."""

    device: Literal["cpu", "cuda", "mps"]
    """Kind of the device."""
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    """Day of the measurement, `YYYY-MM-DD`."""
    command: str
    """Command line that measured."""
    drawn: Positive | None = None
    """Pairs per second that one process draws for a training; null: as if they cost nothing."""
    networks: dict[str, NetworkSpeed]
    """Mapping of networks to their speeds."""


@dataclass(frozen=True)
class Speeds:
    """The speeds that hours are computed from.

    Attributes:
        name: Name of the device.
        kind: Kind of the device: `cpu`, `cuda` or `mps`.
        measured: Entry of the device; None: there is none.
        given: Mapping of rates to networks to numbers, which go before the measured ones.
        lockstep: How the sequences of a job are run, as the study's setting says.
    """

    name: str
    kind: str
    measured: DeviceSpeeds | None = None
    given: Mapping[Rate, Mapping[str, float]] = field(default_factory=dict)
    lockstep: LockstepName = "never"

    @property
    def unit(self) -> str:
        """Unit of the hours: of a CPU or of a GPU."""
        return "CPU hours" if self.kind == "cpu" else "GPU hours"

    @property
    def graphs(self) -> bool:
        """Whether sequences are run one by one by CUDA graphs."""
        return self.lockstep == "graphs" and self.kind == "cuda"

    def seconds(self, rate: Rate, cell: Cell) -> Amount:
        """Give the seconds of one pair, of one frame, or of a first frame.

        A first frame whose seconds in lockstep are not known is guessed to take what it takes by
        itself.
        """
        network = cell.settings.speed_name
        known, guess = self.given.get(rate, {}).get(network), False
        speed = self.measured.networks.get(network) if self.measured else None
        if known is None and speed:
            known, guess = speed.measured(rate, graphs=self.graphs), cell.base != speed.preset
            if rate == "pairs" and cell.offline:
                guess |= cell.offline.schedule.precision != speed.precision
        if rate == "lockstep_first" and known is None:
            return replace(self.seconds("first", cell), guess=True)
        if rate in ("first", "lockstep_first"):
            return Amount(known or 0.0, guess)
        return known_or(_IN_WORDS[rate].format(network), known and 1 / known, guess)

    def together(self, cell: Cell) -> bool:
        """Tell whether the study runs a cell's sequences in lockstep on this device."""
        able, graphs = bool(cell.entry.lanes), cell.entry.graphs
        return choose_lockstep(self.lockstep, self.kind, able, graphs) in ("exact", "coarse")

    def decoding_apart(self, network: str) -> bool:
        """Tell whether the frames per second of one stream were measured without decoding."""
        if network in self.given.get("frames", {}):
            return False
        speed = self.measured.networks.get(network) if self.measured else None
        return speed is not None and speed.decoded is None

    def pair(self, cell: Cell, workers: int) -> Amount:
        """Give the seconds of one training pair, drawing it included.

        Args:
            cell: A cell that is trained offline.
            workers: Processes that draw pairs beside the training; 0: it draws them itself.
        """
        learnt, drawn = self.seconds("pairs", cell), self.measured.drawn if self.measured else None
        if drawn is None or cell.offline is None or learnt.unknown:
            return learnt
        # Measured with pairs of procedural videos; frames of a disk are decoded.
        used = {name for name, pairs in cell.offline.pairs.sources.items() if pairs}
        drawing = Amount(1 / (drawn * max(1, workers)), guess=used != {"procedural"})
        if workers == 0:
            return learnt + drawing
        return Amount(max(learnt.value, drawing.value), learnt.guess or drawing.guess)


def study_speeds(study: Study, name: str | None, rates: Mapping[str, Iterable[str]]) -> Speeds:
    """Choose the speeds for a study, among those of `config/speeds.yaml`.

    Args:
        study: The study.
        name: Name of the device; None: chosen by the study's.
        rates: Mapping of rates to what was given for them, as `NETWORK=NUMBER`.

    Raises:
        DsltError: A name is unknown, a number is wrong, or the file cannot be read.
    """
    networks = {study.cells[cell].settings.speed_name for cell in study.cells_run} - {""}
    given = {rate: read_rates(rate, rates[rate], networks) for rate in get_args(Rate)}
    known = load_speeds(config_file(SPEEDS))
    chosen = choose_speeds(known, study.settings.device, name)
    return replace(chosen, given=given, lockstep=study.settings.lockstep)


def load_speeds(path: Path) -> dict[str, DeviceSpeeds]:
    """Read the measured speeds, device by device.

    Raises:
        DsltError: The file is unreadable, or an entry is wrong.
    """
    return {
        name: validate(DeviceSpeeds, entry, f"{path}, device {name!r}")
        for name, entry in read_definitions(path).items()
    }


def choose_speeds(known: Mapping[str, DeviceSpeeds], device: str, name: str | None) -> Speeds:
    """Choose the entry for a study.

    Args:
        known: All entries.
        device: Device of the study: `auto`, `cpu`, `cuda` or `mps`.
        name: Name of the entry; None: that of this machine's GPU, else the first of the kind.

    Raises:
        DsltError: There is no entry of that name.
    """
    if name is None:
        kind = found_device(device).replace("auto", "cpu")
        alike = [entry for entry in known if known[entry].device == kind]
        if not alike:
            return Speeds(f"a device that was not measured ({kind})", kind)
        name = next((model for model in _local_gpus() if model in alike), alike[0])
    elif name not in known:
        raise unknown("device", name, known)
    return Speeds(name, known[name].device, known[name])


def _local_gpus() -> list[str]:
    """Name the GPUs of this machine, as torch does."""
    files = sorted(DRIVER.glob("*/information"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return re.findall(r"^Model:\s*(.+?)\s*$", text, re.MULTILINE)


def read_rates(rate: Rate, texts: Iterable[str], networks: Iterable[str]) -> dict[str, float]:
    """Read the values of the option of a rate, `NETWORK=NUMBER`.

    Raises:
        DsltError: The study has no such network, or the number is not a positive one.
    """
    option, found = f"--{rate.replace('_', '-')}", dict[str, float]()
    for text in texts:
        network, number = split_pair(text, f"{option} NETWORK=NUMBER")
        if network not in networks:
            raise unknown(f"network of {option}", network, networks)
        try:
            found[network] = float(number)
        except ValueError:
            found[network] = 0.0
        if not 0 < found[network] < float("inf"):
            raise DsltError(f"{option} {text}: expected {network}=NUMBER, a positive one")
    return found
