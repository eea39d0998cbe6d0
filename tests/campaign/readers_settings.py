"""Readers of the configuration, of the paper's tables, of records, and of weights."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from mutate import mutate_bytes, mutate_json, mutate_text, remade_zip
from reader import Reader, written

from dslt.compare.cell import load_comparison
from dslt.compare.paper import read_claims, read_numbers, read_tolerances
from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.core.jsonfile import parse_json
from dslt.core.text import canonical, digest, merge
from dslt.data.benchmarks.definitions import find_benchmark, parse_benchmark
from dslt.data.downloads.definitions import parse_checked_files, parse_download, parse_downloads
from dslt.data.pairs.sets.kinds import parse_training_set
from dslt.demo.lost import read_lost_settings
from dslt.demo.outputs import written_before
from dslt.figures.inputs import open_npz
from dslt.networks.backbones.weights import load_weights
from dslt.networks.make import make_network
from dslt.networks.saved import read_model
from dslt.report.tables import read_csv
from dslt.score.convergence import read_records
from dslt.score.validation import read_validation
from dslt.settings.protocols import load_protocols, parse_protocol
from dslt.settings.registry import parse_tracker, parse_training
from dslt.settings.tracker import BackboneSettings
from dslt.study.cells import apply_overrides, load_cells, load_presets, resolve_settings
from dslt.study.cost.speeds import load_speeds
from dslt.study.load import load_study
from dslt.train.state import Progress, read_state, write_state
from places import ROOT

CONFIG = ROOT / "config"
_TEXT = (mutate_text, mutate_text, mutate_bytes)


def answered(*reads: Callable[[], Any]) -> None:
    """Call readers that may each refuse."""
    for read in reads:
        try:
            read()
        except DsltError:
            continue


def as_json(path: Path, *keys: str) -> list[bytes]:
    """Entries of a file of the project, one an input."""
    values = yaml.safe_load(path.read_text())
    chosen = {key: values[key] for key in keys or values}
    return [json.dumps({name: value}, default=str).encode() for name, value in chosen.items()]


def read_entries(data: bytes, folder: Path) -> None:
    """A file of definitions, read as each kind of them."""
    path = written(data, folder, "a.yaml")
    answered(lambda: load_protocols(path), lambda: load_speeds(path), lambda: load_presets(path))
    answered(lambda: read_lost_settings(path))
    values = read_definitions(path)
    for name, value in values.items():
        answered(
            lambda n=name, v=value: parse_benchmark(n, v),
            lambda n=name, v=value: parse_download(n, v, values),
            lambda n=name, v=value: parse_checked_files(n, v),
            lambda n=name, v=value: parse_training_set(n, v),
            lambda n=name, v=value: parse_protocol(v, str(n)),
            lambda n=name: find_benchmark(values, n),
        )
    answered(lambda: parse_downloads(values, values))


def _entry_seeds() -> list[bytes]:
    return [
        *as_json(CONFIG / "benchmarks.yaml", "OTB-2013", "clips", "synthetic", "VOT-2018"),
        *as_json(CONFIG / "downloads.yaml")[:4],
        *as_json(CONFIG / "weights.yaml")[:2],
        *as_json(CONFIG / "training_sets.yaml"),
        *as_json(CONFIG / "protocols.yaml"),
        *as_json(CONFIG / "speeds.yaml")[:1],
        (CONFIG / "lost.yaml").read_bytes(),
        *as_json(CONFIG / "trackers" / "siamfc.yaml"),
        b"a: &a [x, x]\nb: {kind: folder, root: *a}\n",
        b"folder:\n  kind: folder\n  root: data/mine\n  protocol: otb\n  box_origin: 1\n",
    ]


def read_sheet(data: bytes, folder: Path) -> None:
    """A sheet of cells."""
    load_cells(written(data, folder, "cells.tsv"), CONFIG / "trackers")


def _sheet_seeds() -> list[bytes]:
    lines = (CONFIG / "cells.tsv").read_bytes().splitlines(keepends=True)
    names = next(i for i, line in enumerate(lines) if line.startswith(b"id\t"))
    rows = lines[names + 1 :]
    return [lines[names] + b"".join(rows[start : start + 3]) for start in range(0, len(rows), 3)]


def read_overlay(data: bytes, folder: Path) -> None:
    """An overlay over the project's own configuration."""
    overlay = read_definitions(written(data, folder, "a.yaml"))
    load_study(merge(_base(), overlay))


def _base() -> Mapping[str, Any]:
    return read_definitions(ROOT / "config.yaml")


