"""Readers of results and of ground truth: boxes, regions, seconds, MATLAB files, JSON."""

from __future__ import annotations

import io
import itertools
import json
import math
import random
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mutate import mutate_bytes, mutate_json, mutate_text, numbers
from reader import DisagreementError, Reader, agree, written
from scipy.io.matlab import savemat

from dslt.compare.confidences import load_confidences
from dslt.compare.tables.confidence import build, records
from dslt.core.definitions import PROTOCOLS, config_file
from dslt.core.errors import DsltError
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.truth.rows import read_rows, region_target
from dslt.data.benchmarks.truth.source import read_codes, read_flags
from dslt.data.sequences.target import Target
from dslt.figures.confidence import load as load_curves
from dslt.geometry import boxes
from dslt.score.confidence_file import CellConfidence, record_of
from dslt.score.evaluate import Suite, evaluate
from dslt.score.formats.layouts import find_files
from dslt.score.formats.otb_mat import mat_bytes, read_mat
from dslt.score.formats.seconds import read_time_file
from dslt.score.formats.vot import binary_of, is_supervised, list_regions, read_vot, text_of
from dslt.score.long_term import ConfidentTrack
from dslt.score.records import read_record, read_seconds
from dslt.score.scores import load_scores, to_json
from dslt.settings.protocols import load_confidence, load_protocols

BOXES = np.array([[10, 20, 30, 40], [11.5, 20.25, 30, 40], [12, 21, 30.125, 41], [14, 20, 31, 40]])
TEXTS = [
    b"11,21,30,40\n12,21,30,40\n13,22,31,40\n15,21,31,40\n",
    b"11.5\t21.25\t30\t40\n12\t21\t30\t40\nNaN\tNaN\tNaN\tNaN\n15\t21\t31\t40\n",
    b"\xef\xbb\xbf11 21 30 40\r\n12 21 30 40\r\n13 22 31 40\r\n15 21 31 40\r\n",
    b"1.1e1; 21; 30; 40\n12; 21; 30; 40\n13; 22; 31; 40\n15; 21; 31; 40",
]
LINES = [
    b"1\n10,20,30,40\n11,20,30,40\n2\n0\n0\n0\n0\n1\n12,21,30,40\n",
    b"1\n10.0000,20.0000,40.0000,20.0000,40.0000,60.0000,10.0000,60.0000\n2\n0\n",
    b"1\n10,20,30,40,5,60\n10,20,30,40\nnan,nan,nan,nan\n",
]


def same(first: Any, second: Any, what: str, **tolerances: float) -> None:
    """Compare two arrays of numbers."""
    if np.shape(first) != np.shape(second):
        raise DisagreementError(f"{what}: shapes {np.shape(first)} and {np.shape(second)}")
    if not np.allclose(first, second, equal_nan=True, **({"rtol": 0, "atol": 0} | tolerances)):
        raise DisagreementError(f"{what}: {first!r} and {second!r}"[:300])


def answer(read: Callable[[], Any]) -> Any:
    """What a reader says, `None` where it refuses."""
    try:
        return read()
    except DsltError:
        return None


def read_box_text(data: bytes, folder: Path) -> None:
    """Boxes as text: by the fast reader, by the careful one, as ground truth, and in `.mat`."""
    path = written(data, folder, "boxes.txt")
    found = answer(lambda: boxes.read_boxes(path, 1))
    careful = answer(lambda: boxes._parse_any(data, "boxes"))
    agree(found is None, careful is None, "fast and careful readers accept")
    rows = answer(lambda: region_target(read_rows(path), 1))
    if found is None:
        boxes.read_boxes(path, 1)
        return
    same(found, boxes.from_file_origin(careful, 1), "fast and careful readers")
    if not np.isfinite(found[~np.isnan(found).any(axis=1)]).all():
        raise DisagreementError(f"infinite boxes were accepted: {found}")
    if rows is None:
        raise DisagreementError("boxes that are no ground truth")
    if rows.corners is None:
        same(found, rows.truth, "boxes and ground truth")
    if np.abs(np.nan_to_num(found)).max() < 1e9:
        again = written(boxes.format_boxes(found, 1).encode(), folder, "again.txt")
        same(found, boxes.read_boxes(again, 1), "boxes and what is written of them", atol=1e-4)
    if not np.isnan(found).all():
        mat = written(mat_bytes(found, None, 1), folder, "boxes.mat")
        same(found, read_mat(mat, 1)[0], "boxes as text and as MATLAB's", rtol=1e-12, atol=1e-9)


