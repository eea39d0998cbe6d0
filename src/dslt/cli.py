"""The `dslt` command: one verb per stage, each imported only when it is called."""

import importlib
import sys

import click

from dslt import __version__
from dslt.core.environment import forget_other_packages
from dslt.core.errors import DsltError
from dslt.core.extras import how_to_get

VERBS = {
    "plan": "Say what a study costs: jobs, hours, disk, downloads.",
    "fetch": "Fetch and verify what a benchmark or a backbone needs.",
    "index": "Index a benchmark or a training set, and check it.",
    "settings": "Print the settings of a tracker as other verbs read them.",
    "train": "Train a network offline: SiamFC, SiamRPN, RT-MDNet.",
    "track": "Run one cell over sequences of an indexed benchmark.",
    "respond": "Keep what a trained Siamese network answers to one frame.",
    "converge": "Train on first frames only and record the convergence.",
    "score": "Score raw results by a protocol.",
    "confidence": "Score the confidence that trackers give their boxes.",
    "view": "Show raw results on video, as pages.",
    "export": "Write raw results as other toolkits read them.",
    "compare": "Compare cells with each other and with the paper.",
    "table": "Write a table of the report, ours beside the printed numbers.",
    "figure": "Draw a figure of the paper from results.",
    "plot": "Write an interactive plot for the report.",
    "report": "Write the report's pages and the files beside them.",
    "publish": "Write trained networks for others, each with a card.",
    "demo": "Track a target in your own video.",
    "vot": "Run a tracker under the official VOT toolkit.",
}


class LazyGroup(click.Group):
    """A group whose verbs live in `dslt.commands.<verb>` and are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in the order of the science."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module and return its command."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"dslt.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dslt")
def group() -> None:
    """Deep object tracking with shrinkage loss: the reproduction pipeline."""


def main() -> None:
    """Run the command line; what a user can mend ends in one message and status 1."""
    forget_other_packages()
    try:
        group()
    except DsltError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if (hint := how_to_get(error.name)) is None:
            raise
        click.echo(f"error: {hint}", err=True)
        sys.exit(1)
