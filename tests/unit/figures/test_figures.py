"""The figures, drawn from small result files in the form in which the workflow writes them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.image import imread

from dslt.core.errors import DsltError
from dslt.figures import balance, fig03, fig04, fig16, style
from result_files import call, texts

# ------------------------------------------------------------------ result files


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


# ------------------------------------------------------------------ style


def test_known_looks_differ_in_colour_or_dash_and_in_label():
    known = list(style.LOOKS.values())
    pairs = [(look.color, str(look.dash)) for look in known]
    pairs += [(color, str(dash)) for color, dash, _ in style.SPARE]
    assert len(set(pairs)) == len(pairs)
    assert len({look.label for look in known}) == len(known)


def test_points_of_added_cells_differ_in_colour_or_marker():
    points = [(color, marker) for color, _, marker in style.SPARE]
    assert len(set(points)) == len(points)


def test_a_cell_looks_the_same_whatever_the_others_are():
    alone = style.looks(["dslt_l2"])["dslt_l2"]
    assert style.looks(["mine", "dslt_l2", "dslt"])["dslt_l2"] == alone


def test_looks_follow_the_order_and_the_labels_given():
    found = style.looks(["mine", "dslt_l3", "dslt", "mine"], {"dslt": "Ours, $5"})
    assert list(found) == ["dslt", "dslt_l3", "mine"]
    assert found["dslt"].label == r"Ours, \$5"
    assert found["mine"].label == "mine"


@given(st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=30))
def test_up_to_thirty_added_cells_look_different(cells):
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
    whole = good.read_bytes()
    for number in range(0, len(whole), 97):  # in headers of the archive, of arrays, and in these
        (tmp_path / "bad.npz").write_bytes(
            whole[:number] + bytes([whole[number] ^ 1]) + whole[number + 1 :]
        )
        with contextlib.suppress(DsltError):  # a bit in an unused field does no harm
            fig03.load({"dslt": tmp_path / "bad.npz"})
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


def test_the_shares_of_the_fused_head(tmp_path):
    for name, values in {"a": (0.1, 0.3, np.nan, 0.2), "b": (0.6,), "c": ()}.items():
        shares = {f"s{i}/fused_share": np.float64(v) for i, v in enumerate(values)}
        np.savez(tmp_path / f"{name}.npz", **shares, **{"s0/label": np.zeros((2, 2))})
    specs = [f"dslt@clips={tmp_path}/a.csv", f"dslt_l2@clips={tmp_path}/b.csv"]
    table = balance.shares(specs).set_index("loss")
    assert table.loc["Shrinkage"].tolist() == [
        "clips",
        "dslt",
        4,
        1,
        *map(pytest.approx, (20, 10, 30)),
    ]
    assert table.loc["L2", "median, %"] == pytest.approx(60)
    with pytest.raises(DsltError, match=r"c\.npz: no fused_share in it"):
        balance.shares([f"dslt={tmp_path}/c.csv"])
    with pytest.raises(DsltError, match=r"d\.npz: no such file"):
        balance.shares([f"dslt={tmp_path}/d.csv"])


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


def test_the_figures_of_the_loss_from_the_command_line(tmp_path):
    out = tmp_path / "figures"
    maps = write_maps(tmp_path / "maps.npz", 0.1)
    record = write_record(tmp_path / "record.csv", {"one": 0.7})
    written = [
        *call("fig03", "--maps", f"dslt={maps}", "--out", out / "fig03"),
        *call("fig04", "--pair", "6,0.2", "--out", out / "fig04"),
        *call("fig16", "--convergence", f"dslt@clips={record}", "--out", out / "fig16"),
    ]
    assert sorted(out.iterdir()) == sorted(written)
    assert len(written) == 6
    assert all(path.stat().st_size > 5000 for path in written)


def test_an_option_given_twice_is_an_error(tmp_path):
    with pytest.raises(DsltError, match="--maps CELL=NPZ: dslt was given twice"):
        call("fig03", "--maps", "dslt=a.npz", "--maps", "dslt=b.npz", "--out", tmp_path / "x")
