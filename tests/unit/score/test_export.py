"""`dslt export`: archives of other toolkits' files, which read back as what went in."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dslt.commands.export import command
from dslt.core.errors import DsltError
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import write_boxes
from dslt.score.export import Form, export_files
from dslt.score.formats.archive import write_files, zip_bytes
from dslt.score.formats.vot import make_trajectory, text_of
from dslt.score.read_boxes import read_results
from dslt.score.read_runs import read_runs

BOXES = {
    "Jogging-1": np.array([[20, 30, 40, 25], [21.5, 30.25, 40, 25], [22, 31, 40.125, 25]]),
    "Girl2": np.array([[5, 6, 7, 8], [np.nan] * 4, [6, 6, 7, 8], [7, 6, 7, 8.0]]),
}
RUNS = {
    "ants1": [1, (20, 30, 40, 25), (21, 30, 40, 25.5), 2, 0, 0, 0, 0, 1, (20, 30, 40, 25)],
    "bag": [1, (20, 30, 60, 30, 60, 55, 20, 55.25), (20, 30, 60, 30, 60, 55), (20, 30, 40, 25)],
}
SPEED = {"Jogging-1": [2.0, 0.1, 0.1], "Girl2": [2.0, 0.04, 0.04, 0.04]}
TARGETS = {name: Target(boxes[:1].repeat(len(boxes), 0), (), "") for name, boxes in BOXES.items()}
RUN_TARGETS = {
    name: Target(np.array([[20.0, 30, 40, 25]]).repeat(len(run), 0), (), "")
    for name, run in RUNS.items()
}


@pytest.fixture
def one_pass(tmp_path) -> Path:
    """A folder as our own trackers leave it."""
    folder = tmp_path / "track" / "dslt" / "clips" / "seed0"
    for name, boxes in BOXES.items():
        write_boxes(folder / f"{name}.txt", boxes)
        rows = "".join(f"{i},{value}\n" for i, value in enumerate(SPEED[name]))
        (folder / f"{name}.csv").write_text("frame,seconds\n" + rows)
        (folder / f"{name}.training.csv").write_text("iteration,loss\n0,1\n")
    return folder


@pytest.fixture
def supervised(tmp_path) -> Path:
    """A supervised run of our own."""
    folder = tmp_path / "track" / "dslt" / "short" / "seed0"
    folder.mkdir(parents=True)
    for name, regions in RUNS.items():
        run = make_trajectory(regions, name)[0]
        (folder / f"{name}.txt").write_text(text_of(run))
        rows = "".join(f"{i},{'0.05' if state else ''}\n" for i, state in enumerate(run.states))
        (folder / f"{name}.csv").write_text("frame,seconds\n" + rows)
    return folder


def export(*arguments: object) -> str:
    done = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def unpack(archive: Path) -> Path:
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder


@pytest.mark.parametrize(
    ("to", "inside", "files"),
    [
        (
            "otb",
            "KCF",
            ["KCF/Girl2.txt", "KCF/Jogging-1.txt", "KCF/times/Girl2_time.txt"],
        ),
        ("pysot", "KCF", ["KCF/Girl2.txt", "KCF/Jogging-1.txt"]),
        ("otb-mat", ".", ["Girl2_KCF.mat", "Jogging-1_KCF.mat"]),
        ("got10k", ".", ["Girl2/Girl2_001.txt", "Girl2/Girl2_time.txt"]),
    ],
)
def test_one_pass_results_go_out_and_come_back(tmp_path, one_pass, to, inside, files):
    archive = tmp_path / "out" / "a.zip"
    export("--results", one_pass, "--to", to, "--tracker", "KCF", "--out", archive)
    with zipfile.ZipFile(archive) as file:
        assert set(files) <= set(file.namelist())
        assert file.namelist() == sorted(file.namelist())
    results, _ = read_results(unpack(archive) / inside, TARGETS)
    for name, boxes in BOXES.items():
        np.testing.assert_allclose(results[name].boxes, boxes)
    assert results["Girl2"].fps == (None if to == "pysot" else pytest.approx(25))
    export("--results", one_pass, "--to", to, "--tracker", "KCF", "--out", tmp_path / "b.zip")
    assert archive.read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("to", ["vot", "vot-binary"])
def test_supervised_runs_go_out_and_come_back(tmp_path, supervised, to):
    out = tmp_path / "results"
    results = ("--results", supervised, "--results", supervised)
    export(*results, "--to", to, "--tracker", "DSLT", "--out", out)
    suffix = {"vot": "txt", "vot-binary": "bin"}[to]
    assert (out / "DSLT" / "baseline" / "bag" / f"bag_002.{suffix}").is_file()
    runs, seconds, _ = read_runs(out / "DSLT", RUN_TARGETS)
    for name, regions in RUNS.items():
        expected = make_trajectory(regions, name)[0]
        for run in runs[name]:
            np.testing.assert_array_equal(run.states, expected.states)
            np.testing.assert_array_equal(run.rectangles, expected.rectangles)
            np.testing.assert_allclose(run.corners, expected.corners, rtol=1e-6)
        assert len(runs[name]) == 2
        assert seconds[name].tolist() == [0.05] * (2 * int((expected.states == 3).sum()))
    again = tmp_path / "again.zip"
    export("--results", out / "DSLT", "--to", to, "--tracker", "DSLT", "--out", again)
    with zipfile.ZipFile(again) as archive:
        for name in archive.namelist():
            assert archive.read(name) == (out / name).read_bytes()


def test_one_pass_results_as_an_unsupervised_experiment(tmp_path, one_pass):
    out = tmp_path / "a"
    options = ("--results", one_pass, "--to", "vot", "--tracker", "T", "--out", out)
    with pytest.raises(DsltError, match="--experiment unsupervised"):
        CliRunner().invoke(command, [str(o) for o in options], catch_exceptions=False)
    assert not out.exists()
    export(*options, "--experiment", "unsupervised")
    folder = out / "T" / "unsupervised"
    assert (folder / "Girl2" / "Girl2_001.txt").read_text() == (
        "1\n0\n6.0000,6.0000,7.0000,8.0000\n7.0000,6.0000,7.0000,8.0000\n"
    )
    assert (folder / "Girl2" / "Girl2_time.txt").read_text().startswith("2.00000000\n0.04000000\n")
    # Its boxes are not a supervised run of these sequences, but of its own form they are readable.
    runs, _, _ = read_runs(out / "T", TARGETS, experiment="unsupervised")
    np.testing.assert_allclose(runs["Jogging-1"][0].corners[1, 0], [21.5, 30.25])


@pytest.mark.parametrize(("read", "write", "first"), [(1, 1, 21), (1, 0, 20), (0, 1, 22)])
def test_origins_are_stated_and_kept(tmp_path, one_pass, read, write, first):
    export(
        *("--results", one_pass, "--to", "pysot", "--tracker", "T", "--out", tmp_path / "a"),
        *("--box-origin-in", read, "--box-origin-out", write),
    )
    assert (tmp_path / "a" / "T" / "Jogging-1.txt").read_text().startswith(f"{first},{first + 10},")


def test_sequences_can_be_renamed(tmp_path, one_pass):
    options = ("--results", one_pass, "--to", "pysot", "--tracker", "T", "--out", tmp_path / "a")
    export(*options, "--rename", "Jogging-1=Jogging.1")
    assert (tmp_path / "a" / "T" / "Jogging.1.txt").is_file()
    for pair, message in (
        ("Jogging=x", "unknown sequence of the results 'Jogging'; allowed: Girl2, Jogging-1"),
        ("Girl2=Jogging-1", "the same name"),
        ("Girl2=../x", "expected --rename OLD=NEW"),
        ("Girl2", "expected --rename OLD=NEW"),
    ):
        with pytest.raises(DsltError, match=message):
            CliRunner().invoke(
                command, [str(o) for o in (*options, "--rename", pair)], catch_exceptions=False
            )


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (Form("pysot", "T"), "ants1: a supervised run, which the form pysot cannot hold"),
        (Form("otb-mat", "T"), "a supervised run, which the form otb-mat cannot hold"),
        (Form("vot", "T", origin_in=1), "leave out --box-origin-in"),
        (Form("vot", "a/b"), "name 'a/b': expected letters"),
        (Form("vot", "T", experiment=".."), r"name '\.\.'"),
        (Form("xml", "T"), "unknown form of results 'xml'; allowed: got10k"),
    ],
)
def test_what_cannot_be_written_is_refused(supervised, form, message):
    with pytest.raises(DsltError, match=message):
        export_files([supervised], form)


def test_repetitions_have_to_fit(tmp_path, one_pass):
    other = tmp_path / "seed1"
    write_boxes(other / "Girl2.txt", BOXES["Girl2"])
    with pytest.raises(DsltError, match=r"seed1: not the sequences of .*: Jogging-1"):
        export_files([one_pass, other], Form("got10k", "T"))
    write_boxes(other / "Jogging-1.txt", BOXES["Jogging-1"][:2])
    with pytest.raises(DsltError, match="the repetitions of Jogging-1 differ in length"):
        export_files([one_pass, other], Form("got10k", "T"))
    write_boxes(other / "Jogging-1.txt", BOXES["Jogging-1"])
    files, _ = export_files([one_pass, other], Form("got10k", "T"))
    # Only one of them has a record of time, so neither is written.
    assert sorted(files) == [
        f"{name}/{name}_{number:03d}.txt" for name in sorted(BOXES) for number in (1, 2)
    ]
    with pytest.raises(DsltError, match="2 repetitions, of which pysot keeps one"):
        export_files([one_pass, other], Form("pysot", "T"))


def test_a_folder_is_made_as_a_whole_or_not_at_all(tmp_path):
    out = tmp_path / "a"
    out.mkdir()
    write_files({"b/c.txt": b"1", "d.txt": b"2"}, out)
    assert (out / "b" / "c.txt").read_bytes() == b"1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    with pytest.raises(DsltError, match="exists; give a new folder"):
        write_files({"d.txt": b"3"}, out)
    assert (out / "d.txt").read_bytes() == b"2"
    with pytest.raises(DsltError, match="could not be written"):
        write_files({"x": b""}, out / "d.txt" / "e")


BOX_ROWS = st.lists(
    st.one_of(
        st.just([np.nan] * 4),
        st.lists(st.integers(0, 10**7).map(lambda v: v / 10**4), min_size=4, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(
    rows=BOX_ROWS,
    to=st.sampled_from(["otb", "pysot", "otb-mat", "got10k"]),
    origins=st.tuples(st.integers(0, 1), st.integers(0, 1)),
)
def test_any_boxes_survive_any_form(tmp_path_factory, rows, to, origins):
    folder = tmp_path_factory.mktemp("boxes")
    boxes = np.array([[3.0, 4, 5, 6], *rows])
    write_boxes(folder / "in" / "a.txt", boxes, origins[0])
    form = Form(to, "T", origin_in=origins[0], origin_out=origins[1])
    write_files(export_files([folder / "in"], form)[0], folder / "out")
    inside = folder / "out" / "T" if to in ("otb", "pysot") else folder / "out"
    results, _ = read_results(inside, {"a": Target(boxes, (), "")}, origins[1])
    np.testing.assert_allclose(results["a"].boxes, boxes, atol=1e-9)


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=5), st.binary(max_size=20), max_size=5))
def test_archives_do_not_depend_on_order(files):
    assert zip_bytes(files) == zip_bytes(dict(reversed(list(files.items()))))


def test_a_zip_file_of_others_is_not_written_over(tmp_path):
    archive = tmp_path / "mine.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("thesis.txt", "the only copy")
    before = archive.read_bytes()
    undated = io.BytesIO()
    with zipfile.ZipFile(undated, "w") as file:
        file.writestr(zipfile.ZipInfo("boxes.txt"), "the only copy")  # of 1980, as ours are
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for content in (before, undated.getvalue(), empty.getvalue(), b"no archive at all"):
        archive.write_bytes(content)
        with pytest.raises(DsltError, match=r"mine\.zip: is there already and was not written by"):
            write_files({"a.txt": b"1"}, archive)
        assert archive.read_bytes() == content
    archive.unlink()
    for data in (b"1", b"2"):  # its own it replaces
        write_files({"a.txt": data}, archive)
    assert zip_bytes({"a.txt": b"2"}) == archive.read_bytes()


def test_the_verb_is_registered():
    code = "import dslt.commands.export, sys; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
    from dslt.cli import VERBS

    assert "export" in VERBS
