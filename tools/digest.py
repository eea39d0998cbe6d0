"""Hash the results of a study, stem by stem, without what measures time: equal runs, equal lines.

    python tools/digest.py [FOLDER]     FOLDER: results, of this checkout or of another one

Boxes, scores, comparisons, tables, recorded trainings and weights count; figures and pages, which
are drawn from them and name versions, do not. Frames per second and seconds are left out, the
checksum of records with seconds (`raw`), and what weights say of the code that trained them.
"""

import csv
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

# `raw` is the checksum of records with their seconds.
TIMES = {"fps", "init_seconds", "pairs_per_second", "raw", "seconds", "waited"}
# In the header of trained weights.
CODE = {"code", "device", "libraries", "model_id", "threads", "tracker"}
STEMS = ("data", "train", "track", "score", "compare", "tables")
SUFFIXES = {".csv", ".json", ".jsonl", ".md", ".npz", ".parquet", ".pt", ".tex", ".txt"}


def untimed(value: Any, left_out: set[str] = TIMES) -> Any:
    """Leave out what measures time, at any depth."""
    if isinstance(value, dict):
        return {k: untimed(one, left_out) for k, one in value.items() if k not in left_out}
    return [untimed(one, left_out) for one in value] if isinstance(value, list) else value


def content(path: Path) -> bytes:
    """Read a file without its times."""
    data = path.read_bytes()
    if path.suffix in (".json", ".jsonl"):
        lines = [data] if path.suffix == ".json" else data.splitlines()
        left_out = TIMES | CODE if path.name == "model.json" else TIMES
        values = [untimed(json.loads(line), left_out) for line in lines]
        return json.dumps(values, sort_keys=True).encode()
    if path.suffix == ".csv":
        rows = csv.DictReader(io.StringIO(data.decode()))
        return json.dumps([untimed(row) for row in rows]).encode()
    return data


def main() -> None:
    """Print a line per stem: number of files, hash of their names and contents."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    if not root.is_dir():
        raise SystemExit(f"{root}: no such folder of results")
    for stem in STEMS:
        files = sorted(p for p in (root / stem).rglob("*") if p.suffix in SUFFIXES)
        whole = hashlib.sha256()
        for path in files:
            name = path.relative_to(root).as_posix()
            whole.update(f"{name} {hashlib.sha256(content(path)).hexdigest()}\n".encode())
        print(f"{stem:8} {len(files):5} {whole.hexdigest()}")


if __name__ == "__main__":
    main()
