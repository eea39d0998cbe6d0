"""How result files lie in a folder, told by the names that are there and never by their bytes.

| layout | files |
|---|---|
| `otb`, `pysot` | `<sequence>.txt`; seconds in `<sequence>.csv`, `<sequence>_time.txt`, `times/` |
| `otb-mat` | `<sequence>_<tracker>.mat` |
| `otb-json` | `<sequence>.json`, or `<sequence>/result.json` |
| `got10k` | `<sequence>/<sequence>_001.txt`, ...; seconds in `<sequence>/<sequence>_time.txt` |
| `vot` | the same below a folder of the experiment, `baseline`, or without it |
| `vot-binary` | the same with `.bin`; seconds in `<sequence>_001_time.value` |

All of them may have a tracker's name around the sequence's (`affixes`). A supervised run of our own
trackers lies flat, as `otb` does, with VOT's lines in the text.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from dslt.core.errors import DsltError, unknown
from dslt.core.files import sha256_file
from dslt.data.sequences.names import alike, match_names
from dslt.score.formats.affixes import PLAIN, any_named, split_names
from dslt.score.formats.found import Content, ResultFiles, nothing, scan, some
from dslt.score.formats.trees import read_experiment, read_tree

LAYOUTS = ("otb", "otb-mat", "pysot", "got10k", "vot", "vot-binary")  # those that we write, too
_ALLOWED = ("auto", *LAYOUTS, "otb-json")
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".7z", ".rar"}
_TITLES = {
    "otb-mat": "MATLAB files {}.mat",
    "otb-json": "JSON files of {}",
    "got10k": "folders {0}/{0}_001.txt, as GOT-10k has them",
    "vot": "folders {0}/{0}_001.txt, as VOT has them",
    "vot-binary": "folders {0}/{0}_001.bin, as VOT has them",
}


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
        layout: One of `LAYOUTS`, `otb-json`, or `auto`.
        wanted: Names of the sequences, which tell what else stands in the names of files.
        content: `boxes` of one-pass runs or supervised `runs`; with folders per sequence only this
            tells GOT-10k's layout from VOT's.
        experiment: VOT's folder between the tracker's and the sequences'.

    Raises:
        DsltError: The folder does not exist, holds no result files, or those of several trackers.
    """
    if layout not in _ALLOWED:
        raise unknown("layout of results", layout, _ALLOWED)
    if not folder.is_dir():
        hint = "; unpack the archive first" if folder.suffix in _ARCHIVES else ""
        raise DsltError(f"{folder}: no such folder of raw results{hint}")
    names = list(wanted)
    found = _found(folder, layout, content, experiment, names)
    if not names and found.layout != "otb-mat":
        return _named(folder, found)
    try:
        affix, stems = split_names(list(found.files), names)
    except DsltError as error:
        raise DsltError(f"{folder}: {error}") from None
    if affix == PLAIN:
        return _named(folder, found)
    found = replace(
        found,
        files={name: found.files[stem] for name, stem in stems.items()},
        seconds={n: found.seconds[stem] for n, stem in stems.items() if stem in found.seconds},
    )
    return _named(folder, found, f"{affix.prefix}<sequence>{affix.suffix}")


def _found(
    folder: Path, layout: str, content: Content, experiment: str, wanted: Sequence[str]
) -> ResultFiles:
    """Find files under the names that they have."""
    files, folders = scan(folder)
    if layout in {"auto", "vot", "vot-binary"} and experiment in folders:
        return read_experiment(folder, experiment, folders, layout, content)
    ends = {name.rpartition(".")[2] for name in files}
    if layout in {"auto", "vot"} and "txt" in ends and not _beside(files, folders, wanted):
        layout = "otb"
    if layout in {"otb", "pysot"}:
        return _flat(folder, files, folders, wanted)
    for kind, end in (("otb-mat", "mat"), ("otb-json", "json")):
        if (layout == kind and end in ends) or (layout == "auto" and end in ends):
            stems = [name.rpartition(".")[0] for name in files if name.endswith(f".{end}")]
            return ResultFiles(kind, {s: (folder / f"{s}.{end}",) for s in stems}, {}, ())
    return read_tree(folder, folders, layout, content)


