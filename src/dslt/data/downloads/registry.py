"""Looking a download up in `config/downloads.yaml`."""

from __future__ import annotations

from dslt.core.definitions import BENCHMARKS, DOWNLOADS, config_file, read_definitions
from dslt.core.errors import unknown
from dslt.data.downloads.definitions import Download, parse_downloads


def load_downloads() -> dict[str, Download]:
    """All downloads, those that are a part named by a benchmark with its sequences.

    Raises:
        DsltError: A file is missing, or an entry is wrong.
    """
    files = (config_file(name) for name in (DOWNLOADS, BENCHMARKS))
    return parse_downloads(*map(read_definitions, files))


def find_download(name: str) -> Download:
    """One download.

    Raises:
        DsltError: As `load_downloads`, or there is no such entry.
    """
    known = load_downloads()
    if name not in known:
        raise unknown("download", name, known)
    return known[name]
