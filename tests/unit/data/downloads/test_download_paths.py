"""Each benchmark and training set, from its publisher's files to boxes, scores and pairs.

A server on this machine stands for the publishers; the commands are called in an empty folder as
the rules of the workflow call them.
"""

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from download_examples import (
    FRAMES,
    GOT10K,
    LASOT,
    LASOT_TRAINING,
    UAV,
    UAV_CUT,
    VOT,
    at_server,
    boxes,
    make_example,
    zipped,
)
from dslt.cli import group
from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.core.images import SUFFIXES
from dslt.core.text import canonical
from dslt.data.benchmarks.index_file import load_index
from dslt.data.downloads.definitions import downloads_folder, unpacked_folder
from dslt.data.pairs.dataset import PairDataset
from dslt.data.pairs.sets.kinds import parse_training_set
from dslt.data.pairs.sets.open import open_sources
from dslt.data.sequences.packed import PackedFrames
from dslt.geometry.boxes import read_boxes
from dslt.settings.protocols import VotProtocol, load_protocols
from dslt.settings.registry import parse_training
from dslt.study.cells import load_presets
from http_server import Server
from places import ROOT

CONFIG = ROOT / "config"
KCF = json.dumps({"tracker": "opencv", "algorithm": "kcf"})
PROTOCOLS = load_protocols(CONFIG / "protocols.yaml")
SIAMFC = load_presets(CONFIG / "trackers" / "siamfc.yaml")["lite"]["training"]


def of_downloads(file):
    """Entries that are taken from a download."""
    entries = yaml.safe_load((CONFIG / file).read_text(encoding="utf-8"))
    return {name: entry for name, entry in entries.items() if entry.get("download")}


BENCHMARKS = of_downloads("benchmarks.yaml")
TRAINING_SETS = of_downloads("training_sets.yaml")

# The sequences of the examples: name -> their frames, counted from 0, and the seed of their target.
# The annotations of Walking have a row for each image of its folder, of which a part is used.
OTB_2013 = {
    "Basketball": (range(FRAMES), 0),
    "Jogging-1": (range(FRAMES), 3),
    "Jogging-2": (range(FRAMES), 4),
    "Walking": (range(1, 5), 5),
}
OTB_2015 = {
    "Board": (range(FRAMES), 1),
    "Human4-2": (range(FRAMES), 2),
    "Skating2-1": (range(FRAMES), 4),
    "Skating2-2": (range(FRAMES), 5),
    **OTB_2013,
}
UAV123 = {name: (range(FRAMES), seed) for seed, name in enumerate(UAV)}
UAV123 |= {name: (range(first - 1, last), len(UAV)) for name, (first, last) in UAV_CUT.items()}
LASOT_TEST = {
    f"{kind}-{number}": (range(FRAMES), 10 * row + seed)
    for row, (kind, numbers) in enumerate(LASOT.items())
    for seed, number in enumerate(numbers)
}
STACK = {name: (range(count), seed) for seed, (name, count) in enumerate(VOT.items())}
PARTS = {
    "OTB-2015": OTB_2015,
    "OTB-2013": OTB_2013,
    "UAV123": UAV123,
    "UAV123_10fps": UAV123,
    "VOT-2016": STACK,
    "VOT-2018": STACK,
    "LaSOT": LASOT_TEST,
}
SPANS = {"Walking": (2, 5), **UAV_CUT}
LOST_LAST = ("UAV123", "UAV123_10fps", "LaSOT")  # no target in the last frame of most sequences
UNPACKED = ("LaSOT",)  # the others' images stay in their archives


