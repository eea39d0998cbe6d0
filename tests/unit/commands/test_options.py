"""Options that several commands have: the engine, threads, weights by name, lists."""

import click
import pytest
from click.testing import CliRunner

from dslt.cli import group
from dslt.commands.options import ENGINE, START, THREADS, WEIGHTS, SpreadCommand
from dslt.core.device import FrozenNetworks, choose_engine, frozen_networks
from dslt.core.errors import DsltError
from places import ROOT


@click.command()
@ENGINE
def command() -> None:
    """Say what was chosen."""
    click.echo(frozen_networks())


@pytest.fixture(autouse=True)
def chosen():
    before = frozen_networks()
    yield
    choose_engine(before.engine, before.precision)


@pytest.mark.parametrize("text", ["torch", "torch:float32"])
def test_the_engine_is_chosen_for_the_process(text):
    done = CliRunner().invoke(command, ["--engine", text], catch_exceptions=False)
    assert done.output.strip() == str(FrozenNetworks("torch", "float32"))


@pytest.mark.parametrize("text", ["tensorrt", "openvino:half", ":float32"])
def test_an_unknown_engine_is_refused(text):
    with pytest.raises(DsltError, match="expected one of auto, openvino, torch"):
        CliRunner().invoke(command, ["--engine", text], catch_exceptions=False)


@click.command(cls=SpreadCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--score", multiple=True)
@click.option("--name", "-n", default="")
def spread(score: tuple[str, ...], name: str) -> None:
    """Say what was read."""
    click.echo(f"{score} {name}")


@pytest.mark.parametrize("name", [["--name", "x"], ["-n", "x"], ["--name=x"]])
def test_values_are_spread_up_to_the_next_option(name):
    words = ["--score", "a", "b", *name, "--score", "-1"]
    done = CliRunner().invoke(spread, words, catch_exceptions=False)
    assert done.output.strip() == "('a', 'b', '-1') x"


def test_the_short_option_of_help_is_no_value():
    assert "Say what was read." in CliRunner().invoke(spread, ["--score", "a", "-h"]).output


def test_cells_to_publish_may_follow_options(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    out = tmp_path / "models"
    words = ["publish", "--seed", "99", "siamfc_shrinkage", "--out", str(out)]
    with pytest.raises(DsltError, match=r"^siamfc_shrinkage, seed 99: not trained in this study"):
        CliRunner().invoke(group, words, catch_exceptions=False)


@click.command()
@THREADS
@WEIGHTS
@START
def training(threads: int, weights: object, start: object) -> None:
    """Do nothing."""


def test_there_is_at_least_one_thread():
    done = CliRunner().invoke(training, ["--threads", "0"])
    assert done.exit_code == 2
    assert "0 is not in the range x>=1" in done.output


def test_a_folder_is_no_file_to_write_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(group, ["score", "--results", ".", "--json", "."])
    assert "'--json': File '.' is a directory" in done.output
    with pytest.raises(DsltError, match="is a folder; expected the path of a file"):
        CliRunner().invoke(group, ["figure", "fig04", "--out", "."], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--weights", "--start"])
def test_the_option_of_missing_weights_is_named(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DsltError, match=f"^{option} typo: no such file"):
        CliRunner().invoke(training, [option, "typo"], catch_exceptions=False)


@pytest.mark.parametrize("name", ["https://localhost/zoo/net", "OTB-2015"])
def test_a_folder_is_refused_for_what_has_its_own(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DsltError, match=r"^--out here: .* comes below the folder of --data"):
        CliRunner().invoke(group, ["fetch", name, "--out", "here"], catch_exceptions=False)