def _beside(files: Sequence[str], folders: Collection[str], wanted: Sequence[str]) -> bool:
    """Tell whether the text files, a README, only lie beside the results."""
    others = {*folders} - {"times"} or any(name.endswith((".mat", ".json")) for name in files)
    texts = [name[:-4] for name in files if name.endswith(".txt")]
    return bool(wanted and others and not any_named(texts, wanted))


def pair_files(
    folder: Path, found: ResultFiles, wanted: Collection[str], *, part: bool = False
) -> tuple[dict[str, str], list[str]]:
    """Pair the benchmark's sequences with the files' names.

    Args:
        folder: The folder of the results, for messages.
        found: The files in it.
        wanted: Names of the sequences.
        part: Whether less than half of them may be missing.

    Returns:
        Sequence to the name in `found`, and notes about missing sequences, other spellings and
        files left over.

    Raises:
        DsltError: A sequence has no file, or several; the message lists them.
    """
    pairs = match_names(wanted, found.files)
    missing = [name for name in wanted if name not in pairs]
    taken = set(pairs.values())
    extra = [name for name in found.files if name not in taken]
    for name in missing:
        if len(several := alike(name, extra)) > 1:
            raise DsltError(
                f"{folder}: {some(several)} could each be the result of {name}; leave one of them"
            )
    if missing and not (part and 2 * len(pairs) > len(wanted)):
        rest = f"; of no sequence: {some(extra)}" if extra and taken else ""
        raise DsltError(
            f"{folder}: no result for {some(missing)}; expected a result for each of"
            f" {len(wanted)} sequences, found {some(sorted(found.files)) or 'none'}{rest}"
        )
    notes = []
    if missing:
        notes.append(
            f"A PART ONLY: {len(pairs)} of {len(wanted)} sequences were scored; {folder} has no"
            f" result for {some(missing)}"
        )
    other = [f"{theirs} for {ours}" for ours, theirs in pairs.items() if theirs != ours]
    if other:
        notes.append(f"{len(other)} names of files are spelled otherwise: {some(other, 4)}")
    if extra:
        notes.append(f"{len(extra)} files of no sequence that is scored ignored: {some(extra)}")
    return pairs, notes


def checksum(folder: Path, wanted: Collection[str], content: Content) -> str:
    """SHA-256 of the result files of the sequences, boxes and times, in the sequences' order.

    Args:
        folder: Folder of the tracker, in any layout.
        wanted: Names of the sequences; less than half of them may be missing.
        content: As of `find_files`.

    Raises:
        DsltError: As `find_files` and `pair_files`.
    """
    found = find_files(folder, wanted=wanted, content=content)
    pairs, _ = pair_files(folder, found, wanted, part=True)
    digest = hashlib.sha256()
    for name in pairs.values():
        for path in (*found.files[name], *found.seconds.get(name, ())):
            digest.update(bytes.fromhex(sha256_file(path)))
    return digest.hexdigest()


def _flat(
    folder: Path, files: list[str], folders: list[str], wanted: Collection[str]
) -> ResultFiles:
    """One text file per sequence; `<sequence>_time.txt` beside it is a record of time.

    It is a sequence of its own where one of that name is wanted.
    """
    names = {name[:-4] for name in files if name.endswith(".txt")}
    times = {name for name in names if name.endswith("_time") and name[:-5] in names}
    times -= {*wanted}
    apart = scan(folder / "times")[0] if "times" in folders else []
    listed = {*files, *(f"times/{name}" for name in apart)}
    found: dict[str, tuple[Path, ...]] = {}
    seconds: dict[str, tuple[Path, ...]] = {}
    for name in sorted(names - times):
        found[name] = (folder / f"{name}.txt",)
        records = [f"{name}.csv", f"times/{name}_time.txt"]
        if f"{name}_time" in times:
            records.insert(1, f"{name}_time.txt")
        if record := next((record for record in records if record in listed), ""):
            seconds[name] = (folder / record,)
    if not found:
        raise nothing(folder, files, folders)
    mat = sum(name.endswith(".mat") for name in files)
    note = (f"{folder}: the text files were read, {mat} .mat files were not",) if mat else ()
    return ResultFiles("otb", found, seconds, note)


def _named(folder: Path, found: ResultFiles, form: str = "<sequence>") -> ResultFiles:
    """Say which layout was found."""
    title = _TITLES.get(found.layout, "" if form == "<sequence>" else "files {}.txt")
    note = (f"{folder}: read as {title.format(form)}",) if title else ()
    return replace(found, notes=(*note, *found.notes))
