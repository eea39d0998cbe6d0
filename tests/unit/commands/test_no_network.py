"""Nothing is downloaded by an import, by a constructor, or by planning a study."""

import os
import subprocess
import sys

import pytest

from places import ROOT

# Read by every Python process whose path it is on. An attempt is written down, so that one whose
# error is caught is noticed, too.
NO_NETWORK = """
import os, socket, sys

def refuse(*arguments, **_):
    with open(os.environ["ATTEMPTS"], "a") as attempts:
        print(sys.argv, arguments, file=attempts)
    raise OSError("the network is not to be used")

for name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, name, refuse)
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
"""

IMPORTS = """
import importlib, pkgutil
import dslt

names = [m.name for m in pkgutil.walk_packages(dslt.__path__, "dslt.") if "__main__" not in m.name]
assert len(names) > 200, names
for name in names:
    importlib.import_module(name)
"""

DEFINITIONS = """
import yaml
from dslt.core.definitions import read_definitions
from dslt.data.pairs.sets.kinds import parse_training_set
from dslt.data.downloads.definitions import load_downloads
from dslt.core.text import merge
from dslt.study.data import StudyData
from dslt.study.load import load_study

def values(file):
    return yaml.safe_load(open(file))

for configuration in (
    values("config.yaml"), merge(values("config.yaml"), values("config/paper.yaml"))
):
    study = load_study(configuration)
    assert study.tracked() and study.validations
used = set(StudyData(study).users)
assert {"otb", "lasot_test", "vot2018", "ilsvrc_vid"} <= used, used
assert len(load_downloads()) > 10
sets = read_definitions("config/training_sets.yaml")
assert sets
for name in sets:
    parse_training_set(name, sets[name])
"""

TRACKERS = """
import pathlib
from dslt.study.cells import load_presets
from dslt.core.errors import DsltError
from dslt.networks.make import make_network
from dslt.settings.registry import entry_of, parse_tracker
from dslt.trackers.make import make_tracker

made = 0
for path in sorted(pathlib.Path("config/trackers").glob("*.yaml")):
    for name, values in load_presets(path).items():
        if values["tracker"] == "external":
            continue
        for weights in ("pretrained", "random"):
            if "training" in values:
                values["training"]["backbone"]["weights"] = weights
            settings = parse_tracker(values, name)
            try:
                if entry_of(settings).offline:
                    make_network(settings.training)
                else:
                    make_tracker(settings)
            except DsltError as error:  # no weights are published, or they have to be fetched
                assert weights == "pretrained" and "weights" in str(error), error
            else:
                made += 1
assert made > 20, made
"""

PLAN = """
from dslt.cli import main
import sys

sys.argv = ["dslt", "plan", "--configfile", "config/paper.yaml", "--fresh"]
sys.argv += ["--target", "results/data/OTB-2015.parquet"]
main()
"""


def run(script, folder):
    """Run a script without a network; gives what it tried to reach."""
    (folder / "sitecustomize.py").write_text(NO_NETWORK)
    attempts = folder / "attempts"
    places = {"PYTHONPATH": str(folder), "ATTEMPTS": str(attempts), "HOME": str(folder)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | places, capture_output=True, text=True, check=False
    )
    return done, attempts.read_text() if attempts.exists() else ""


@pytest.mark.parametrize(
    "script", [IMPORTS, DEFINITIONS, TRACKERS, PLAN], ids=["imports", "study", "trackers", "plan"]
)
def test_the_network_is_left_alone(script, tmp_path):
    done, attempts = run(script, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert attempts == ""


def test_the_guard_is_at_work(tmp_path):
    done, attempts = run("import requests\nrequests.get('http://localhost:9/a')", tmp_path)
    assert "the network is not to be used" in done.stderr
    assert "localhost" in attempts
