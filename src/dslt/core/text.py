"""Plain values as text: canonical JSON, hashes of it, and mappings laid over each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


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
