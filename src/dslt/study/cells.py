"""The cells of the study: rows of a sheet, resolved to typed settings."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dslt.core.definitions import own_config, parse_yaml, read_definitions
from dslt.core.errors import DsltError, quote, unknown
from dslt.core.text import canonical, merge
from dslt.settings.catalog import FIGURES, TABLES
from dslt.settings.offline import OfflineNetworkTraining
from dslt.settings.registry import TrackerEntry, entry_of, parse_tracker
from dslt.settings.tracker import TrackerSettings

# The columns of the sheet, and what they mean (`config/README.md` shows this).
COLUMNS: Mapping[str, str] = {
    "id": "Stable name of letters, digits and underscores; also the name of its folders.",
    "label": "Name in tables and figures.",
    "base": "`tracker/preset`, e.g. `dslt/lite`, `opencv/csrt`, or `external/default` for another"
    " tracker's results.",
    "overrides": "`key=value` pairs over the preset, separated by `;`, e.g."
    " `training.loss.name=l2`.",
    "benchmarks": "Comma-separated benchmarks on which it runs.",
    "seeds": "Comma-separated seeds, one run each.",
    "shown_in": "Comma-separated tables and figures (`table3`, `fig08`, ..., `attributes`,"
    " `confidence`) in which it is a row or a curve; Tables 1 and 2 take every cell that runs with"
    " resets, the table of confidence every one whose tracker has one.",
    "note": "Anything that a reader should know.",
}


@dataclass(frozen=True)
class Cell:
    """One case of the study.

    Attributes:
        id: Stable name, also of its folders.
        label: Name in figures and tables.
        base: Its `tracker/preset`.
        overrides: What it changes in that, as the sheet writes it.
        benchmarks: Names of the benchmarks that it runs on.
        seeds: Seeds, one run each.
        shown_in: Tables and figures that it belongs to.
        note: What a reader should know of it.
        settings: Its typed and complete settings.
        change: Name of the change that makes it of a cell of the sheet (`study.sensitivity`);
            empty: it is one.
    """

    id: str
    label: str
    base: str
    overrides: str
    benchmarks: tuple[str, ...]
    seeds: tuple[int, ...]
    shown_in: tuple[str, ...]
    note: str
    settings: TrackerSettings
    change: str = ""

    @property
    def entry(self) -> TrackerEntry:
        """The cell's tracker in the registry."""
        return entry_of(self.settings)

    @property
    def offline(self) -> OfflineNetworkTraining | None:
        """What decides its network, of a tracker that learns before it sees a video, else None."""
        return cast(OfflineNetworkTraining, self.settings.learnt) if self.entry.offline else None

    def settings_json(self) -> str:
        """All settings as canonical JSON."""
        return canonical(self.settings)

    def training_json(self) -> str:
        """Tracker and training settings as canonical JSON (empty where nothing is learnt)."""
        learnt = self.settings.learnt
        return canonical(
            {"tracker": learnt.tracker, "training": learnt.model_dump(mode="json")}
            if learnt
            else {}
        )


@dataclass(frozen=True)
class OfflineTraining:
    """What decides an offline training beside its seed, as canonical JSON.

    Attributes:
        settings: Tracker and training settings of the network.
        sets: Definitions of the training sets that they name.
        validation: Settings of the validation; empty: none.
    """

    settings: str
    sets: str
    validation: str


def load_presets(path: Path) -> dict[str, dict[str, Any]]:
    """Read a tracker's presets and resolve `extends`.

    Raises:
        DsltError: if the file is unreadable, a preset is no mapping, or extends an unknown one or
            itself.
    """
    raw = read_definitions(path)

    def resolve(name: str, chain: tuple[str, ...]) -> dict[str, Any]:
        if name not in raw:
            raise DsltError(f"{path}: {unknown('preset', name, raw)}")
        if name in chain:
            raise DsltError(f"{path}: presets extend each other: {' -> '.join([*chain, name])}")
        if not isinstance(raw[name], dict):
            raise DsltError(
                f"{path}: preset {quote(name)} is {quote(raw[name])}; expected a mapping"
            )
        values = dict(raw[name])
        parent = str(values.pop("extends", ""))
        return merge(resolve(parent, (*chain, name)), values) if parent else values

    return {name: resolve(name, ()) for name in raw}


@functools.cache
def _presets(path: Path) -> dict[str, dict[str, Any]]:
    """Read each tracker's file once."""
    return load_presets(path)


