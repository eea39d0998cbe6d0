"""The targets of a demo: a name, a box in the first frame, and a colour each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dslt.core.errors import DsltError
from dslt.figures import colours
from dslt.geometry.boxes import Box, parse_box

Colour = tuple[int, int, int]  # RGB
# Colours that stand out of most pictures, of those that colour-blind eyes tell apart.
COLOURS = (
    colours.VERMILLION,
    colours.SKY,
    colours.YELLOW,
    colours.PURPLE,
    colours.GREEN,
    colours.ORANGE,
    colours.BLUE,
)
_NAME = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_-]*"
)  # letters that are drawn, and stand in names of files


@dataclass(frozen=True, eq=False)
class NamedTarget:
    """What is followed.

    Attributes:
        name: Unique among the targets.
        box: Box in the first frame.
        colour: What it is drawn in.
    """

    name: str
    box: Box
    colour: Colour


def make_targets(boxes: Iterable[tuple[str, Box]]) -> list[NamedTarget]:
    """Make targets of names and boxes; one without a name is called by its place, from 1.

    Raises:
        DsltError: A name has other signs than letters (A to Z), digits, _ and -, or stands twice.
    """
    targets: list[NamedTarget] = []
    for place, (given, box) in enumerate(boxes):
        name = given or str(place + 1)
        if not _NAME.fullmatch(name):
            raise DsltError(
                f"--box {name}=...: expected a name of letters (A to Z), digits, _ and -"
            )
        if name in (target.name for target in targets):
            raise DsltError(f"--box: two targets are called {name!r}; expected a name for each")
        targets.append(NamedTarget(name, box, rgb(COLOURS[place % len(COLOURS)])))
    return targets


def parse_targets(texts: Iterable[str]) -> list[NamedTarget]:
    """Read targets, `x,y,w,h` or `NAME=x,y,w,h` each.

    Raises:
        DsltError: A text has another form, or as `make_targets`.
    """
    parts = (text.rpartition("=") for text in texts)
    return make_targets(
        (name, parse_box(numbers, f"--box {name + equals}")) for name, equals, numbers in parts
    )


def rgb(colour: str) -> Colour:
    """Read a hexadecimal colour."""
    red, green, blue = bytes.fromhex(colour.lstrip("#"))
    return red, green, blue
