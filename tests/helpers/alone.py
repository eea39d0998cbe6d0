"""A Python that sees nothing of this environment but what some distributions need."""

from __future__ import annotations

import re
from importlib import metadata

# Python's finder of files is replaced by one that is blind for some modules.
BLIND = """
import sys
from importlib.machinery import PathFinder

HIDDEN = {hidden!r}

class Blind(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Blind
"""


def plain(name: str) -> str:
    """The name of a distribution, spelled in one way."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    """The distribution that a requirement names."""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return plain(found[0])


def closure(requirements: list[str]) -> set[str]:
    """The installed distributions that requirements need, those of extras apart."""
    found: set[str] = set()
    waiting = [name_of(text) for text in requirements if "extra ==" not in text]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # of another platform
        found.add(name)
        waiting += [name_of(text) for text in needed if "extra ==" not in text]
    return found


def blind_but_for(requirements: list[str]) -> str:
    """The beginning of a script that sees what these requirements bring, and files named dslt."""
    wanted = closure(requirements)
    owners = metadata.packages_distributions()
    hidden = {module for module, names in owners.items() if not set(map(plain, names)) & wanted}
    return BLIND.format(hidden=hidden - {"dslt", "snakemake_logger_plugin_timeleft"})
