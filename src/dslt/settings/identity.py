"""What makes a training the one it is. Reading this needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dslt.core.errors import DsltError
from dslt.core.text import canonical, digest
from dslt.settings.base import validate
from dslt.settings.siamese import SiameseTraining, SiamFcTraining, SiamRpnTraining


def parse_training(values: Any, where: str) -> SiameseTraining:
    """Check the training settings of a Siamese tracker; those with anchors are SiamRPN's.

    Raises:
        DsltError: naming `where`, the key, the value, and what is allowed.
    """
    if not isinstance(values, dict):
        raise DsltError(f"{where}: {values!r}; expected a mapping of training settings")
    if "anchors" in values:
        return validate(SiamRpnTraining, values, where)
    return validate(SiamFcTraining, values, where)


def identify(
    settings: SiameseTraining, seed: int, sources: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Write down what decides the result of a training, as plain JSON values.

    Args:
        settings: typed and complete.
        seed: of weights and pairs.
        sources: definitions of the training sets that are used.
        more: what else decides it: validation, versions of the code.
    """
    return {
        "settings": json.loads(canonical(settings)),
        "seed": seed,
        "sources": json.loads(canonical(dict(sources))),
        **more,
    }


def model_id(settings: SiameseTraining, seed: int, sources: Mapping[str, Any]) -> str:
    """Name a training by its settings, seed and training sets, 16 hex digits."""
    return digest(canonical(settings), str(seed), canonical(dict(sources)))


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
