"""What may name a sequence or a benchmark, and how cells with a moved constant are called."""

import re

NAME = re.compile(r"[^\s/\\.\-'\"][^\s/\\'\"]*")


def moved(cell: str, change: str) -> str:
    """Name a cell with a named change of its constants; with none it is the cell itself."""
    return f"{cell}__{change}" if change else cell


def same_name(first: str, second: str) -> bool:
    """Compare names without case and punctuation; an empty name equals nothing."""
    left, right = (re.sub(r"[^a-z0-9+]", "", name.lower()) for name in (first, second))
    return bool(left) and left == right
