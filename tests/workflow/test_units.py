"""One broken frame in a unit: Snakemake removes the outputs of the job, what is done stays."""

from __future__ import annotations

import shutil

from tiny import SMALL, Repository


def test_a_broken_frame_costs_its_own_sequence_alone(fresh: Repository) -> None:
    frames, results = fresh.path / "frames", fresh.path / "results" / "track"
    shutil.copytree(frames / "left", frames / "middle")
    (fresh.path / "tiny.yaml").write_text(SMALL)
    broken = frames / "middle" / "img" / "0005.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])

    failed = fresh.snakemake("track", check=False)
    assert failed.returncode == 1
    assert "1 of 3 sequences failed; the results of the other 2 are kept in state/track" in (
        failed.stdout
    )
    assert "middle: frame 4: frames/middle/img/0005.png: unreadable frame" in failed.stdout
    assert not [path for path in results.rglob("*") if path.is_file()]
    kept = fresh.path / "state" / "track"
    assert len(list(kept.iterdir())) == 2

    broken.write_bytes(whole)
    (fresh.path / "tiny.yaml").write_text(SMALL + "unit_size: 2\n")
    (kept / ".left-0.0123456789ab.part.zip").write_text("")
    fresh.snakemake("track")
    logs = "".join(log.read_text() for log in (fresh.path / "logs" / "track").rglob("*.log"))
    assert logs.count("kept from a run that was broken off") == 2
    assert "kcf middle: 100%" in logs
    assert len(fresh.boxes()) == 3
    assert list(kept.iterdir()) == []
