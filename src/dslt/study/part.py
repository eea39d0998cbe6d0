"""The part of a study that is run, as the key `only` names it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from dslt.core.errors import DsltError, quote, unknown


@dataclass(frozen=True)
class Part:
    """The part of a study that its `only` names; empty: nothing of that kind is left out."""

    benchmarks: frozenset[str] = frozenset()
    cells: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()


def part_of(
    only: Sequence[str],
    planned: Mapping[str, Sequence[str]],
    sequences: Mapping[str, Sequence[str]],
) -> Part:
    """Sort names by their kind.

    Args:
        only: Names of benchmarks, cells and sequences.
        planned: Map from the benchmarks of the whole study to their cells.
        sequences: Map from those benchmarks to their sequences.

    Raises:
        DsltError: A name is of no kind, or of two.
    """
    kinds = {
        "benchmarks": set(planned),
        "cells": set(chain(*planned.values())),
        "sequences": set(chain(*(sequences.get(name, ()) for name in planned))),
    }
    found: dict[str, set[str]] = {kind: set() for kind in kinds}
    for name in only:
        of = [kind for kind, names in kinds.items() if name in names]
        if not of:
            known = [*kinds["benchmarks"], *sorted(kinds["cells"])]
            raise unknown("benchmark, cell or sequence of `only`:", name, known)
        if len(of) > 1:
            raise DsltError(f"only: {quote(name)} is a name among the {' and the '.join(of)}")
        found[of[0]].add(name)
    return Part(**{kind: frozenset(names) for kind, names in found.items()})
