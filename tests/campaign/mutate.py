"""Broken variants of valid files: bytes, texts, trees of JSON, and what lies inside containers."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any

MOST_BYTES = 1 << 18
_WHOLE = (0, 1, 2, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WIDE = (*_WHOLE, 2**40, 2**63 - 1, 2**63, 2**64 - 1)

# Fields that numbers, names and flags are exchanged for. The last digits are no ASCII digits.
TOKENS = (
    *("nan", "NaN", "-nan", "+nan", "-nan(ind)", "nan(0x8)", "-1.#IND", "1.#QNAN", "1.#INF", "NA"),
    *("inf", "-inf", "Infinity", "1e300", "-1e300", "1e308", "1e309", "1e-320", "1e99999", "-0"),
    *("0", "-1", "1", "2", "3", "0.0", "1.0", "4294967296", "9007199254740993", "1" + "0" * 40),
    *(
        "9" * 5000,
        "0x10",
        "1_000",
        "1,5",
        "+-1",
        "--1",
        ".",
        "-",
        "e",
        "1e",
        "1.2.3",
        "",
        " ",
        "m1",
    ),
    *("null", "None", "true", "false", "''", '""', '"', "'", "[]", "{}", "[", "{", "\\", "/", ".."),
    *("m0,0,2,2,1,3", "\x00", "\x1c", "\x85", "\u2028", "\ufeff", "\u00a0", "\u3000", "\ud83d"),
    *(
        "\u0663",
        "\u00b2",
        "\uff11",
        "\u00e9",
        "\U0001f600",
        "a" * 300,
        "=1+1",
        "%s",
        "{0}",
        "~",
        "@",
    ),
)
_SEPARATORS = (",", ";", "\t", " ", "  ", ", ", ",,", "|", ":", "\n", "\r\n", "\r", "\x0b", "\x0c")
_CODECS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "latin-1", "cp037")
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 0.5, 1e300, 10**400, 2**63, -(2**31), 2**53 + 1),
    *(
        float("nan"),
        float("inf"),
        -float("inf"),
        "",
        "x",
        "0",
        "1",
        "nan",
        "../x",
        "/",
        "a/b",
        "\0",
    ),
    *([], {}, [[]], [None], {"": None}, "\ud83d", "é" * 300, "9" * 5000, [0, 0, 0, 0], "kind"),
)


def mutate_bytes(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Change a few places of a file of any kind."""
    out = bytearray(data)
    for _ in range(_few(random)):
        size = len(out)
        place = random.randrange(size + 1)
        span = min(size - place, _length(random))
        kind = random.randrange(12)
        if kind <= 2 and place < size:
            out[place] ^= 1 << random.randrange(8)
        elif kind == 3 and place < size:
            out[place] = random.choice((0, 1, 0x7F, 0x80, 0xFF, 10, 13, 32, 44, 45, 46, 101))
        elif kind == 4:
            del out[place:]
        elif kind == 5:
            del out[place : place + span]
        elif kind == 6:
            out[place:place] = out[place : place + span] * random.choice((1, 1, 2, 50))
        elif kind == 7:
            out[place:place] = random.randbytes(span)
        elif kind == 8:
            other = random.choice(others)
            start = random.randrange(len(other) + 1)
            out[place : place + span] = other[start : start + _length(random)]
        elif kind == 9:
            width, value = random.choice((1, 2, 4, 8)), random.choice(_WIDE)
            order = random.choice(("little", "big"))
            out[place : place + width] = (value % (1 << 8 * width)).to_bytes(width, order)
        elif kind == 10:
            out[place : place + span] = bytes([random.choice((0, 0xFF))]) * span
        elif kind == 11 and size:
            start = random.randrange(size)
            out[place : place + span] = out[start : start + span]
    return bytes(out[:MOST_BYTES])