def _overlay_seeds() -> list[bytes]:
    base = _base()
    parts = [
        {key: base[key]}
        for key in ("run", "figures", "sensitivity", "training", "convergence", "quick", "jobs")
    ]
    parts += [
        {
            "benchmarks": {
                "mine": {"kind": "folder", "root": "x", "protocol": "otb", "box_origin": 1}
            },
            "run": {"mine": ["dslt"]},
        },
        {"benchmarks": {"clips": {"sequences": ["bikes-car"]}}, "only": ["clips", "dslt"]},
        {"downloads": {"x": {"title": "x"}}, "agreed": []},
        {"training": {"sets": {"vid": {"root": "/nowhere"}}}},
    ]
    return [json.dumps(part).encode() for part in parts]


def read_tracker(data: bytes, folder: Path) -> None:
    """A tracker's settings as JSON, and overrides of them."""
    values = parse_json(data.decode("utf-8", "replace"), "settings")
    answered(lambda: parse_training(values, "settings"))
    settings = parse_tracker(values, "settings")
    parse_tracker(json.loads(canonical(settings)), "again")


def _tracker_seeds() -> list[bytes]:
    names = ("dslt/lite", "siamfc/lite", "siamrpn/pysot", "opencv/kcf", "external/default")
    return [
        canonical(resolve_settings(name, "", CONFIG / "trackers", "seed")).encode()
        for name in names
    ]


def read_overrides(data: bytes, folder: Path) -> None:
    """Overrides of a cell."""
    text = data.decode("utf-8", "replace")
    answered(lambda: apply_overrides({"a": {"b": 1, "c": [1]}, "d": "x"}, text, "cell"))
    resolve_settings("siamfc/lite", text, CONFIG / "trackers", "cell")


OVERRIDES = [
    b"training.loss.name=l2",
    b"training.channels=4; training.crops.search=143; tracking.scales=1",
    b"training.pairs.sources={procedural: 8}; training.schedule.sgd.clip=null",
]


def read_paper(data: bytes, folder: Path) -> None:
    """A table of the paper in place of each of its files, the others being whole."""
    for name in ("claims.csv", "pairs.csv", "families.csv", "tolerances.csv", "table2.csv"):
        place = folder / name.partition(".")[0]
        place.mkdir()
        for other in _PAPER:
            (place / other).symlink_to(CONFIG / "paper" / other)
        (place / name).unlink()
        written(data, place, name)
        answered(
            lambda p=place: read_claims(p),
            lambda p=place: read_numbers(p),
            lambda p=place: read_tolerances(p),
        )
    answered(lambda: read_csv(folder / "claims" / "claims.csv"))


_PAPER = ("claims.csv", "pairs.csv", "families.csv", "tolerances.csv", "table2.csv")


def _paper_seeds() -> list[bytes]:
    found = []
    for name in _PAPER:
        lines = (CONFIG / "paper" / name).read_bytes().splitlines(keepends=True)
        found.append(b"".join(lines[:5]))
    return found


def read_csv_records(data: bytes, folder: Path) -> None:
    """Records of trainings as CSV."""
    path = written(data, folder, "a.csv")
    answered(lambda: read_records(path), lambda: read_validation(path), lambda: read_csv(path))


RECORDS = [
    b"sequence,iteration,loss,criterion\na,0,1.5,0.5\na,1,0.7,0.4\nb,0,1,1\n",
    b"epoch,sequence,video,success_auc\n0,a,a,0.1\n0,b,b,0.2\n1,a,a,0.3\n1,b,b,0.5\n",
]


def read_comparison(data: bytes, folder: Path) -> None:
    """A cell's comparison."""
    load_comparison(written(data, folder, "a.json"))


COMPARISON = {
    **{"cell": "a", "label": "A", "base": "dslt/paper", "preset": "paper", "backbone": "vgg16"},
    "benchmarks": {
        "OTB-2015": {
            **{"protocol": "otb", "sequences": 3, "videos": 3, "seeds": [0], "notes": ["a note"]},
            "metrics": {"success_auc": {"value": 0.5, "low": 0.4, "high": 0.6}},
            "fps": {"median": 20.0},
            "difference_to": {"cell": "b", "metrics": {"success_auc": {"value": 0.1}}},
        }
    },
    "paper": [
        {"source": "table3", "item": "x", "benchmark": "OTB-2015", "metric": "eao", "value": 0.5}
    ],
}


class _Weights:
    """A network of a few weights, made once, and its files."""

    def __init__(self) -> None:
        overrides = (
            "training.channels=4; training.crops.search=143; training.backbone.weights=random"
        )
        settings = resolve_settings("siamfc/lite", overrides, CONFIG / "trackers", "seed")
        self.settings = settings.learnt
        self.values = json.loads(self.settings.model_dump_json())


_SMALL = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
_IDENTITY = {"settings": {"a": 1}, "seed": 0, "code": "x"}


def saved(values: Any) -> bytes:
    """Bytes of a file of tensors."""
    buffer = io.BytesIO()
    torch.save(values, buffer)
    return buffer.getvalue()


