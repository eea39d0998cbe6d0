"""Which pictures of a folder are the frames of a sequence, and in which order."""

import re
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from dslt.core.errors import DsltError
from dslt.data.sequences.ambiguous import check_order

_SAME_DIGIT = str.maketrans("123456789", "0" * 9)
_INTEGER = re.compile(r"(\d+)")
_DECIMAL = r"(?<![\d.])\d+\.\d+(?![\d.])"  # one point, so no date and no version
_NUMBER = re.compile(rf"({_DECIMAL}|\d+)")
_MORE_EVEN = 0.5  # of the steps' unevenness
_STRAY = 0.2  # of the pictures; more are no strays
_SIGN = re.compile(r"-(?=#[^#]*$)")  # of the last number


def frame_order(names: Sequence[str], where: str) -> tuple[list[int], list[str]]:
    """Choose the frames among pictures, and order them by the numbers in their names.

    Frames are named alike but for their numbers. A picture without a number beside ones with
    numbers is no frame, nor is one that is named otherwise than most. A number with a point is one
    number (a time), unless that cannot be.

    Args:
        names: Names of the pictures.
        where: Names their folder in errors.

    Returns:
        Positions of the frames in `names`, in their order, and what to know.

    Raises:
        DsltError: A frame is there twice, or what is a frame or their order is ambiguous, as where
            more than a fifth of the pictures would be left out.
    """
    places = sorted(range(len(names)), key=names.__getitem__)
    # Names that differ in the values of their digits alone sort without a key.
    if len({name.translate(_SAME_DIGIT) for name in names}) <= 1:
        return places, check_order([names[place] for place in places], where)
    stems = [name.rpartition(".")[0].casefold() for name in names]
    frames = _frames(places, stems, names, where)
    others = [place for place in places if place not in frames]
    notes = []
    if others:
        _check_strays(others, list(frames), stems, names, where)
        shown = ", ".join(names[place] for place in others[:3]) + ", ..." * (len(others) > 3)
        notes.append(
            f"{len(others)} of {len(names)} pictures are not named like the frames and left out: "
            f"{shown}"
        )
    order = _ordered(list(frames), stems, names, where)
    return order, [*notes, *check_order([names[place] for place in order], where)]


def last_number(name: str) -> str:
    """Last number in a file name, as it stands there; empty where there is none."""
    return next(reversed(_NUMBER.findall(name.rpartition(".")[0])), "")


def by_numbers(name: str) -> tuple[list[tuple[int, Fraction, str]], str]:
    """Key that sorts file names by their numbers."""
    return _key(name.rpartition(".")[0].casefold(), _NUMBER), name


def _frames(
    places: Sequence[int], stems: Sequence[str], names: Sequence[str], where: str
) -> dict[int, None]:
    """Choose the pictures that are frames, in the order of `places`."""
    numbered = [place for place in places if _NUMBER.search(stems[place])] or places
    kinds: dict[str, list[int]] = defaultdict(list)
    for place in numbered:
        kinds[_NUMBER.sub("#", stems[place])].append(place)
    usual, *others = sorted(kinds.values(), key=len, reverse=True)
    if 2 * len(usual) > len(numbered):
        return dict.fromkeys(usual)
    if len(usual) == 1:
        return dict.fromkeys(numbered)  # nothing tells them apart
    raise DsltError(
        f"{where}: pictures of {len(kinds)} kinds, {len(usual)} named like {names[usual[0]]} and "
        f"{len(others[0])} like {names[others[0][0]]}; the frames of a sequence are named alike: "
        "move the others"
    )


def _check_strays(
    others: Sequence[int],
    frames: Sequence[int],
    stems: Sequence[str],
    names: Sequence[str],
    where: str,
) -> None:
    """Check that pictures that would be left out are none of the frames.

    Raises:
        DsltError: One is named like the frames but for its number, or for a minus sign, or there
            are many.
    """
    last = next(reversed(list(_NUMBER.finditer(stems[frames[0]]))), None)
    plain = stems[frames[0]][: last.start()].rstrip(" _-.([") if last else ""
    for place in others:
        reason = ""
        if stems[place] == plain:
            reason = "has no number, and may be the first frame or none"
        elif _unsigned(stems[place]) == _unsigned(stems[frames[0]]):
            reason = "has a minus sign where others have none, or the other way round"
        if reason:
            raise DsltError(
                f"{where}: {names[place]} beside {names[frames[0]]} {reason}; give it a number in "
                "the order of the frames, or move it"
            )
    if len(others) > _STRAY * len(names):
        raise DsltError(
            f"{where}: {len(others)} of {len(names)} pictures are not named like "
            f"{names[frames[0]]}, one of them {names[others[0]]}; the frames of a sequence are "
            "named alike, with numbers: move or rename the others"
        )


def _unsigned(stem: str) -> str:
    """What is around the numbers of a name, without the last one's minus sign."""
    return _SIGN.sub("", _NUMBER.sub("#", stem))


def _ordered(
    places: Sequence[int], stems: Sequence[str], names: Sequence[str], where: str
) -> list[int]:
    """Order frames by the numbers in their names."""
    order, twins = _by_numbers(places, stems, _INTEGER)
    by_value, equal = _by_numbers(places, stems, _NUMBER)
    if by_value != order and not equal:
        _check_times(by_value, stems, names, where)
        order, twins = by_value, equal
    if twins:
        first, second = (names[place] for place in twins[0])
        more = f" ({len(twins)} such pairs)" if len(twins) > 1 else ""
        raise DsltError(f"{where}: {first} and {second} are one frame twice{more}; keep one")
    return order


def _by_numbers(
    places: Sequence[int], stems: Sequence[str], number: re.Pattern[str]
) -> tuple[list[int], list[tuple[int, int]]]:
    """Order frames by what is a number; also return those that have the same numbers."""
    keys = {place: _key(stems[place], number) for place in places}
    order = sorted(places, key=keys.__getitem__)
    return order, [pair for pair in pairwise(order) if keys[pair[0]] == keys[pair[1]]]


def _key(stem: str, number: re.Pattern[str]) -> list[tuple[int, Fraction, str]]:
    return [
        (0, Fraction(part), "") if part[0].isdecimal() else (1, Fraction(0), part)
        for part in number.split(stem)
        if part
    ]


def _check_times(
    order: Sequence[int], stems: Sequence[str], names: Sequence[str], where: str
) -> None:
    """Check that frames ordered by numbers with a point do not look as if they were counted.

    Raises:
        DsltError: They come at far more even steps where what follows the point is a count, as in
            1.8, 1.9, 1.10, or in seconds and nanoseconds without leading zeros.
    """
    numbers = [_NUMBER.findall(stems[place])[-1].partition(".") for place in order]
    digits = max(len(count) for _, _, count in numbers)
    values = [float(whole + point + count) for whole, point, count in numbers]
    counted = [int(whole) + int(count or 0) / 10**digits for whole, _, count in numbers]
    if _unevenness(counted) >= _MORE_EVEN * _unevenness(values):
        return
    first, second = next(
        pair for pair in pairwise(range(len(order))) if counted[pair[0]] > counted[pair[1]]
    )
    raise DsltError(
        f"{where}: the order of {names[order[first]]} and {names[order[second]]} is ambiguous: by "
        "time the former comes first, by the count after the point the latter; give all names as "
        "many digits after the point"
    )


def _unevenness(times: Sequence[float]) -> float:
    """Standard deviation of the steps between times, in mean ones."""
    steps = np.diff(np.sort(np.array(times)))
    return float(steps.std() / steps.mean())
