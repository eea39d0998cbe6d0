"""What the workflow knows of the data while it builds its graph."""

from types import SimpleNamespace

from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.study.data import StudyData


def test_the_listing_of_frames(tmp_path):
    """It changes with a frame; what is missing does not break the graph."""
    frames = tmp_path / "Dog" / "img"
    frames.mkdir(parents=True)
    (tmp_path / "Dog" / "groundtruth_rect.txt").write_text("1,1,5,5\n")
    values = {"kind": "folder", "root": str(tmp_path), "protocol": "otb"}
    study = SimpleNamespace(benchmarks={"mine": parse_benchmark("mine", values)})
    target = tmp_path / "elsewhere.png"
    (frames / "1.png").symlink_to(target)
    found = [StudyData(study).listing("mine")]
    for content in (b"one", b"other"):
        target.write_bytes(content)
        found.append(StudyData(study).listing("mine"))
    (frames / "1.png").unlink()
    frames.rmdir()
    found.append(StudyData(study).listing("mine"))
    assert len(set(found)) == 4