def read_weights(data: bytes, folder: Path) -> None:
    """Weights of a backbone, and the state of a training."""
    path = written(data, folder, "weights.pt")
    backbone = BackboneSettings(name="tiny", weights=str(path))
    written(data, folder, "state.pt")
    answered(lambda: read_state(folder, _IDENTITY, "cpu"))
    load_weights(_SMALL, backbone)


def _weight_seeds() -> list[bytes]:
    import tempfile

    progress = Progress(3, {"loss": 1.0}, [{"epoch": 0, "loss": None}], [(0, "a", "a", 0.5)])
    with tempfile.TemporaryDirectory() as place:
        write_state(Path(place), _IDENTITY, progress, {"net": {}, "optimiser": {}, "trained": {}})
        # Its name inside is that of a temporary file.
        state = re.sub(
            rb"state\.[0-9a-f]{12}", b"state." + b"0" * 12, Path(place, "state.pt").read_bytes()
        )
    return [
        saved(_SMALL.state_dict()),
        state,
        saved({"0.weight": torch.zeros(3, 2)}),
        saved([1, "a"]),
    ]


def read_trained(data: bytes, folder: Path) -> None:
    """A trained model with its header: either is the input."""
    model = _model()
    header = {"settings": model.values, "sha256": hashlib.sha256(data).hexdigest()}
    path = written(data, folder, "a/model.pt")
    written(json.dumps(header).encode(), folder, "a/model.json")
    answered(lambda: read_model(path, model.settings))
    if len(data) < 20_000:
        written(b"", folder, "b/model.pt")
        written(data, folder, "b/model.json")
        answered(lambda: read_model(folder / "b" / "model.pt", model.settings))


_MADE: list[_Weights] = []


def _model() -> _Weights:
    if not _MADE:
        _MADE.append(_Weights())
    return _MADE[0]


def _trained_seeds() -> list[bytes]:
    model = _model()
    state = make_network(model.settings, load=False).state_dict()
    few = dict(list(state.items())[-4:])
    header = json.dumps({"settings": model.values, "sha256": "0" * 64, "seed": 0}).encode()
    return [saved(few), header, saved({name: value.half() for name, value in few.items()})]


def read_arrays(data: bytes, folder: Path) -> None:
    """An archive of arrays of a figure."""
    with open_npz(written(data, folder, "a.npz"), "a rule") as archive:
        for name in archive.files:
            _ = archive[name]


def _array_seeds() -> list[bytes]:
    made = []
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, maps=np.zeros((2, 3, 4), np.float32), names=np.array(["a", "b"]))
        made.append(buffer.getvalue())
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return [*made, buffer.getvalue()]


def _zip_or_bytes(random: Any, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Change what is in a member where the file is a zip file, else the file."""
    inside = zipfile.is_zipfile(io.BytesIO(data))
    return remade_zip()(random, data) if inside else mutate_json(random, data, others)


def _summary_seeds() -> list[bytes]:
    values = {"made_by": "dslt demo 0", "files": {"a.csv": "0" * 64}}
    return [json.dumps({**values, "checksum": digest(canonical(values))}).encode()]


def read_summary(data: bytes, folder: Path) -> None:
    """A summary of `dslt demo`; what is not its own is no error, but says nothing."""
    written_before(written(data, folder, "a.json"))


READERS = (
    Reader(
        "definitions, YAML", 12, _entry_seeds, read_entries, (mutate_json, mutate_json, mutate_text)
    ),
    Reader("sheets of cells", 20, _sheet_seeds, read_sheet, _TEXT),
    Reader("overlays", 1, _overlay_seeds, read_overlay, (mutate_json, mutate_json, mutate_text)),
    Reader("settings of trackers", 15, _tracker_seeds, read_tracker, (mutate_json,)),
    Reader("overrides", 10, lambda: OVERRIDES, read_overrides, _TEXT),
    Reader("paper's tables, CSV", 4, _paper_seeds, read_paper, _TEXT),
    Reader("records, CSV", 15, lambda: RECORDS, read_csv_records, _TEXT),
    Reader(
        "comparisons",
        10,
        lambda: [json.dumps(COMPARISON).encode()],
        read_comparison,
        (mutate_json,),
    ),
    Reader("a demo's summary", 2, _summary_seeds, read_summary, (mutate_json, mutate_bytes)),
    Reader("weights, .pt", 8, _weight_seeds, read_weights, (mutate_bytes, _zip_or_bytes)),
    Reader("models, .pt", 1, _trained_seeds, read_trained, (mutate_bytes, _zip_or_bytes)),
    Reader("arrays, .npz", 10, _array_seeds, read_arrays, (mutate_bytes, _zip_or_bytes)),
)
