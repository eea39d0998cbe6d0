"""What makes a training the one it is. Reading this needs no torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dslt.core.files import sha256_file
from dslt.core.fingerprint import code_of
from dslt.core.text import canonical, digest
from dslt.settings.registry import TrackerEntry
from dslt.settings.tracker import TrainingSettings

RELEASED = "model.safetensors"
"""The weights of a published model, beside which `model.json` says what they are."""


def identify(
    settings: TrainingSettings, seed: int, sources: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Write down what decides the result of a training, as plain JSON values.

    Args:
        settings: Typed and complete.
        seed: Seed of weights and pairs.
        sources: Definitions of the training sets that are used.
        more: What else decides it: validation, versions of the code.
    """
    return {
        "tracker": settings.tracker,
        "settings": json.loads(canonical(settings)),
        "seed": seed,
        "sources": json.loads(canonical(dict(sources))),
        **more,
    }


def hash_files(files: Mapping[str, str | Path]) -> dict[str, dict[str, str]]:
    """Hash the files that settings and training sets only name; nothing where there are none.

    Args:
        files: Map from names to indexes of training sets, and weights of one's own.

    Raises:
        DsltError: A file is missing.
    """
    return {"content": {name: sha256_file(file) for name, file in files.items()}} if files else {}


def code_of_training(entry: TrackerEntry) -> str:
    """Fingerprint the code that trains a tracker offline."""
    return code_of("dslt.commands.train", *entry.modules("network", "task", "pairs", "tracker"))


def model_id(settings: TrainingSettings, seed: int, sources: Mapping[str, Any]) -> str:
    """Name a training by its settings, seed and training sets, 16 hex digits."""
    return digest(settings.tracker, canonical(settings), str(seed), canonical(dict(sources)))


def differences(old: Any, new: Any, at: str = "") -> list[str]:
    """List where two JSON values differ, as `key: old -> new`."""
    if isinstance(old, dict) and isinstance(new, dict):
        prefix = f"{at}." if at else ""
        return [
            change
            for key in sorted({*old, *new})
            for change in differences(old.get(key), new.get(key), f"{prefix}{key}")
        ]
    return [] if old == new else [f"{at}: {json.dumps(old)} -> {json.dumps(new)}"]