def read_seconds_text(data: bytes, folder: Path) -> None:
    """Seconds, as our own record and as other toolkits write them."""
    lines = max(data.count(b"\n") - 1, 0)
    ours = answer(lambda: read_seconds(written(data, folder, "a.csv"), lines, gaps=True))
    theirs = answer(lambda: read_time_file(written(data, folder, "a_time.txt"), lines))
    for found in (ours, theirs):
        if found is not None and np.isinf(found).any():
            raise DisagreementError(f"infinite seconds: {found}")


def read_region_text(data: bytes, folder: Path) -> None:
    """VOT's regions as text, and what is written of them, as text and binary."""
    path = written(data, folder, "a.txt")
    is_supervised(path)
    _regions(path, folder)


def read_region_binary(data: bytes, folder: Path) -> None:
    """VOT's binary regions, and what is written of them."""
    _regions(written(data, folder, "a.bin"), folder)


def _regions(path: Path, folder: Path) -> None:
    run, _ = read_vot(path)
    values = np.nan_to_num(run.corners)
    if np.isinf(values).any():
        raise DisagreementError("infinite regions were accepted")
    if np.abs(values).max(initial=0) > 1e6:
        return
    for name, data in (("b.txt", text_of(run).encode()), ("b.bin", binary_of(run))):
        again, _ = read_vot(written(data, folder, name))
        agree(run.states.tolist(), again.states.tolist(), f"states in {name}")
        for one, other in zip(list_regions(run), list_regions(again), strict=True):
            if not isinstance(one, int):
                # Repeated corners at the end are dropped, and near ones may be equal when written.
                width = min(len(one), len(other))
                same(one[:width], other[:width], f"regions in {name}", rtol=1e-6, atol=1e-3)


def _binary_seeds() -> list[bytes]:
    path, made = Path("seed.txt"), []
    from dslt.score.formats.vot import make_trajectory, parse_text

    for text in LINES:
        run, _ = make_trajectory(parse_text(text.decode(), str(path)), str(path))
        made.append(binary_of(run))
    return made


def read_truth_lines(data: bytes, folder: Path) -> None:
    """VOT's ground truth with flags of frames, from its folder."""
    part = itertools.chain(data.split(b"\x01"), itertools.repeat(b""))
    for name in ("groundtruth.txt", "occlusion.tag", "sequence"):
        written(next(part), folder, f"one/{name}")
    entry = {"kind": "annotations", "family": "vot", "protocol": "vot_short", "box_origin": 0}
    targets, _ = load_targets(AnnotationsBenchmark.model_validate(entry), folder)
    (target,) = targets.values()
    text = written(json.dumps({"one": _json_entry(target)}).encode(), folder, "truth.json")
    other, _ = load_targets(AnnotationsBenchmark.model_validate(entry), text)
    same(target.truth, other["one"].truth, "truth as text and as JSON", rtol=1e-9, atol=1e-9)


_TAGS = b"0\n1\n0\n0\n\x01[sequence]\nname=one\nwidth=320\nheight=240\n"
TRUTH_LINES = [
    TEXTS[0] + b"\x01" + _TAGS,
    b"10,20,40,20,40,60,10,60\n11.5,20,40,20,40,60,10,60\nnan,nan,nan,nan,nan,nan,nan,nan\n"
    b"12,20,40,20,40,60,10,60\n\x01" + _TAGS,
    TEXTS[0] + b"\x01\x01",
]


def _json_entry(target: Target) -> dict[str, Any]:
    rows = target.truth if target.corners is None else target.corners.reshape(len(target.truth), -1)
    return {"gt_rect": [[None if math.isnan(v) else v for v in row] for row in rows.tolist()]}


