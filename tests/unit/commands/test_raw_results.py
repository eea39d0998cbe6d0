"""What raw results are called by their folder."""

from pathlib import Path

import pytest

from dslt.commands.raw_results import seed_of, tracker_name


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
