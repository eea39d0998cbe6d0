"""Per-frame records are read or refused, and become a confidence file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from confidence_runs import FRAMES, PROTOCOL, confidence_file, make_index, write_records
from dslt.commands.confidence import command
from dslt.compare.confidences import load_confidences
from dslt.compare.tables.confidence import build, records
from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import BenchmarkIndex, write_index
from dslt.score.confidence_file import CellConfidence, load_confidence_file, score_run
from dslt.score.metrics import CONFIDENCE
from dslt.score.records import read_record
from dslt.score.scores import to_json


@pytest.fixture
def run(tmp_path: Path) -> tuple[BenchmarkIndex, Path]:
    index = make_index()
    write_records(index, tmp_path / "seed3", 0.2)
    return index, tmp_path / "seed3"


def test_a_run_becomes_a_record(run):
    index, folder = run
    found = score_run(index, folder, 3, PROTOCOL)
    assert (found.benchmark, found.seed, found.complete) == ("clips", 3, True)
    assert (found.frames, found.absent, found.absent_videos) == (14 * (FRAMES - 1), 1, 1)
    assert found.videos == tuple(f"video{number}" for number in range(7))
    assert tuple(found.metrics) == CONFIDENCE
    assert all(len(metric.without) == 7 for metric in found.metrics.values())
    assert found.metrics["confidence_absent"].without[0] is None  # no frame is left to tell
    assert found.metrics["confidence_auroc"].value > 0.8
    assert len(found.precision) == len(found.recall) == PROTOCOL.resolution
    assert (found.precision[0], found.recall[0]) == (1.0, 0.0)
    assert sum(found.raw.weight) == pytest.approx(1)


def test_a_part_of_the_sequences_is_a_part(run):
    index, folder = run
    found = score_run(index, folder, 0, PROTOCOL, ["seq1", "seq2", "of another benchmark"])
    assert list(found.sequences) == ["seq1", "seq2"]
    assert not found.complete
    with pytest.raises(DsltError, match=r"clips: none of its sequences is named"):
        score_run(index, folder, 0, PROTOCOL, ["seq99"])


def test_a_flag_of_absence_counts_as_absence(run):
    index, folder = run
    flags = np.zeros(FRAMES, dtype=bool)
    flags[3:5] = True
    entries = [index.sequences[0], replace(index.sequences[1], absent=flags)]
    found = score_run(replace(index, sequences=entries), folder, 0, PROTOCOL)
    assert (found.absent, found.absent_videos) == (3, 2)


def test_a_target_that_is_never_there_cannot_be_scored(run):
    index, folder = run
    gone = replace(index.sequences[0], absent=np.arange(FRAMES) > 0)
    with pytest.raises(DsltError, match=r"seq0: no frame after the first shows the target"):
        score_run(replace(index, sequences=[gone]), folder, 0, PROTOCOL)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("score", "confidence", r"seq1\.csv: lacks the columns score"),
        ("\n11,", "\n12,", r"seq1\.csv: column frame; expected the numbers 0 to 11, in order"),
        ("\n11,", "\n11,1\n12,", r"seq1\.csv, frame 11: 2 values; expected 6"),
        ("\n4,", "\nfour,", r"seq1\.csv: not a record of tracking .*four"),
        ("\n4,", '\n"4,', r"seq1\.csv: not a record of tracking"),
    ],
)
def test_a_damaged_record_is_refused(run, old, new, message):
    path = run[1] / "seq1.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DsltError, match=message):
        read_record(path, FRAMES)


def test_each_frame_but_the_first_needs_a_score(run):
    path = run[1] / "seq1.csv"
    lines = path.read_text().splitlines()
    bare = [line.rsplit(",", 1)[0] + "," for line in lines]
    path.write_text("\n".join([*lines[:6], bare[6], *lines[7:]]))
    with pytest.raises(DsltError, match=r"seq1\.csv, frame 5: no score; expected a number"):
        read_record(path, FRAMES)
    path.write_text("\n".join([lines[0], *bare[1:]]))
    with pytest.raises(DsltError, match=r"seq1\.csv: no scores; the tracker gives none"):
        read_record(path, FRAMES)
    path.write_text("\n".join(lines[:-1]))
    with pytest.raises(DsltError, match=rf"seq1\.csv: {FRAMES - 1} rows; expected {FRAMES}, one"):
        read_record(path, FRAMES)
    path.write_text("")
    with pytest.raises(DsltError, match=r"seq1\.csv: not a record of tracking"):
        read_record(path, FRAMES)
    with pytest.raises(DsltError, match=r"gone\.csv: no such file.*dslt track"):
        read_record(path.with_name("gone.csv"), FRAMES)


def test_the_file_is_read_or_refused(tmp_path):
    path = confidence_file(tmp_path, "dslt", 0.1, seeds=(0, 1))
    assert [run.seed for run in load_confidence_file(path).runs] == [0, 1]
    path.write_text(path.read_text().replace('"runs"', '"walks"'))
    with pytest.raises(DsltError, match=r"dslt\.confidence\.json.*walks"):
        load_confidence_file(path)
    path = confidence_file(tmp_path, "dslt", 0.1)
    record = json.loads(path.read_text())
    record["runs"][0]["recall"].pop()
    record["runs"][0]["metrics"].pop("confidence_f")
    path.write_text(json.dumps(record))
    with pytest.raises(DsltError, match=r"metrics; precision, recall: not as many"):
        load_confidence_file(path)
    with pytest.raises(DsltError, match=r"gone\.json: no such file; .* rule `confidence`"):
        load_confidence_file(tmp_path / "gone.json")


def test_what_is_undefined_is_read_as_such(run, tmp_path):
    """Everything is a hit, with the same score: nothing to rank, and F is largest always."""
    index, folder = run
    for entry in index.sequences:
        path = folder / f"{entry.name}.csv"
        first, *_ = path.read_text().splitlines()
        rows = [f"{i},10,10,20,20,{0.5 if i else ''}" for i in range(FRAMES)]
        path.write_text("\n".join([first, *rows]))
    index = replace(index, sequences=index.sequences[1:])  # no frame without target
    record = score_run(index, folder, 0, PROTOCOL)
    assert record.metrics["confidence_auroc"].value is None
    assert record.metrics["confidence_absent"].value is None
    assert record.threshold == 0.5
    record = record.model_copy(update={"threshold": None})
    path = tmp_path / "confidence.json"
    path.write_text(to_json(CellConfidence(cell="still", runs=(record,))))
    assert load_confidence_file(path).runs == (record,)
    rows = records(build(load_confidences([path]), {}, {}))
    assert [row["confidence_auroc"] for row in rows] == [""]


def test_the_verb_writes_it_and_shows_it(run, tmp_path):
    index, folder = run
    write_index(tmp_path / "clips.parquet", index)
    arguments = ["--cell", "mine", "--index", str(tmp_path / "clips.parquet"), "--run"]
    out = ["--out", str(tmp_path / "out.json")]
    done = CliRunner().invoke(command, [*arguments, f"clips@3={folder}", *out])
    assert done.exit_code == 0, done.output
    assert done.output.split()[:5] == ["benchmark", "seed", "F", "Pr", "Re"]
    (found,) = load_confidence_file(tmp_path / "out.json").runs
    assert found == score_run(index, folder, 3, PROTOCOL)
    given = ["--protocol-definition", PROTOCOL.model_copy(update={"hit": 0.9}).model_dump_json()]
    done = CliRunner().invoke(command, [*arguments, f"clips@3={folder}", *given, *out])
    assert load_confidence_file(tmp_path / "out.json").runs[0].conventions.hit == 0.9
    run = f"clips@3={folder}"
    done = CliRunner().invoke(command, [*arguments, run, "--sequence", "seq1", "Typo"])
    assert "unknown --sequence 'Typo'; allowed: seq0" in str(done.exception)
    for text, message in (
        (f"other@3={folder}", "unknown benchmark of --run"),
        (f"clips={folder}", "expected --run BENCHMARK@SEED=DIR"),
        ("clips@3", "BENCHMARK@SEED=DIR"),
    ):
        done = CliRunner().invoke(command, [*arguments, text])
        assert message in str(done.exception)
