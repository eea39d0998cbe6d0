"""The card of a published network, and the page that lists several, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from dslt.compare.cell import Value
from dslt.core.text import canonical
from dslt.score.metrics import METRICS
from dslt.study import paths
from dslt.study.cells import Cell
from dslt.study.cost.speeds import DeviceSpeeds, TrackingSpeed
from dslt.study.release import BOXES, SCORES, Release

PAGE_HEAD = """\
# Trained models

Written by `dslt publish` from the results of the study: every number comes from a file that the
workflow made. Scores are means over all seeds of a cell with 95 % intervals over source videos and
seeds ([how](conventions.md)). Nobody hosts them yet: a study and `dslt publish` give them, for
any web server. From there `dslt fetch ADDRESS/NAME` brings a model and `--weights NAME` runs it;
every folder has a card, checksums, raw boxes and the log of the training.

"""
_USE = """\
## What it may not be used for

- Finding, following or identifying people, or decisions about them: it was neither made nor tested
  for that.
- Anything where a lost target does harm. It follows one target that somebody marked, always gives a
  box, and its score is no probability.
- Claims about other data: the scores hold for the benchmarks below, and for these settings.
"""
_LITE = """\
- Claims about the paper's networks: the preset is `lite`, settings and a backbone of this project's
  own for two cores (docs/deviations.md).
"""
_SPEED = """\
One sequence by itself: one over the latency, which somebody who watches waits for. Many in lockstep
on the same device: throughput, frames of all of them; none of them is faster for it.
"""
_SPEED_HEAD = """\
| device | preset measured | sequences | frames/s, decoding apart | with decoding | first frame |
|---|---|---|---|---|---|
"""
_UNMEASURED = "not measured"


def card(release: Release) -> str:
    """Write the card of a network."""
    speed = speed_text(release.cell, release.speeds)
    parts = (_head(release), _use(release), _scores(release), speed)
    return "\n".join((*parts, _training(release), _files(release)))


def page(releases: Sequence[Release]) -> str:
    """Write the page that lists networks with their scores, those of one cell together."""
    lines = ["| models | tracker | benchmark | scores of all seeds | training data |\n"]
    lines.append("|---|---|---|---|---|\n")
    for _, group in groupby(releases, lambda release: release.cell.id):
        one, *others = group
        names = ", ".join([one.name, *(f"`-seed{other.seed}`" for other in others)])
        for benchmark, found in one.comparison.benchmarks.items():
            values = "; ".join(_interval(name, value) for name, value in found.metrics.items())
            cells = (names, f"`{one.cell.base}`", benchmark, values, ", ".join(one.sets))
            lines.append(f"| {' | '.join(cells)} |\n")
    commits = ", ".join(sorted({release.commit or "unknown" for release in releases}))
    return f"{PAGE_HEAD}{''.join(lines)}\nCommit at publication: {commits}.\n"


def _head(release: Release) -> str:
    """Title, licence and how to run it."""
    base, overrides = release.cell.base, release.cell.overrides
    setting = "".join(f" --set '{part.strip()}'" for part in overrides.split(";") if part.strip())
    return (
        f"---\nlicense: bsd-3-clause\ntags: [object-tracking, {base.partition('/')[0]}]\n---\n"
        f"# {release.name}\n\n"
        f"{release.cell.label}: `{base}` of dslt, the study of *Deep Object Tracking with Shrinkage"
        f" Loss*, trained with seed {release.seed}.\n\n"
        f"    dslt fetch ADDRESS/{release.name}\n"
        f"    dslt demo VIDEO --box x,y,w,h --out out.mp4 --tracker {base}{setting} \\\n"
        f"      --weights {release.name}\n"
    )


def _use(release: Release) -> str:
    """Say what it is not for, and under which terms it stands."""
    lite = _LITE if release.cell.base.partition("/")[2].startswith("lite") else ""
    learnt = release.cell.settings.learnt
    started = ""
    if learnt is not None and learnt.backbone.weights != "random":
        started = (
            f" It holds parts of {learnt.backbone.name} with the weights"
            f" `{learnt.backbone.weights}`; those of ImageNet were learnt from images that are"
            " handed out for non-commercial research."
        )
    return (
        f"{_USE}{lite}\n## Licence\n\nBSD-3-Clause, as the code.{started} The terms of the training"
        " data, named below, are their publishers'.\n"
    )


def _scores(release: Release) -> str:
    """Tables of scores, and what they leave out."""
    lines = ["## Scores\n\n| benchmark | metric | this seed | all seeds, 95 % interval |\n"]
    lines.append("|---|---|---|---|\n")
    for benchmark, found in release.comparison.benchmarks.items():
        # The pool of several benchmarks has differences, and no scores of one seed.
        scored = release.scores.get(benchmark)
        own = scored.overall.defined() if scored else {}
        for name, value in found.metrics.items():
            here = f"{own[name] * METRICS[name].factor:.4g}" if name in own else ""
            row = (f"{benchmark} ({found.sequences} sequences)", METRICS[name].title, here)
            lines.append(f"| {' | '.join((*row, _interval(name, value, title=False)))} |\n")
    notes = sorted({note for b in release.comparison.benchmarks.values() for note in b.notes})
    lines += [f"\n- {note}" for note in notes]
    return "".join(lines) + ("\n" if notes else "")


def speed_text(cell: Cell, speeds: Mapping[str, DeviceSpeeds]) -> str:
    """Say how fast a cell's network tracks: latency and throughput on each measured device."""
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _speed_rows(cell, speeds))
    unmeasured = f"{cell.settings.speed_name}: {_UNMEASURED} on any device.\n"
    return f"## Speed\n\n{_SPEED}\n{_SPEED_HEAD + rows if rows else unmeasured}"