class Project:
    """An empty folder in which the commands are called."""

    def __init__(self, server):
        self.server = server

    def call(self, *arguments):
        done = CliRunner().invoke(group, list(map(str, arguments)), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def fetch(self, example, *options):
        """Fetch what is handed out, or take it from a folder in which a person has put it."""
        if example.definition.get("access") == "account":
            options = ("--from", example.copy(Path("copy")), *options)
        elif example.definition.get("access") == "agreement":
            options = ("--agree", *options)
        self.fetch_only(example, *options)

    def fetch_only(self, example, *options):
        definition = json.dumps(at_server(example.definition, self.server.url))
        self.call("fetch", example.name, "--definition", definition, *options)

    def index(self, name, example, *options):
        download = json.dumps(at_server(example.definition, self.server.url))
        definition = json.dumps(benchmark(name))
        given = ("--definition", definition, "--download-definition", download, "--jobs", 1)
        self.call("index", name, *given, *options)
        return load_index(index_file(name))

    def index_set(self, name):
        """Index a training set as it is defined."""
        self.call("index", name, "--jobs", 1)
        return Path("results", "data", "sets", f"{name}.parquet")

    def track(self, name, *sequences):
        protocol = PROTOCOLS[BENCHMARKS[name]["protocol"]]
        supervised = isinstance(protocol, VotProtocol)
        options = ()
        if supervised:
            options = ("--protocol-definition", canonical(protocol.supervision()))
        chosen = [word for one in sequences for word in ("--sequence", one)]
        self.call(
            *("track", "--cell", "kcf", "--settings", KCF, "--index", index_file(name)),
            *(*chosen, *options, "--device", "cpu", "--out", "boxes"),
        )
        origin = 0 if supervised else 1
        self.call(
            *("score", "--index", index_file(name), *chosen, "--results", "boxes"),
            *("--box-origin", origin, "--protocol-definition", canonical(protocol)),
            *("--cell", "kcf", "--json", "scores.json"),
        )
        return json.loads(Path("scores.json").read_text())


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Server() as server:
        yield Project(server)


def index_file(name):
    return Path("results", "data", f"{name}.parquet")


def benchmark(name):
    """A benchmark's entry with the sequences of its example and their totals."""
    part = PARTS[name]
    totals = {"sequences": len(part), "frames": sum(len(frames) for frames, _ in part.values())}
    spans = {sequence: SPANS[sequence] for sequence in part if sequence in SPANS}
    own = {"sequences": list(part), "totals": totals, "frames": spans, "scored_from": {}}
    return BENCHMARKS[name] | own


def truth(frames, seed):
    """Boxes (N, 4) of a target, 0-based."""
    return np.array(boxes(seed, frames[-1] + 1), dtype=float)[frames[0] :] - [1, 1, 0, 0]


def images_below(folder):
    return [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]


def served(example, server):
    """Serve an example's files where anybody may fetch them."""
    if example.definition.get("access") != "account":
        example.serve(server)


def check_index(name, index, packed=True):
    """Check that the index has what the example has."""
    assert index.names == list(PARTS[name])
    for entry in index.sequences:
        frames, seed = PARTS[name][entry.name]
        sequence = index.sequence(entry.name)
        assert len(sequence) == entry.frames == len(frames)
        assert isinstance(sequence.frames, PackedFrames) == (packed and name not in UNPACKED)
        expected, found = truth(frames, seed), sequence.ground_truth
        is_lost = name in LOST_LAST and entry.name not in UAV_CUT
        known = slice(-1) if is_lost else slice(None)
        np.testing.assert_allclose(found[known], expected[known])
        for number, (x, y, w, h) in enumerate(expected.astype(int)):
            frame = sequence.frames[number]
            assert frame[y : y + h, x : x + w].mean() > 150  # the bright square is in its box
            assert frame.mean() < 100


def check_boxes(name, sequences, scores):
    """Check that each frame has a box, and that the tracker follows."""
    for sequence in sequences:
        rows = Path("boxes", f"{sequence}.txt").read_text().splitlines()
        assert len(rows) == len(PARTS[name][sequence][0])
        if not name.startswith("VOT"):
            assert np.isfinite(read_boxes(Path("boxes", f"{sequence}.txt"), 1)).all()
    assert list(scores["sequences"]) == list(sequences)
    scored = scores["overall"]
    if name.startswith("VOT"):
        assert scored["accuracy"] > 0.7
        assert scored["eao"] > 0.5
    else:
        assert scored["success_auc"] > 0.6


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_is_fetched_indexed_tracked_and_scored(name, project, tmp_path):
    example = make_example(BENCHMARKS[name]["download"])
    served(example, project.server)
    project.fetch(example)
    unpacked = unpacked_folder(tmp_path / "data", example.name)
    assert bool(images_below(unpacked)) == (name in UNPACKED)
    check_index(name, project.index(name, example))
    chosen = [list(PARTS[name])[place] for place in (0, -1)]
    check_boxes(name, chosen, project.track(name, *chosen))

    written = index_file(name).read_bytes()
    project.server.asked.clear()
    project.fetch_only(example, "--undo")
    assert not unpacked.exists()
    with pytest.raises(DsltError, match=rf"is not there; run `dslt fetch {example.name}`"):
        project.index(name, example)
    project.fetch(example)
    archives = [path for _, path, _ in project.server.asked if path.endswith(".zip")]
    assert bool(archives) == (name in UNPACKED)  # the others' archives were kept
    assert name in UNPACKED or project.server.asked == []
    project.index(name, example)
    assert index_file(name).read_bytes() == written


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_that_a_person_has_unpacked(name, project):
    """The copy is linked, and images are read from its folders."""
    example = make_example(BENCHMARKS[name]["download"])
    copy = example.copy(Path("mine"), unpacked=True)
    for path in example.files.keys() & {"description.json"}:  # a stack's, which lists its files
        (copy / path).write_bytes(example.files[path])
    project.fetch_only(example, "--from", copy)
    assert project.server.asked == []
    check_index(name, project.index(name, example), packed=False)
    chosen = list(PARTS[name])[:1]
    check_boxes(name, chosen, project.track(name, *chosen))


def test_of_lasot_only_the_test_part_stays(project, tmp_path):
    example = make_example("lasot_test")
    served(example, project.server)
    project.fetch(example)
    unpacked = unpacked_folder(tmp_path / "data", "lasot_test")
    assert {path.name for path in unpacked.glob("*/*")} == set(LASOT_TEST)
    assert not {f"{kind}-{LASOT_TRAINING}" for kind in LASOT} & set(LASOT_TEST)
    kept = [path.name for path in downloads_folder(tmp_path / "data", "lasot_test").iterdir()]
    assert kept == ["receipt.json"]


def test_targets_of_one_video_share_its_images(project):
    for name, targets in (
        ("UAV123", ("bird1_1", "bird1_2")),
        ("OTB-2015", ("Jogging-1", "Jogging-2")),
    ):
        example = make_example(BENCHMARKS[name]["download"])
        served(example, project.server)
        project.fetch(example)
        index = project.index(name, example)
        first, second = (index.entry(target) for target in targets)
        assert first.video == second.video
        assert first.source.archive == second.source.archive
    assert first.source.files == second.source.files


def test_attributes_flags_and_tags_arrive(project):
    found = {}
    for name in ("UAV123", "LaSOT", "VOT-2018"):
        example = make_example(BENCHMARKS[name]["download"])
        served(example, project.server)
        project.fetch(example)
        found[name] = project.index(name, example)
    assert len(found["UAV123"].entry("bike1").attributes) == 2
    assert found["LaSOT"].entry("car-2").absent.tolist() == [False] * (FRAMES - 1) + [True]
    assert found["VOT-2018"].entry("bag").tags["camera_motion"].all()
    assert found["VOT-2018"].entry("bag").corners.shape == (FRAMES, 4, 2)


def test_names_of_benchmarks_and_sets_are_enough(project, tmp_path):
    """Where the project's own files name the addresses, no option does."""
    names = {"OTB-2013": "otb", "vid": "ilsvrc_vid"}
    examples = [make_example(name) for name in names.values()]
    downloads = {}
    for example in examples:
        example.serve(project.server)
        downloads[example.name] = at_server(example.definition, project.server.url)
    (tmp_path / "config").mkdir()
    for file, entries in (
        ("downloads.yaml", downloads),
        ("benchmarks.yaml", {"OTB-2013": benchmark("OTB-2013")}),
    ):
        (tmp_path / "config" / file).write_text(json.dumps(entries))
    for name in names:
        project.call("fetch", name, "--agree")
        project.call("index", name)
    check_index("OTB-2013", load_index(index_file("OTB-2013")))
    listed = project.call("fetch", "--list").splitlines()
    assert [line.split()[-1] for line in listed[2:] if line.split()[0] in downloads] == ["yes"] * 2


# ------------------------------------------------------------------------- training sets

VID = {"ILSVRC2015_train_00000000", "ILSVRC2015_train_00025000"}
VIDEOS = {
    "vid": VID,
    "vid_trainval": {"ILSVRC2015_train_00025000", "ILSVRC2015_val_00000000"},  # one is held out
    "det": {"n02691156_10002", "ILSVRC2014_train_00000001"},
    "coco": {f"{number:012d}.jpg" for number in range(1, 5)},
    "youtube_bb": {"AAA-bbb_000", "BBB-ccc_111"},
    "lasot": {f"{kind}-{LASOT_TRAINING}" for kind in LASOT},  # no sequence of the test part
    "got10k": set(GOT10K),
    "youtube_vos": {"003234408d", "0043f083b5"},
}


@pytest.mark.parametrize("name", TRAINING_SETS)
def test_a_training_set_is_fetched_indexed_and_drawn_from(name, project):
    example = make_example(TRAINING_SETS[name]["download"])
    served(example, project.server)
    project.fetch(example)
    indexes = {name: project.index_set(name)}
    pairs = drawn(name, indexes)
    for pair, again in zip(pairs, drawn(name, {}), strict=True):  # the same without the index
        for mine, other in zip(pair, again, strict=True):
            assert mine.equal(other)
    written = indexes[name].read_bytes()
    project.fetch_only(example, "--undo")
    with pytest.raises(DsltError, match=f"is not there; run `dslt fetch {example.name}`"):
        project.index_set(name)
    project.server.asked.clear()
    project.fetch(example)
    assert bool(project.server.asked) == (example.name == "lasot")  # keeps no archives
    project.index_set(name)
    assert indexes[name].read_bytes() == written


def drawn(name, indexes):
    """Pairs of a training set, with a check that the target is where the box says."""
    changes = {"sources": {name: None}, "per_epoch": 8}
    settings = SIAMFC | {"pairs": SIAMFC["pairs"] | changes}
    training = parse_training({"tracker": "siamfc", "training": settings}, name)
    entry = parse_training_set(name, read_definitions(CONFIG / "training_sets.yaml")[name])
    sources = open_sources([name], {name: entry}, indexes=indexes)
    assert {Path(video.name).name for video in sources[name].videos} == VIDEOS[name]
    dataset = PairDataset(training.pairs, training.crops, sources, seed=0)
    pairs = [dataset[number] for number in range(8)]
    crops = training.crops
    for pair in pairs:
        assert pair.positive
        assert pair.template.shape == (3, crops.template, crops.template)
        assert pair.search.shape == (3, crops.search, crops.search)
        x, y, w, h = pair.box.round().int().tolist()
        target = pair.search[:, y : y + h, x : x + w].mean()
        around = pair.search.sum() - pair.search[:, y : y + h, x : x + w].sum()
        assert target > 1.5 * around / (pair.search.numel() - 3 * w * h)
    assert dataset.damaged == {name: 0}
    return pairs


# ----------------------------------------------------------------------- damaged results


def cut_last(files):
    name = "Basketball/img/0006.jpg"
    return files | {name: files[name][:-400]}


def drop_third(files):
    return {name: content for name, content in files.items() if not name.endswith("0003.jpg")}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut_last, r"Basketball\.zip!Basketball/img/0006\.jpg: unreadable frame, truncated"),
        (drop_third, r"Basketball\.zip: 5 frames for 6 rows .* frame 0003 is missing after"),
    ],
)
def test_an_archive_that_was_published_damaged(damage, words, project):
    example = make_example("otb")
    with zipfile.ZipFile(io.BytesIO(example.files["Basketball.zip"])) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    example.files["Basketball.zip"] = zipped(damage(files))
    example.serve(project.server)
    project.fetch(example)
    with pytest.raises(DsltError, match=f"^sequence Basketball: .*{words}") as caught:
        project.index("OTB-2015", example)
    assert "`dslt fetch otb --undo`, then `dslt fetch otb --verify`" in str(caught.value)
    assert not index_file("OTB-2015").exists()


