"""Attributes of sequences: codes, names in words, and the order of the benchmarks' flag files."""

import re
from collections.abc import Iterable

# In the order of the flags in `att/<sequence>.txt` of each benchmark's toolkit.
OTB = ("IV", "OPR", "SV", "OCC", "DEF", "MB", "FM", "IPR", "OV", "BC", "LR")
UAV123 = ("SV", "ARC", "LR", "FM", "FOC", "POC", "OV", "BC", "IV", "VC", "CM", "SOB")
LASOT = ("IV", "POC", "DEF", "MB", "CM", "ROT", "BC", "VC", "SV", "FOC", "FM", "OV", "LR", "ARC")

_WORDS = {
    "ARC": "aspect ratio change",
    "BC": "background clutter",
    "CM": "camera motion",
    "DEF": "deformation",
    "FM": "fast motion",
    "FOC": "full occlusion",
    "IPR": "in-plane rotation",
    "IV": "illumination variation",
    "LR": "low resolution",
    "MB": "motion blur",
    "OCC": "occlusion",
    "OPR": "out-of-plane rotation",
    "OV": "out-of-view",
    "POC": "partial occlusion",
    "ROT": "rotation",
    "SOB": "similar object",
    "SV": "scale variation",
    "VC": "viewpoint change",
}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower()).removesuffix("s")


_CODES = {_plain(words): code for code, words in _WORDS.items()}
_CODES["aspectrationchange"] = "ARC"  # so in some annotation files


def code_of(text: str) -> str:
    """Code of an attribute that is given as a code or in words; others stay as they are."""
    code = text.strip()
    return code.upper() if code.upper() in _WORDS else _CODES.get(_plain(text), code)


def words_of(code: str) -> str:
    """What a code stands for; empty where that is not known."""
    return _WORDS.get(code, "")


def codes_in(text: str) -> list[str]:
    """Codes of a list of attributes: codes, or words that commas, tabs or lines separate."""
    codes: list[str] = []
    for part in re.split(r"[,;\t\r\n]+", text):
        code = code_of(part)
        codes += map(code_of, part.split()) if code == part.strip() else [code]
    return codes


def ordered(codes: Iterable[str], order: tuple[str, ...]) -> tuple[str, ...]:
    """Codes in the benchmark's order, unknown ones last."""
    rank = {code: place for place, code in enumerate(order)}
    return tuple(sorted(dict.fromkeys(codes), key=lambda code: (rank.get(code, len(rank)), code)))
