"""Looking a download up in `config/downloads.yaml`."""

from __future__ import annotations

from dslt.config_files import BENCHMARKS, DOWNLOADS, config_file
from dslt.data.benchmarks import read_definitions
from dslt.data.downloads import Download, parse_downloads
from dslt.errors import unknown


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
