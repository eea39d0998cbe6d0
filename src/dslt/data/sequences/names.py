"""Sequence names across toolkits, which spell `Jogging-1` as `jogging.1` or `Jogging_1`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

from dslt.core.names import words_of

_NUMBER = re.compile(r"-\d+$")


def _without_punctuation(name: str) -> str:
    """A name in lower case, letters and digits only; two numbers stay apart."""
    return re.sub(r"(?<!\d) | (?!\d)", "", " ".join(words_of(name))) or name


_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    str.lower,
    _without_punctuation,
)


def match_names(wanted: Iterable[str], found: Iterable[str]) -> dict[str, str]:
    """Find the wanted names under other spellings.

    The exact name wins, then one that differs in case only, then one that differs in punctuation
    too, then one without the number of the target (`Human4` for `Human4-2`; `Jogging` for
    `Jogging-1` where another name is that of `Jogging-2`). Two numbers stay apart: UAV123 has a
    `car1_1` beside a `car11`. A spelling is taken only where it is unique among the names that are
    left on both sides.

    Returns:
        Found name by wanted name, in the order of `wanted`; names without a match are left out.
    """
    names = list(wanted)
    pairs: dict[str, str] = {}
    left, free = list(names), list(found)
    for spell in _SPELLINGS:
        theirs = _unique(free, spell)
        ours = _unique(left, spell)
        pairs |= {name: theirs[key] for key, name in ours.items() if key in theirs}
        left = [name for name in left if name not in pairs]
        taken = set(pairs.values())
        free = [name for name in free if name not in taken]
    # Only of videos with a single target here, or of the first one where all others have a match,
    # so that the number tells nothing apart.
    bases = [_NUMBER.sub("", name) for name in names]
    unmatched = Counter(_NUMBER.sub("", name) for name in left)
    single = {
        base: name
        for base, name in zip(bases, names, strict=True)
        if name in left
        and base != name
        and unmatched[base] == 1
        and (bases.count(base) == 1 or name.endswith("-1"))
    }
    if single and free:
        pairs |= {single[base]: name for base, name in match_names(single, free).items()}
    return {name: pairs[name] for name in names if name in pairs}


def alike(name: str, found: Iterable[str]) -> list[str]:
    """The names that differ from one in case and punctuation only."""
    spell = _SPELLINGS[-1]
    return [other for other in found if spell(other) == spell(name)]


def _unique(names: Iterable[str], spell: Callable[[str], str]) -> dict[str, str]:
    """Map spellings that only one name has to that name."""
    spelled = [(spell(name), name) for name in names]
    count = Counter(key for key, _ in spelled)
    return {key: name for key, name in spelled if count[key] == 1}
