"""Ground truth of LaSOT: the toolkit's files, the data set's folders, or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dslt.data.benchmarks.truth.codes import LASOT
from dslt.data.benchmarks.truth.pysot import json_layouts
from dslt.data.benchmarks.truth.source import (
    Layout,
    Source,
    beside,
    box_files,
    existing,
    first_folder,
    read_codes,
    read_flags,
    read_text,
    text_files,
)
from dslt.data.sequences.names import match_names
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import read_boxes

_ABSENCE = ("full_occlusion.txt", "out_of_view.txt")
_TEST_LIST = "testing_set.txt"


def layouts(root: Path, origin: int) -> Iterator[Layout]:
    """Ground truth under a root; only the sequences of the test list where there is one.

    Raises:
        DsltError: The list or a JSON file cannot be read.
    """
    if root.is_dir():
        for folder in (root / "boxes", root / "annos", root):
            files = box_files(folder) if folder == root else text_files(folder)
            if files:
                yield _toolkit_layout(root, folder, _listed(root, files), origin)
        folders = [*root.glob("*/groundtruth.txt"), *root.glob("*/*/groundtruth.txt")]
        if folders:
            yield _folders_layout(
                _listed(root, {f.parent.name: f for f in sorted(folders)}), origin
            )
    yield from json_layouts(root, origin, LASOT)


def _listed(root: Path, files: dict[str, Path]) -> dict[str, Path]:
    """Keep the files of the test list, if the root has one."""
    if not (root / _TEST_LIST).is_file():
        return files
    names = [line.strip() for line in read_text(root / _TEST_LIST).splitlines() if line.strip()]
    return beside(files, names) if match_names(names, files) else files


def _toolkit_layout(root: Path, folder: Path, files: dict[str, Path], origin: int) -> Layout:
    absent = beside(text_files(first_folder(root / "absent", folder / "absent")), files)
    flags = beside(text_files(first_folder(root / "att", folder / "att")), files)
    sources = {
        name: Source(
            existing(path, absent.get(name), flags.get(name)),
            partial(_target, path, existing(absent.get(name)), flags.get(name), origin),
        )
        for name, path in files.items()
    }
    return Layout(sources, _without_flags([name for name in files if name not in absent]))


def _folders_layout(files: dict[str, Path], origin: int) -> Layout:
    sources, without = {}, []
    for name, path in files.items():
        absence = tuple(path.parent / file for file in _ABSENCE if (path.parent / file).is_file())
        sources[name] = Source((path, *absence), partial(_target, path, absence, None, origin))
        if len(absence) < len(_ABSENCE):
            without.append(name)
    return Layout(sources, _without_flags(without))


def _without_flags(names: list[str]) -> tuple[str, ...]:
    """Say that frames without target cannot be dropped where nothing flags them."""
    if not names:
        return ()
    return (
        f"{len(names)} sequences have no (complete) flags of frames without target, which are"
        f" scored there: not LaSOT's protocol ({', '.join(names[:3])}{', ...' * (len(names) > 3)})",
    )


def _target(path: Path, absence: tuple[Path, ...], flags: Path | None, origin: int) -> Target:
    truth = read_boxes(path, origin)
    absent = None
    for file in absence:
        flagged = read_flags(file, len(truth))
        absent = flagged if absent is None else absent | flagged
    return Target(truth, read_codes(flags, LASOT), "", absent=absent)
