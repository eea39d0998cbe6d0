"""Ground truth of UAV123: `anno[/UAV123]/<name>.txt` with `att/<name>.txt`, or JSON.

That of UAV123@10fps, of the same sequences, is in folders `UAV123_10fps` and may lie beside it.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dslt.data.benchmarks.truth.codes import UAV123
from dslt.data.benchmarks.truth.pysot import json_layouts
from dslt.data.benchmarks.truth.source import (
    Layout,
    beside,
    box_files,
    first_folder,
    read_target,
    text_files,
    text_layout,
)


def layouts(root: Path, origin: int, own: str = "UAV123") -> Iterator[Layout]:
    """Ground truth under a root.

    Args:
        root: A folder, or a JSON file.
        origin: 0 or 1, where the boxes count pixels from.
        own: Name of the benchmark's own folder.

    Raises:
        DsltError: A JSON file cannot be read.
    """
    if root.is_dir():
        for place in (f"anno/{own}", "anno", own, "."):
            folder = root / place
            files = box_files(folder) if folder == root else text_files(folder)
            if files:
                att = first_folder(folder / "att", folder.parent / "att", root / "att")
                flags = beside(text_files(att), files)
                yield text_layout(partial(read_target, UAV123, origin), files, flags)
    yield from json_layouts(root, origin, UAV123)
