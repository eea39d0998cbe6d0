"""Writes the files of the golden set: trajectories and results that nobody annotated or tracked.

Everything is drawn from one seed, so the files can be made again byte for byte. Corners of VOT
regions avoid halves, which toolkits round in different ways; the pairs of `regions.txt` have some.
"""

from __future__ import annotations

import random
from pathlib import Path

import golden_regions
from golden_files import ABSENT, Row, line, lines, path_of, save

SEED = 2020


def write(folder: Path) -> None:
    """Write all files of the set below a folder."""
    rng = random.Random(SEED)
    _otb(rng, folder / "otb")
    _otb_rows(rng, folder / "otb_rows")
    _uav123(rng, folder / "uav123")
    _lasot(rng, folder / "lasot")
    golden_regions.write(rng, folder)


# ------------------------------------------------------------------------ one pass


def _otb(rng: random.Random, root: Path) -> None:
    """Exact ties, decimals, two targets in one folder, and boxes that leave the frame."""
    grid, on_grid = _ties(20, 20)
    wander = path_of(rng, 75)
    twins = [path_of(rng, 50), path_of(rng, 50)]
    border = _leaving(rng, 64)
    save(root / "grid/groundtruth_rect.txt", lines(grid))
    save(root / "wander/groundtruth_rect.txt", lines(wander, "\t"))
    save(root / "wander/attributes.txt", ["SV, FM"])
    save(root / "twins/groundtruth_rect.1.txt", lines(twins[0], " "))
    save(root / "twins/groundtruth_rect.2.txt", lines(twins[1], ", "))
    save(root / "twins/attributes.txt", ["FM, OCC"])
    save(root / "border/groundtruth_rect.txt", lines(border))
    steady = {
        "grid": on_grid,
        "wander": _follow(rng, wander),
        "twins-1": _follow(rng, twins[0], lost=30),
        "twins-2": _follow(rng, twins[1]),
        "border": _follow(rng, border),
    }
    for name, rows in steady.items():
        save(root / f"results/steady/{name}.txt", lines(rows))
        from_zero = [(x - 1, y - 1, w, h) for x, y, w, h in rows]
        save(root / f"results/from_zero/{name}/{name}_001.txt", lines(from_zero))
    save(root / "results/from_zero/grid/grid_002.txt", lines(grid))  # is not read
    for name, rows in _broken(rng, steady).items():
        save(root / f"results/broken/{name}.txt", rows)


def _broken(rng: random.Random, steady: dict[str, list[Row]]) -> dict[str, list[str]]:
    """Results with everything that a scorer has to repair or to refuse to count."""
    rows = {name: lines(_follow(rng, list(boxes))) for name, boxes in steady.items()}
    rows["grid"] = rows["grid"][:-10]  # too short
    wander = rows["wander"]
    wander[0] = ABSENT  # replaced by the truth
    wander[20:24] = [ABSENT, "50,60,0,30", "50,60,25,-4", "NaN,60,25,30"]
    wander[40] = "0,0,0,0"
    rows["wander"] = wander + ["1,1,9,9"] * 5  # too long
    x, y, w, h = steady["twins-1"][0]
    rows["twins-1"][0] = line((x, y, x + w, y + h))  # two corners, as some published files have
    rows["twins-2"][-6:] = [ABSENT] * 6
    rows["border"][30] = "10,10,20,0"
    return rows


def _otb_rows(rng: random.Random, root: Path) -> None:
    """Tiger1, of which the first five of 354 rows do not count, and two targets by their names."""
    truth = {
        "Tiger1": path_of(rng, 354, 0),
        "Jogging-1": path_of(rng, 40),
        "Jogging-2": path_of(rng, 40),
    }
    for name, rows in truth.items():
        save(root / f"anno/{name}.txt", lines(rows))
        result = lines(_follow(rng, rows, digits=0 if name == "Tiger1" else 1))
        save(root / f"results/whole/{name}.txt", result)
        cut = result[5:] if name == "Tiger1" else result
        save(root / f"results/cut/{name}.txt", cut)