def test_what_is_damaged_here_comes_back_as_the_messages_say(project, tmp_path):
    """An archive on this disk that has changed, and an annotation that was unpacked."""
    example = make_example("otb")
    example.serve(project.server)
    project.fetch(example)
    rows = unpacked_folder(tmp_path / "data", "otb") / "Basketball" / "groundtruth_rect.txt"
    rows.write_text("".join(rows.read_text().splitlines(keepends=True)[:-1]))
    archive = downloads_folder(tmp_path / "data", "otb") / "Walking.zip"
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(DsltError, match="2 problems; no index was written") as caught:
        project.index("OTB-2015", example, "--check-images", "all")
    for words in ("Basketball: data/downloads/otb/Basketball.zip: 6 frames for 5 rows", "Walking"):
        assert f"sequence {words}" in str(caught.value)
    project.server.asked.clear()
    project.fetch_only(example, "--undo")
    with pytest.raises(DsltError, match=r"Walking\.zip: it has changed .*; remove it and run"):
        project.fetch_only(example, "--verify")
    archive.unlink()
    project.fetch_only(example, "--verify")
    assert {Path(path).name for _, path, _ in project.server.asked} == {"Walking.zip"}
    check_index("OTB-2015", project.index("OTB-2015", example, "--check-images", "all"))


