"""MATLAB's files of version 5 to 7.2, as far as results need them: numbers, text, structures.

A reader of our own, because scipy's ends the process on some damaged files: every length is checked
against the bytes that are there.

Source: "MAT-File Format", The MathWorks.
"""

import math
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

_HEADER = 128
_LARGEST = 2**28  # bytes of a variable that was compressed
_DEEPEST = 16  # cells and structures in each other
_INT32, _UINT32, _MATRIX, _COMPRESSED = 5, 6, 14, 15  # types of elements
_NUMBERS: Mapping[int, str] = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", _INT32: "i4", _UINT32: "u4"},
    **{7: "f4", 9: "f8", 12: "i8", 13: "u8"},
}
_TEXTS: Mapping[int, str] = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
_CELL, _STRUCTURE, _CHARACTERS, _FIRST_NUMBER, _LAST_NUMBER = 1, 2, 4, 6, 15  # classes of arrays
_COMPLEX = 0x800
_Element = tuple[int, memoryview]


def read_variable(data: bytes, name: str) -> Any:
    """Read one variable of a file.

    Returns:
        An array of two axes or more, a text, a list of what a cell holds, a mapping of the fields
        of a structure, or a list of such; None for what is none of these.

    Raises:
        KeyError: There is no such variable.
        ValueError: The file is of another version, or broken.
    """
    order = {b"IM": "<", b"MI": ">"}.get(data[126:_HEADER])
    if order is None:
        raise ValueError("not a file of MATLAB 5 to 7.2")
    for kind, content in _elements(memoryview(data)[_HEADER:], order):
        kind, inside = _inflated(content, order) if kind == _COMPRESSED else (kind, content)
        if kind != _MATRIX:
            raise ValueError(f"an element of type {kind} where a variable should be")
        if _name(inside, order) == name:
            return _value(inside, order, 0)
    raise KeyError(name)


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """The elements of a stretch of bytes: their types and contents."""
    place = 0
    while place < len(data):
        kind, size = _words(data[place : place + 8], order, 2)
        start = place + 8
        if kind >> 16:  # a small one, in the tag
            kind, size, start = kind & 0xFFFF, min(kind >> 16, 4), place + 4
        end = start + size
        if end > len(data):
            raise ValueError(f"{end - len(data)} bytes are missing")
        yield kind, data[start:end]
        place = end if kind == _COMPRESSED else end + (place - end) % 8


def _words(data: memoryview, order: str, count: int) -> tuple[int, ...]:
    """Some 32-bit numbers."""
    if len(data) < 4 * count:
        raise ValueError("it ends too early")
    return tuple(np.frombuffer(data[: 4 * count], f"{order}u4").tolist())


def _inflated(data: memoryview, order: str) -> _Element:
    """The element that is compressed in some bytes."""
    try:
        inflater = zlib.decompressobj()
        inside = inflater.decompress(data, _LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not inflater.eof:
        raise ValueError(f"a compressed variable is cut off, or over {_LARGEST} bytes")
    return next(_elements(memoryview(inside), order), (0, memoryview(b"")))


def _name(data: memoryview, order: str) -> str:
    """Name of a variable."""
    parts = [bytes(part) for _, part in islice(_elements(data, order), 3)]
    return parts[2].decode("latin-1") if len(parts) == 3 else ""


def _value(data: memoryview, order: str, depth: int) -> Any:
    """Value of an array, from its flags, sizes, name and contents."""
    if not len(data):
        return np.empty((0, 0))
    if depth > _DEEPEST:
        raise ValueError("cells and structures are nested too deeply")
    parts = list(_elements(data, order))
    if len(parts) < 3 or parts[0][0] != _UINT32 or parts[1][0] != _INT32:
        raise ValueError("an array without flags, sizes and name")
    flags, _ = _words(parts[0][1], order, 2)
    sizes = _array(parts[1], order).tolist()
    count = math.prod(sizes)
    if min(sizes, default=-1) < 0 or count > len(data):
        raise ValueError(f"an array of the sizes {sizes}")
    contents, kind = parts[3:], flags & 0xFF
    if kind == _CELL:
        return _values(contents, count, order, depth)
    if kind == _STRUCTURE:
        return _structure(contents, count, order, depth)
    if kind == _CHARACTERS:
        return _text(contents, order)
    if not _FIRST_NUMBER <= kind <= _LAST_NUMBER:
        return None
    if len(contents) != (2 if flags & _COMPLEX else 1):
        raise ValueError("an array without its numbers")
    real, *imaginary = (_array(part, order) for part in contents)
    values = real + 1j * imaginary[0] if imaginary else real
    return values.reshape(sizes, order="F")


def _values(parts: list[_Element], count: int, order: str, depth: int) -> list[Any]:
    """Contents of a cell."""
    if len(parts) != count or any(kind != _MATRIX for kind, _ in parts):
        raise ValueError(f"{len(parts)} contents of {count}")
    return [_value(part, order, depth + 1) for _, part in parts]


def _structure(parts: list[_Element], count: int, order: str, depth: int) -> Any:
    """A structure, or a list of several."""
    if len(parts) < 2 or not (length := _words(parts[0][1], order, 1)[0]):
        raise ValueError("a structure without names of fields")
    text = bytes(parts[1][1])
    fields = [
        text[place : place + length].partition(b"\0")[0].decode("latin-1")
        for place in range(0, len(text), length)
    ]
    values = _values(parts[2:], count * len(fields), order, depth)
    found = [
        dict(zip(fields, values[i * len(fields) : (i + 1) * len(fields)], strict=True))
        for i in range(count)
    ]
    return found[0] if count == 1 else found


def _text(parts: list[_Element], order: str) -> str:
    """A text."""
    if not parts:
        return ""
    kind, data = parts[0]
    if kind not in _TEXTS:
        raise ValueError(f"text in elements of type {kind}")
    ends = {"<": "-le", ">": "-be"}[order] if _TEXTS[kind] == "utf-16" else ""
    return bytes(data).decode(_TEXTS[kind] + ends)


def _array(part: _Element, order: str) -> np.ndarray:
    """Numbers in the type that they are kept in."""
    kind, data = part
    if kind not in _NUMBERS:
        raise ValueError(f"numbers in elements of type {kind}")
    return np.frombuffer(data, order + _NUMBERS[kind])
