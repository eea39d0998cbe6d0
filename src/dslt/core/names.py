"""What may name a sequence or a benchmark, and how cells with a moved constant are called."""

import re

NAME = re.compile(r"[^\s/\\.\-'\"][^\s/\\'\"]*")


def moved(cell: str, change: str) -> str:
    """Name a cell with a named change of its constants; with none it is the cell itself."""
    return f"{cell}__{change}" if change else cell
