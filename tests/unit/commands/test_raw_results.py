"""What raw results are called by their folder, and where their files count from."""

from pathlib import Path

import numpy as np
import pytest

from dslt.commands.raw_results import seed_of, tracker_name, with_origins
from dslt.core.definitions import PROTOCOLS, config_file
from dslt.data.sequences.target import Target
from dslt.score.evaluate import Suite
from dslt.settings.protocols import load_protocols


@pytest.mark.parametrize(
    ("folder", "name", "seed"),
    [
        ("/mine/KCF", "KCF", 0),
        ("/mine/KCF/baseline", "KCF", 0),
        ("/results/track/dslt/clips/seed2", "dslt", 2),
        ("/dslt/clips/seed2", "dslt", 2),
        ("/clips/seed2", "seed2", 2),
        ("/seed2", "seed2", 2),
    ],
)
def test_a_tracker_is_called_by_its_folder(folder, name, seed):
    assert (tracker_name(Path(folder)), seed_of(Path(folder))) == (name, seed)


@pytest.mark.parametrize(
    ("protocol", "line", "ours", "origin"),
    [
        ("otb", "11,15,16,16", True, 1),
        ("otb", "11,15,16,16", False, 0),  # as the truth
        ("otb", "1", True, 0),  # a supervised run
        ("vot_short", "1", True, 0),
    ],
)
def test_where_files_count_from(tmp_path, protocol, line, ours, origin):
    (tmp_path / "walk.txt").write_text(f"{line}\n")
    if ours:
        (tmp_path / "walk.training.csv").write_text("iteration,loss,criterion\n")
    found = load_protocols(config_file(PROTOCOLS))[protocol]
    suite = Suite("mine", {"walk": Target(np.ones((2, 4)), (), "")}, found, protocol, origin=0)
    assert with_origins([tmp_path], (), suite) == [(tmp_path, origin)]
    assert with_origins([tmp_path], (1 - origin,), suite) == [(tmp_path, 1 - origin)]
