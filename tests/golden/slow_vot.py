"""The slow scorer of supervised runs: accuracy, robustness, expected average overlap."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path

from slow_files import flags, lines, mean, numbers
from slow_regions import region_overlap

OFFICIAL = {"overlap": "raster", "rectangles": "edges", "bounds": "image", "accuracy": "pooled"}
ALTERNATIVES = {
    "exact_polygons": {"overlap": "polygon"},
    "pixel_rectangles": {"rectangles": "pixels"},
    "unbounded": {"bounds": "none"},
    "accuracy_by_length": {"accuracy": "by_length"},
}
EAO_LENGTHS = {"VOT-2016": (108, 371), "VOT-2018": (100, 356)}
TAGS = ("camera_motion", "illum_change", "motion_change", "occlusion", "size_change")
BURN_IN = 10
RESTART = 5  # frames from a failure to the next initialisation


def score_supervised(case: dict, data: Path) -> dict:
    """Score supervised runs; the answer has the form of a score file."""
    sequences = [_read_supervised(case, data, name) for name in case["sequences"]]
    lengths = EAO_LENGTHS[case["benchmark"]]
    official = _supervised(sequences, OFFICIAL, lengths)
    return official | {
        "sequences": dict(zip(case["sequences"], official["sequences"], strict=True)),
        "alternatives": {
            name: _supervised(sequences, OFFICIAL | change, lengths)["overall"]
            for name, change in ALTERNATIVES.items()
        },
    }


def _supervised(sequences: list[dict], rule: dict, lengths: tuple[int, int]) -> dict:
    """Scores of one tracker; None stands for an overlap that does not count."""
    longest = max(len(one["truth"]) for one in sequences)
    scored, failed, pieces = [], [], []
    for one in sequences:
        overlaps = [_run_overlaps(run, one, rule) for run in one["runs"]]
        scored.append(_per_frame(one["runs"], overlaps))
        failed.append(
            [mean(code == 2 for code in codes) for codes in zip(*one["runs"], strict=True)]
        )
        for run, values in zip(one["runs"], overlaps, strict=True):
            pieces += _pieces(run, values, one["truth"], 1 / len(one["runs"]))
    rows = [_sequence(values, losses) for values, losses in zip(scored, failed, strict=True)]
    failures = sum(row["failures"] for row in rows)
    tags = _tags(sequences, scored, failed)
    overall = {
        "accuracy": _accuracy(scored, rows, rule["accuracy"]),
        "robustness": 100 * failures / sum(row["frames"] for row in rows),
        "failures": failures,
        "failures_weighted": failures if not tags else _by_frames(tags.values(), "failures"),
        "eao": _expected_average_overlap(pieces, lengths[0], min(lengths[1], longest)),
    }
    return {"overall": overall, "attributes": tags, "sequences": rows}


def _sequence(scored: list[float | None], failed: list[float]) -> dict:
    """Accuracy and failures of one sequence."""
    counted = [value for value in scored if value is not None]
    accuracy = mean(counted) if counted else None
    return {"accuracy": accuracy, "failures": math.fsum(failed), "frames": len(scored)}


def _by_frames(rows, key: str) -> float:
    """Mean weighted by numbers of frames."""
    rows = [row for row in rows if row[key] is not None]
    return sum(row[key] * row["frames"] for row in rows) / sum(row["frames"] for row in rows)


def _accuracy(scored: list[list], rows: list[dict], way: str) -> float:
    """Mean over all frames, or over the sequences by their lengths."""
    if way == "by_length":
        return _by_frames(rows, "accuracy")
    return mean(value for values in scored for value in values if value is not None)


def _run_overlaps(run: list, one: dict, rule: dict) -> list[float | None]:
    """Overlap of every frame that has a region and a truth."""
    size = one["size"] if rule["bounds"] == "image" else None
    return [
        None
        if isinstance(region, int) or truth is None
        else region_overlap(region, truth, rule["overlap"], rule["rectangles"], size)
        for region, truth in zip(run, one["truth"], strict=True)
    ]


def _per_frame(runs: list[list], overlaps: list[list]) -> list[float | None]:
    """Mean over the repetitions that count a frame: tracked, and not in a burn-in."""
    means = []
    for frame in range(len(runs[0])):
        counted = [
            values[frame]
            for run, values in zip(runs, overlaps, strict=True)
            if values[frame] is not None
            and all(region != 1 for region in run[max(0, frame - BURN_IN + 1) : frame + 1])
        ]
        means.append(mean(counted) if counted else None)
    return means


def _pieces(run: list, overlaps: list, truth: list, weight: float) -> list[tuple]:
    """Cut a run where it was started again: (overlaps, whether it failed, known, weight)."""
    frames = len(run)
    starts = [frame + RESTART for frame, region in enumerate(run) if region == 2]
    begins = [0, *(start for start in starts if start < frames)]
    pieces = []
    for begin, end in zip(begins, [*begins[1:], frames], strict=True):
        values = [0.0 if value is None else value for value in overlaps[begin:end]]
        # Frames without a truth say nothing about a mean; behind a failure they are known, too.
        known = [region is not None for region in truth[begin:]]
        pieces.append((values, end < frames, known, weight))
    return pieces


def _expected_average_overlap(pieces: list[tuple], low: int, high: int) -> float:
    expected = []
    for length in range(low, high + 1):
        total = weights = 0.0
        for values, failed, known, weight in pieces:
            if not failed and len(values) < length:
                continue  # nothing is known about that length
            some = known[1:length]
            count = sum(some) + (length - 1 - len(some))
            if count:
                total += weight * math.fsum(values[1:length]) / count
                weights += weight
        if weights:
            expected.append(total / weights)
    return mean(expected)


def _tags(sequences: list[dict], scored: list[list], failed: list[list]) -> dict:
    """Failures and overlaps at the frames of each tag, and of the frames without a tag."""
    if not any(one["tags"] for one in sequences):
        return {}
    found = {}
    for tag in (*TAGS, "empty"):
        overlaps, failures, frames = [], 0.0, 0
        for one, values, failing in zip(sequences, scored, failed, strict=True):
            for frame in range(len(one["truth"])):
                carried = [name for name in TAGS if one["tags"].get(name, {}).get(frame)]
                if tag in carried or (tag == "empty" and not carried):
                    frames += 1
                    failures += failing[frame]
                    if values[frame] is not None:
                        overlaps.append(values[frame])
        found[tag] = {"failures": failures, "frames": frames}
        if overlaps:
            found[tag]["accuracy"] = mean(overlaps)
    return found


def _read_supervised(case: dict, data: Path, name: str) -> dict:
    folder = data / case["annotations"] / name
    results = data / case["results"] / "baseline" / name
    size = re.findall(r"(?:width|height)=(\d+)", (folder / "sequence").read_text(encoding="utf-8"))
    tags = {}
    for path in folder.glob("*.tag"):
        tags[path.stem] = dict(enumerate(flags(path)))
    return {
        "truth": [
            None if region == 0 else region
            for region in map(parse_region, lines(folder / "groundtruth.txt"))
        ],
        "size": (int(size[0]), int(size[1])),
        "tags": tags,
        "runs": [read_run(path) for path in sorted(results.glob(f"{name}_*"))],
    }


def parse_region(line: str) -> int | tuple[float, ...]:
    """A code, or the numbers of a box or a polygon; a NaN in it makes it the code 0."""
    values = tuple(numbers(line))
    if len(values) == 1:
        return int(values[0])
    return 0 if any(math.isnan(value) for value in values) else values


def read_run(path: Path) -> list[int | tuple[float, ...]]:
    """Regions of one run, text or the binary form of vot-toolkit."""
    if path.suffix == ".txt":
        return [parse_region(line) for line in lines(path)]
    data = path.read_bytes()
    _, count = struct.unpack_from("<hI", data)
    at, regions = 6, []
    for _ in range(count):
        kind = data[at]
        if kind == 0:
            regions.append(struct.unpack_from("<I", data, at + 1)[0])
            at += 5
        elif kind == 1:
            regions.append(struct.unpack_from("<4f", data, at + 1))
            at += 17
        else:
            (corners,) = struct.unpack_from("<H", data, at + 1)
            regions.append(struct.unpack_from(f"<{2 * corners}f", data, at + 3))
            at += 3 + 8 * corners
    return regions