def mutate_text(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Change fields, separators, lines or the encoding of a text."""
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(_few(random)):
        row = random.randrange(len(lines))
        kind = random.randrange(10)
        if kind <= 3:
            lines[row] = _field(random, lines[row])
        elif kind == 4:
            old = random.choice((",", "\t", " ", ";", ":"))
            new = random.choice(_SEPARATORS)
            whole = random.random() < 0.3
            changed = [line.replace(old, new) for line in lines] if whole else lines
            lines = (
                changed
                if whole
                else [*lines[:row], lines[row].replace(old, new), *lines[row + 1 :]]
            )
        elif kind == 5:
            lines.insert(row, lines[random.randrange(len(lines))])
        elif kind == 6 and len(lines) > 1:
            del lines[row]
        elif kind == 7:
            lines.insert(row, random.choice(("", " ", "#", ",,,", "\ufeff", "-" * 20, "a b c")))
        elif kind == 8:
            place = random.randrange(len(lines[row]) + 1)
            lines[row] = lines[row][:place] + random.choice(TOKENS) + lines[row][place:]
        elif kind == 9:
            lines[row] = lines[row] * random.choice((2, 3, 40))
    text = random.choice(("\n",) * 6 + ("\r\n", "\r", "\n\n")).join(lines)[:MOST_BYTES]
    if random.random() < 0.06:
        return text.encode(random.choice(_CODECS), "replace")
    out = text.encode("utf-8", "surrogatepass")
    return mutate_bytes(random, out, others) if random.random() < 0.15 else out


def numbers(random: random.Random, columns: Sequence[int] = (4,)) -> bytes:
    """Generate a grid of numbers, some of them odd, as a text."""
    separator = random.choice(_SEPARATORS[:8])
    width = random.choice(columns)
    odd = random.choice((0, 0, 0.02, 0.3))
    whole = random.random() < 0.5
    rows = []
    for _ in range(random.choice((0, 1, 2, 3, 8, 30))):
        fields = [
            random.choice(TOKENS)
            if random.random() < odd
            else str(random.randrange(-5, 400))
            if whole
            else f"{random.uniform(-10, 400):.{random.randrange(8)}f}"
            for _ in range(random.choice((width, random.randrange(12))) if odd else width)
        ]
        rows.append(separator.join(fields))
    text = "\n".join(rows) + random.choice(("", "\n", "\n\n", " ", "\x1a", "\x00"))
    return text.encode("utf-8", "surrogatepass")


def mutate_json(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Exchange, add, drop or rename nodes of a tree; now and then the text itself."""
    if random.random() < 0.15:
        return mutate_text(random, data, others)
    if random.random() < 0.02:
        depth = random.choice((10, 500, 5000))
        opening, closing = random.choice((("[", "]"), ('{"a":', "}")))
        return (opening * depth + "1" + closing * depth).encode()
    try:
        tree = json.loads(data)
    except ValueError:
        return mutate_text(random, data, others)
    for _ in range(_few(random)):
        tree = mutate_tree(random, tree)
    return json.dumps(tree).encode("utf-8", "surrogatepass")[: 4 * MOST_BYTES]


def mutate_tree(random: random.Random, tree: Any) -> Any:
    """Change one node of plain values, at any depth."""
    places: list[tuple[Any, Any]] = []
    waiting = [tree] if isinstance(tree, dict | list) else []
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            places.append((node, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    if not places or random.random() < 0.02:
        return copy.deepcopy(random.choice(_ODD))
    # As often among a few keys near the root as among thousands of numbers below them.
    node, key = random.choice(random.choice((places, [one for one in places if one[0] is tree])))
    kind = random.randrange(8)
    if kind <= 2:
        node[key] = copy.deepcopy(random.choice(_ODD))
    elif kind == 3:
        other, name = random.choice(places)
        node[key] = copy.deepcopy(other[name])
    elif kind == 4:
        del node[key]
    elif kind == 5 and isinstance(node, dict):
        node[random.choice(("x", "", "name", "kind", "0", "__proto__", "é"))] = node.pop(key)
    elif kind == 5:
        node.insert(key, copy.deepcopy(node[key]))
    elif kind == 6:
        node[key] = [node[key]] if random.random() < 0.5 else {"a": node[key]}
    elif isinstance(node[key], str):
        node[key] = random.choice(
            (node[key][:-1], node[key] * 2, node[key].upper(), f" {node[key]}")
        )
    elif isinstance(node[key], int | float):
        node[key] = random.choice((-node[key], str(node[key]), 1.5, [node[key]]))
    return tree


def remade_zip(
    change: Callable[[random.Random, bytes], bytes] = mutate_bytes,
) -> Callable[..., bytes]:
    """Change what is in a member of a zip file; lengths and checksums fit."""

    def remake(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info, archive.read(info)) for info in archive.infolist()]
        chosen = random.randrange(len(members))
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for number, (info, content) in enumerate(members):
                out = change(random, content) if number == chosen else content
                archive.writestr(info, out)
        return buffer.getvalue()

    return remake


def remade_png(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Change what is in a chunk of a PNG; its length and checksum fit."""
    if not data.startswith(b"\x89PNG"):
        return mutate_bytes(random, data, others)
    chunks, place = [], 8
    while place + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, place)
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + size]))
        place += size + 12
    chosen = random.randrange(len(chunks))
    out = [data[:8]]
    for number, (name, content) in enumerate(chunks):
        if number == chosen and name == b"IDAT" and random.random() < 0.7:
            content = zlib.compress(mutate_bytes(random, zlib.decompress(content)))
        elif number == chosen:
            content = mutate_bytes(random, content)
        crc = zlib.crc32(name + content)
        out.append(struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc))
    return b"".join(out)


def _field(random: random.Random, line: str) -> str:
    """Exchange one field of a line."""
    for separator in (",", "\t", ";", " ", ":"):
        if separator in line:
            fields = line.split(separator)
            fields[random.randrange(len(fields))] = random.choice(TOKENS)
            return separator.join(fields)
    return random.choice(TOKENS)


def _few(random: random.Random) -> int:
    return random.choice((1, 1, 1, 2, 3, 8))


def _length(random: random.Random) -> int:
    return random.choice((1, 2, 4, 16, 64, 1024))
