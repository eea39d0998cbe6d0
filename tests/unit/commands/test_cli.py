"""The command line starts fast and fails with words."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "cv2", "pandas", "matplotlib", "pydantic", "numpy")


def run(*arguments, code=None):
    command = [sys.executable, *(["-c", code] if code else ["-m", "dslt.cli", *arguments])]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("statement", ["import dslt", "from dslt.cli import group"])
def test_nothing_heavy_is_imported(statement):
    code = f"import sys; {statement}; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run(code=code).stdout.strip() == "[]"


def test_help_lists_every_verb():
    from dslt.cli import VERBS

    text = subprocess.run(
        [sys.executable, "-c", "from dslt.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(verb in text for verb in VERBS)


def test_every_verb_has_a_command():
    import importlib

    import click

    from dslt.cli import VERBS

    for verb in VERBS:
        command = importlib.import_module(f"dslt.commands.{verb}").command
        assert isinstance(command, click.Command), verb


def test_errors_are_one_line_and_status_1():
    code = (
        "import sys; sys.argv = ['dslt', 'demo', 'none.mp4', '--box', '1,2,3,4', '--out', 'o.mp4',"
        " '--trackers', 'none']; from dslt.cli import main; main()"
    )
    result = run(code=code)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
