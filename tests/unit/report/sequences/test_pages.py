"""The pages of sequences and the matrix: what stands in their data, and in their videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from bs4 import BeautifulSoup

from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import load_index
from dslt.figures.style import LOOKS
from dslt.report import html, tables
from dslt.report.sequences.load import load_trackers, parse_runs
from dslt.report.sequences.matrix import write_matrix
from dslt.report.sequences.shown import script_data
from dslt.report.sequences.video import LONGEST, small, write_videos
from made_site import (
    ABSENT,
    FRAMES,
    LOSSES,
    SHIFTS,
    SIZE,
    dslt,
    number_in,
    options,
    polygon,
    protocol,
    write_index_of_frames,
    write_site,
)
from site_checks import check_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("made"))


def soup_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def data_of(path: Path) -> Any:
    return json.loads(soup_of(path).find(id="data").string)


def note_of_blank(path: Path) -> Any:
    """The note that there are no frames, which the player shows where a video cannot be played."""
    return soup_of(path).find(attrs={"data-is": "blank"})


def scores_of(site: Path, cell: str, seed: int) -> Any:
    path = site.parent / "score" / cell / "made" / f"seed{seed}.json"
    return json.loads(path.read_text())["sequences"]


def test_a_page_has_the_cells_of_its_benchmark(site: Path) -> None:
    data = data_of(site / "sequences" / "made" / "alpha.html")
    assert (data["frames"], data["size"], data["rate"]) == (FRAMES, list(SIZE), 25)
    assert data["absent"] == [list(ABSENT)]
    assert data["truth"][ABSENT[0]] is None
    assert [cell["id"] for cell in data["cells"]] == list(SHIFTS)
    for cell in data["cells"]:
        assert cell["loss"] == LOSSES[cell["id"]]
        assert cell["color"] == LOOKS[cell["id"]].color
        assert [run["seed"] for run in cell["runs"]] == list(SHIFTS[cell["id"]])
        for run in cell["runs"]:
            score = scores_of(site, cell["id"], run["seed"])["alpha"]
            expected = [100 * score["success_auc"], 100 * score["precision_20"]]
            assert run["values"] == pytest.approx(expected, abs=0.001)
            assert len(run["regions"]) == len(run["overlap"]) == FRAMES
    assert data["cells"][1]["runs"][0]["score"] is None
    assert data["shown"] == ["dslt"]


def test_a_page_of_polygons_has_corners_and_no_video(site: Path) -> None:
    page = site / "sequences" / "made_vot" / "turning.html"
    data = data_of(page)
    assert data["truth"][5] == polygon(5).ravel().tolist()
    assert [one["title"] for one in data["metrics"]] == ["A", "failures"]
    assert data["cells"][0]["runs"][0]["values"][1] == 1
    assert soup_of(page).find("video") is None
    assert not note_of_blank(page).has_attr("hidden")
    assert note_of_blank(site / "sequences" / "made" / "alpha.html").has_attr("hidden")


def test_the_site_is_whole(site: Path) -> None:
    check_site(site)
    first, second = (soup_of(site / "sequences/made" / f"{n}.html") for n in ("alpha", "beta"))
    assert first.find("a", rel="next")["href"] == "beta.html"
    assert second.find("a", rel="prev")["href"] == "alpha.html"
    assert second.find("a", rel="next") is None


def test_the_matrix_has_every_score(site: Path) -> None:
    benchmarks = data_of(site / "sequences.html")["benchmarks"]
    assert [one["id"] for one in benchmarks] == ["made", "made_vot"]
    made = benchmarks[0]
    assert made["attributes"]["FM"] == "fast motion"
    assert [one["name"] for one in made["sequences"]] == ["alpha", "beta"]
    for cell in made["cells"]:
        for run in cell["runs"]:
            for name, score in scores_of(site, cell["id"], run["seed"]).items():
                value = run["values"][name][0]
                assert value == pytest.approx(100 * score["success_auc"], abs=0.001)


def test_the_matrix_leads_to_folders_of_any_name(site: Path) -> None:
    trackers = load_trackers([site.parent / "score/dslt/made/seed0.json"], {}, {})
    out, folder = site.parent / "any" / "matrix.html", site.parent / "any" / "50 % #1"
    write_matrix(trackers, {"made": folder}, out, html.Site())
    assert data_of(out)["benchmarks"][0]["folder"] == "50%20%25%20%231"


def test_the_number_of_the_frame_is_not_read_out_while_it_plays(site: Path) -> None:
    page = soup_of(site / "sequences" / "made" / "alpha.html")
    assert page.find(attrs={"data-is": "frame"})["aria-live"] == "off"


def test_the_rows_of_the_data_lead_to_the_pages(site: Path) -> None:
    text = html.table(tables.sequences(site.parent / "made.parquet"))
    soup = BeautifulSoup(text, "html.parser")
    links = [link["href"] for link in soup.find("tbody")("a")]
    assert links == ["sequences/made/alpha.html", "sequences/made/beta.html"]
    assert all((site / link).is_file() for link in links)


def test_data_without_a_page_have_no_row(site: Path) -> None:
    shown = tables.sequences(site.parent / "made.parquet", ["beta"])
    assert shown["Source video"].tolist() == ["beta"]


def test_a_video_has_the_frames_in_their_order(site: Path) -> None:
    with av.open(str(site / "videos" / "made" / "alpha.webm")) as container:
        frames = list(container.decode(video=0))
    assert [number_in(frame.to_ndarray(format="rgb24")) for frame in frames] == [*range(FRAMES)]
    assert [round(float(frame.time) * 25) for frame in frames] == [*range(FRAMES)]
    keys = [number for number, frame in enumerate(frames) if frame.key_frame]
    assert max(np.diff([*keys, FRAMES])) <= 13


def test_equal_frames_give_equal_videos(site: Path, tmp_path: Path) -> None:
    index = load_index(write_index_of_frames(tmp_path))
    (path,) = write_videos(index, ["beta"], tmp_path / "again")
    assert path.read_bytes() == (site / "videos" / "made" / "beta.webm").read_bytes()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((100, 200), (100, 200)),
        ((1080, 1920), (360, 640)),
        ((1280, 3), (640, 2)),
        ((2, 6400), (1, 640)),
    ],
)
def test_large_frames_become_small(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    scaled = small(np.zeros((*shape, 3), np.uint8))
    assert scaled.shape[:2] == expected
    assert max(expected) <= LONGEST


def test_data_cannot_end_their_script() -> None:
    text = script_data({"name": "</script><b>é"})
    assert "<" not in text
    assert json.loads(text) == {"name": "</script><b>é"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_data({"value": float("nan")})


def test_a_run_is_named_by_cell_and_seed() -> None:
    assert parse_runs({"a@3": "x/y"}) == {("a", 3): Path("x/y")}
    with pytest.raises(DsltError, match=r"'a': expected --run CELL@SEED=DIR"):
        parse_runs({"a": "x"})


def test_a_score_file_that_is_given_twice_is_an_error(site: Path) -> None:
    path = site.parent / "score" / "dslt" / "made" / "seed0.json"
    with pytest.raises(DsltError, match="dslt, benchmark made, seed 0 was given already"):
        load_trackers([path, path], {}, {})


@pytest.mark.parametrize(
    ("runs", "lacking"), [([], "no folder of results"), (["dslt@0", "dslt@1"], "no scores")]
)
def test_a_run_has_both_scores_and_results(site: Path, runs: list[str], lacking: str) -> None:
    made = site.parent
    words = ["report", "sequences", "--index", made / "made.parquet", "--out", made / "other"]
    words += ["--site-folder", made, "--protocol-definition", protocol("otb")]
    words += ["--score", made / "score" / "dslt" / "made" / "seed0.json"]
    folder = made / "track" / "dslt" / "made" / "seed0"
    with pytest.raises(DsltError, match=f"dslt, seed ., on made: {lacking}; expected both"):
        dslt(*words, *options("--run", dict.fromkeys(runs, folder)))
