"""Names of frames whose order by number is not that of time: dates, 12-hour clocks, two cameras."""

import re
from collections.abc import Sequence

from dslt.core.errors import DsltError

_INTEGER = re.compile(r"\d+")
# The year last; a time may follow without a gap.
_DATE = re.compile(r"(?<!\d)(\d{1,2})([-._ ]?)(\d{1,2})\2((?:19|20)\d\d)(?=\D|$|\d{4,6}(?:\D|$))")
_HALF_DAY = re.compile(r"(?<![a-z])[ap]\.?m(?![a-z])")
_CAMERA = re.compile(r"(?:cam|camera|kamera|view|sensor)[-_ ]?(\d+)(?!\d)")
_RENAME = "number the frames, or name them year-month-day-hour-minute-second"


def check_order(names: Sequence[str], where: str) -> list[str]:
    """Check that frames ordered by the numbers in their names are one video in the order of time.

    Args:
        names: Names of the frames in their order, alike but for the values of numbers.
        where: Names their folder in errors.

    Returns:
        What to know.

    Raises:
        DsltError: The names hold dates or hours that sort otherwise, or several cameras.
    """
    parts = _INTEGER.findall(names[0])
    if len(parts) < 2 and not any(len(part) >= len("01022024") for part in parts):
        return []  # a count
    stems = [name.rpartition(".")[0].casefold() for name in names]
    _check_dates(stems, names, where)
    _check_hours(stems, names, where)
    cameras = {match[1] for stem in stems if (match := _CAMERA.search(stem))}
    if 1 < len(cameras) < len(names):  # else the number is that of the frame
        raise DsltError(
            f"{where}: pictures of {len(cameras)} cameras, such as {names[0]} and {names[-1]}; the"
            " frames of a sequence are those of one camera: put the others in folders of their own"
        )
    return _grid(stems, names)


def _check_dates(stems: Sequence[str], names: Sequence[str], where: str) -> None:
    """Refuse dates whose year comes last, where they put the frames in another order."""
    found = [match for stem in stems if (match := _DATE.search(stem))]
    if len(found) < len(stems):
        return
    orders = []
    for day, month in ((1, 3), (3, 1)):
        dates = [(int(m[4]), int(m[month]), int(m[day])) for m in found]
        if all(1 <= m <= 12 and 1 <= d <= 31 for _, m, d in dates):
            rest = [list(map(int, _INTEGER.findall(m.string[m.end() :]))) for m in found]
            lead = [list(map(int, _INTEGER.findall(m.string[: m.start()]))) for m in found]
            orders.append(list(zip(dates, lead, rest, strict=True)))
    if any(order != sorted(order) for order in orders):
        raise DsltError(
            f"{where}: names such as {names[0]} and {names[-1]} look like dates with the year last,"
            f" whose order by number is not that of time; {_RENAME}"
        )


def _check_hours(stems: Sequence[str], names: Sequence[str], where: str) -> None:
    """Refuse hours that go from 12 to 1."""
    if not all(_HALF_DAY.search(stem) for stem in stems):
        return
    columns = zip(*(map(int, _INTEGER.findall(stem)) for stem in stems), strict=False)
    if any(12 in column and min(column) < max(column) == 12 for column in columns):
        raise DsltError(
            f"{where}: names such as {names[0]} look like hours of a 12-hour clock, in which 12"
            f" comes before 1; {_RENAME}"
        )


def _grid(stems: Sequence[str], names: Sequence[str]) -> list[str]:
    """Tell of two numbers of which every pair is there: parts of a video, or several cameras."""
    rows = [tuple(map(int, _INTEGER.findall(stem))) for stem in stems]
    moving = [values for column in zip(*rows, strict=False) if len(values := set(column)) > 1]
    if len(moving) != 2 or len(moving[0]) * len(moving[1]) != len(names):
        return []
    few, many = sorted(map(len, moving))
    return [
        f"the names are every pair of two numbers ({few} and {many} of them), from {names[0]} to"
        f" {names[-1]}: read in this order as one video; frames of several cameras belong in"
        " folders of their own"
    ]