def read_folders(data: bytes, folder: Path) -> None:
    """The same bytes as each file of the layouts of OTB, UAV123 and LaSOT."""
    parts = data.split(b"\x01")
    part = itertools.cycle(parts)
    for name in ("anno/A-1.txt", "anno/att/A-1.txt", "tb_100.txt", "B/groundtruth_rect.txt"):
        written(next(part), folder / "otb", name)
    for name in ("anno/UAV123/a_1.txt", "anno/UAV123/att/a_1.txt"):
        written(next(part), folder / "uav123", name)
    for name in ("a/a-1/groundtruth.txt", "a/a-1/full_occlusion.txt", "a/a-1/out_of_view.txt"):
        written(next(part), folder / "lasot", name)
    written(next(part), folder / "lasot", "testing_set.txt")
    for family in ("otb", "uav123", "lasot"):
        entry = {"kind": "annotations", "family": family, "protocol": "otb", "box_origin": 1}
        answer(
            lambda e=entry, f=family: load_targets(
                AnnotationsBenchmark.model_validate(e), folder / f
            )
        )
    answer(lambda: read_flags(folder / "lasot" / "testing_set.txt", 4))
    answer(lambda: read_codes(folder / "otb" / "tb_100.txt", ("IV", "SV")))


FOLDER_SEEDS = [
    b"\x01".join((*TEXTS[:1], b"0,1,0,0,0,0,0,0,0,0,1\n", b"A-1\tIV, SV\n", TEXTS[1])),
    b"\x01".join((TEXTS[1], b"1 0 0 0 0 0 0 0 0 0 1", b"Jogging\tOCC\n", b"0,0,1,0", b"a-1\n")),
]


def read_truth_json(data: bytes, folder: Path) -> None:
    """PySOT's JSON as ground truth of every family."""
    path = written(data, folder, "truth.json")
    for family in ("otb", "vot"):
        entry = {"kind": "annotations", "family": family, "protocol": "otb", "box_origin": 1}
        benchmark = AnnotationsBenchmark.model_validate(entry)
        answer(lambda b=benchmark: load_targets(b, path))
        answer(lambda b=benchmark: load_targets(b, folder))
    load_targets(benchmark, path)


TRUTH = [
    {
        "A-1": {
            "video_dir": "A-1",
            "init_rect": [10, 20, 30, 40],
            "img_names": ["A-1/img/0001.jpg", "A-1/img/0002.jpg", "A-1/img/0003.jpg"],
            "gt_rect": [[10, 20, 30, 40], [11, 20, 30, 40], None],
            "attr": ["Illumination Variation", "Scale Variation"],
            "absent": [1, 1, 0],
        }
    },
    {
        "ants": {
            "gt_rect": [[1, 2, 9, 2, 9, 8, 1, 8], [2, 2, 9, 3, 9, 8, 1, 8]],
            "width": 320,
            "height": 240,
            "camera_motion": [1, 0],
            "occlusion": [0],
        }
    },
]


def read_matlab(data: bytes, folder: Path) -> None:
    """A MATLAB file, alone and found by its name."""
    path = written(data, folder, "A_tracker.mat")
    found, fps = read_mat(path, 1)[:2]
    if np.isinf(found).any() or (fps is not None and not fps > 0):
        raise DisagreementError(f"boxes {found}, fps {fps}")
    text = written(boxes.format_boxes(found, 1).encode(), folder, "a.txt")
    if np.abs(np.nan_to_num(found)).max() < 1e9:
        same(found, boxes.read_boxes(text, 1), "boxes in .mat and as text", atol=1e-4)


def _matlab_seeds() -> list[bytes]:
    made = [mat_bytes(BOXES, 20.0), mat_bytes(BOXES[:1])]
    run = {"res": BOXES, "type": "rect", "len": 4, "annoBegin": 1, "startFrame": 1, "fps": 3}
    for more in (
        {"results": [run]},
        {"results": run},
        {"results": [run, run]},
        {"results": [run | {"type": "ivtAff", "res": np.ones((4, 6))}]},
        {"results": [run | {"len": "four"}], "more": np.arange(3)},
        {"results": [run | {"fps": "fast", "startFrame": 2}]},
    ):
        for compressed in (False, True):
            buffer = io.BytesIO()
            savemat(buffer, more, do_compression=compressed)
            # The first bytes are free text, in which scipy writes the time of day.
            made.append(b"MATLAB 5.0 MAT-file".ljust(116) + buffer.getvalue()[116:])
    buffer = io.BytesIO()
    savemat(buffer, {"results": BOXES}, format="4")
    return [*made, buffer.getvalue()]


