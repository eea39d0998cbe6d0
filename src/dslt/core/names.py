"""What may name a sequence or a benchmark, and how parts and runs of cells are called."""

import re
import unicodedata

from dslt.core.errors import DsltError, quote

NAME = re.compile(r"[^\s/\\.\-'\"][^\s/\\'\"]*")


def moved(cell: str, change: str) -> str:
    """Name a cell with a named change of its constants; with none it is the cell itself."""
    return f"{cell}__{change}" if change else cell


def split_part(key: str, form: str) -> tuple[str, str]:
    """Split `CELL@PART`, such as `CELL@BENCHMARK`; of `CELL` alone the part is empty.

    Raises:
        DsltError: One side of the at sign is empty; `form` says what was expected.
    """
    cell, at, part = key.partition("@")
    if not cell or bool(at) != bool(part):
        raise DsltError(f"{quote(key)}: expected {form}")
    return cell, part


def split_seed(key: str, form: str) -> tuple[str, int]:
    """Split `NAME@SEED`.

    Raises:
        DsltError: It has another form; `form` says what was expected.
    """
    name, _, seed = key.rpartition("@")
    if not (name and seed.isascii() and seed.isdecimal()):
        raise DsltError(f"{quote(key)}: expected {form}, the seed a number")
    return name, int(seed)


def same_name(first: str, second: str) -> bool:
    """Compare names without case and punctuation; an empty name equals nothing."""
    left, right = map(_spelling, (first, second))
    return bool(left) and left == right


def _spelling(name: str) -> str:
    """A name in lower case, its letters, digits and plus signs only."""
    return "".join(words_of(name, also="+"))


def words_of(name: str, also: str = "") -> list[str]:
    """Split a name in lower case at all that is no letter, mark on one, or digit of any script."""
    plain = unicodedata.normalize("NFKC", name).lower()
    kept = (c if c in also or unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    return "".join(kept).split()
