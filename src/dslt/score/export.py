"""Results in the forms that other toolkits read.

| form | files | read by |
|---|---|---|
| `otb` | `<tracker>/<sequence>.txt`, `<tracker>/times/<sequence>_time.txt` | got10k (OTB) |
| `pysot` | `<tracker>/<sequence>.txt` | PySOT, pysot-toolkit |
| `otb-mat` | `<sequence>_<tracker>.mat` | the MATLAB toolkits of OTB and UAV123 |
| `got10k` | `<sequence>/<sequence>_001.txt`, `<sequence>/<sequence>_time.txt` | got10k (GOT-10k) |
| `vot` | `<tracker>/<experiment>/<sequence>/<sequence>_001.txt`, `_time.txt` | VOT's toolkits |
| `vot-binary` | the same with `.bin`, and `<sequence>_001_time.value` | vot-toolkit |
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, unknown
from dslt.data.sequences.target import INITIALIZED, SKIPPED, Trajectory
from dslt.geometry.boxes import format_boxes, to_file_origin
from dslt.score.formats.found import ResultFiles, some
from dslt.score.formats.layouts import LAYOUTS, find_files
from dslt.score.formats.otb_mat import mat_bytes
from dslt.score.formats.seconds import read_records
from dslt.score.formats.trees import SUPERVISED
from dslt.score.formats.vot import binary_of, is_supervised, make_trajectory, read_vot, text_of
from dslt.score.read_boxes import load_result

VOT_FORMS = ("vot", "vot-binary")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass(frozen=True)
class Form:
    """What is to be written.

    Attributes:
        to: The form, one of `LAYOUTS`.
        tracker: Name of the tracker in paths.
        experiment: VOT's name of the experiment; one-pass boxes are no `baseline`.
        origin_in: 0 or 1, where boxes of the results count pixels from; None is 1. Supervised
            runs are taken as they are.
        origin_out: 0 or 1, where the files to write count pixels from; None is 1, and 0 for VOT's
            forms.
        rename: Name of a sequence to the name that the toolkit has for it.
    """

    to: str
    tracker: str
    experiment: str = SUPERVISED
    origin_in: int | None = None
    origin_out: int | None = None
    rename: Mapping[str, str] = field(default_factory=dict)

    @property
    def read_from(self) -> int:
        """Where boxes of the results count pixels from."""
        return 1 if self.origin_in is None else self.origin_in

    @property
    def write_from(self) -> int:
        """Where boxes in the files to write count pixels from."""
        default = 0 if self.to in VOT_FORMS else 1
        return default if self.origin_out is None else self.origin_out


@dataclass(frozen=True)
class Repetition:
    """One run over one sequence: boxes (N, 4) or a supervised run, and (N,) seconds if known."""

    result: Floats | Trajectory
    seconds: Floats | None
    fps: float | None = None

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.result.states if isinstance(self.result, Trajectory) else self.result)


def export_files(
    folders: Sequence[Path], form: Form, layout: str = "auto"
) -> tuple[dict[str, bytes], list[str]]:
    """Put the files of another toolkit together.

    Args:
        folders: Folders of results, each a repetition (or several) of the same sequences.
        form: What to write.
        layout: Layout of the folders, one of `LAYOUTS`, or `auto`.

    Returns:
        Path to bytes, and notes.

    Raises:
        DsltError: Results are missing or unreadable, or they cannot be written in that form.
    """
    if form.to not in LAYOUTS:
        raise unknown("form of results", form.to, LAYOUTS)
    for name in (form.tracker, form.experiment):
        if not _NAME.fullmatch(name):
            raise DsltError(f"name {name!r}: expected letters, digits and . _ + - only")
    read = [_read_folder(folder, form, layout) for folder in folders]
    sequences = _merge(folders, [records for records, _ in read])
    files: dict[str, bytes] = {}
    for name, repetitions in _renamed(sequences, form.rename).items():
        files |= _files(name, repetitions, form)
    return files, [note for _, notes in read for note in notes]


def _read_folder(
    folder: Path, form: Form, layout: str
) -> tuple[dict[str, list[Repetition]], list[str]]:
    """Read every result of a folder, boxes or supervised runs."""
    found = find_files(folder, layout, content="runs", experiment=form.experiment)
    first = next(iter(found.files.values()))[0]
    supervised = found.layout == "vot-binary" or (
        found.layout != "otb-mat" and is_supervised(first)
    )
    if supervised and {form.origin_in, form.origin_out} - {None, 0}:
        raise DsltError(
            f"{folder}: supervised runs, whose coordinates count from 0 and are kept as they are;"
            " leave out --box-origin-in and --box-origin-out"
        )
    if found.layout == "vot" and not supervised:
        found = find_files(folder, layout)
    read = _read_run if supervised else _read_boxes
    notes = list(found.notes)
    records = {
        name: [read(found, name, i, form, notes) for i in range(len(paths))]
        for name, paths in found.files.items()
    }
    return records, notes


def _read_boxes(
    found: ResultFiles, name: str, index: int, form: Form, notes: list[str]
) -> Repetition:
    result = load_result(found, name, form.read_from, index)
    notes += result.notes
    boxes = result.boxes
    if result.start:
        notes.append(f"{name}: {result.start} rows of NaN were put in front, as startFrame says")
        boxes = np.concatenate([np.full((result.start, 4), np.nan), boxes])
    return Repetition(boxes, result.seconds, result.fps)


def _read_run(
    found: ResultFiles, name: str, index: int, form: Form, notes: list[str]
) -> Repetition:
    paths = found.files[name]
    run, odd = read_vot(paths[index])
    frames, records = len(run.states), found.seconds.get(name, ())
    times, left_out = read_records(records, name, len(paths), frames, gaps=True)
    notes += [*odd, *left_out]
    return Repetition(run, None if times is None else times[index])


def _merge(
    folders: Sequence[Path], records: Sequence[Mapping[str, list[Repetition]]]
) -> dict[str, list[Repetition]]:
    """Put the repetitions of several folders side by side."""
    merged = {name: list(repetitions) for name, repetitions in records[0].items()}
    for folder, more in zip(folders[1:], records[1:], strict=True):
        different = sorted(set(merged) ^ set(more))
        if different:
            raise DsltError(f"{folder}: not the sequences of {folders[0]}: {some(different)}")
        for name, repetitions in more.items():
            merged[name] += repetitions
    for name, repetitions in merged.items():
        if len({len(repetition) for repetition in repetitions}) > 1:
            raise DsltError(f"{folders[0]}: the repetitions of {name} differ in length")
    return merged


def _renamed(
    sequences: Mapping[str, list[Repetition]], rename: Mapping[str, str]
) -> dict[str, list[Repetition]]:
    """Give sequences the names that they are to have."""
    for name, new in rename.items():
        if name not in sequences:
            raise unknown("sequence of the results", name, sequences)
        if "/" in new or "\\" in new:
            pair = f"{name}={new}"
            raise DsltError(f"{pair!r}: expected --rename OLD=NEW, two names of sequences")
    renamed = {rename.get(name, name): records for name, records in sequences.items()}
    if len(renamed) != len(sequences):
        raise DsltError("two sequences would get the same name")
    return renamed


def _boxes(name: str, repetition: Repetition, form: Form) -> Floats:
    """The boxes of a repetition."""
    if isinstance(repetition.result, Trajectory):
        raise DsltError(
            f"{name}: a supervised run, which the form {form.to} cannot hold; expected --to vot or"
            " vot-binary"
        )
    return repetition.result


def _run(name: str, repetition: Repetition, form: Form) -> Trajectory:
    """A repetition as VOT writes it; boxes become an initialisation and what follows."""
    if isinstance(repetition.result, Trajectory):
        return repetition.result
    if form.experiment == SUPERVISED:
        raise DsltError(
            f"{name}: one-pass boxes, but VOT's experiment {SUPERVISED} is supervised; run the"
            " tracker supervised, or give --experiment unsupervised"
        )
    boxes = repetition.result
    absent = np.asarray(np.isnan(boxes).any(axis=1))
    rows = to_file_origin(boxes, form.write_from).tolist()
    regions = [SKIPPED if absent[i] else tuple(row) for i, row in enumerate(rows)]
    return make_trajectory([INITIALIZED, *regions[1:]], name)[0]


# ---------------------------------------------------------------------- the files


def _box_text(name: str, repetition: Repetition, form: Form) -> bytes:
    return format_boxes(_boxes(name, repetition, form), form.write_from).encode()


def _box_mat(name: str, repetition: Repetition, form: Form) -> bytes:
    return mat_bytes(_boxes(name, repetition, form), repetition.fps, form.write_from)


def _run_text(name: str, repetition: Repetition, form: Form) -> bytes:
    return text_of(_run(name, repetition, form)).encode()


def _run_bytes(name: str, repetition: Repetition, form: Form) -> bytes:
    return binary_of(_run(name, repetition, form))


_VOT_FOLDER = "{tracker}/{experiment}/{name}/{name}"
# Form to the path of a result, what makes its bytes, and the path of the seconds; a path without a
# number is one for all repetitions.
_FILES: dict[str, tuple[str, Callable[[str, Repetition, Form], bytes], str]] = {
    "otb": ("{tracker}/{name}.txt", _box_text, "{tracker}/times/{name}_time.txt"),
    "pysot": ("{tracker}/{name}.txt", _box_text, ""),
    "otb-mat": ("{name}_{tracker}.mat", _box_mat, ""),
    "got10k": ("{name}/{name}_{number:03d}.txt", _box_text, "{name}/{name}_time.txt"),
    "vot": (_VOT_FOLDER + "_{number:03d}.txt", _run_text, _VOT_FOLDER + "_time.txt"),
    "vot-binary": (
        _VOT_FOLDER + "_{number:03d}.bin",
        _run_bytes,
        _VOT_FOLDER + "_{number:03d}_time.value",
    ),
}


def _files(name: str, repetitions: Sequence[Repetition], form: Form) -> dict[str, bytes]:
    """Path to bytes of one sequence's files."""
    path, encode, time_path = _FILES[form.to]
    if len(repetitions) > 1 and "{number" not in path:
        raise DsltError(f"{name}: {len(repetitions)} repetitions, of which {form.to} keeps one")
    words = {"tracker": form.tracker, "experiment": form.experiment, "name": name}
    files = {
        path.format(number=number, **words): encode(name, repetition, form)
        for number, repetition in enumerate(repetitions, 1)
    }
    known = {n: r.seconds for n, r in enumerate(repetitions, 1) if r.seconds is not None}
    if "{number" in time_path:
        for number, seconds in known.items():
            files[time_path.format(number=number, **words)] = _times([seconds], skipped="")
    elif time_path and len(known) == len(repetitions):
        files[time_path.format(**words)] = _times(list(known.values()), skipped=f"{0:.8f}")
    return files


def _times(columns: Sequence[Floats], skipped: str) -> bytes:
    """A line per frame, a column per repetition; `skipped` where a frame has no time."""
    rows = (
        ",".join(skipped if np.isnan(value) else f"{value:.8f}" for value in row)
        for row in zip(*columns, strict=True)
    )
    return "".join(f"{row}\n" for row in rows).encode()