def _uav123(rng: random.Random, root: Path) -> None:
    """NaN where the target is out of view; one sequence with boxes over the frame's edge."""
    truth = {
        "kite1_1": path_of(rng, 70),
        "kite1_2": path_of(rng, 55),
        "quay3": path_of(rng, 80),
        "shore2": _leaving(rng, 60),
    }
    flags = {
        "kite1_1": "1,0,0,1,0,0,0,0,0,0,1,0",
        "kite1_2": "1,0,0,0,0,0,0,0,0,0,1,0",
        "quay3": "0,0,0,0,1,1,0,0,0,1,1,0",
        "shore2": "0,1,0,0,0,0,1,0,0,0,0,1",
    }
    for name, rows in truth.items():
        text = lines(rows)
        result = _follow(rng, rows, lost=45 if name == "kite1_2" else None)
        if name == "quay3":
            text[30:44] = [ABSENT] * 14
        save(root / f"anno/UAV123/{name}.txt", text)
        save(root / f"anno/UAV123/att/{name}.txt", [flags[name]])
        save(root / f"results/steady/{name}.txt", lines(result))
        worse = lines(_follow(rng, rows))
        worse[10:12] = [ABSENT, "4,5,0,0"]
        save(root / f"results/broken/{name}.txt", worse[: len(rows) - (name == "quay3") * 8])


def _lasot(rng: random.Random, root: Path) -> None:
    """Frames flagged as without target, with stale boxes or zeros in them; exact ties."""
    ties, on_ties = _ties(100, 50)
    truth = {"kettle-1": path_of(rng, 90), "kettle-2": ties, "lantern-3": path_of(rng, 100)}
    results = {
        "kettle-1": _follow(rng, truth["kettle-1"], lost=70),
        "kettle-2": on_ties,
        "lantern-3": _follow(rng, truth["lantern-3"]),
    }
    hidden = {"kettle-1": range(20, 25), "kettle-2": range(0), "lantern-3": range(60, 75)}
    outside = {"kettle-1": range(23, 31), "kettle-2": range(0), "lantern-3": range(90, 100)}
    for name, rows in truth.items():
        folder = root / name.split("-")[0] / name
        text = lines(rows)
        if name == "kettle-1":
            text[23:31] = ["0,0,0,0"] * 8  # flagged
        if name == "lantern-3":
            text[40:42] = ["150,80,0,20", "0,0,0,0"]  # not flagged
        save(folder / "groundtruth.txt", text)
        for file, frames in (("full_occlusion", hidden[name]), ("out_of_view", outside[name])):
            flags = ",".join("1" if frame in frames else "0" for frame in range(len(rows)))
            save(folder / f"{file}.txt", [flags])
        save(root / f"results/steady/{name}.txt", lines(results[name]))
        worse = lines(_follow(rng, rows))
        worse[24:27] = ["1,1,0,0"] * 3
        worse[35] = ABSENT
        save(root / f"results/broken/{name}.txt", worse)


def _leaving(rng: random.Random, frames: int) -> list[Row]:
    """A path over the left and the lower edge; rows with x or y of 0 and less do not count."""
    rows = []
    for frame, (_, y, w, h) in enumerate(path_of(rng, frames)):
        x, y = 40 - 1.3 * frame, y // 2 + 2.5 * frame
        rows.append((round(x, 1), round(y, 1), w, h))
    rows[25] = (0, 30, 20, 20)
    rows[26] = (12, 30, 20, 0)
    return rows


def _ties(width: int, height: int) -> tuple[list[Row], list[Row]]:
    """Truth and result whose overlaps and distances are exactly on thresholds."""
    parts = [height * k // 20 for k in range(1, 21)]
    shifts = [(3, 4), (6, 8), (9, 12), (12, 16), (20, 0), (0, 20), (0, 21), (21, 0), (30, 40)]
    shifts += [(0, 50), (0, 51), (1, 0), (0, 0), (width, 0), (35, 0), (29, 0), (15, 0)]
    truth = [(40 + i, 60, width, height) for i in range(len(parts) + len(shifts) + 1)]
    result = [truth[0]]
    result += [(x, y, w, part) for (x, y, w, _), part in zip(truth[1:21], parts, strict=True)]
    result += [
        (x + dx, y + dy, w, h) for (x, y, w, h), (dx, dy) in zip(truth[21:], shifts, strict=True)
    ]
    return truth, result


def _follow(
    rng: random.Random, truth: list[Row], lost: int | None = None, digits: int = 1
) -> list[Row]:
    """A result that lags, breathes and, from frame `lost` on, runs away."""
    rows = []
    dx = dy = 0.0
    for frame, (x, y, w, h) in enumerate(truth):
        dx, dy = 0.85 * dx + rng.uniform(-5, 5), 0.85 * dy + rng.uniform(-4, 4)
        away = 0 if lost is None else 3 * max(0, frame - lost)
        scale = rng.uniform(0.85, 1.2)
        moved = dx * (frame > 0) + away, dy * (frame > 0)
        row = (x + moved[0], y + moved[1], max(w, 12) * scale, max(h, 12) * scale)
        rows.append(tuple(round(value, digits) for value in row))
    return rows
