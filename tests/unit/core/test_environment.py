"""Packages of another Python on `PYTHONPATH`: they go last, and are not passed on."""

import os
import subprocess
import sys

import pytest

from places import ROOT

CODE = """
import os, sys
from dslt.core.environment import forget_other_packages
forget_other_packages()
import numpy, only_there
print(numpy.__version__ != "0", os.environ.get("PYTHONPATH"))
"""


@pytest.fixture
def other(tmp_path):
    """A folder with a broken numpy and a module that is nowhere else."""
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("raise ImportError('of another Python')\n")
    (tmp_path / "only_there.py").write_text("")
    return tmp_path


@pytest.mark.parametrize("relative", [False, True])
def test_what_is_installed_here_goes_first(other, relative):
    own = str(ROOT / "src")
    entry = os.path.relpath(other) if relative else str(other)
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([entry, own])}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=variables, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"True {own}\n", done.stderr


def test_the_command_line_runs_beside_another_stack(other):
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(other), str(ROOT / "src")])}
    done = subprocess.run(
        [sys.executable, "-m", "dslt", "track", "--help"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
