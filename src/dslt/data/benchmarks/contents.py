"""What a sequence of an index is made of, as a value that changes with it."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from dslt.core.files import sha256_file
from dslt.data.benchmarks.index_entry import ImagesSource, IndexEntry
from dslt.data.sequences.packed import PackedFrames


def contents_of(entry: IndexEntry, frames: int | None = None) -> dict[str, Any]:
    """Write down all that a tracker is told of a sequence: frames and truth.

    Images count by their bytes; those in an archive by what its directory says of them.

    Args:
        entry: The sequence.
        frames: So many of its first frames alone; default: all.

    Raises:
        DsltError: A frame is missing.
    """
    rows = slice(frames)
    truth = hashlib.sha256()
    for values in (entry.truth, entry.corners, entry.absent):
        if values is not None:
            truth.update(f"{values.shape}".encode())
            truth.update(np.ascontiguousarray(values[rows]).tobytes())
    source: Any = entry.source
    if isinstance(source, ImagesSource):
        source = _images(source.part(np.arange(entry.frames)[rows]))
    elif source is not None:
        source = source.model_dump(mode="json")
    return {"truth": truth.hexdigest(), "size": entry.size, "frames": source}


def _images(source: ImagesSource) -> str:
    """Sum up images, which the index knows by name and length only."""
    if source.archive is None:
        sums = [sha256_file(Path(source.root, file)) for file in source.files]
    else:
        packed = PackedFrames(Path(source.root, source.archive), source.files)
        sums = [
            f"{crc} {length}"
            for crc, length in zip(packed.checksums(), packed.lengths(), strict=True)
        ]
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()
