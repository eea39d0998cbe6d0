"""`dslt index` killed at any moment: the next run completes, and its file is the same."""

import json
import random
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from PIL import Image

SEQUENCES = 64  # enough for two processes
IN_WRITE = """
import os, signal, sys
import pyarrow.parquet as pq

write = pq.write_table

def half(table, path, **options):
    write(table.slice(0, 5), path, **options)
    os.kill(os.getpid(), signal.SIGKILL)

pq.write_table = half
from dslt.cli import main
main()
"""


class Case:
    """A folder that is both a benchmark and, as GOT-10k, a training set."""

    def __init__(self, folder):
        self.folder = folder
        for number in range(SEQUENCES):
            sequence = folder / "set" / f"s{number:02d}"
            (sequence / "img").mkdir(parents=True)
            for frame in range(1, 6):
                pixels = np.full((12, 16, 3), frame, dtype=np.uint8)
                Image.fromarray(pixels).save(sequence / "img" / f"{frame:08d}.png")
            rows = "".join(f"{number % 5 + 1},2,5,4\n" for _ in range(5))
            (sequence / "groundtruth_rect.txt").write_text(rows)
            (sequence / "groundtruth.txt").write_text(rows)
            (sequence / "absence.label").write_text("0\n" * 5)
        self.whole, self.seconds = {}, {}
        for kind in ("folder", "got10k"):
            start = time.perf_counter()
            self.finish(kind)
            self.seconds[kind] = time.perf_counter() - start
            self.whole[kind] = self.out(kind).read_bytes()

    def out(self, kind):
        return self.folder / "results" / f"{kind}.parquet"

    def start(self, kind, *python):
        values = {"kind": kind, "root": str(self.folder / "set")}
        if kind == "folder":
            values |= {"protocol": "otb"}
        else:
            values |= {"frame_range": 1, "damaged": 0, "held_out": 0}
        words = ["index", "mine", "--definition", json.dumps(values), "--jobs", "2"]
        words += ["--out", str(self.out(kind))]
        command = [sys.executable, *(python or ("-m", "dslt")), *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def finish(self, kind):
        process = self.start(kind)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output

    def is_whole_or_absent(self, kind):
        path = self.out(kind)
        return not path.exists() or path.read_bytes() == self.whole[kind]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("kill"))


def kill_and_finish(case, seed):
    chance = random.Random(seed)
    kind = ("folder", "got10k")[seed % 2]
    case.out(kind).unlink(missing_ok=True)
    for _ in range(1 + seed % 3):  # also the run after a kill may be killed
        process = case.start(kind)
        time.sleep(chance.uniform(0.1, 1.1) * case.seconds[kind])
        helpers = []
        if process.poll() is None:
            helpers = psutil.Process(process.pid).children(recursive=True)
            process.kill()
        process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL)
        assert case.is_whole_or_absent(kind)
        _, left = psutil.wait_procs(helpers, timeout=30)
        assert not left
    case.finish(kind)
    assert case.out(kind).read_bytes() == case.whole[kind]


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_a_random_moment(case, seed):
    kill_and_finish(case, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 23))
def test_many_kills_at_random_moments(case, seed):
    kill_and_finish(case, seed)


@pytest.mark.parametrize(("kind", "is_there"), [("folder", False), ("got10k", True)])
def test_a_kill_in_the_middle_of_writing(case, kind, is_there):
    case.out(kind).unlink(missing_ok=True)
    if is_there:
        case.out(kind).write_bytes(b"older")
    process = case.start(kind, "-c", IN_WRITE)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert list(case.out(kind).parent.glob(".*.part.parquet"))  # half a file
    assert case.out(kind).exists() == is_there
    if is_there:
        assert case.out(kind).read_bytes() == b"older"
    case.finish(kind)
    assert case.out(kind).read_bytes() == case.whole[kind]