def test_frames_that_are_lost_come_back_as_the_message_says(project, tmp_path):
    example = make_example("lasot_test")
    example.serve(project.server)
    project.fetch(example)
    folder = unpacked_folder(tmp_path / "data", "lasot_test") / "car" / "car-2" / "img"
    (folder / "00000003.jpg").unlink()
    with pytest.raises(DsltError, match=r"^sequence car-2: .*frame 00000003 is missing") as caught:
        project.index("LaSOT", example)
    assert "`dslt fetch lasot_test --undo`, then" in str(caught.value)
    for option in ("--undo", "--verify"):
        project.fetch_only(example, option)
    check_index("LaSOT", project.index("LaSOT", example))


def test_tracking_says_which_file_is_gone(project):
    for name, sequence, words in (
        ("LaSOT", "car-2", r"car-2/img/00000001\.jpg: missing frame; fetch it or index again"),
        ("OTB-2015", "Walking", r"Walking\.zip: no such archive; .*: fetch it again"),
    ):
        example = make_example(BENCHMARKS[name]["download"])
        example.serve(project.server)
        project.fetch(example)
        project.index(name, example)
        project.fetch_only(example, "--undo")
        if name == "OTB-2015":
            project.track(name, sequence)  # its frames are in the archive
            shutil.rmtree("data")
        with pytest.raises(DsltError, match=words):
            project.track(name, sequence)
