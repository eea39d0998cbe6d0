"""How result files lie in a folder, told by the names that are there and never by their bytes.

| layout | files |
|---|---|
| `otb`, `pysot` | `<sequence>.txt`; seconds in `<sequence>.csv`, `<sequence>_time.txt`, `times/` |
| `otb-mat` | `<sequence>_<tracker>.mat` |
| `got10k` | `<sequence>/<sequence>_001.txt`, ...; seconds in `<sequence>/<sequence>_time.txt` |
| `vot` | the same below a folder of the experiment, `baseline`, or without it |
| `vot-binary` | the same with `.bin`; seconds in `<sequence>_001_time.value` |

A supervised run of our own trackers lies flat, as `otb` does, with VOT's lines in the text.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dslt.core.errors import DsltError, unknown
from dslt.data.sequences.names import match_names

LAYOUTS = ("otb", "otb-mat", "pysot", "got10k", "vot", "vot-binary")
Content = Literal["boxes", "runs"]

_REPETITION = re.compile(r"(.+)_(\d{3})\.(txt|bin)")
_TITLES = {
    "otb-mat": "MATLAB files <sequence>_{tracker}.mat",
    "got10k": "folders <sequence>/<sequence>_001.txt, as GOT-10k has them",
    "vot": "folders <sequence>/<sequence>_001.txt, as VOT has them",
    "vot-binary": "folders <sequence>/<sequence>_001.bin, as VOT has them",
}


@dataclass(frozen=True)
class ResultFiles:
    """The result files of a folder.

    Attributes:
        layout: One of `LAYOUTS`; `otb` stands for `pysot` too.
        files: Name of the sequence, as the files spell it, to its repetitions in their order.
        seconds: The same name to its records of time: one file for all repetitions, or one each.
        notes: What was chosen where there was a choice.
    """

    layout: str
    files: dict[str, tuple[Path, ...]]
    seconds: dict[str, tuple[Path, ...]]
    notes: tuple[str, ...]


def find_files(
    folder: Path,
    layout: str = "auto",
    wanted: Iterable[str] = (),
    content: Content = "boxes",
    experiment: str = "baseline",
) -> ResultFiles:
    """Find the result files of one tracker.

    Args:
        folder: Folder of the tracker.
        layout: One of `LAYOUTS`, or `auto`.
        wanted: Names of the sequences, which tell where `<sequence>_<tracker>.mat` is to be split.
        content: `boxes` of one-pass runs or supervised `runs`; with folders per sequence only this
            tells GOT-10k's layout from VOT's.
        experiment: VOT's folder between the tracker's and the sequences'.

    Raises:
        DsltError: The folder does not exist, holds no result files, or those of several trackers.
    """
    if layout not in (*LAYOUTS, "auto"):
        raise unknown("layout of results", layout, (*LAYOUTS, "auto"))
    if not folder.is_dir():
        hint = "; unpack the archive first" if folder.suffix in {".zip", ".gz"} else ""
        raise DsltError(f"{folder}: no such folder of raw results{hint}")
    files, folders = _scan(folder)
    if layout in {"auto", "vot", "vot-binary"} and experiment in folders:
        return _experiment(folder, experiment, folders, layout, content)
    flat = {name[:-4] for name in files if name.endswith(".txt")}
    if layout in {"otb", "pysot"} or (layout in {"auto", "vot"} and flat):
        return _flat(folder, files, folders)
    if layout == "otb-mat" or (layout == "auto" and any(name.endswith(".mat") for name in files)):
        return _matlab(folder, files, list(wanted))
    return _tree(folder, folders, layout, content)


def pair_files(
    folder: Path, found: ResultFiles, wanted: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Pair the benchmark's sequences with the files' names.

    Returns:
        Sequence to the name in `found`, and notes about other spellings and files left over.

    Raises:
        DsltError: A sequence has no file; the message lists them.
    """
    pairs = match_names(wanted, found.files)
    missing = [name for name in wanted if name not in pairs]
    taken = set(pairs.values())
    extra = [name for name in found.files if name not in taken]
    if missing:
        rest = f"; of no sequence: {some(extra)}" if extra and taken else ""
        raise DsltError(
            f"{folder}: no result for {some(missing)}; expected a result for each of"
            f" {len(wanted)} sequences, found {some(sorted(found.files)) or 'none'}{rest}"
        )
    notes = []
    other = [f"{theirs} for {ours}" for ours, theirs in pairs.items() if theirs != ours]
    if other:
        notes.append(f"{len(other)} names of files are spelled otherwise: {some(other, 4)}")
    if extra:
        notes.append(f"{len(extra)} files of no sequence in this benchmark ignored: {some(extra)}")
    return pairs, notes


