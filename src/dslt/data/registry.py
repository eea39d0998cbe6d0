"""Looking a download up in `config/downloads.yaml`."""

from __future__ import annotations

from dslt.config_files import BENCHMARKS, DOWNLOADS, config_file
from dslt.data.benchmarks import read_definitions
from dslt.data.downloads import Download, parse_download
from dslt.errors import unknown


def load_downloads() -> dict[str, Download]:
    """All downloads, those that are a part named by a benchmark with its sequences.

    Raises:
        DsltError: A file is missing, or an entry is wrong.
    """
    sequences = {
        name: tuple(entry["sequences"])
        for name, entry in read_definitions(config_file(BENCHMARKS)).items()
        if isinstance(entry, dict) and entry.get("sequences")
    }
    entries = read_definitions(config_file(DOWNLOADS))
    return {name: parse_download(name, entry, sequences) for name, entry in entries.items()}


def find_download(name: str) -> Download:
    """One download.

    Raises:
        DsltError: As `load_downloads`, or there is no such entry.
    """
    known = load_downloads()
    if name not in known:
        raise unknown("download", name, known)
    return known[name]
