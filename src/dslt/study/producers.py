"""Which rule makes a file: an index for Snakemake, for outputs of which thousands begin alike.

Snakemake's own index tells outputs apart by what stands before their first wildcard. Below
`results/track/` a wildcard follows at once, so each of some 70,000 inputs of the paper's study is
compared with each of 2,000 patterns, which takes most of the planning. Outputs differ in what
stands behind their last wildcard, mostly the file's whole name: that is looked up here first; one
without wildcards is looked up whole.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.io import _IOFile
    from snakemake.rules import Rule


class EndIndex:
    """Finds the rules that make a file by its end.

    Args:
        rules: All rules.
    """

    def __init__(self, rules: "Iterable[Rule]") -> None:
        self._whole: dict[str, set[Rule]] = defaultdict(set)
        self._by_name: dict[str, list[tuple[str, _IOFile, Rule]]] = defaultdict(list)
        self._by_end: dict[str, list[tuple[str, _IOFile, Rule]]] = defaultdict(list)
        for rule in rules:
            for product in rule.products():
                if not product.contains_wildcard():  # as a pattern it would be compiled
                    self._whole[str(product)].add(rule)
                    continue
                begin, end = str(product.constant_prefix()), str(product.constant_suffix())
                _, slash, name = end.rpartition("/")
                places = self._by_name[name] if slash else self._by_end[end]
                places.append((begin, product, rule))
        self._lengths = sorted({len(end) for end in self._by_end})

    def match_producers(self, targetfile: str) -> "set[Rule]":
        """Give all rules that make a file, as Snakemake's index does."""
        whole = len(targetfile)
        places = [self._by_name.get(targetfile.rpartition("/")[2], ())]
        for length in self._lengths:
            if length <= whole:
                places.append(self._by_end.get(targetfile[whole - length :], ()))
        found = {
            rule
            for begin, product, rule in chain.from_iterable(places)
            if targetfile.startswith(begin) and product.match(targetfile)
        }
        return found | self._whole.get(targetfile, set())


def look_up_by_end() -> None:
    """Let Snakemake find the makers of files by their ends, in this process.

    It has no setting for that. Were its index renamed, planning would be slow again, and
    `tests/workflow/test_producers.py` fail.
    """
    from snakemake import dag

    dag.OutputIndex = EndIndex
