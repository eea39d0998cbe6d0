"""Plain values as text: canonical JSON, hashes of it, and mappings laid over each other."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dslt.core.errors import DsltError, quote


def canonical(settings: Any) -> str:
    """Write settings as JSON with sorted keys: equal settings give equal text."""
    values = settings.model_dump(mode="json") if isinstance(settings, BaseModel) else settings
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def digest(*texts: str) -> str:
    """Hash texts to 16 hex digits."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `changes` over `base`, mapping by mapping."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = merge(old, value)
        merged[key] = value
    return merged


def split_pair(text: str, form: str) -> tuple[str, str]:
    """Split `KEY=VALUE` at the first equals sign.

    Raises:
        DsltError: There is no equals sign, or one side is empty; `form` says what was expected.
    """
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise DsltError(f"{quote(text)}: expected {form}")
    return key, value
