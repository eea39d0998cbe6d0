"""Which tracker a name means, and where the study in the current folder keeps its network."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dslt.core.definitions import CELLS, config_file
from dslt.core.errors import DsltError, unknown
from dslt.core.files import sha256_file
from dslt.core.jsonfile import read_json
from dslt.settings.identity import differences
from dslt.settings.registry import entry_of
from dslt.settings.tracker import TrackerSettings, TrainingSettings
from dslt.study.cells import load_cells, presets_of, resolve_settings
from dslt.study.paths import MODEL

SHEETS = (CELLS, "paper_cells.tsv")


@dataclass(frozen=True)
class Choice:
    """A tracker that is ready to be made.

    Attributes:
        name: What the user asked for.
        settings: Its settings.
        weights: Its network, None where it learns nothing offline.
        seed: Seed of everything random.
    """

    name: str
    settings: TrackerSettings
    weights: Path | None
    seed: int

    def about(self) -> dict[str, Any]:
        """Plain values that say which it was."""
        values = {
            "name": self.name,
            "seed": self.seed,
            "settings": self.settings.model_dump(mode="json"),
        }
        if self.weights:
            values["weights"] = str(self.weights)
            values["weights_sha256"] = sha256_file(self.weights)
        return values


def choose(
    name: str, overrides: str, trackers: Path | None, weights: Path | None, seed: int
) -> Choice:
    """Choose a tracker and its network; see `choose_settings` and `find_weights`.

    Args:
        name: What the user asks for.
        overrides: Changes of its settings, `key=value` separated by `;`.
        trackers: Folder of the presets; None: that of the sheet of cells.
        weights: Its network; None: that of the study in the current folder, if it needs one.
        seed: Seed of everything random.

    Raises:
        DsltError: There is no such tracker, or no network for it.
    """
    settings = choose_settings(name, overrides, trackers)
    return Choice(name, settings, weights or find_weights(settings, seed, name), seed)


def choose_settings(name: str, overrides: str, trackers: Path | None) -> TrackerSettings:
    """Resolve `tracker/preset`, or the id of a cell of the sheets.

    Args:
        name: What the user asks for.
        overrides: Changes of its settings, `key=value` separated by `;`.
        trackers: Folder of the presets; None: that of the sheet of cells.

    Raises:
        DsltError: There is no such tracker or cell, or a change does not fit.
    """
    where = f"--tracker {name}"
    if "/" in name:
        return resolve_settings(name, overrides, trackers or presets_of(config_file(CELLS)), where)
    known = {}
    for sheet in map(config_file, SHEETS):
        presets = trackers or presets_of(sheet)
        known.update(load_cells(sheet, presets))
        if name in known:
            cell = known[name]
            both = ";".join(filter(None, (cell.overrides, overrides)))
            return resolve_settings(cell.base, both, presets, where)
    raise DsltError(f"--tracker: {unknown('cell', name, known)}; or say tracker/preset")


def find_weights(settings: TrackerSettings, seed: int, name: str) -> Path | None:
    """Find the network that the study in the current folder trained for a tracker.

    Args:
        settings: The tracker's.
        seed: Seed of the training.
        name: What the user asks for, for the error.

    Returns:
        The file, or None where the tracker learns nothing offline.

    Raises:
        DsltError: No network there is of the same training; the error lists those that are there.
    """
    if not (entry_of(settings).offline and settings.learnt):
        return None
    there: list[str] = []
    pattern = MODEL.format(cell="*", seed="*")
    for path in sorted(Path().glob(pattern)):
        changes = _changes(path, settings.learnt)
        if path.match(MODEL.format(cell="*", seed=seed)) and changes == "":
            return path
        there.append(f"{path} ({changes or 'the same training, another seed'})")
    found = f"; there: {', '.join(there)}" if there else ", nor any other"
    raise DsltError(
        f"--tracker {name}: no network of this training with seed {seed} at {pattern} in "
        f"{Path.cwd()}{found}; run the study there, choose another --seed, or name a file with "
        "--weights"
    )


def _changes(path: Path, wanted: TrainingSettings) -> str:
    """Say in what the training of a network differs; empty where it is the one that is wanted."""
    try:
        header = read_json(path.with_suffix(".json"))
    except DsltError:  # of another network than the one that is looked for, perhaps
        header = None
    if not isinstance(header, dict) or not isinstance(header.get("settings"), dict):
        return "not a file of `dslt train`"
    if header.get("tracker", wanted.tracker) != wanted.tracker:
        return f"a network of {header['tracker']}"
    changes = differences(header["settings"], json.loads(wanted.model_dump_json()))
    more = f" and {len(changes) - 2} more" if len(changes) > 2 else ""
    return ", ".join(changes[:2]) + more
