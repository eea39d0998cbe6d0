"""File names with something around the sequence's: `Deer_KCF`, `KCF_Deer`, `otb-Deer`."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dslt.core.errors import DsltError
from dslt.data.sequences.names import match_names

_TRIED = 8  # candidates, those of the most files first


class Affix(NamedTuple):
    """What stands around the name of a sequence."""

    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        """What it leaves of a tracker's name."""
        return "".join(self).strip("_-. ") or "files without one"

    def inside(self, stem: str) -> str:
        """The name inside of a stem, empty where this is not around it."""
        if not (stem.startswith(self.prefix) and stem.endswith(self.suffix)):
            return ""
        return stem[len(self.prefix) : len(stem) - len(self.suffix)]

    def within(self, other: "Affix") -> bool:
        """Tell whether another one is this one and more: `_s_KCF` of `car1_s_KCF`."""
        return other.prefix.startswith(self.prefix) and other.suffix.endswith(self.suffix)


PLAIN = Affix()


def split_names(stems: Sequence[str], wanted: Sequence[str]) -> tuple[Affix, dict[str, str]]:
    """Find what stands around the sequences' names in most of the stems.

    Names as they are go before others that have no more of the sequences.

    Args:
        stems: Names of files without their ends.
        wanted: Names of the sequences; where there are none, what follows an underscore in most
            stems is taken to be the tracker's.

    Returns:
        What stands around the names, and the stems by the names inside of it.

    Raises:
        DsltError: The stems have names of several trackers.
    """
    if not wanted:
        return _shared_suffix(stems)
    best, names = PLAIN, {stem: stem for stem in stems}
    pairs = match_names(wanted, names)
    if len(pairs) == len(wanted):
        return best, names
    spelled = {_spell(name)[0] for name in wanted}
    counts = Counter(affix for stem in stems for affix in _around(stem, spelled))
    tried = sorted(counts, key=lambda affix: (-counts[affix], sum(map(len, affix)), affix))
    for affix in tried[:_TRIED]:
        inner = {name: stem for stem in stems if (name := affix.inside(stem))}
        found = match_names(wanted, inner)
        if len(found) > len(pairs):
            best, names, pairs = affix, inner, found
    taken = {names[name] for name in pairs.values()}
    others = {
        affix
        for affix in tried
        for stem in stems
        if not best.within(affix) and stem not in taken and _spell(affix.inside(stem))[0] in spelled
    }
    if best != PLAIN and others:
        _refuse(sorted(map(str, {best, *others})))
    return best, names


def any_named(stems: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether any of the stems has the name of a sequence in it."""
    spelled = {_spell(name)[0] for name in wanted}
    return bool(match_names(wanted, stems)) or any(any(_around(s, spelled)) for s in stems)


def _refuse(trackers: Sequence[str]) -> None:
    raise DsltError(
        f"results of several trackers: {', '.join(trackers[:8])}{', ...' * (len(trackers) > 8)};"
        " put each tracker's files into a folder of its own"
    )


def _spell(name: str) -> tuple[str, list[int]]:
    """A name in lower case without punctuation, and where its characters stand."""
    places = [place for place, character in enumerate(name) if character.isalnum()]
    return "".join(name[place].lower() for place in places), places


def _around(stem: str, spelled: set[str]) -> Iterator[Affix]:
    """What stands around any of some names in a stem, set apart by punctuation."""
    text, places = _spell(stem)
    starts = [i for i, p in enumerate(places) if p == 0 or not stem[p - 1].isalnum()]
    ends = [i for i, p in enumerate(places) if p == len(stem) - 1 or not stem[p + 1].isalnum()]
    for start in starts:
        for end in ends:
            if text[start : end + 1] in spelled:
                yield Affix(stem[: places[start]], stem[places[end] + 1 :])


def _shared_suffix(stems: Sequence[str]) -> tuple[Affix, dict[str, str]]:
    """Split `<sequence>_<tracker>`, where both names may have underscores in them."""
    groups: dict[str, dict[str, str]] = {}
    for stem in stems:
        for match in re.finditer("_", stem):
            if match.start() and stem[match.end() :]:
                groups.setdefault(stem[match.start() :], {})[stem[: match.start()]] = stem
    if not groups:
        return PLAIN, {stem: stem for stem in stems}
    most = max(map(len, groups.values()))
    # `_b_c` and `_c` can fit the same files: what several share belongs to the tracker.
    suffix = (max if most > 1 else min)((s for s in groups if len(groups[s]) == most), key=len)
    others = _unrelated(suffix, groups)
    if others:
        _refuse(sorted(name.strip("_") for name in (suffix, *others)))
    return Affix(suffix=suffix), groups[suffix]


def _unrelated(suffix: str, groups: Mapping[str, object]) -> list[str]:
    """Suffixes that are not this one split at another underscore."""
    return [s for s in groups if not (s.endswith(suffix) or suffix.endswith(s))]
