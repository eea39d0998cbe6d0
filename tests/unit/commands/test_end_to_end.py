"""From folders of frames to scores through the command line, odd and broken input included."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from dslt.cli import group
from dslt.core.errors import DsltError
from places import ROOT

PROTOCOLS = ROOT / "config" / "protocols.yaml"
PROTOCOL = json.dumps(yaml.safe_load(PROTOCOLS.read_text())["otb"])
KCF = json.dumps({"tracker": "opencv", "algorithm": "kcf"})
WIDTH, HEIGHT, COUNT = 64, 48, 5


def picture(index: int) -> np.ndarray:
    """Frame `index` (H, W, 3): a textured target that moves by 2 px per frame to the right."""
    rng = np.random.default_rng(0)
    frame = rng.integers(90, 110, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    target = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    frame[14:30, 10 + 2 * index : 26 + 2 * index] = target
    return frame


class Study:
    """A folder benchmark in the OTB layout and what the commands make of it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "videos"
        self.index = folder / "index.parquet"
        self.results = folder / "results"
        self.scores = folder / "scores.json"

    def add(self, name: str, count: int = COUNT, suffix: str = "png", boxes: int | None = None):
        """Write a sequence; return its folder of frames, 0001 on."""
        frames = self.root / name / "img"
        frames.mkdir(parents=True)
        for index in range(count):
            Image.fromarray(picture(index)).save(frames / f"{index + 1:04d}.{suffix}")
        rows = [f"{11 + 2 * index},15,16,16\n" for index in range(boxes or count)]
        (self.root / name / "groundtruth_rect.txt").write_text("".join(rows))
        return frames

    def call(self, *arguments: str | Path) -> None:
        done = CliRunner().invoke(group, list(map(str, arguments)), catch_exceptions=False)
        assert done.exit_code == 0, done.output

    def describe(self, **more: object) -> None:
        definition = {"kind": "folder", "protocol": "otb", "root": str(self.root), **more}
        options = ("--definition", json.dumps(definition), "--check-images", "none")
        self.call("index", "own", *options, "--out", self.index)

    def track(self) -> None:
        self.call(
            *("track", "--cell", "kcf", "--settings", KCF, "--index", self.index),
            *("--device", "cpu", "--out", self.results),
        )

    def score(self) -> dict:
        self.call(
            *("score", "--index", self.index, "--results", self.results, "--cell", "kcf"),
            *("--protocol-definition", PROTOCOL, "--seed", "0", "--json", self.scores),
        )
        return json.loads(self.scores.read_text())["sequences"]

    def made(self) -> list[str]:
        """Names in the folder of results, hidden ones included."""
        return sorted(path.name for path in self.results.iterdir()) if self.results.exists() else []


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def files_of(*names: str) -> list[str]:
    return sorted(f"{name}.{end}" for name in names for end in ("csv", "training.csv", "txt"))


def test_two_frames_are_enough(study):
    study.add("still", count=2)
    study.describe()
    study.track()
    assert study.made() == files_of("still")
    assert (study.results / "still.txt").read_text().splitlines()[0] == "11,15,16,16"
    scored = study.score()["still"]
    assert (scored["frames"], scored["precision_20"]) == (2, 1.0)


def test_our_boxes_count_from_1_where_the_truth_counts_from_0(study):
    study.add("walk")
    rows = "".join(f"{10 + 2 * index},14,16,16\n" for index in range(COUNT))
    (study.root / "walk" / "groundtruth_rect.txt").write_text(rows)
    study.describe(box_origin=0)
    study.track()
    assert (study.results / "walk.txt").read_text().splitlines()[0] == "11,15,16,16"
    study.score()
    assert json.loads(study.scores.read_text())["box_origin"] == 1


def test_frames_of_any_depth_and_channels_track_alike(study):
    study.add("rgb")
    for index in range(COUNT):
        rgb, name = picture(index), f"{index + 1:04d}.png"
        gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        bgra = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
        bgra[..., 3] = 7  # a transparency that must not matter
        deep = rgb[..., ::-1].astype(np.uint16) * 257
        for kind, pixels in (("gray", gray), ("rgba", bgra), ("deep", deep)):
            folder = study.root / kind / "img"
            folder.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(folder / name), pixels)
    boxes = (study.root / "rgb" / "groundtruth_rect.txt").read_text()
    for kind in ("gray", "rgba", "deep"):
        (study.root / kind / "groundtruth_rect.txt").write_text(boxes)
    study.describe()
    study.track()
    assert study.made() == files_of("rgb", "gray", "rgba", "deep")
    scores = study.score()
    assert all(scores[kind]["success_auc"] > 0.7 for kind in ("rgb", "gray", "rgba", "deep"))
    texts = {kind: (study.results / f"{kind}.txt").read_text() for kind in ("rgb", "rgba", "deep")}
    assert len(set(texts.values())) == 1


@pytest.mark.parametrize("indexed_first", [True, False])
def test_a_truncated_frame_is_named_and_its_sequence_leaves_nothing(study, indexed_first):
    study.add("a_whole", suffix="jpg")
    frames = study.add("b_torn", suffix="jpg")
    torn = frames / "0003.jpg"
    if indexed_first:
        study.describe()
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    if not indexed_first:
        study.describe()
    with pytest.raises(DsltError, match=r"b_torn/img/0003\.jpg: unreadable frame, truncated"):
        study.track()
    assert study.made() == files_of("a_whole")
    with pytest.raises(DsltError, match="no result for b_torn"):
        study.score()
    assert not study.scores.exists()


def test_a_frame_of_another_size_is_named_and_its_sequence_leaves_nothing(study):
    frames = study.add("grows")
    Image.fromarray(picture(2)).resize((WIDTH + 2, HEIGHT)).save(frames / "0003.png")
    study.describe()
    with pytest.raises(DsltError, match=r"0003\.png: frame of 66x48 pixels in a .* of 64x48"):
        study.track()
    assert study.made() == []


@pytest.mark.parametrize("boxes", [COUNT - 1, COUNT + 1])
def test_ground_truth_of_another_length_is_refused(study, boxes):
    study.add("odd", boxes=boxes)
    with pytest.raises(DsltError, match=rf"odd/img: 5 frames for {boxes} rows of ground truth"):
        study.describe()
    assert not study.index.exists()


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_full_disk_leaves_no_boxes_and_nothing_half_written(study, monkeypatch, writes):
    """The boxes are written last: whichever file fails, there are none."""
    study.add("walk")
    study.describe()
    sync, written = os.fsync, []

    def full(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            if len(written) == writes:
                raise OSError(errno.ENOSPC, "No space left on device")
            written.append(handle)
        sync(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DsltError, match="could not be written; the disk is full"):
            study.track()
    assert study.made() == sorted(["walk.training.csv", "walk.csv"][:writes])
    study.track()
    assert study.made() == files_of("walk")
    assert study.score()["walk"]["frames"] == COUNT


def test_a_full_disk_keeps_the_earlier_scores(study, monkeypatch):
    study.add("walk")
    study.describe()
    study.track()
    study.score()
    before = study.scores.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DsltError, match=r"scores\.json: could not be written; the disk is full"):
        study.score()
    assert study.scores.read_bytes() == before
    assert not list(study.scores.parent.glob(".*"))


def test_a_write_that_stops_midway_leaves_nothing(study):
    """The system itself refuses the bytes after the first 60, as a full disk does."""
    resource = pytest.importorskip("resource")
    study.add("walk")
    study.describe()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60, hard))
    try:
        with pytest.raises(DsltError, match=r"walk\.csv: could not be written"):
            study.track()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert study.made() == ["walk.training.csv"]
