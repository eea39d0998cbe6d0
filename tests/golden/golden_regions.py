"""Writes the VOT part of the golden set: supervised runs, and pairs of regions."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

from golden_files import ABSENT, Row, line, lines, path_of, save, save_binary

SIZE = (320, 240)  # of the frames
SEQUENCES = {"buoy": 372, "kayak": 150, "swan": 110, "cork": 64}  # and their frames
Form = Callable[[Row, float, float, float], Row]  # region, shift, scale

# Tracker: sequence: failures of each repetition. `late` is lost at once and again, and so late
# that no start follows.
FAILURES = {
    "polygons": {"buoy": [[]], "kayak": [[12, 20]], "swan": [[]], "cork": [[40]]},
    "boxes": {
        "buoy": [[100], [], [300]],
        "kayak": [[], [70, 90], []],
        "swan": [[30], [], []],
        "cork": [[], [55], []],
    },
    "late": {"buoy": [[1, 7, 250, 369]], "kayak": [[147], []], "swan": [[107]], "cork": [[]]},
}


def write(rng: random.Random, folder: Path) -> None:
    """Write the files below a folder."""
    truth = _vot(rng, folder / "vot")
    _results(rng, folder / "vot/results", truth)
    _vot_absent(rng, folder / "vot_absent")
    save(folder / "regions.txt", _pairs(rng))


def _vot(rng: random.Random, root: Path) -> dict[str, list[Row]]:
    """Boxes and polygons with tags."""
    truth = {
        "buoy": [tuple(map(round, row)) for row in _sailing(rng, SEQUENCES["buoy"])],
        "kayak": _turning(rng, SEQUENCES["kayak"], (160, 120), (70, 40)),
        "swan": _turning(rng, SEQUENCES["swan"], (250, 170), (60, 65)),  # over right and bottom
        "cork": _turning(rng, SEQUENCES["cork"], (150, 110), (50, 30)),
    }
    save(root / "list.txt", truth)
    for name, rows in truth.items():
        save(root / name / "groundtruth.txt", lines(rows))
        save(root / name / "sequence", [f"width={SIZE[0]}", f"height={SIZE[1]}"])
    save(root / "buoy/motion_change.tag", _tag(372, range(90, 210)))
    save(root / "buoy/size_change.tag", _tag(372, range(190, 260)))
    save(root / "kayak/camera_motion.tag", _tag(150, range(150)))
    save(root / "kayak/occlusion.tag", _tag(40, range(10, 30)))  # the rest are zeros
    save(root / "kayak/illum_change.tag", [])  # no frame at all
    save(root / "swan/occlusion.tag", _tag(110, range(20, 50)))
    return truth


def _results(rng: random.Random, root: Path, truth: dict[str, list[Row]]) -> None:
    """Runs of polygons, of whole boxes in the binary form, and of boxes with decimals."""
    forms = {"polygons": _as_polygon, "boxes": _as_whole_box, "late": _as_box}
    for tracker, form in forms.items():
        for name, repetitions in FAILURES[tracker].items():
            for number, failures in enumerate(repetitions, 1):
                path = root / tracker / "baseline" / name / f"{name}_{number:03}"
                run = _run(rng, truth[name], failures, form)
                if tracker == "boxes":
                    save_binary(path.with_suffix(".bin"), run)
                    continue
                text = lines(run)
                if (tracker, name) == ("late", "cork"):
                    text[30:33] = [ABSENT, "140,100,0,0", "140,100,12,0"]
                save(path.with_suffix(".txt"), text)


def _vot_absent(rng: random.Random, root: Path) -> None:
    """One sequence with frames of which there is no truth."""
    rows = _turning(rng, 120, (150, 110), (50, 40))
    text = lines(rows)
    text[33:40] = ["NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN"] * 7
    save(root / "heron/groundtruth.txt", text)
    save(root / "heron/sequence", [f"width={SIZE[0]}", f"height={SIZE[1]}"])
    run = _run(rng, rows, [60], _as_polygon)
    save(root / "results/polygons/baseline/heron/heron_001.txt", lines(run))


def _sailing(rng: random.Random, frames: int) -> list[Row]:
    """A path that crosses the upper left corner of the frame half-way."""
    return [
        (x - 150 * bend, y - 120 * bend, w, h)
        for frame, (x, y, w, h) in enumerate(path_of(rng, frames))
        for bend in [max(0.0, 1 - abs(frame - frames / 2) / 60)]
    ]


def _turning(
    rng: random.Random, frames: int, middle: tuple[int, int], reach: tuple[int, int]
) -> list[Row]:
    """Corners of a box that turns."""
    phase, speed, spin = rng.uniform(0, 6), rng.uniform(0.03, 0.06), rng.uniform(0.01, 0.05)
    rows = []
    for f in range(frames):
        x = middle[0] + reach[0] * math.sin(phase + speed * f)
        y = middle[1] + reach[1] * math.cos(phase + 0.7 * speed * f)
        w, h = 21 + 4 * math.sin(0.1 * f), 13 + 3 * math.cos(0.07 * f)
        rows.append(_tilted(x, y, w, h, spin * f))
    return rows


def _tilted(x: float, y: float, w: float, h: float, angle: float) -> Row:
    """Corners of a box around (x, y) with half the sides w and h."""
    c, s = math.cos(angle), math.sin(angle)
    corners = [(-w, -h), (w, -h), (w, h), (-w, h)]
    return tuple(
        _no_half(value) for a, b in corners for value in (x + a * c - b * s, y + a * s + b * c)
    )


def _no_half(value: float) -> float:
    """One decimal, which is not a 5."""
    tenths = round(10 * value)
    return (tenths + (tenths % 10 == 5)) / 10


def _run(rng: random.Random, truth: list[Row], failures: list[int], form: Form) -> list[Row]:
    """A supervised run: code 1, regions, code 2 at a failure, four times code 0, code 1 ..."""
    rows: list[Row] = []
    start, phase = 0, rng.uniform(0, 6)
    for frame, region in enumerate(truth):
        if frame < start:
            rows.append((0,))
        elif frame == start:
            rows.append((1,))
        elif frame in failures:
            rows.append((2,))
            start = frame + 5
        else:
            age = frame - start
            drift = 9 * (1 - math.exp(-age / 15))
            dx, dy = drift * math.cos(phase + age / 12), drift * math.sin(phase + age / 17)
            rows.append(form(region, dx, dy, rng.uniform(0.85, 1.15)))
    return rows


def _box_of(region: Row) -> Row:
    if len(region) == 4:
        return region
    x, y = region[::2], region[1::2]
    return min(x), min(y), max(x) - min(x), max(y) - min(y)


def _as_polygon(region: Row, dx: float, dy: float, scale: float) -> Row:
    if len(region) == 4:
        x, y, w, h = region
        return _tilted(x + w / 2 + dx, y + h / 2 + dy, w / 2 * scale, h / 2, 0.2 * (scale - 1))
    return tuple(
        _no_half(value + shift) for value, shift in zip(region, [dx * scale, dy] * 4, strict=True)
    )


def _as_whole_box(region: Row, dx: float, dy: float, scale: float) -> Row:
    x, y, w, h = _box_of(region)
    return round(x + dx), round(y + dy), round(w * scale), round(h * scale)


def _as_box(region: Row, dx: float, dy: float, scale: float) -> Row:
    """A box with decimals, neither of whose corners has a half."""
    x, y, w, h = _box_of(region)
    left, top = _no_half(x + dx), _no_half(y + dy)
    right, bottom = _no_half(left + w * scale), _no_half(top + h * scale)
    return left, top, round(right - left, 1), round(bottom - top, 1)


def _tag(frames: int, carried: range) -> list[str]:
    return ["1" if frame in carried else "0" for frame in range(frames)]


# ------------------------------------------------------------------------ pairs of regions


def _pairs(rng: random.Random) -> list[str]:
    """Pairs of regions with the size of their frame, which reach over its edges or not."""
    pairs: list[tuple[Row, Row]] = [
        ((10, 20, 30, 40), (10, 20, 30, 40)),  # the same
        ((10, 20, 30, 40), (40, 20, 30, 40)),  # side by side
        ((10, 20, 30, 40), (41, 20, 30, 40)),
        ((10, 20, 30, 40), (200, 100, 30, 40)),  # apart
        ((-40, -30, 60, 60), (-10, -10, 30, 30)),  # over the upper left corner
        ((300, 220, 60, 60), (290, 210, 60, 60)),  # over the lower right corner
        ((-20, -20, 400, 400), (100, 50, 40, 30)),  # around the frame
        ((100, 50, 40, 30), (110, 60, 10, 5)),  # inside
        ((10, 20, 30, 40), (10, 20, 0, 40)),  # no area
        ((10.5, 20.5, 30, 40), (12.5, 19.5, 31, 40)),  # halves
        ((100.5, 60.5, 130.5, 70.5, 120.5, 110.5), (95, 60, 40, 40)),  # a triangle with halves
    ]
    for _ in range(12):
        pairs.append((_whole(rng), _whole(rng)))
        pairs.append((_quad(rng), _quad(rng)))
        pairs.append((_quad(rng), _whole(rng)))
        pairs.append((_fan(rng, 3), _fan(rng, 5)))
    return [f"{line(one)};{line(other)};{SIZE[0]},{SIZE[1]}" for one, other in pairs]


def _whole(rng: random.Random) -> Row:
    return rng.randint(120, 160), rng.randint(-20, 30), rng.randint(20, 50), rng.randint(30, 60)


def _quad(rng: random.Random) -> Row:
    x, y = rng.uniform(135, 165), rng.uniform(5, 35)
    return _tilted(x, y, rng.uniform(8, 25), rng.uniform(8, 25), rng.uniform(0, 3))


def _fan(rng: random.Random, corners: int) -> Row:
    """Corners on an ellipse over the right edge of the frame, one after the other: convex."""
    x, y, start = rng.uniform(290, 315), rng.uniform(60, 90), rng.uniform(0, 6)
    angles = [start + 2 * math.pi * (k + rng.uniform(0, 0.5)) / corners for k in range(corners)]
    points = [(x + 30 * math.cos(a), y + 20 * math.sin(a)) for a in angles]
    return tuple(_no_half(value) for point in points for value in point)
