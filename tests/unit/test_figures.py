"""The figures, drawn from small result files in the form in which the workflow writes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.figure import Figure
from matplotlib.image import imread
from PIL import Image

from dslt import boxes
from dslt.commands.figure import command
from dslt.data.benchmarks import parse_benchmark
from dslt.data.index import build_index, write_index
from dslt.errors import DsltError
from dslt.figures import fig01, fig03, fig04, fig15, fig16, style

NAMES = ["alpha", "beta", "gamma"]


# ------------------------------------------------------------------ result files


def write_score(path: Path, cell: str, benchmark: str, seed: int, auc: float, names=NAMES) -> Path:
    success = {"thresholds": [0, 0.5, 1], "values": [1.0, auc, 0.0]}
    precision = {"thresholds": [0, 20, 50], "values": [0.0, auc + 0.1, 1.0]}
    sequence = {
        "video": "film",
        "attributes": ["OCC"],
        "frames": 9,
        "success_auc": auc,
        "precision_20": auc + 0.1,
        "success": [1.0, auc, 0.0],
        "precision": [0.0, auc + 0.1, 1.0],
        "fps": 20.0,
        "init_seconds": 1.0,
    }
    record = {
        "cell": cell,
        "benchmark": benchmark,
        "seed": seed,
        "conventions": {},
        "box_origin": 1,
        "notes": [],
        "overall": {"success_auc": auc, "precision_20": auc + 0.1, "fps": 20.0},
        "curves": {"success": success, "precision": precision},
        "attributes": {},
        "sequences": dict.fromkeys(names, sequence),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return path


def write_record(path: Path, rates: dict[str, float], iterations: int = 60) -> Path:
    """Losses that fall by a factor per iteration; 1 never converges."""
    lines = ["sequence,iteration,loss,criterion,peak,background"]
    for name, rate in rates.items():
        for step in range(iterations + 1):
            lines.append(f"{name},{step},{40 * rate**step},{7 * rate ** (step / 2)},0.9,0.1")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def write_maps(path: Path, noise: float, names=("alpha", "beta")) -> Path:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:12, :16]
    label = np.exp(-0.5 * ((y - 6) ** 2 + (x - 8) ** 2) / 2).astype(np.float32)
    maps = {}
    for name in names:
        maps[f"{name}/patch"] = rng.integers(0, 255, (96, 128, 3), dtype=np.uint8)
        maps[f"{name}/label"] = label
        maps[f"{name}/response"] = label + noise * rng.normal(size=label.shape).astype(np.float32)
    np.savez(path, **maps)
    return path


@pytest.fixture
def tracked(tmp_path):
    """An indexed benchmark of two sequences and the boxes of two cells."""
    rng = np.random.default_rng(0)
    truth = np.tile([20.0, 12.0, 16.0, 12.0], (8, 1)) + np.arange(8)[:, None] * [2, 1, 0, 0]
    truth[3] = np.nan
    for name in ("near", "far"):
        frames = tmp_path / "set" / name / "img"
        frames.mkdir(parents=True)
        for number in range(1, 9):
            pixels = rng.integers(0, 255, (48, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(frames / f"{number:04d}.png")
        boxes.write_boxes(frames.parent / "groundtruth_rect.txt", truth)
    definition = {"kind": "folder", "root": str(tmp_path / "set"), "protocol": "otb"}
    index = tmp_path / "index.json"
    write_index(
        index,
        build_index("mine", parse_benchmark("mine", definition | {"box_origin": 1}), tmp_path),
    )
    for cell, offset in {"dslt": 1.0, "dslt_l2": 9.0}.items():
        for name in ("near", "far"):
            shift = offset if name == "far" else 1.0
            found = np.tile([20.0, 12.0, 16.0, 12.0], (8, 1)) + np.arange(8)[:, None] * [2, 1, 0, 0]
            path = tmp_path / "track" / cell / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            boxes.write_boxes(path, found + np.array([shift, 0, 0, 0]))
    return index, {cell: tmp_path / "track" / cell for cell in ("dslt", "dslt_l2")}


def texts(figure: Figure) -> str:
    """Everything that is written in a figure."""
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]
    return "\n".join(text for text in found if text)


# ------------------------------------------------------------------ style


def test_known_looks_differ_in_colour_or_dash_and_in_label():
    known = list(style.LOOKS.values())
    pairs = [(look.color, str(look.dash)) for look in known]
    pairs += [(color, str(dash)) for color, dash, _ in style.SPARE]
    assert len(set(pairs)) == len(pairs)
    assert len({look.label for look in known}) == len(known)


def test_a_cell_looks_the_same_whatever_the_others_are():
    alone = style.looks(["dslt_l2"])["dslt_l2"]
    assert style.looks(["mine", "dslt_l2", "dslt"])["dslt_l2"] == alone


def test_looks_follow_the_order_and_the_labels_given():
    found = style.looks(["mine", "dslt_l3", "dslt", "mine"], {"dslt": "Ours, $5"})
    assert list(found) == ["dslt", "dslt_l3", "mine"]
    assert found["dslt"].label == r"Ours, \$5"
    assert found["mine"].label == "mine"


@given(st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=8))
def test_up_to_eight_added_cells_look_different(cells):
    found = style.looks(cells)
    assert len({(look.color, str(look.dash)) for look in found.values()}) == len(cells)


def test_save_writes_the_same_bytes_twice_at_print_resolution(tmp_path):
    first = [path.read_bytes() for path in style.save(fig04.figure(), tmp_path / "a" / "one")]
    second = [path.read_bytes() for path in style.save(fig04.figure(), tmp_path / "b" / "two.png")]
    assert first == second
    assert b"CreationDate" not in first[0]
    assert imread(tmp_path / "a" / "one.png").shape[1] == round(style.COLUMN_WIDTH * style.DPI)
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["two.pdf", "two.png"]


def test_a_failed_save_leaves_the_earlier_file(tmp_path):
    class Broken(Figure):
        def savefig(self, fname, **kwargs):
            Path(fname).write_bytes(b"half")
            raise MemoryError

    style.save(fig04.figure(), tmp_path / "one")
    before = (tmp_path / "one.pdf").read_bytes()
    with pytest.raises(MemoryError):
        style.save(Broken(), tmp_path / "one")
    assert (tmp_path / "one.pdf").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


# ------------------------------------------------------------------ Fig. 1


@given(hnp.arrays(bool, st.integers(1, 40)).filter(lambda v: v.any()), st.integers(1, 8))
def test_frames_are_visible_ascending_and_end_with_the_last(visible, count):
    truth = np.where(visible[:, None], 1.0, np.nan) * np.ones(4)
    chosen = fig01.evenly_spaced(truth, count)
    seen = np.flatnonzero(visible)
    assert 1 <= len(chosen) <= count
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= set(seen)
    assert chosen[-1] == seen[-1]
    assert len(seen) == 1 or chosen[0] != seen[0]


@given(
    hnp.arrays(np.float64, (3, 4), elements=st.floats(1, 90)),
    hnp.arrays(np.float64, (3, 4), elements=st.floats(-200, 300)),
)
def test_the_view_holds_the_truth_and_stays_in_the_frame(truth, found):
    truth[:, 2:] = np.minimum(truth[:, 2:], [[160, 120]] - truth[:, :2])
    found[:, 2:] = np.abs(found[:, 2:])
    frame = np.zeros((120, 160, 3), np.uint8)
    strip = fig01.Strip("s", (0, 1, 2), (frame,) * 3, truth, {"dslt": found}, {"dslt": 0.5})
    left, top, right, bottom = fig01.view(strip)
    assert 0 <= left < right <= 160 + 1e-9
    assert 0 <= top < bottom <= 120 + 1e-9
    assert (truth[:, 0] >= left - 1e-6).all()
    assert (truth[:, :2] + truth[:, 2:] <= [right + 1e-6, bottom + 1e-6]).all()


def test_a_lost_target_counts_as_no_overlap():
    truth = np.array([[0, 0, 4, 4], [np.nan] * 4, [0, 0, 4, 4]])
    found = np.array([[0, 0, 4, 4], [0, 0, 4, 4], [np.nan] * 4])
    assert fig01.mean_overlap(found, truth) == 0.5


def test_the_sequences_with_the_widest_spread_come_first(tracked):
    index, folders = tracked
    strips = fig01.load(index, folders, rows=1, columns=3)
    assert [strip.name for strip in strips] == ["far"]
    assert [strip.name for strip in fig01.load(index, folders, 5, 3)] == ["far", "near"]
    assert [s.name for s in fig01.load(index, folders, 1, 3, named=["near"])] == ["near"]
    assert strips[0].indices == (2, 5, 7)
    assert strips[0].overlap["dslt"] == pytest.approx(15 / 17)
    np.testing.assert_allclose(strips[0].boxes["dslt"] - strips[0].truth, [[1, 0, 0, 0]] * 3)


def test_fig01_writes_the_overlaps_and_frame_numbers(tracked):
    strips = fig01.load(*tracked, 2, 3)
    written = texts(fig01.figure(strips, {"dslt": "Ours"}))
    assert "(a) far.  Mean overlap:  Ours 0.88,  L2 0.28" in written
    assert {"#2", "#5", "#7", "Ground truth"} <= set(written.splitlines())


def test_fig01_with_long_labels_gives_the_overlaps_in_legend_order(tracked):
    strips = fig01.load(*tracked, 1, 3)
    long = {"dslt": "a label " * 6, "dslt_l2": "another label " * 5}
    assert "0.88,  0.28 (in the order of the legend)" in texts(fig01.figure(strips, long))


def test_fig01_names_missing_and_foreign_boxes(tracked):
    index, folders = tracked
    path = folders["dslt"] / "far.txt"
    path.write_text("1,1,4,4\n")
    with pytest.raises(DsltError, match=r"far\.txt: 1 boxes, but sequence far has 8"):
        fig01.load(index, folders)
    path.unlink()
    with pytest.raises(DsltError, match=r"far\.txt: no such file"):
        fig01.load(index, folders)
    with pytest.raises(DsltError, match=r"nowhere: no such file or folder"):
        fig01.load(index, {"dslt": Path("nowhere")})


# ------------------------------------------------------------------ Fig. 3


def test_fig03_shows_both_responses_and_the_easy_share(tmp_path):
    paths = {
        "dslt_l2": write_maps(tmp_path / "l2.npz", 0.2),
        "dslt": write_maps(tmp_path / "full.npz", 0.01),
    }
    maps = fig03.load(paths, "beta")
    share = 100 * np.mean(maps["dslt_l2"].error < 0.1)
    written = texts(fig03.figure(maps, {"dslt": "Full"}))
    assert f"L2: {share:.1f}% below 0.1, mean {maps['dslt_l2'].error.mean():.4f}" in written
    assert "Full: 100.0% below 0.1" in written
    assert written.index("Response: L2") < written.index("Response: Full")


def test_fig03_errors_name_the_file(tmp_path):
    good = write_maps(tmp_path / "good.npz", 0.1)
    with pytest.raises(DsltError, match=r"gone\.npz: no such file"):
        fig03.load({"dslt": tmp_path / "gone.npz"})
    with pytest.raises(DsltError, match=r"good\.npz: no patch.*'delta'; it has alpha, beta"):
        fig03.load({"dslt": good}, "delta")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(DsltError, match=r"text\.npz: not an npz file"):
        fig03.load({"dslt": tmp_path / "text.npz"})
    np.savez(tmp_path / "empty.npz")
    with pytest.raises(DsltError, match=r"empty\.npz: holds no maps"):
        fig03.load({"dslt": tmp_path / "empty.npz"})


def test_fig03_refuses_maps_with_another_label(tmp_path):
    other = dict(np.load(write_maps(tmp_path / "one.npz", 0.1)))
    other["alpha/label"] = other["alpha/label"] * 0.5
    np.savez(tmp_path / "two.npz", **other)
    with pytest.raises(DsltError, match=r"two\.npz: sequence alpha: its label differs"):
        fig03.load({"dslt": tmp_path / "one.npz", "dslt_l2": tmp_path / "two.npz"})


# ------------------------------------------------------------------ Fig. 4


def test_fig04_draws_the_printed_vectors():
    losses = fig04.elementwise(np.array([0.05, 0.5, 0.9]), 10, 0.2)
    np.testing.assert_allclose(losses["dslt"], [0.000456064, 0.238144, 0.809262], rtol=2e-6)
    np.testing.assert_allclose(losses["dslt_l3"], [0.000125, 0.125, 0.729])
    np.testing.assert_allclose(losses["dslt_l2"], [0.0025, 0.25, 0.81])


def test_fig04_names_its_settings():
    written = texts(fig04.figure(fig04.parse_pairs(["7,0.3", "2,0.5"])))
    assert "a=7,\\ c=0.3" in written
    assert "a=2,\\ c=0.5" in written
    assert "a=10" not in written


@pytest.mark.parametrize("text", ["10", "10,x", "1,2,3", "nan,0.2", ""])
def test_fig04_refuses_what_is_no_setting(text):
    with pytest.raises(DsltError, match=r"A,C|finite"):
        fig04.parse_pairs([text])


# ------------------------------------------------------------------ Fig. 15


def test_fig15_averages_seeds_and_sorts_the_legend(tmp_path):
    study = fig15.load(
        [
            write_score(tmp_path / "a0.json", "dslt", "clips", 0, 0.60),
            write_score(tmp_path / "a1.json", "dslt", "clips", 1, 0.50),
            write_score(tmp_path / "b0.json", "dslt_l2", "clips", 0, 0.57),
            write_score(tmp_path / "c0.json", "dslt", "synthetic", 0, 0.80, ["one"]),
        ]
    )
    assert study["clips"]["dslt"].success.headline == pytest.approx(0.55)
    np.testing.assert_allclose(study["clips"]["dslt"].success.values, [1, 0.55, 0])
    figure = fig15.figure(study)
    legends = [[t.get_text() for t in ax.get_legend().get_texts()] for ax in figure.axes]
    assert legends[0] == ["57.0  L2", "55.0  Shrinkage"]
    assert legends[1] == ["67.0  L2", "65.0  Shrinkage"]
    assert legends[2] == ["80.0  Shrinkage"]
    written = texts(figure)
    assert "(a) Real clips (3 sequences): success" in written
    assert "(d) Synthetic videos (1 sequences): precision" in written


def test_fig15_refuses_unequal_files(tmp_path):
    first = write_score(tmp_path / "a.json", "dslt", "clips", 0, 0.6)
    other = write_score(tmp_path / "b.json", "dslt_l2", "clips", 0, 0.5, ["alpha", "delta"])
    with pytest.raises(DsltError, match=r"b\.json: .*beta, delta, gamma"):
        fig15.load([first, other])
    with pytest.raises(DsltError, match=r"seed 0 was given already by .*a\.json"):
        fig15.load([first, first])
    with pytest.raises(DsltError, match=r"none\.json: no such file"):
        fig15.load([tmp_path / "none.json"])
    (tmp_path / "half.json").write_text('{"cell": ')
    with pytest.raises(DsltError, match=r"half\.json"):
        fig15.load([tmp_path / "half.json"])


# ------------------------------------------------------------------ Fig. 16


def test_fig16_counts_what_did_not_converge(tmp_path):
    fast = write_record(tmp_path / "a.csv", {"one": 0.7, "two": 0.8, "three": 0.75})
    slow = write_record(tmp_path / "b.csv", {"one": 0.7, "two": 1.0, "three": 1.0})
    study = fig16.load([f"dslt={fast}", f"dslt_l2={slow}"])
    table = fig16.summary(study).set_index(["loss", "measured by"])
    assert table.loc[("Shrinkage", "own loss"), "converged"] == 3
    assert table.loc[("L2", "own loss"), "converged"] == 1
    assert table.loc[("L2", "own loss"), "median"] == 60
    assert table.loc[("L2", "own loss"), "cap"] == 60
    figure = fig16.figure(study)
    assert "≥ 60\n(2 of 3)" in texts(figure)
    hollow = [line for line in figure.axes[2].lines if line.get_marker() == "^"]
    assert [line.get_ydata()[0] for line in hollow] == [60, 60]


def test_fig16_draws_the_mean_relative_to_the_start(tmp_path):
    path = write_record(tmp_path / "a.csv", {"one": 0.5, "two": 0.9}, 20)
    figure = fig16.figure(fig16.load([f"dslt@clips={path}"]))
    curve = next(line for line in figure.axes[0].lines if len(line.get_ydata()) == 21)
    np.testing.assert_allclose(curve.get_ydata()[:3], [1, 0.7, (0.25 + 0.81) / 2])
    assert "(a) Real clips: own loss" in texts(figure)


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_the_count_is_the_number_of_censored_runs(reached):
    text = fig16.count_text(reached, 30.0)
    censored = reached.count(False)
    assert (f"({censored} of {len(reached)})" in text) == (censored > 0)
    assert ("≥" in text) == (2 * censored >= len(reached))


def test_fig16_keeps_benchmarks_apart(tmp_path):
    clips = write_record(tmp_path / "a.csv", {"one": 0.7, "two": 0.8})
    drawn = write_record(tmp_path / "b.csv", {"s1": 0.7})
    with pytest.raises(DsltError, match=r"b\.csv: holds other sequences.*CELL@BENCHMARK"):
        fig16.load([f"dslt={clips}", f"dslt={drawn}"])
    study = fig16.load([f"dslt@clips={clips}", f"dslt@synthetic={drawn}"])
    assert list(study) == ["clips", "synthetic"]
    assert len(fig16.figure(study).axes) == 8


def test_fig16_errors_name_the_file(tmp_path):
    long = write_record(tmp_path / "long.csv", {"one": 0.99}, 60)
    short = write_record(tmp_path / "short.csv", {"one": 0.99}, 40)
    with pytest.raises(DsltError, match=r"different length"):
        fig16.load([f"dslt={long}", f"dslt_l2={short}"])
    with pytest.raises(DsltError, match=r"gone\.csv: no such file"):
        fig16.load([f"dslt={tmp_path / 'gone.csv'}"])
    empty = write_record(tmp_path / "empty.csv", {})
    with pytest.raises(DsltError, match=r"empty\.csv: holds no iteration"):
        fig16.load([f"dslt={empty}"])
    with pytest.raises(DsltError, match=r"expected CELL=FILE or CELL@BENCHMARK=FILE"):
        fig16.load([str(long)])


# ------------------------------------------------------------------ command line


def call(*arguments: object) -> list[Path]:
    """Run `dslt figure` and return what it says it wrote."""
    done = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [Path(line) for line in done.output.split()]


def test_every_figure_from_the_command_line(tmp_path, tracked):
    index, folders = tracked
    out = tmp_path / "figures"
    maps = write_maps(tmp_path / "maps.npz", 0.1)
    score = write_score(tmp_path / "score.json", "dslt", "clips", 0, 0.6)
    record = write_record(tmp_path / "record.csv", {"one": 0.7})
    tracks = [f"--tracks={cell}={folder}" for cell, folder in folders.items()]
    written = [
        *call("fig01", "--index", index, *tracks, "--frames", 3, "--out", out / "fig01"),
        *call("fig03", "--maps", f"dslt={maps}", "--out", out / "fig03"),
        *call("fig04", "--pair", "6,0.2", "--out", out / "fig04"),
        *call("fig15", "--score", score, "--label", "dslt=Ours", "--out", out / "fig15"),
        *call("fig16", "--convergence", f"dslt@clips={record}", "--out", out / "fig16"),
    ]
    assert sorted(out.iterdir()) == sorted(written)
    assert len(written) == 10
    assert all(path.stat().st_size > 5000 for path in written)


def test_an_option_given_twice_is_an_error(tmp_path):
    with pytest.raises(DsltError, match="--maps: dslt was given twice"):
        call("fig03", "--maps", "dslt=a.npz", "--maps", "dslt=b.npz", "--out", tmp_path / "x")
