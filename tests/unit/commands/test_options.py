"""The engine as the command line names it."""

import click
import pytest
from click.testing import CliRunner

from dslt.commands.options import ENGINE
from dslt.core.device import FrozenNetworks, choose_engine, frozen_networks
from dslt.core.errors import DsltError


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
