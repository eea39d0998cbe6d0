"""Options that several commands have, how they are read, and commands whose options take lists."""

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast, get_args

import click

from dslt.core.device import Device, EngineName, Precision, choose_engine
from dslt.core.errors import DsltError
from dslt.core.text import split_pair

PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)
Decorator = Callable[[Any], Any]


def pairs_of(texts: Iterable[str], form: str) -> dict[str, str]:
    """Read repeated `KEY=VALUE`, each key once.

    Args:
        texts: The values of an option.
        form: The option and its form, for errors, e.g. `--label CELL=TEXT`.

    Raises:
        DsltError: A text has another form, or a key stands twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        key, value = split_pair(text, form)
        if key in pairs:
            raise DsltError(f"{form}: {key} was given twice")
        pairs[key] = value
    return pairs


def pair_option(name: str, form: str, variable: str, text: str, **more: Any) -> Decorator:
    """Make a repeatable option `KEY=VALUE`; the command gets a mapping."""

    def read(context: click.Context, option: click.Parameter, found: Any) -> dict[str, str]:
        return pairs_of(found, f"{name} {form}")

    return click.option(
        name, variable, multiple=True, metavar=form, callback=read, help=text, **more
    )


CELL = click.option("--cell", required=True, help="Name of the cell, for messages.")
INDEX = click.option("--index", required=True, type=PATH, help="Benchmark index.")
SEED = click.option("--seed", default=0, show_default=True, help="Seed of everything random.")
THREADS = click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Threads of torch and OpenCV.",
)
DEVICE = click.option(
    "--device", type=click.Choice(get_args(Device)), default="auto", show_default=True
)


def _find_weights(context: click.Context, option: click.Parameter, named: Any) -> Path | None:
    """Find the file of weights that is named."""
    if not named or Path(named).is_file():
        return Path(named) if named else None
    # By its name: it decides no result, so a change of it is no reason to track again.
    models = importlib.import_module("dslt.data.downloads.models")
    found: Path = models.find_weights_file(named, option=option.opts[0])
    return found


WEIGHTS = click.option(
    "--weights",
    callback=_find_weights,
    metavar="FILE|NAME",
    help="For a tracker that learns offline: model.pt of `dslt train`, or the folder, the address"
    " or (once fetched) the name of a published model.",
)
START = click.option(
    "--start",
    callback=_find_weights,
    metavar="FILE|NAME",
    help="Go on from the weights of another training of such a network (as --weights of track).",
)
OVERRIDES = click.option(
    "--set", "overrides", multiple=True, help="Setting, for example tracking.scale.step=1.05."
)
PRESETS = click.option(
    "--trackers",
    type=PATH,
    help="Folder of the presets.  [default: the one beside the sheet of cells, which is that of"
    " the current folder, else the project's]",
)
STATES = click.option(
    "--states",
    type=PATH,
    help="Folder of what is done while the rest of the job is not; the same job goes on from it.",
)


def _read_engine(context: click.Context, option: click.Parameter, found: str) -> None:
    """Choose this process's engine by `NAME` or `NAME:PRECISION`."""
    name, _, precision = found.partition(":")
    names, precisions = get_args(EngineName), get_args(Precision)
    if name not in names or (precision or "float32") not in precisions:
        raise DsltError(
            f"--engine: {found}; expected one of {', '.join(names)}, with or without a precision "
            f"behind it, such as auto:{precisions[0]} or openvino:{precisions[1]}"
        )
    choose_engine(cast(EngineName, name), cast(Precision, precision or "float32"))


ENGINE = click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="NAME[:PRECISION]",
    expose_value=False,
    callback=_read_engine,
    help="What runs frozen networks on a CPU: auto, openvino or torch, in float32 or bfloat16.",
)


class SpreadCommand(click.Command):
    """A command that reads `--opt a b c` as `--opt a --opt b --opt c` where `--opt` repeats.

    Snakemake writes `--score {input.score}` as `--score a b c`; by hand one repeats the option.
    Both are the same here, and a repeatable option with no value at all is an empty list.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Spell out the repeatable options, then parse as usual."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        known = {name for one in options for name in one.opts}
        repeatable = {name for one in options if one.multiple for name in one.opts}
        spelled: list[str] = []
        current = ""
        for arg in args:
            if arg in repeatable:
                current = arg
            elif arg in known or arg.startswith("--"):
                current = ""
                spelled.append(arg)
            else:
                spelled.extend([current, arg] if current else [arg])
        return super().parse_args(ctx, spelled)
