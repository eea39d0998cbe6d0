"""A kill at any moment of unpacking: the next run completes, and nothing is left over."""

import os
import random
import subprocess
import sys
import time

import pytest

from archive_files import make_archive, tree
from dslt.data.downloads.unpacking.unpack import unpack

UNPACK = """
import sys
from dslt.data.downloads.unpacking.unpack import unpack
unpack(sys.argv[1], sys.argv[2], strip=1, progress=lambda count: print(count, flush=True))
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder, random_bytes = tmp_path_factory.mktemp("archives"), random.Random(0).randbytes
    files = [(f"top/{n % 40}/{n}.jpg", random_bytes(n * 97 % 20_000)) for n in range(1200)]
    kinds = ("zip", "tar.gz")
    return [make_archive(folder / f"a.{kind}", kind, files) for kind in kinds], {
        name.removeprefix("top/"): data for name, data in files
    }


def kill_and_repeat(archive, folder, chance):
    """Unpack in a process that is killed, and again; true if the kill came too late."""
    command = [sys.executable, "-c", UNPACK, str(archive), str(folder / "out")]
    size, seen = archive.stat().st_size, 0
    wanted = chance.uniform(0, size)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            seen += 0 if line == "done\n" else int(line)
            if seen >= wanted:
                break
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
    late = (folder / "out").exists()
    assert late or any(name.startswith(".unpack-") for name in os.listdir(folder))  # noqa: PTH208
    if not late:
        unpack(archive, folder / "out", strip=1)
    return late


def check(archives, tmp_path, chance, times):
    late = 0
    for number in range(times):
        folder = tmp_path / str(number)
        folder.mkdir()
        late += kill_and_repeat(archives[0][number % 2], folder, chance)
        assert tree(folder / "out") == archives[1]
        assert [path.name for path in folder.iterdir()] == ["out"]
    assert late < times  # else no kill came in time to say anything


def test_kills(archives, tmp_path):
    check(archives, tmp_path, random.Random(1), times=3)


@pytest.mark.slow
def test_many_kills(archives, tmp_path):
    check(archives, tmp_path, random.Random(2), times=20)