def apply_overrides(values: dict[str, Any], overrides: str, where: str) -> dict[str, Any]:
    """Apply `a.b.c=value; d.e=value` to nested settings; values are YAML.

    Raises:
        DsltError: if an item is no assignment or names no existing key.
    """
    for item in filter(None, (part.strip() for part in overrides.split(";"))):
        path, equals, text = item.partition("=")
        if not equals:
            raise DsltError(f"{where}: override {quote(item)} is no 'key=value'")
        keys = path.strip().split(".")
        node: Any = values
        for depth, key in enumerate(keys):
            if not isinstance(node, dict) or key not in node:
                allowed = (
                    ", ".join(sorted(node)) if isinstance(node, dict) else "none, it is a value"
                )
                at = ".".join(keys[:depth]) or "the settings"
                raise DsltError(
                    f"{where}: unknown key {quote(path.strip())}; under {at}: {allowed}"
                )
            node = node[key]
        change: Any = parse_yaml(text, f"{where}: value of override {quote(item)}")
        for key in reversed(keys):
            change = {key: change}
        values = merge(values, change)
    return values


def resolve_settings(base: str, overrides: str, trackers: Path, where: str) -> TrackerSettings:
    """Resolve `tracker/preset` and overrides to typed settings.

    Raises:
        DsltError: naming `where`, the value and what is allowed.
    """
    tracker, _, preset = base.partition("/")
    path = trackers / f"{tracker}.yaml"
    known = {file.stem for file in trackers.glob("*.yaml")}
    if not known:
        raise DsltError(
            f"{trackers}: no presets of trackers (*.yaml) there; is it the right folder?"
        )
    if tracker not in known:
        raise DsltError(f"{where}: {unknown('tracker', tracker, known)}")
    presets = _presets(path)
    if preset not in presets:
        raise DsltError(f"{where}: {unknown(f'preset of {tracker}', preset, presets)}")
    return parse_tracker(apply_overrides(presets[preset], overrides, where), where)


def presets_of(sheet: Path) -> Path:
    """Find the presets of a sheet's cells: the folder beside it, else the project's own."""
    beside = sheet.parent / "trackers"
    return beside if beside.is_dir() else own_config() / "trackers"


def load_cells(path: Path, trackers: Path) -> dict[str, Cell]:
    """Read the sheet of cells.

    Args:
        path: tab-separated file with the columns of `COLUMNS`; lines that start with `#` are
            comments.
        trackers: folder of the trackers' presets.

    Raises:
        DsltError: naming the file, the line, the value, and what is allowed.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{path}: unreadable ({error})") from error
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not numbered or numbered[0][1].split("\t") != list(COLUMNS):
        raise DsltError(f"{path}: the first line must name the columns {', '.join(COLUMNS)} (tabs)")
    cells: dict[str, Cell] = {}
    for number, line in numbered[1:]:
        cell = _read_row(line.split("\t"), trackers, f"{path}, line {number}")
        if cell.id in cells:
            raise DsltError(f"{path}, line {number}: cell {quote(cell.id)} stands there twice")
        cells[cell.id] = cell
    return cells


def _read_row(row: list[str], trackers: Path, where: str) -> Cell:
    """Make one cell of one row."""
    if len(row) != len(COLUMNS):
        raise DsltError(f"{where}: {len(row)} columns, expected {len(COLUMNS)} separated by tabs")
    fields = dict(zip(COLUMNS, (value.strip() for value in row), strict=True))
    name = fields["id"]
    if not name.replace("_", "").isalnum():
        raise DsltError(f"{where}: cell id {quote(name)}; expected letters, digits and underscores")
    numbers = _split(fields["seeds"])
    seeds = tuple(int(seed) for seed in numbers if seed.isascii() and seed.isdecimal())
    if not seeds or len({*seeds}) < len(numbers):
        raise DsltError(
            f"{where}: seeds {quote(fields['seeds'])}; expected different whole numbers from 0 on,"
            " at least one"
        )
    shown_in = _split(fields["shown_in"])
    if strange := [place for place in shown_in if place not in {*FIGURES, *TABLES}]:
        raise DsltError(
            f"{where}: shown_in {quote(strange[0])}; expected some of "
            f"{', '.join(sorted({*FIGURES, *TABLES}))}"
        )
    settings = resolve_settings(
        fields["base"], fields["overrides"], trackers, f"{where}, cell {quote(name)}"
    )
    return Cell(
        id=name,
        label=fields["label"],
        base=fields["base"],
        overrides=fields["overrides"],
        benchmarks=_split(fields["benchmarks"]),
        seeds=seeds,
        shown_in=shown_in,
        note=fields["note"],
        settings=settings,
    )


def _split(text: str) -> tuple[str, ...]:
    """Split a comma-separated field."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
