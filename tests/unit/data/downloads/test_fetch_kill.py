"""`dslt fetch` that is killed at random moments: the next run completes, with the same result."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

from download_examples import at_server, make_example
from http_server import Server

NAMES = ("otb", "lasot_test", "vot2018", "uav123", "ilsvrc_vid", "coco2017")


def command(name, server, data):
    definition = json.dumps(at_server(make_example(name).definition, server.url))
    options = ["--definition", definition, "--data", str(data), "--agree", "--jobs", "2"]
    return [sys.executable, "-m", "dslt", "fetch", name, *options]


def run(name, server, data):
    done = subprocess.run(
        command(name, server, data), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def run_and_kill(name, server, data, after):
    """Kill a run some seconds after its first request; False if it had ended by then."""
    server.asked.clear()
    running = subprocess.Popen(
        command(name, server, data), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not server.asked and running.poll() is None:
        time.sleep(0.005)
    time.sleep(after)
    running.send_signal(signal.SIGKILL)
    return running.wait() == -signal.SIGKILL


def everything(data):
    """All files but locks and records, unfinished ones that a kill may have left included."""
    found = {}
    for path in data.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            found[path.relative_to(data).as_posix()] = path.read_bytes()
    return found


def killed_again_and_again(names, kills, tmp_path, seed):
    """Kill fetches, slow ones while files come and fast ones while archives are unpacked."""
    dice = random.Random(seed)
    hits = rounds = 0
    with Server() as server:
        while hits < kills:
            assert rounds < 3 * kills  # most kills come before the end
            name, slow = names[rounds % len(names)], dice.random() < 0.6
            rounds += 1
            example = make_example(name)
            example.serve(server)
            whole, killed = tmp_path / name, tmp_path / f"{name}-{rounds}"
            if not whole.exists():
                run(name, server, whole)
            if slow:  # for about a second, by two jobs
                server.slow_down(2 * 4096 / sum(map(len, example.files.values())))
            for _ in range(dice.choice((1, 1, 2))):
                hits += run_and_kill(name, server, killed, dice.uniform(0, 1.0 if slow else 0.1))
            example.serve(server)
            run(name, server, killed)
            assert everything(killed) == everything(whole)
            assert not list(killed.rglob(".*.part.json")), "records that were half-written"


def test_three_kills(tmp_path):
    killed_again_and_again(("otb", "lasot_test"), 3, tmp_path, seed=1)


@pytest.mark.slow
def test_many_kills(tmp_path):
    killed_again_and_again(NAMES, 20, tmp_path, seed=2)
