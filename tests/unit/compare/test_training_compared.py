"""Held-out scores before and after offline training: reading, gains, the claim on them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from dslt.commands.compare import command
from dslt.compare.training import gains, trained_tables
from dslt.core.errors import DsltError
from dslt.score.validation import read_validation, read_validations

# Eight sequences of seven videos; the last two share one.
NAMES = [(f"s{number}", f"v{min(number, 6)}") for number in range(8)]


def record(path: Path, gain: float, names=NAMES, epochs=(0, 2)) -> Path:
    rows = [
        (epoch, name, video, 0.5 + 0.01 * number + gain * epoch / 2)
        for epoch in epochs
        for number, (name, video) in enumerate(names)
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("epoch", "sequence", "video", "success_auc"))
        writer.writerows(rows)
    return path


@pytest.fixture
def specs(tmp_path):
    return [
        f"{cell}@{seed}={record(tmp_path / f'{cell}{seed}.csv', gain + 0.01 * seed)}"
        for cell, gain in (("bce", 0.1), ("focal", -0.05))
        for seed in (0, 1)
    ]


def test_gain_is_paired_and_over_seeds(specs):
    bce, focal = gains(read_validations(specs))
    assert (bce["cell"], bce["epochs"], bce["sequences"], bce["videos"]) == ("bce", 2, 8, 7)
    assert bce["seeds"] == 2
    assert bce["before"] == pytest.approx(0.535)
    assert bce["gain"] == pytest.approx(0.105)
    assert bce["after"] == pytest.approx(0.64)
    # The gain is the same for all sequences, so that only the two seeds spread it: 0.10 and 0.11.
    assert (bce["high"] - bce["low"]) / 2 == pytest.approx(12.706 * 0.005, rel=1e-4)
    assert focal["high"] == pytest.approx(-0.045 + 12.706 * 0.005, rel=1e-4)


def test_trained_networks_can_be_compared(specs):
    tables = trained_tables(read_validations(specs))
    assert list(tables) == [("bce", "held-out videos"), ("focal", "held-out videos")]
    table = tables["bce", "held-out videos"]
    assert table.values["validation_auc"].value() == pytest.approx(0.64)
    assert table.videos.count("v6") == 2


def test_command(specs, tmp_path):
    words = [word for spec in specs for word in ("--validation", spec)]
    out = tmp_path / "training.csv"
    done = CliRunner().invoke(command, ["training", *words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.open()))
    assert [row["cell"] for row in rows] == ["bce", "focal"]
    assert float(rows[0]["gain"]) == pytest.approx(0.105)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a validation record"),
        ("a,b\n1,2\n", "lacks the columns epoch, sequence, video, success_auc"),
        ("epoch,sequence,video,success_auc\n", "holds no score"),
        ("epoch,sequence,video,success_auc\n0,a,a,0.5\n1,b,b,0.5\n", "incomplete"),
        ("epoch,sequence,video,success_auc\n0,a,a,0.5\n0,a,a,0.6\n", "not a validation record"),
        ("epoch,sequence,video,success_auc\n0,a,a,much\n", "not a validation record"),
    ],
)
def test_bad_records(tmp_path, text, message):
    path = tmp_path / "validation.csv"
    path.write_text(text)
    with pytest.raises(DsltError, match=rf"validation\.csv.*{message}"):
        read_validation(path)


def test_a_video_may_be_called_as_pandas_calls_what_is_missing(tmp_path):
    names = [("NA", "NA"), ("null", "null"), ("nan", "NA")]
    table = read_validation(record(tmp_path / "validation.csv", 0.1, names))
    assert list(table.columns) == sorted(names)


def test_missing_record_names_the_rule(tmp_path):
    with pytest.raises(DsltError, match=r"none\.csv: no such file; rule `train`"):
        read_validation(tmp_path / "none.csv")


def test_records_that_do_not_belong_together(specs, tmp_path):
    other = record(tmp_path / "other.csv", 0, names=NAMES[:-1])
    with pytest.raises(DsltError, match=r"other sequences than .*bce0\.csv \(s7\)"):
        read_validations([specs[0], f"bce@1={other}"])
    rows = gains(read_validations([specs[0], f"focal@0={other}"]))
    assert [row["sequences"] for row in rows] == [len(NAMES), len(NAMES) - 1]
    longer = record(tmp_path / "longer.csv", 0, epochs=(0, 2, 4))
    with pytest.raises(DsltError, match="bce: its seeds were validated after different epochs"):
        read_validations([specs[0], f"bce@1={longer}"])
    with pytest.raises(DsltError, match="bce@0 was given twice"):
        read_validations([specs[0], specs[0]])
    with pytest.raises(DsltError, match="expected --validation CELL@SEED=FILE"):
        read_validations(["bce=x.csv"])
