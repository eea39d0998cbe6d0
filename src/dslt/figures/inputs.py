"""Checks that the figures share."""

from __future__ import annotations

from pathlib import Path

from dslt.errors import DsltError


def existing(path: Path, made_by: str) -> Path:
    """Return `path` if it exists.

    Raises:
        DsltError: The path is missing; the message says which rule or command makes it.
    """
    if not path.exists():
        raise DsltError(f"{path}: no such file or folder; it is made by {made_by}")
    return path


def split_pair(text: str, form: str) -> tuple[str, str]:
    """Split `KEY=VALUE` at the first equals sign.

    Raises:
        DsltError: There is no equals sign, or one side is empty; `form` says what was expected.
    """
    key, found, value = text.partition("=")
    if not found or not key or not value:
        raise DsltError(f"{text!r}: expected {form}")
    return key, value
