"""Results with a folder for each sequence, as GOT-10k and VOT have them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.score.formats.found import Content, ResultFiles, nothing, scan, some

SUPERVISED = "baseline"  # VOT's name of the supervised experiment
_REPETITION = re.compile(r"(.+)_(\d{3})\.(txt|bin)")
_ANCHOR = re.compile(r".+_\d{8}\.(txt|bin)")  # of VOT's runs from several frames


def read_experiment(
    folder: Path, experiment: str, folders: list[str], layout: str, content: Content
) -> ResultFiles:
    """VOT's folder of an experiment, in the folder of a tracker."""
    if content == "boxes" and experiment == SUPERVISED:
        raise DsltError(
            f"{folder}: supervised VOT results (folder {experiment}); a one-pass protocol cannot"
            " score them, use a protocol of kind vot"
        )
    inside = folder / experiment
    found = read_tree(inside, scan(inside)[1], layout, content)
    notes = [] if experiment == SUPERVISED else [f"{folder}: its folder {experiment} was read"]
    if rest := [name for name in folders if name != experiment]:
        notes.append(f"{folder}: the folders beside {experiment} were not read: {some(rest)}")
    return replace(found, notes=(*found.notes, *notes))


def read_tree(folder: Path, folders: list[str], layout: str, content: Content) -> ResultFiles:
    """A folder per sequence, a numbered file per repetition; text goes before binary."""
    found: dict[str, tuple[Path, ...]] = {}
    seconds: dict[str, tuple[Path, ...]] = {}
    single: dict[str, tuple[Path, ...]] = {}
    other, odd = "", []
    for name in folders:
        files = scan(folder / name)[0]
        repetitions = _repetitions(name, files, binary=layout in {"auto", "vot-binary"})
        odd += [f"{name}/{file}" for file in _unread(name, files, repetitions)]
        if "result.json" in files:
            single[name] = (folder / name / "result.json",)
        if not repetitions:
            other = other or _other_form(folder / name, files)
            continue
        found[name] = tuple(folder / name / file for file in repetitions)
        stems = [Path(file).stem for file in repetitions]
        for records in (
            [f"{name}_time.txt"],
            [f"{stem}_time.value" for stem in stems],
            [f"{stem}_time.txt" for stem in stems],
        ):
            if name not in seconds and all(record in files for record in records):
                seconds[name] = tuple(folder / name / record for record in records)
    if single and not found and layout in {"auto", "otb-json"}:
        return ResultFiles("otb-json", single, {}, ())
    if not found and other:
        raise DsltError(other)
    if not found:
        return _other_experiment(folder, folders, layout, content)
    binary = any(path.suffix == ".bin" for paths in found.values() for path in paths)
    if binary and content == "boxes":
        raise DsltError(f"{folder}: binary VOT files, which a one-pass protocol cannot score")
    layout = (
        "got10k" if layout == "got10k" or content == "boxes" else "vot-binary" if binary else "vot"
    )
    notes = [f"{folder}: not read, nor counted as a repetition: {some(odd)}"] if odd else []
    return ResultFiles(layout, found, seconds, (*notes, *_gaps(folder, found)))


def _unread(name: str, files: Sequence[str], read: Sequence[str]) -> list[str]:
    """Name files of a sequence's folder that may be results, but are not called as they are."""
    stems = {file.rpartition(".")[0] for file in read}
    return [
        file
        for file in files
        if file.lower().endswith((".txt", ".bin"))
        and file.rpartition(".")[0] not in stems
        and not file.endswith("_time.txt")
    ]


def _gaps(folder: Path, found: Mapping[str, Sequence[Path]]) -> list[str]:
    """Say where repetitions are not counted from one on."""
    odd = [
        name
        for name, paths in found.items()
        if [int(path.stem[-3:]) for path in paths] != list(range(1, len(paths) + 1))
    ]
    return [f"{folder}: numbers of repetitions are missing in {some(odd)}"] if odd else []


def _repetitions(name: str, files: list[str], binary: bool) -> list[str]:
    """Names of a sequence's numbered files; the official toolkit reads .txt where both are."""
    chosen: dict[str, str] = {}
    for file in files:
        match = _REPETITION.fullmatch(file)
        if match and match[1].lower() == name.lower() and (binary or match[3] == "txt"):
            chosen[match[2]] = file if match[3] == "txt" else chosen.get(match[2], file)
    return [chosen[number] for number in sorted(chosen)]


def _other_form(folder: Path, files: Sequence[str]) -> str:
    """Name a run of VOT's later experiments, empty where there is none."""
    for file in files:
        match = _REPETITION.fullmatch(file)
        if _ANCHOR.fullmatch(file):
            what = "a run from one of several frames, as VOT has them since 2020"
        elif match and match[1].lower().startswith(f"{folder.name.lower()}_"):
            what = "a run on one of several targets, as VOTS has them"
        else:
            continue
        return (
            f"{folder / file}: {what}, which no protocol here scores; expected"
            f" {folder.name}_001.txt or .bin, the run of a supervised experiment or of one pass"
        )
    return ""


def _other_experiment(
    folder: Path, folders: list[str], layout: str, content: Content
) -> ResultFiles:
    """Take the one folder that has the sequences' folders in it, whatever its name."""
    below = {
        name: any(
            _repetitions(sequence, scan(folder / name / sequence)[0], binary=True)
            for sequence in scan(folder / name)[1]
        )
        for name in folders
    }
    chosen = [name for name, there in below.items() if there]
    if len(chosen) > 1:
        raise DsltError(
            f"{folder}: results of several trackers or experiments: {some(chosen)}; give the folder"
            " of one of them"
        )
    if not chosen:
        raise nothing(folder, scan(folder)[0], folders)
    return read_experiment(folder, chosen[0], folders, layout, content)