def remade_matlab(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Change what is in a compressed element."""
    if len(data) < 144 or data[128:132] != b"\x0f\0\0\0":
        return mutate_bytes(random, data, others)
    inside = mutate_bytes(random, zlib.decompress(data[136:]))
    packed = zlib.compress(inside)
    return data[:132] + len(packed).to_bytes(4, "little") + packed


_PROTOCOLS = load_protocols(config_file(PROTOCOLS))
_TARGET = Target(BOXES, ("OCC",), "a")
_RUN = Target(np.repeat(BOXES[:1], 10, axis=0), (), "a", size=(320, 240))


def score_results(data: bytes, folder: Path) -> None:
    """A folder of results to a score file: every score in its range, and read back."""
    name, _, content = data.partition(b"\x02")
    path = name.decode("utf-8", "replace").replace("\0", "")
    if len(path.encode()) > 200 or ".." in path or not path.strip("/ ."):
        path = "A-1.txt"
    try:
        written(content, folder / "tracker", path.lstrip("/"))
        written(TEXTS[0], folder / "tracker", "B.txt")
    except OSError:
        return
    targets = {"A-1": _TARGET}
    vot = Suite("v", {"A-1": _RUN}, _PROTOCOLS["vot_short"], "vot_short", 0)
    answer(lambda: evaluate("tracker", vot, folder / "tracker", 0))
    suite = Suite("b", targets, _PROTOCOLS["otb"], "otb", 1)
    answer(lambda: find_files(folder / "tracker", "auto", targets))
    scores = evaluate("tracker", suite, folder / "tracker", 1, others=True)
    for key, value in scores.overall.model_dump(exclude_none=True).items():
        if key != "fps" and not 0 <= value <= 1:
            raise DisagreementError(f"{key} = {value}")
    text = to_json(scores)
    again = load_scores(written(text.encode(), folder, "scores.json"))
    agree(to_json(again), text, "scores and what is written of them")


_NAMES = (
    *(
        "A-1.txt",
        "A_1.txt",
        "a.1.txt",
        "A(1).txt",
        "A-1_time.txt",
        "A.txt",
        "A-1_001.txt",
        "A-1.TXT",
    ),
    *("A-1/A-1_001.txt", "baseline/A-1/A-1_001.txt", "baseline/A-1/A-1_001.bin", "A-1_kcf.mat"),
    *(
        "A-1/A-1_001.bin",
        "A-1.csv",
        "times/A-1_time.txt",
        ".A-1.txt",
        "A-1.txt.txt",
        "tracker_A-1.txt",
    ),
    *(
        "A-1_tracker_OTB.txt",
        "A-1.json",
        "A-1.zip",
        "A\u00e9-1.txt",
        "x/y/z.txt",
        "A-1.txt/A-1.txt",
    ),
)


def generate_results(random: random.Random) -> bytes:
    """A name, and a grid of numbers."""
    return random.choice(_NAMES).encode() + b"\x02" + numbers(random, (4, 4, 4, 8, 1))


def read_result_json(data: bytes, folder: Path) -> None:
    """A run of OTB's toolkit as JSON, by its sequence's name."""
    written(data, folder, "tracker/A-1.json")
    suite = Suite("b", {"A-1": _TARGET}, _PROTOCOLS["otb"], "otb", 1)
    evaluate("tracker", suite, folder / "tracker", 1)


RUNS = [
    {"res": BOXES.tolist(), "type": "rect", "len": 4, "startFrame": 1, "fps": 20.5},
    [{"res": BOXES.tolist(), "type": "rect", "annoBegin": 1, "startFrame": 2}],
    {"res": [[1, 2, 3, 4, 5, 6]] * 4, "type": "ivtAff", "tmplsize": [[32, 32]]},
    {"res": [[[1, 9, 9, 1], [2, 2, 8, 8]]] * 4, "type": "4corner"},
]


def read_score_file(data: bytes, folder: Path) -> None:
    """A score file."""
    scores = load_scores(written(data, folder, "a.json"))
    again = load_scores(written(to_json(scores).encode(), folder, "b.json"))
    agree(to_json(again), to_json(scores), "scores and what is written of them")


def _score_seeds() -> list[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        written(TEXTS[0], folder, "A-1.txt")
        suite = Suite("b", {"A-1": _TARGET}, _PROTOCOLS["otb"], "otb", 1)
        return [to_json(evaluate("t", suite, folder, 1)).encode()]


def read_frame_record(data: bytes, folder: Path) -> None:
    """A per-frame record of ours: finite scores after the first frame."""
    lines = max(data.count(b"\n") - 1, 0)
    found = answer(lambda: read_record(written(data, folder, "a.csv"), lines))
    if found is not None and not np.isfinite(found.scores[1:]).all():
        raise DisagreementError(f"scores that are no numbers: {found.scores}")


def read_confidence(data: bytes, folder: Path) -> None:
    """A confidence file, and the table and the figure that are made of it."""
    path = written(data, folder, "a.json")
    found = load_confidences([path])
    records(build(found, {}, {}))
    load_curves([path])


def _confidence_seeds() -> list[bytes]:
    source = np.random.default_rng(0)
    tracks = [
        ConfidentTrack(video, *source.random((2, 6)), np.ones(6, dtype=bool)) for video in "abc"
    ]
    protocol = load_confidence(config_file(PROTOCOLS))
    run = record_of("b", 0, protocol, dict(zip("xyz", tracks, strict=True)), complete=True)
    return [to_json(CellConfidence(cell="t", runs=(run,))).encode()]


def _json(values: Sequence[Any]) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


SECONDS = [b"frame,seconds,score\n0,0.1,1\n1,0.2,1\n", b"0.1,0.2\n0.3,0.4\n", b"0.1\n0\nnan\n0.2\n"]
FRAME_RECORDS = [
    b"frame,x,y,w,h,score,seconds\n0,1,2,3,4,,0.1\n1,1.5,2,3,4,0.5,0.1\n2,1,2,3,4,0.25,0.1\n",
    b"frame,x,y,w,h,score\n0,1,2,3,4,\n1,,,,,1e-3\n",
]
_TEXT = (mutate_text, mutate_text, mutate_bytes)

READERS = (
    Reader("boxes, text", 200, lambda: TEXTS, read_box_text, _TEXT, numbers),
    Reader("seconds", 60, lambda: SECONDS, read_seconds_text, _TEXT, lambda r: numbers(r, (1, 2))),
    Reader(
        "regions, text",
        130,
        lambda: LINES,
        read_region_text,
        _TEXT,
        lambda r: numbers(r, (1, 4, 6, 8)),
    ),
    Reader("regions, binary", 140, _binary_seeds, read_region_binary),
    Reader(
        "truth, VOT",
        40,
        lambda: [*TEXTS, *LINES],
        read_truth_lines,
        _TEXT,
        lambda r: numbers(r, (4, 8)),
    ),
    Reader("truth, folders", 15, lambda: FOLDER_SEEDS, read_folders, _TEXT),
    Reader("truth, JSON", 60, lambda: _json(TRUTH), read_truth_json, (mutate_json,)),
    Reader("results, .mat", 50, _matlab_seeds, read_matlab, (mutate_bytes, remade_matlab)),
    Reader(
        "results, folder",
        25,
        lambda: [f"{name}\x02".encode() + one for name in _NAMES for one in (*TEXTS, *LINES)],
        score_results,
        _TEXT,
        generate_results,
    ),
    Reader("results, JSON", 20, lambda: _json(RUNS), read_result_json, (mutate_json,)),
    Reader("frames", 60, lambda: FRAME_RECORDS, read_frame_record, _TEXT),
    Reader("confidence", 15, _confidence_seeds, read_confidence, (mutate_json,)),
    Reader("scores", 15, _score_seeds, read_score_file, (mutate_json,)),
)
