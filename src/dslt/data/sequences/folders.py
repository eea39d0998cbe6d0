"""Folders of sequences in the OTB layout: which targets are there, and where their boxes are.

A sequence is `ROOT/NAME/img/*` with `ROOT/NAME/groundtruth_rect.txt`. A folder with several
targets (OTB's Jogging, Skating2) has `groundtruth_rect.1.txt`, `groundtruth_rect.2.txt`: the
sequences NAME-1, NAME-2. A folder with one numbered file only (Human4) is the sequence NAME.
Only names are read here, so that the workflow can list sequences while it builds its graph.
"""

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from dslt.core.errors import DsltError, unknown
from dslt.core.names import NAME

BOXES = "groundtruth_rect.txt"
META = "meta.json"
ATTRIBUTES = "attributes.txt"
_NUMBERED = re.compile(r"groundtruth_rect\.(\d+)\.txt")


@dataclass(frozen=True)
class FolderTarget:
    """One target of a folder of sequences.

    Attributes:
        name: Name of the sequence.
        folder: Name of the sub-folder under the root, which is the source video.
        boxes: File name of its ground truth in that sub-folder.
    """

    name: str
    folder: str
    boxes: str


def targets_of(root: str | os.PathLike[str], folder: str) -> list[FolderTarget]:
    """Targets of one sub-folder, none where it has no ground truth.

    Raises:
        DsltError: It cannot be read.
    """
    names = _listed(Path(root, folder))
    if BOXES in names:
        return [FolderTarget(folder, folder, BOXES)]
    numbered = sorted(
        (int(match[1]), name) for name in names if (match := _NUMBERED.fullmatch(name))
    )
    if len(numbered) == 1:
        return [FolderTarget(folder, folder, numbered[0][1])]
    return [FolderTarget(f"{folder}-{number}", folder, name) for number, name in numbered]


def scan_targets(root: str | os.PathLike[str]) -> dict[str, FolderTarget]:
    """All targets under a root by name, in the order of their names.

    Raises:
        DsltError: The root is missing or has no sequence, or a folder cannot be read, or a name
            occurs twice or cannot be a file name of results.
    """
    base = Path(root)
    if not base.is_dir():
        raise DsltError(f"{base}: no such folder of sequences")
    folders = [name for name in _folders(base) if name[0] != "."]
    targets: dict[str, FolderTarget] = {}
    for target in (target for folder in folders for target in targets_of(base, folder)):
        if not NAME.fullmatch(target.name):
            raise DsltError(
                f"{base / target.folder}: {target.name!r} cannot name a sequence (it has a space "
                "or a quote, or starts with '-'); rename the folder"
            )
        if target.name in targets:
            raise DsltError(
                f"{base}: two sequences are called {target.name}: in {target.folder} and in "
                f"{targets[target.name].folder}; rename one folder"
            )
        targets[target.name] = target
    if not targets:
        raise DsltError(f"{base}: no sequence in the folder; expected NAME/img/* with NAME/{BOXES}")
    return targets


def select_targets(
    root: str | os.PathLike[str], names: Collection[str] | None = None
) -> list[FolderTarget]:
    """Targets under a root: all, or the named ones in the order of `names`.

    Raises:
        DsltError: A name has no ground truth, or names a folder of several targets.
    """
    targets = scan_targets(root)
    if names is None:
        return list(targets.values())
    return [_find(Path(root), name, targets) for name in names]


def unused_files(
    root: str | os.PathLike[str], targets: Iterable[FolderTarget], *, all_folders: bool
) -> list[str]:
    """Say what under a root looks like sequences or targets, and is none.

    Args:
        root: The folder of sequences.
        targets: Those that are taken.
        all_folders: Whether folders that hold none of them are looked at, too.

    Raises:
        DsltError: A folder cannot be read.
    """
    boxes = {target.folder: target.boxes for target in targets}
    others = _folders(Path(root)) if all_folders else []
    notes = []
    for folder in sorted({*boxes, *others}):
        names = _listed(Path(root, folder))
        if folder not in boxes and "img" in names:
            texts = ", ".join(name for name in names if name.endswith(".txt")) or "none"
            notes.append(
                f"{Path(root, folder)}: no sequence, as it has img but no {BOXES}; its text "
                f"files: {texts}"
            )
        numbered = [name for name in names if _NUMBERED.fullmatch(name)]
        if boxes.get(folder) == BOXES and numbered:
            notes.append(
                f"{Path(root, folder)}: {BOXES} is its only target; not taken: "
                f"{', '.join(numbered)} (of several targets, number all)"
            )
    return notes


def _listed(folder: Path) -> list[str]:
    """Names in a folder, sorted.

    Raises:
        DsltError: It cannot be read.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise DsltError(f"{folder}: not a readable folder ({error.strerror})") from None


def _folders(folder: Path) -> list[str]:
    """Names of the folders in a folder, sorted; see `_listed`."""
    return [name for name in _listed(folder) if os.path.isdir(folder / name)]  # noqa: PTH112


def _find(root: Path, name: str, targets: dict[str, FolderTarget]) -> FolderTarget:
    if name in targets:
        return targets[name]
    folder, _, number = name.rpartition("-")
    numbered = f"groundtruth_rect.{number}.txt"
    if folder and number.isdecimal() and (root / folder / numbered).is_file():
        return FolderTarget(name, folder, numbered)  # Human4-2 may be called so, too
    several = sorted(target.name for target in targets.values() if target.folder == name)
    if several:
        raise DsltError(
            f"{root / name}: holds {len(several)} targets; name one: {', '.join(several)}"
        )
    if (root / name).is_dir():
        raise DsltError(f"{root / name / BOXES}: no ground truth for sequence {name}")
    raise unknown(f"sequence of {root}", name, targets)
