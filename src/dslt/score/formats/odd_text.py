"""Result files that are refused: what they are instead, and what to do about it."""

import codecs
import re
from pathlib import Path

_START = 400  # bytes that are looked at
_POINTER = b"version https://git-lfs"
_COMMAS = re.compile(r"\s*[+-]?\d+,\d+\s*([;\t]\s*[+-]?\d+(,\d+)?\s*){3}")
_NAME = r"[\"']?[A-Za-z_]\w*[\"']?\s*"
_WORD = re.compile(rf"(?i:(?!.*nan))\s*{_NAME}([,;\t ]+\s*{_NAME}){{3,}}")


def told_of(path: Path) -> str:
    """Say what a file that cannot be read is, by its first bytes; empty where that is unknown."""
    try:
        with path.open("rb") as handle:
            start = handle.read(_START)
    except OSError:
        return ""
    if start.startswith(_POINTER):
        return f"{path}: a pointer of Git LFS, not the file; fetch the file itself (git lfs pull)"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return f"{path}: text in UTF-16; expected UTF-8: save it as that"
    lines = start.decode("utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines[:-1] or lines, 1):  # the last may be cut
        if _COMMAS.fullmatch(line):
            return (
                f"{path}, line {number}: {line!r} has decimal commas; expected x,y,w,h with decimal"
                " points"
            )
    line = lines[0] if lines else ""
    if _WORD.fullmatch(line):
        return f"{path}, line 1: {line!r} is a header; expected a box x,y,w,h: take the line out"
    return ""
