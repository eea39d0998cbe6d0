"""The page that says what each result was made from: settings, weights, data, libraries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dslt import __version__
from dslt.compare.cell import load_comparison
from dslt.core.errors import DsltError
from dslt.core.files import sha256_file
from dslt.core.jsonfile import read_json
from dslt.core.names import split_seed
from dslt.report import html
from dslt.report.links import linked
from dslt.score.scores import load_scores
from dslt.settings.catalog import benchmark_title

if TYPE_CHECKING:
    from dslt.data.benchmarks.index_file import BenchmarkIndex

SHOWN = 16  # hexadecimal digits of a checksum


@dataclass(frozen=True)
class Sources:
    """The files and facts that the page is made from.

    Attributes:
        comparisons: Files of `dslt compare cell`.
        scores: Score files.
        models: `CELL@SEED` to the record of an offline training, `model.json`.
        indexes: Indexes of benchmarks.
        settings: Cell to the hash of its settings.
        libraries: Names and versions of the libraries that can change a number.
    """

    comparisons: Sequence[Path] = ()
    scores: Sequence[Path] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    indexes: Sequence[Path] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    libraries: str = ""


def render(sources: Sources, pages: Sequence[str], out: Path) -> None:
    """Write the page.

    Args:
        sources: What it is made from.
        pages: Pages of the site.
        out: The HTML page.

    Raises:
        DsltError: A file is missing or malformed.
    """
    from dslt.data.benchmarks.index_file import load_index

    indexes = {path: load_index(path) for path in sources.indexes}
    body = html.fill(
        "provenance",
        software=software(sources.libraries),
        cells=pd.DataFrame(list(_cells(sources)), dtype=object),
        data=pd.DataFrame([_data(*one) for one in indexes.items()], dtype=object),
        videos=pd.DataFrame(list(_videos(indexes.values())), dtype=object),
        results=pd.DataFrame([_result(path) for path in sources.scores], dtype=object),
    )
    html.write("Provenance", body, out, html.Site(tuple(pages) or ("index",), out.stem))


def software(libraries: str) -> pd.DataFrame:
    """List this package and the libraries that can change a number, with their versions."""
    rows = [("dslt", __version__), *(text.rsplit(" ", 1) for text in libraries.split(", ") if text)]
    return pd.DataFrame(rows, columns=["Software", "Version"], dtype=object)


def _cells(sources: Sources) -> Iterator[dict[str, object]]:
    """Describe each cell: its preset, the hashes of settings and weights, where it ran."""
    models: dict[str, list[str]] = {}
    for key, model in sources.models.items():
        cell_id, seed = split_seed(key, "--model CELL@SEED=FILE")
        models.setdefault(cell_id, []).append(f"seed {seed}: {_model_id(model)}")
    for path in sources.comparisons:
        cell = load_comparison(path)
        yield {
            "Cell": linked(cell.cell, None, [cell.cell]),
            "Label": cell.label,
            "Tracker and preset": "/".join(filter(None, (cell.base, cell.preset))),
            "Backbone": cell.backbone,
            "Settings": sources.settings.get(cell.cell, ""),
            "Trained weights": ", ".join(models.get(cell.cell, ())),
            "Benchmarks": ", ".join(map(benchmark_title, cell.benchmarks)),
        }


def _model_id(path: str) -> str:
    """Read what a training calls the settings, seed and training sets that it was made from."""
    record = read_json(path)
    if not isinstance(record, dict) or "model_id" not in record:
        raise DsltError(f"{path}: not a record of `dslt train`; it lacks `model_id`")
    return str(record["model_id"])


def _data(path: Path, found: BenchmarkIndex) -> dict[str, object]:
    """Describe a benchmark by its index."""
    return {
        "Benchmark": benchmark_title(found.benchmark),
        "Protocol": found.protocol,
        "Sequences": len(found.sequences),
        "Frames": sum(entry.frames for entry in found.sequences),
        "File": path.as_posix(),
        "SHA-256": sha256_file(path)[:SHOWN],
    }


def _videos(indexes: Iterable[BenchmarkIndex]) -> Iterator[dict[str, object]]:
    """List the videos that sequences are cut from, once each; names may be alike."""
    from dslt.data.benchmarks.index_entry import VideoSource

    seen: dict[tuple[str, str], list[str]] = {}
    for index in indexes:
        for entry in index.sequences:
            if isinstance(entry.source, VideoSource):
                name = Path(entry.source.path).name
                names = seen.setdefault((name, entry.source.sha256), [])
                if entry.name not in names:
                    names.append(entry.name)
    for (name, checksum), sequences in seen.items():
        yield {"Video": name, "Sequences": ", ".join(sequences), "SHA-256": checksum[:SHOWN]}


def _result(path: Path) -> dict[str, object]:
    """Describe a score file, which every number of a cell on a benchmark comes from."""
    scores = load_scores(path)
    return {
        "Cell": linked(scores.cell, scores.benchmark, [scores.cell]),
        "Benchmark": benchmark_title(scores.benchmark),
        "Seed": scores.seed,
        "Protocol": str(scores.conventions.get("protocol", "")),
        "File": path.as_posix(),
        "SHA-256": sha256_file(path)[:SHOWN],
        "of raw results": (scores.raw or "")[:SHOWN],
    }