def _scan(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders in a folder, sorted; hidden ones are left out."""
    shown = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    folders = [path.name for path in shown if path.is_dir()]
    return [path.name for path in shown if path.name not in folders], folders


def _flat(folder: Path, files: list[str], folders: list[str]) -> ResultFiles:
    """One text file per sequence; `<sequence>_time.txt` beside it is a record of time."""
    names = {name[:-4] for name in files if name.endswith(".txt")}
    times = {name for name in names if name.endswith("_time") and name[:-5] in names}
    apart = _scan(folder / "times")[0] if "times" in folders else []
    listed = {*files, *(f"times/{name}" for name in apart)}
    found: dict[str, tuple[Path, ...]] = {}
    seconds: dict[str, tuple[Path, ...]] = {}
    for name in sorted(names - times):
        found[name] = (folder / f"{name}.txt",)
        records = (f"{name}.csv", f"{name}_time.txt", f"times/{name}_time.txt")
        if record := next((record for record in records if record in listed), ""):
            seconds[name] = (folder / record,)
    if not found:
        raise _nothing(folder, files, folders)
    mat = sum(name.endswith(".mat") for name in files)
    note = (f"{folder}: the text files were read, {mat} .mat files were not",) if mat else ()
    return ResultFiles("otb", found, seconds, note)


def _matlab(folder: Path, files: list[str], wanted: Sequence[str]) -> ResultFiles:
    """Split `<sequence>_<tracker>.mat`, where both names may have underscores in them."""
    stems = [name[:-4] for name in files if name.endswith(".mat")]
    groups: dict[str, list[str]] = {}
    for stem in stems:
        for match in re.finditer("_", stem):
            groups.setdefault(stem[match.end() :], []).append(stem[: match.start()])
    counts = {
        tracker: len(match_names(wanted, names) if wanted else names)
        for tracker, names in groups.items()
        if tracker
    }
    most = max(counts.values(), default=0)
    if not most:
        raise DsltError(f"{folder}: expected files <sequence>_<tracker>.mat, found {some(stems)}")
    best = [tracker for tracker in counts if counts[tracker] == most]
    # `b_c` and `c` can fit the same files. The names of the sequences decide for the shorter one;
    # where they are not known, what several files share belongs to the tracker.
    tracker = max(best, key=len) if most > 1 and not wanted else min(best, key=len)
    others = [name for name in counts if counts[name] and not _nested(name, tracker)]
    if others:
        raise DsltError(
            f"{folder}: results of several trackers: {some(sorted([tracker, *others]))}; put each"
            " tracker's files into a folder of its own"
        )
    found: dict[str, tuple[Path, ...]] = {
        name: (folder / f"{name}_{tracker}.mat",) for name in groups[tracker]
    }
    return ResultFiles("otb-mat", found, {}, (_named("otb-mat", folder, tracker),))


def _nested(one: str, other: str) -> bool:
    """Tell whether two names of trackers are one, split at different underscores."""
    return one == other or one.endswith(f"_{other}") or other.endswith(f"_{one}")


def _experiment(
    folder: Path, experiment: str, folders: list[str], layout: str, content: Content
) -> ResultFiles:
    """VOT's folder of an experiment, in the folder of a tracker."""
    if content == "boxes":
        raise DsltError(
            f"{folder}: supervised VOT results (folder {experiment}); a one-pass protocol cannot"
            " score them, use a protocol of kind vot"
        )
    inside = folder / experiment
    found = _tree(inside, _scan(inside)[1], layout, content)
    rest = [name for name in folders if name != experiment]
    if not rest:
        return found
    note = f"{folder}: the folders beside {experiment} were not read: {some(rest)}"
    return replace(found, notes=(*found.notes, note))


def _tree(folder: Path, folders: list[str], layout: str, content: Content) -> ResultFiles:
    """A folder per sequence, a numbered file per repetition; text goes before binary."""
    found: dict[str, tuple[Path, ...]] = {}
    seconds: dict[str, tuple[Path, ...]] = {}
    for name in folders:
        files = _scan(folder / name)[0]
        repetitions = _repetitions(name, files, binary=layout in {"auto", "vot-binary"})
        if not repetitions:
            continue
        found[name] = tuple(folder / name / file for file in repetitions)
        values = [f"{Path(file).stem}_time.value" for file in repetitions]
        if f"{name}_time.txt" in files:
            seconds[name] = (folder / name / f"{name}_time.txt",)
        elif all(value in files for value in values):
            seconds[name] = tuple(folder / name / value for value in values)
    if not found:
        raise _nothing(folder, _scan(folder)[0], folders)
    binary = any(path.suffix == ".bin" for paths in found.values() for path in paths)
    if binary and content == "boxes":
        raise DsltError(f"{folder}: binary VOT files, which a one-pass protocol cannot score")
    layout = (
        "got10k" if layout == "got10k" or content == "boxes" else "vot-binary" if binary else "vot"
    )
    return ResultFiles(layout, found, seconds, (_named(layout, folder),))


def _repetitions(name: str, files: list[str], binary: bool) -> list[str]:
    """Names of a sequence's numbered files; the official toolkit reads .txt where both are."""
    chosen: dict[str, str] = {}
    for file in files:
        match = _REPETITION.fullmatch(file)
        if match and match[1].lower() == name.lower() and (binary or match[3] == "txt"):
            chosen[match[2]] = file if match[3] == "txt" else chosen.get(match[2], file)
    return [chosen[number] for number in sorted(chosen)]


def _named(layout: str, folder: Path, tracker: str = "") -> str:
    """Say which layout was found."""
    return f"{folder}: read as {_TITLES[layout].format(tracker=tracker)}"


def _nothing(folder: Path, files: list[str], folders: list[str]) -> DsltError:
    """The error for a folder without results, with what is in it instead."""
    inside = [*(f"{name}/" for name in folders), *files]
    hint = "; give the tracker's own folder" if folders and not files else ""
    return DsltError(
        f"{folder}: no result files; expected <sequence>.txt, <sequence>_<tracker>.mat or"
        f" <sequence>/<sequence>_001.txt, found {some(inside) or 'nothing'}{hint}"
    )


def some(names: Sequence[str], most: int = 8) -> str:
    """Name the first few of a list."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
