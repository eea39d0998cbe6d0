"""How fast each network was on a device: `config/speeds.yaml`.

Networks are named `<tracker>-<backbone>`, e.g. `siamrpn-alexnet`. This imports no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError, unknown
from dslt.settings.base import NonNegative, Positive, Settings, validate
from dslt.study.cells import Cell
from dslt.study.cost.amounts import Amount
from dslt.study.jobs import gpu_jobs

SPEEDS = "speeds.yaml"
MODELS = Path("/proc/driver/nvidia/gpus")
Rate = Literal["pairs", "frames", "first"]


class NetworkSpeed(Settings):
    """What was measured of one network.

    Attributes:
        preset: Whose settings it had; what other presets take is guessed from it.
        pairs: Training pairs per second.
        precision: In which it was trained.
        frames: Frames per second in tracking, after the first one.
        first: Seconds of the first frame; null: like another.
    """

    preset: str
    pairs: Positive | None = None
    precision: Literal["full", "mixed"] = "full"
    frames: Positive | None = None
    first: NonNegative | None = None


class DeviceSpeeds(Settings):
    """What was measured on one device.

    Attributes:
        device: Its kind.
        date: Of the measurement, `YYYY-MM-DD`.
        command: That measured.
        networks: Network -> its speed.
    """

    device: Literal["cpu", "cuda", "mps"]
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    command: str
    networks: dict[str, NetworkSpeed]


@dataclass(frozen=True)
class Speeds:
    """The speeds that hours are computed from.

    Attributes:
        name: Of the device.
        kind: `cpu`, `cuda` or `mps`.
        measured: Its entry; None: there is none.
        given: Rate -> network -> number, which goes before the measured one.
    """

    name: str
    kind: str
    measured: DeviceSpeeds | None = None
    given: Mapping[Rate, Mapping[str, float]] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """What hours are hours of."""
        return "CPU hours" if self.kind == "cpu" else "GPU hours"

    def seconds(self, rate: Rate, cell: Cell) -> Amount:
        """Seconds of one pair, of one frame, or of the first frame."""
        network = network_of(cell)
        known = self.given.get(rate, {}).get(network)
        entry = self.measured.networks.get(network) if self.measured else None
        guess = False
        if known is None and entry is not None:
            known = getattr(entry, rate)
            guess = cell.base != entry.preset
            if rate == "pairs" and cell.offline:
                guess |= cell.offline.schedule.precision != entry.precision
        if known is None and rate == "first":
            return Amount()
        if known is None:
            return Amount(unknown=(f"{rate} per second of {network}",))
        return Amount(known if rate == "first" else 1 / known, guess)


def network_of(cell: Cell) -> str:
    """Name the network of a cell; empty for results of others, which are not run."""
    return cell.settings.speed_name


def load_speeds(path: Path) -> dict[str, DeviceSpeeds]:
    """Read the measured speeds, device by device.

    Raises:
        DsltError: Unreadable, or an entry is wrong.
    """
    entries = read_definitions(path)
    return {
        name: validate(DeviceSpeeds, entry, f"{path}, device {name!r}")
        for name, entry in entries.items()
    }


def choose_speeds(known: Mapping[str, DeviceSpeeds], device: str, name: str | None) -> Speeds:
    """Choose the entry for a study.

    Args:
        known: All entries.
        device: The study's: `auto`, `cpu`, `cuda` or `mps`.
        name: Of the entry; None: that of this machine's GPU, else the first of the kind.

    Raises:
        DsltError: There is no entry of that name.
    """
    if name is not None:
        if name not in known:
            raise unknown("device", name, known)
        return Speeds(name, known[name].device, known[name])
    kind = device
    if device == "auto":
        kind = "cuda" if gpu_jobs(device) else "cpu"
    alike = [entry for entry in known if known[entry].device == kind]
    if not alike:
        return Speeds(f"a device that was not measured ({kind})", kind)
    chosen = next((model for model in _local_gpus() if model in alike), alike[0])
    return Speeds(chosen, kind, known[chosen])


def _local_gpus() -> list[str]:
    """Names of the GPUs here, as torch says them."""
    found = []
    for file in sorted(MODELS.glob("*/information")):
        model = re.search(r"^Model:\s*(.+?)\s*$", file.read_text(encoding="utf-8"), re.MULTILINE)
        found += [model[1]] if model else []
    return found


def read_rates(option: str, texts: Iterable[str], networks: Iterable[str]) -> dict[str, float]:
    """Read `NETWORK=NUMBER`.

    Raises:
        DsltError: Not of that form, a network that the study has not, or a number that is none.
    """
    found: dict[str, float] = {}
    for text in texts:
        network, _, number = text.partition("=")
        if network not in networks:
            raise unknown(f"network of {option}", network, networks)
        try:
            found[network] = float(number)
        except ValueError:
            found[network] = 0.0
        if not 0 < found[network] < float("inf"):
            raise DsltError(f"{option} {text}: expected {network}=NUMBER, a positive one")
    return found
