"""Free memory of a container or of a job of a cluster."""

import psutil
import pytest

from dslt.core import memory


@pytest.fixture
def groups(tmp_path):
    """Control groups of both versions, with limits somewhere above a process."""
    for folder in ("slurm/job_7/step", "memory/slurm/job_7"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "slurm/job_7/memory.max").write_text("7000\n")
    (tmp_path / "slurm/job_7/step/memory.max").write_text("max\n")
    (tmp_path / "memory/memory.limit_in_bytes").write_text("9223372036854771712\n")
    (tmp_path / "memory/slurm/job_7/memory.limit_in_bytes").write_text("5000\n")
    return tmp_path


@pytest.mark.parametrize(
    ("lines", "limits"),
    [
        ("0::/slurm/job_7/step\n", [7000]),
        ("4:memory:/slurm/job_7\n3:cpuset:/\n0::/\n", [5000, 9223372036854771712]),
        ("2:cpu,cpuacct:/slurm/job_7\n", []),
        ("0::/gone\n", []),
    ],
)
def test_limits_of_all_groups_are_found(groups, lines, limits):
    own = groups / "cgroup"
    own.write_text(lines)
    assert list(memory._limits(own, groups)) == limits


def test_a_process_has_no_more_than_its_limit(groups, monkeypatch):
    assert list(memory._limits(groups / "no_linux", groups)) == []
    monkeypatch.setattr(memory, "_limits", lambda *_: [5000])
    assert memory.free_memory("cpu") == 5000
    monkeypatch.setattr(memory, "_limits", lambda *_: [2**62])
    assert memory.free_memory("cpu") <= psutil.virtual_memory().total
