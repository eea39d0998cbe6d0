"""What all layouts of ground truth share: sequences that are found first and read later."""

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dslt.core.arrays import Mask
from dslt.core.errors import DsltError, quote
from dslt.data.sequences.names import match_names
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import read_boxes

_BOX_LINE = re.compile(
    rb"^\s*([-+]?(\d[\d.eE+-]*|\.\d+|nan)[,;\s]+){3,}[-+]?(\d|\.\d|nan)", re.I | re.M
)


@dataclass(frozen=True)
class TruthSource:
    """One sequence's ground truth, found but not read.

    Attributes:
        files: Files that `read` reads.
        read: Gives the target, with every row of the annotation.
    """

    files: tuple[Path, ...]
    read: Callable[[], Target]


@dataclass(frozen=True)
class Layout:
    """Ground truth of a data set as it lies in a folder.

    Attributes:
        sources: Source of each sequence, by the name that is used there.
        notes: What a reader of the scores has to know.
        lacking: Sequences that a list in the folder names and that are not there.
    """

    sources: Mapping[str, TruthSource]
    notes: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def text_layout(
    read: Callable[..., Target],
    files: Mapping[str, Path],
    *others: Mapping[str, Path],
    notes: tuple[str, ...] = (),
) -> Layout:
    """Make a layout of text files.

    Args:
        read: Makes a target of a sequence's file and of its files among `others`, each None where
            the sequence has none.
        files: Files with the boxes by sequence.
        others: Files with more about some of the sequences.
        notes: See `Layout`.
    """
    sources = {}
    for name, path in files.items():
        more = [other.get(name) for other in others]
        existing = tuple(found for found in more if found is not None)
        sources[name] = TruthSource((path, *existing), partial(read, path, *more))
    return Layout(sources, notes)


def text_files(folder: Path | None) -> dict[str, Path]:
    """Files `<name>.txt` of a folder by name; none where there is no such folder."""
    files = sorted(folder.glob("*.txt")) if folder else []
    # Neither links to nowhere nor the hidden files that macOS leaves.
    return {path.stem: path for path in files if path.is_file() and path.name[0] != "."}


def box_files(folder: Path) -> dict[str, Path]:
    """Text files with a box near their start: a folder may hold lists of names, too."""
    return {name: path for name, path in text_files(folder).items() if _has_boxes(path)}


def _has_boxes(path: Path) -> bool:
    """Tell whether a box stands in one of the first lines; a header before it is refused later."""
    with path.open("rb") as handle:
        return _BOX_LINE.search(handle.read(200).removeprefix(b"\xef\xbb\xbf")) is not None


def first_folder(*folders: Path) -> Path | None:
    """The first folder that is there."""
    return next((folder for folder in folders if folder.is_dir()), None)


def beside(files: Mapping[str, Path], names: Iterable[str]) -> dict[str, Path]:
    """Files by the names of sequences that may be spelled otherwise (`match_names`)."""
    return {name: files[found] for name, found in match_names(names, files).items()}


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        DsltError: It is missing or not text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DsltError(f"{path}: no such file; the data set is not complete") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{path}: not a readable text file ({error})") from None


def read_names(path: Path) -> list[str]:
    """Read a list of names, one a line; each once, in the order of the first time.

    Raises:
        DsltError: As `read_text`.
    """
    lines = map(str.strip, read_text(path).splitlines())
    return list(dict.fromkeys(filter(None, lines)))


def listed(files: dict[str, Path], path: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Keep the files of the sequences that a list names, all where it is missing or names none.

    Returns:
        The files, and the names of the list that have none.
    """
    names = read_names(path) if path.is_file() else []
    kept = beside(files, names)
    if not kept:
        return files, ()
    return kept, tuple(name for name in names if name not in kept)


def read_flags(path: Path, frames: int, *, pad: bool = False) -> Mask:
    """Read flags 0 and 1, on lines of their own or delimited; see `as_flags`."""
    words = read_text(path).replace(",", " ").replace(";", " ").split()
    return as_flags([_flag(word) for word in words], frames, str(path), pad=pad)


def _flag(word: str) -> float | str:
    """Give 0 or 1 where a word means it, as 1.0 does, and else the word itself."""
    with contextlib.suppress(ValueError):
        if float(word) in (0, 1):
            return float(word)
    return word


def as_flags(values: Sequence[Any], frames: int, where: str, *, pad: bool = False) -> Mask:
    """Bring flags to one per frame.

    Args:
        values: The flags, which should be numbers.
        frames: Number of flags that there must be.
        where: Names the flags in the error.
        pad: Whether missing flags are 0, as files of VOT may have to be filled up.

    Returns:
        Flags (frames,).

    Raises:
        DsltError: A value is neither 0 nor 1, or there is another number of them.
    """
    for number, value in enumerate(values, 1):
        if value not in (0, 1):
            raise DsltError(f"{where}, value {number}: {quote(value)}; expected 0 or 1")
    if len(values) > frames or (len(values) < frames and not pad):
        raise DsltError(f"{where}: {len(values)} flags, expected {frames}")
    flags = np.zeros(frames, dtype=bool)
    flags[: len(values)] = values
    return flags


def read_codes(path: Path | None, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Attribute codes whose flag is set in a file, in the order of the flags.

    Raises:
        DsltError: The file does not have one flag, 0 or 1, per code.
    """
    if path is None:
        return ()
    flags = read_flags(path, len(codes))
    return tuple(code for code, flag in zip(codes, flags.tolist(), strict=True) if flag)


def read_target(
    codes: tuple[str, ...], origin: int, path: Path, flags: Path | None, *absence: Path | None
) -> Target:
    """Read a sequence's boxes, attributes and flags of absence.

    Args:
        codes: Attribute codes of the benchmark, in the order of their flags.
        origin: 0 or 1, where the boxes count pixels from.
        path: File with the boxes.
        flags: File with the flags of the attributes, if there is one.
        absence: Files with a flag per frame; a frame that one of them flags is without target.

    Raises:
        DsltError: A file is missing or wrong, or has flags for another number of frames.
    """
    truth = read_boxes(path, origin)
    absent = [read_flags(file, len(truth)) for file in absence if file is not None]
    attributes = read_codes(flags, codes)
    return Target(truth, attributes, "", absent=np.any(absent, axis=0) if absent else None)
