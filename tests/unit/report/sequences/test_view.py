"""`dslt view`: pages of anybody's results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from dslt.core.errors import DsltError
from made_site import (
    FAILED,
    FRAMES,
    dslt,
    truth,
    write_frames,
    write_index_of_frames,
    write_results,
    write_supervised,
)  # fmt: skip


def data_of(page: Path) -> list[dict[str, Any]]:
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    cells: list[dict[str, Any]] = json.loads(soup.find(id="data").string)["cells"]
    return cells


def cells_of(page: Path) -> dict[str, list[int]]:
    return {cell["id"]: [run["seed"] for run in cell["runs"]] for cell in data_of(page)}


def test_results_on_an_index_get_pages_and_videos(tmp_path: Path) -> None:
    index, runs = write_index_of_frames(tmp_path), write_results(tmp_path / "track")
    out = tmp_path / "out"
    told = dslt("view", "--index", index, "--results", *runs.values(), "--out", out)
    assert told.splitlines()[-1] == str(out / "sequences.html")
    page = out / "sequences" / "made" / "alpha.html"
    assert cells_of(page) == {"dslt": [0], "dslt_l2": [0], "siamfc_bce": [0, 1]}
    assert (out / "videos" / "made" / "beta.webm").is_file()
    assert {"site.css", "player.js"} <= {path.name for path in (out / "assets").iterdir()}
    dslt("view", "--index", index, "--results", runs["dslt", 0], "--out", out)  # over the first
    assert cells_of(page) == {"dslt": [0]}


def published(tmp_path: Path) -> list[object]:
    """Annotations in the form of OTB's, and results of a tracker on them."""
    anno = tmp_path / "anno"
    anno.mkdir()
    for name in ("alpha", "beta"):
        rows = "\n".join(f"{x + 1},{y + 1},{w},{h}" for x, y, w, h in truth("beta"))
        (anno / f"{name}.txt").write_text(rows + "\n")
    folder = tmp_path / "raw" / "Mine"
    folder.mkdir(parents=True)
    for name in ("alpha", "beta"):
        (folder / f"{name}.txt").write_text((anno / f"{name}.txt").read_text())
    return ["view", "--benchmark", "OTB-2015", "--annotations", anno, "--trackers", folder.parent]


def test_published_results_without_frames_get_blank_pages(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = dslt(*published(tmp_path), "--out", out)
    assert "no frames: boxes are drawn on blank pictures" in told
    page = out / "sequences" / "OTB-2015" / "alpha.html"
    assert cells_of(page) == {"Mine": [0]}
    assert "its size is a guess" in page.read_text()
    assert not (out / "videos").exists()


def test_published_results_with_frames_get_videos(tmp_path: Path) -> None:
    write_frames(tmp_path / "frames")
    (tmp_path / "frames" / "beta" / "img" / f"{FRAMES:04d}.png").unlink()
    out = tmp_path / "out"
    told = dslt(*published(tmp_path), "--frames", tmp_path / "frames", "--out", out)
    assert (out / "videos" / "OTB-2015" / "alpha.webm").is_file()
    assert f"beta: no video ({tmp_path}" in told
    assert f"{FRAMES - 1} frames for {FRAMES} rows" in told
    assert "320 × 240 px" in (out / "sequences" / "OTB-2015" / "alpha.html").read_text()


def test_missing_frames_of_an_index_are_told(tmp_path: Path) -> None:
    index, runs = write_index_of_frames(tmp_path), write_results(tmp_path / "track")
    (tmp_path / "frames" / "beta" / "img" / "0001.png").unlink()
    told = dslt("view", "--index", index, "--results", runs["dslt", 0], "--out", tmp_path / "out")
    assert "beta: no video" in told
    assert not (tmp_path / "out" / "videos" / "made" / "beta.webm").exists()


def test_scores_of_a_tracker_without_times_are_shown(tmp_path: Path) -> None:
    out, words = tmp_path / "out", published(tmp_path)
    record = "\n".join(["frame,score", "0,", *(f"{i},{i / 100}" for i in range(1, FRAMES))])
    (tmp_path / "raw" / "Mine" / "alpha.csv").write_text(record + "\n")
    dslt(*words, "--out", out)
    [run] = data_of(out / "sequences" / "OTB-2015" / "alpha.html")[0]["runs"]
    assert run["score"] == [None, *(i / 100 for i in range(1, FRAMES))]
    [run] = data_of(out / "sequences" / "OTB-2015" / "beta.html")[0]["runs"]
    assert run["score"] is None


def test_a_run_with_resets_has_the_scores_of_vots_toolkit(tmp_path: Path) -> None:
    index, run = write_supervised(tmp_path)
    folder = tmp_path / "Mine" / "baseline" / "turning"
    folder.mkdir(parents=True)
    (run / "turning.txt").rename(folder / "turning_001.txt")
    scores = ["" if i == 0 else str(i / 64) for i in range(60)]
    file = folder / "turning_001_confidence.value"
    file.write_text("\n".join(scores) + "\n")
    words = ["view", "--index", index, "--box-origin", "0", "--out", tmp_path / "out", "--results"]
    dslt(*words, tmp_path / "Mine")
    [shown] = data_of(tmp_path / "out" / "sequences" / "made_vot" / "turning.html")[0]["runs"]
    assert shown["score"] == pytest.approx([None, *(i / 64 for i in range(1, 60))], abs=1e-3)
    assert shown["failed"] == [FAILED]
    file.write_text("0.5\n")
    with pytest.raises(DsltError, match=r"confidence\.value: 1 lines; expected 60"):
        dslt(*words, tmp_path / "Mine")
    other = tmp_path / "Mine" / "again"
    other.mkdir()
    file.rename(other / file.name)
    file.write_text("0.5\n")
    with pytest.raises(DsltError, match=r"scores of turning are in .*, too; give the folder"):
        dslt(*words, tmp_path / "Mine")


def test_what_is_no_view_is_not_written_over(tmp_path: Path) -> None:
    index, runs = write_index_of_frames(tmp_path), write_results(tmp_path / "track")
    words = ["view", "--index", index, "--results", runs["dslt", 0], "--out"]
    with pytest.raises(DsltError, match=r"--out .*frames: holds files, but no sequences.html"):
        dslt(*words, tmp_path / "frames")
    with pytest.raises(DsltError, match="is a file; expected a folder"):
        dslt(*words, index)
    with pytest.raises(DsltError, match="both would be called dslt"):
        dslt(*words[:-1], "--results", runs["dslt", 0], "--out", tmp_path / "out")
