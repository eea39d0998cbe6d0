"""Ground truth of OTB: the toolkit's `anno` folder, the site's sequence folders, or JSON."""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path

from dslt.data.benchmarks.truth.codes import OTB, codes_in, ordered
from dslt.data.benchmarks.truth.pysot import json_attributes, json_layouts
from dslt.data.benchmarks.truth.source import (
    Layout,
    beside,
    box_files,
    first_folder,
    read_codes,
    read_text,
    text_files,
    text_layout,
)
from dslt.data.sequences.folders import ATTRIBUTES, scan_targets
from dslt.data.sequences.names import match_names
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import read_boxes

_LISTS = ("tb_100.txt", "attr_list.txt", "tb_50.txt", "cvpr13.txt")
_LIST_NOTE = (
    "attributes are those of the site's lists, not of the toolkit's flags (anno/att), which other"
    " papers count: the two differ in 14 of OTB-2015's sequences"
)
_LISTED = re.compile(r"(\S+)\t(.*)")


def layouts(root: Path, origin: int) -> Iterator[Layout]:
    """Ground truth under a root, the official forms first.

    Raises:
        DsltError: A list of attributes or a JSON file cannot be read.
    """
    if root.is_dir():
        for files in (text_files(root / "anno"), _sequence_folders(root), box_files(root)):
            if files:
                yield _text_layout(root, files, origin)
    yield from json_layouts(root, origin, OTB)


def _sequence_folders(root: Path) -> dict[str, Path]:
    """Files `<Name>/groundtruth_rect[.<number>].txt` by name or name-number."""
    if not any(root.glob("*/groundtruth_rect*.txt")):
        return {}
    return {
        target.name: root / target.folder / target.boxes for target in scan_targets(root).values()
    }


def _text_layout(root: Path, files: Mapping[str, Path], origin: int) -> Layout:
    att = first_folder(root / "att", root / "anno" / "att", root.parent / "att")
    flags = beside(text_files(att), files)
    codes, notes = ({}, ()) if len(flags) == len(files) else _published_codes(root, files)
    published = {files[name]: codes[found] for name, found in match_names(files, codes).items()}
    read = partial(_target, origin, published)
    return text_layout(read, files, flags, notes=notes if published else ())


def _target(
    origin: int, published: Mapping[Path, tuple[str, ...]], path: Path, flags: Path | None
) -> Target:
    """Read one sequence; its attributes are flags in a file, published, or in its folder."""
    own = path.parent / ATTRIBUTES
    if flags is not None:
        codes = read_codes(flags, OTB)
    elif path in published:
        codes = published[path]
    elif path.name.startswith("groundtruth_rect") and own.is_file():
        codes = _codes(read_text(own))
    else:
        codes = ()
    return Target(read_boxes(path, origin), codes, "")


def _published_codes(
    root: Path, wanted: Collection[str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Attributes by sequence from files in the root or beside it, and notes about them.

    JSON files repeat the toolkit's flags, which legends in papers count; the lists of the site,
    `Name<tab>IV, SV`, differ from them in 14 sequences.
    """
    listed: dict[str, tuple[str, ...]] = {}
    for folder in (root, root.parent):
        if found := json_attributes(folder, wanted, OTB):
            return found, ()
        for path in (folder / name for name in _LISTS):
            if path.is_file():
                for line in read_text(path).splitlines():
                    if match := _LISTED.fullmatch(line.strip()):
                        listed.setdefault(match[1], _codes(match[2]))
        if listed:
            return listed, (_LIST_NOTE,)
    return {}, ()


def _codes(text: str) -> tuple[str, ...]:
    return ordered(codes_in(text), OTB)
