"""A small site of made data: two sequences with video, one with polygons and without.

Each frame has its number burnt in, eight blocks that are white for 1 and black for 0.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
from click.testing import CliRunner

from dslt.cli import group
from dslt.core.text import canonical
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.index_file import BenchmarkIndex, write_index
from dslt.geometry.boxes import write_boxes
from dslt.geometry.regions import bounding_boxes
from dslt.settings.protocols import load_protocols
from dslt.settings.site import SITE
from places import ROOT
from reported import write_result_files

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 360, "height": 740}  # windows
FRAMES, SIZE = 30, (320, 240)
BLOCK = 24  # pixels, side of a block
ABSENT = (10, 12)  # first and last frame without target in `alpha`
FAILED = 40  # frame at which the run with resets fails
ATTRIBUTES = {"alpha": "OCC,SV", "beta": "FM"}
# Tracker -> seed -> pixels by which its boxes lie too far to the right.
SHIFTS = {"dslt": {0: 4}, "dslt_l2": {0: 10}, "siamfc_bce": {0: 2, 1: 16}}
LABELS = {"dslt": "Shrinkage", "dslt_l2": "L2", "siamfc_bce": "SiamFC (BCE)"}
LOSSES = {"dslt": "shrinkage", "dslt_l2": "l2", "siamfc_bce": "bce"}


def block(bit: int) -> tuple[int, int]:
    """Left and top edge of the block of a bit."""
    return 8 + bit * (BLOCK + 8), 8


def truth(name: str) -> np.ndarray:
    """Boxes (N, 4), 0-based, NaN where the target is absent."""
    step = 4 if name == "alpha" else -4
    start = 60 if name == "alpha" else 200
    boxes = np.array([(start + step * i, 100.0, 60, 50) for i in range(FRAMES)], float)
    if name == "alpha":
        boxes[ABSENT[0] : ABSENT[1] + 1] = np.nan
    return boxes


def box_of(tracker: str, seed: int, name: str, frame: int) -> np.ndarray:
    """The box that a result file has in a frame."""
    step = 4 if name == "alpha" else -4
    start = 60 if name == "alpha" else 200
    shift = SHIFTS[tracker][seed] if frame else 0
    return np.array([start + step * frame + shift, 100.0, 60, 50])


def frame_of(number: int) -> np.ndarray:
    """A grey frame (H, W, 3) with its number."""
    frame = np.full((SIZE[1], SIZE[0], 3), 110, np.uint8)
    for bit in range(8):
        x, y = block(bit)
        frame[y : y + BLOCK, x : x + BLOCK] = 255 if number >> bit & 1 else 0
    return frame


def number_in(picture: np.ndarray) -> int:
    """The number in a picture (H, W, 3) of a frame, whatever its size."""
    scale = picture.shape[1] / SIZE[0]
    centres = [np.add(block(bit), BLOCK / 2) * scale for bit in range(8)]
    values = [int(picture[round(y), round(x)].mean() > 128) for x, y in centres]
    return sum(value << bit for bit, value in enumerate(values))


def dslt(*words: object) -> str:
    """Run the command in this process; errors are raised."""
    done = CliRunner().invoke(group, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def write_frames(folder: Path) -> None:
    """Write the two sequences in the OTB layout."""
    for name, attributes in ATTRIBUTES.items():
        images = folder / name / "img"
        images.mkdir(parents=True)
        for number in range(FRAMES):
            cv2.imwrite(str(images / f"{number + 1:04d}.png"), frame_of(number))
        write_boxes(folder / name / "groundtruth_rect.txt", truth(name))
        (folder / name / "attributes.txt").write_text(attributes)


def write_results(folder: Path) -> dict[tuple[str, int], Path]:
    """Write the raw results of every tracker and seed, with scores for all but one."""
    runs = {}
    for tracker, seeds in SHIFTS.items():
        for seed in seeds:
            run = runs[tracker, seed] = folder / tracker / "made" / f"seed{seed}"
            run.mkdir(parents=True)
            for name in ATTRIBUTES:
                boxes = np.array([box_of(tracker, seed, name, i) for i in range(FRAMES)])
                write_boxes(run / f"{name}.txt", boxes)
                if tracker != "dslt_l2":
                    rows = [f"{i},{i / 100 if i else ''},0.01" for i in range(FRAMES)]
                    record = "\n".join(["frame,score,seconds", *rows]) + "\n"
                    (run / f"{name}.csv").write_text(record)
    return runs


def polygon(frame: int) -> np.ndarray:
    """Corners (4, 2) of the truth of the run with resets."""
    return np.array([[40, 20], [100, 30], [90, 80], [30, 70]], float) + np.array([frame, 0])


def write_supervised(folder: Path) -> tuple[Path, Path]:
    """Write an index of a sequence of polygons, and a run that fails once; returns both."""
    corners = np.array([polygon(i) for i in range(60)])
    boxes = bounding_boxes(corners)
    entry = IndexEntry(
        name="turning", source=None, truth=boxes, attributes=("ROT",), video="film",
        corners=corners, size=SIZE,
    )  # fmt: skip
    index = folder / "made_vot.parquet"
    write_index(index, BenchmarkIndex("made_vot", "vot_short", 0, [entry]))
    lines = [",".join(map(str, polygon(i).ravel() + 3)) for i in range(60)]
    lines[0] = lines[FAILED + 5] = "1"
    lines[FAILED : FAILED + 5] = ["2", "0", "0", "0", "0"]
    run = folder / "dslt" / "made_vot" / "seed0"
    run.mkdir(parents=True)
    (run / "turning.txt").write_text("\n".join(lines) + "\n")
    return index, run


def protocol(name: str) -> str:
    """A protocol as JSON."""
    return canonical(load_protocols(ROOT / "config" / "protocols.yaml")[name])


def options(name: str, values: dict[str, object]) -> list[str]:
    """Spell an option of pairs out."""
    return [word for key, value in values.items() for word in (name, f"{key}={value}")]


def write_index_of_frames(folder: Path) -> Path:
    """Write the frames and their index."""
    write_frames(folder / "frames")
    where = {"kind": "folder", "root": str(folder / "frames"), "protocol": "otb", "box_origin": 1}
    dslt("index", "made", "--out", folder / "made.parquet", "--definition", json.dumps(where))
    return folder / "made.parquet"


def write_pages(
    folder: Path,
    benchmark: str,
    index: Path,
    protocol: str,
    runs: dict[tuple[str, int], Path],
    pages: list[str],
) -> list[object]:
    """Score the runs of a benchmark and write the pages of its sequences; returns its scores."""
    site, scores = folder / "site", []
    for (cell, seed), results in runs.items():
        out = folder / "score" / cell / benchmark / f"seed{seed}.json"
        origin = 1 if benchmark == "made" else 0
        given = ["--index", index, "--results", results, "--box-origin", origin]
        as_what = ["--protocol-definition", protocol, "--cell", cell, "--seed", seed]
        dslt("score", *given, *as_what, "--json", out)
        scores += ["--score", out]
    films = ["--videos", site / "videos" / benchmark] if benchmark == "made" else []
    words = ["--index", index, "--protocol-definition", protocol, "--chosen", "dslt", *films]
    words += options("--run", {f"{cell}@{seed}": path for (cell, seed), path in runs.items()})
    out = ["--site-folder", site, "--out", site / "sequences" / benchmark]
    dslt("report", "sequences", *words, *scores, *NAMES, *pages, *out)
    return scores


def write_stories(folder: Path, scores: list[object], pages: list[str]) -> None:
    """Write the pages of all notebooks, with interactive plots, and that of provenance."""
    site, results = folder / "site", folder / "results"
    results.mkdir()
    write_result_files(results)
    records = ["--convergence", f"dslt={results / 'seed0.csv'}"]
    pictures: dict[str, list[object]] = {"benchmarks": [], "convergence": []}
    for page, name, files in (
        ("benchmarks", "fig08", scores),
        ("benchmarks", "attributes", scores),
        ("convergence", "fig16", records),
    ):
        given = [*files, *options("--label", LABELS)]
        figure, picture = folder / "figures" / name, site / "figures" / f"{name}.webp"
        dslt("figure", name, *given, "--out", figure)
        dslt("report", "picture", "--picture", figure.with_suffix(".png"), "--out", picture)
        shutil.copyfile(figure.with_suffix(".pdf"), picture.with_suffix(".pdf"))
        dslt("plot", name, *given, "--out", site / "plots" / name)
        shown = ("-p", "figures", picture, "-p", "figures", site / "plots" / f"{name}.js")
        pictures[page] += shown
    cells = [results / f"{name}.json" for name in ("dslt", "dslt_l2")]
    of_pages: dict[str, dict[str, list[object]]] = {
        "scorecard": {
            "scorecard": [results / "scorecard.csv"],
            "sensitivity": [results / "sensitivity.csv"],
            "key": ["k"],
        },
        "ablation": {"table": [results / "losses.csv"], "compare": list(cells)},
        "benchmarks": {"table": [results / "table1.csv"]},
        "convergence": {"convergence": [f"dslt={results / 'seed0.csv'}"]},
        "offline": {"training": [results / "training.csv"]},
        "confidence": {
            "table": [results / "confidence.csv"],
            "scorecard": [results / "scorecard.csv"],
        },
        "data": {"index": [folder / "made.parquet"]},
    }
    for page, parameters in of_pages.items():
        words = [
            word for name, of in parameters.items() for one in of for word in ("-p", name, one)
        ]
        notebook = ["--notebook", ROOT / "notebooks" / f"{page}.py", *words]
        files = ["--executed", folder / f"{page}.ipynb", "--out", site / f"{page}.html"]
        dslt("report", "page", *notebook, *pictures.get(page, []), *pages, *files)
    (site / "tables").mkdir()
    for name in ("scorecard", "losses", "table1", "training", "confidence"):
        shutil.copyfile(results / f"{name}.csv", site / "tables" / f"{name}.csv")
    sources = ["--index", folder / "made.parquet", *scores]
    dslt("report", "provenance", *sources, *pages, "--out", site / "provenance.html")


def write_site(folder: Path, *, stories: bool = False) -> Path:
    """Write data, results, scores and the site, with stories or not; returns the site's folder."""
    site, index = folder / "site", write_index_of_frames(folder)
    keys = list(SITE) if stories else ["index", "sequences"]
    pages = [word for key in keys for word in ("--site", key)]
    films = site / "videos" / "made"
    dslt("report", "videos", "--index", index, "--out", films, "--sequence", *ATTRIBUTES)
    runs = write_results(folder / "track")
    scores = write_pages(folder, "made", index, protocol("otb"), runs, pages)
    if stories:
        write_stories(folder, scores, pages)
    index, run = write_supervised(folder)
    supervised = {("dslt", 0): run}
    scores += write_pages(folder, "made_vot", index, protocol("vot_short"), supervised, pages)
    where = options("--pages", {n: site / "sequences" / n for n in ("made", "made_vot")})
    dslt("report", "matrix", *scores, *NAMES, *where, *pages, "--out", site / "sequences.html")
    found = ["--scorecard", folder / "results" / "scorecard.csv"] if stories else []
    dslt("report", "index", *found, *pages, "--out", site / "index.html")
    dslt("report", "assets", "--out", site / "assets")
    return site


NAMES = [*options("--label", LABELS), *options("--loss", LOSSES)]
