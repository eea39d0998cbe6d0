"""Ground truth of LaSOT: the toolkit's files, the data set's folders, or JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from dslt.data.benchmarks.truth.codes import LASOT
from dslt.data.benchmarks.truth.pysot import json_layouts
from dslt.data.benchmarks.truth.source import (
    Layout,
    beside,
    box_files,
    first_folder,
    listed,
    read_target,
    text_files,
    text_layout,
)

ABSENCE = ("full_occlusion.txt", "out_of_view.txt")
_TEST_LIST = "testing_set.txt"


def layouts(root: Path, origin: int) -> Iterator[Layout]:
    """Ground truth under a root; only the sequences of the test list where there is one.

    Raises:
        DsltError: The list or a JSON file cannot be read.
    """
    if root.is_dir():
        for folder in (root / "boxes", root / "annos", root):
            files = box_files(folder) if folder == root else text_files(folder)
            files, lacking = listed(files, root / _TEST_LIST)
            if files:
                absent = text_files(first_folder(root / "absent", folder / "absent"))
                flags = text_files(first_folder(root / "att", folder / "att"))
                found = _layout(origin, files, beside(flags, files), beside(absent, files))
                yield replace(found, lacking=lacking)
        folders = sorted([*root.glob("*/groundtruth.txt"), *root.glob("*/*/groundtruth.txt")])
        files, lacking = listed({path.parent.name: path for path in folders}, root / _TEST_LIST)
        if files:
            found = _layout(origin, files, {}, *(_in_folders(files, name) for name in ABSENCE))
            yield replace(found, lacking=lacking)
    yield from json_layouts(root, origin, LASOT)


def _in_folders(files: Mapping[str, Path], other: str) -> dict[str, Path]:
    """Files of another name in the folders of files."""
    places = {name: path.with_name(other) for name, path in files.items()}
    return {name: path for name, path in places.items() if path.is_file()}


def _layout(
    origin: int, files: Mapping[str, Path], flags: Mapping[str, Path], *absence: Mapping[str, Path]
) -> Layout:
    """Make a layout that says where frames without target cannot be dropped for want of flags."""
    names = [name for name in files if not all(name in found for found in absence)]
    notes = (
        f"{len(names)} sequences have no (complete) flags of frames without target, which are"
        f" scored there: not LaSOT's protocol ({', '.join(names[:3])}{', ...' * (len(names) > 3)})",
    )
    read = partial(read_target, LASOT, origin)
    return text_layout(read, files, flags, *absence, notes=notes if names else ())