def _speed_rows(cell: Cell, speeds: Mapping[str, DeviceSpeeds]) -> Iterator[tuple[str, ...]]:
    """Make the rows of the table of speeds: one stream and lockstep, device by device."""
    for device, known in speeds.items():
        if speed := known.networks.get(cell.settings.speed_name):
            preset = speed.preset if speed.preset == cell.base else f"{speed.preset}, not this one"
            place, together = (f"{device}, {known.date}", preset), speed.lockstep
            yield (*place, "one", *_rates(speed))
            if speed.graphs:
                yield (*place, "one, CUDA graphs", *_rates(speed.graphs))
            lanes = str(together.lanes) if together else "many"
            yield (*place, lanes, *_rates(together or TrackingSpeed()))


def _rates(speed: TrackingSpeed) -> tuple[str, str, str]:
    """Write frames per second without and with decoding, and the first frame."""
    frames, decoded = (
        f"{rate:,.4g}" if rate else _UNMEASURED for rate in (speed.frames, speed.decoded)
    )
    return frames, decoded, _UNMEASURED if speed.first is None else f"{speed.first:.3g} s"


def _training(release: Release) -> str:
    """How it came about."""
    header = release.header
    model = paths.MODEL.format(cell=release.trained, seed=release.seed)
    same = "the same as" if release.same_code else "another than"
    overlays = "".join(f" --configfile {path}" for path in release.overlays)
    lines = [
        f"| command | `snakemake --cores 8 {model}{overlays}` |",
        f"| cell | `{release.cell.base}`, {release.cell.overrides or 'no overrides'} |",
        f"| seed | {release.seed} |",
        *(f"| data: {name} | {_set(values)} |" for name, values in release.sets.items()),
        f"| commit at publication | {release.commit or 'unknown'} |",
        f"| code of the training | `{header.get('code', '')}`, {same} that commit's |",
        f"| libraries | {header.get('libraries', '')} |",
    ]
    table = "\n".join(["| | |", "|---|---|", *lines])
    return f"## Training\n\n{table}\n\nAll settings are in `model.json`, losses in `log.csv`.\n"


def _set(values: object) -> str:
    """Describe a training set by its definition."""
    return f"`{canonical(values)}`"


def _files(release: Release) -> str:
    """List the files."""
    rows = dict(_file_rows(release))
    lines = "".join(f"| `{name}` | {text} |\n" for name, text in rows.items())
    return f"## Files\n\n| file | holds |\n|---|---|\n{lines}"


def _file_rows(release: Release) -> Iterator[tuple[str, str]]:
    """Name the files and what they hold."""
    yield "model.safetensors", "the weights; reading them unpickles nothing"
    yield "model.json", "their origin: settings, seed, sources, code"
    if release.onnx_error is not None:
        text = f"ONNX Runtime's responses differ from torch's by {release.onnx_error:.1g} at most"
        yield "template.onnx", f"template crop to kernels; {text}"
        yield "search.onnx", "search crop and kernels to the response"
    yield BOXES, "the raw boxes behind the scores of this seed"
    yield SCORES, "the scores above with all digits"
    yield "log.csv", "loss, rate and held-out score of every epoch"
    yield "validation.csv", "the held-out sequences, one by one"
    yield "SHA256SUMS", "checksums, for `sha256sum -c`"


def _interval(name: str, value: Value, *, title: bool = True) -> str:
    """Write a metric with its interval, in the unit of print."""
    metric = METRICS[name]
    text = f"{value.value * metric.factor:.4g}"
    if value.low is not None and value.high is not None:
        text += f" [{value.low * metric.factor:.4g}, {value.high * metric.factor:.4g}]"
    return f"{metric.title} {text}" if title else text
