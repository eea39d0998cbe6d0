"""What decides what a job of a cell comes to, apart from the sequence."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dslt.core.device import frozen_networks
from dslt.core.files import sha256_file
from dslt.core.fingerprint import libraries
from dslt.core.text import canonical
from dslt.settings.tracker import TrackerSettings, TrainingSettings


def identify_job(
    settings: TrackerSettings | TrainingSettings,
    learnt: TrainingSettings | None,
    weights: Path | None,
    *,
    device: str,
    **more: Any,
) -> dict[str, Any]:
    """Write down what decides a job's result, as plain JSON values.

    Args:
        settings: What is run.
        learnt: Settings of its network; None where it has none.
        weights: File of weights that were trained here, if it has one.
        device: Where it runs, a device of torch.
        more: What else decides it: seed, threads, protocol, code.

    Raises:
        DsltError: Weights are missing.
    """
    return {
        "settings": json.loads(canonical(settings)),
        "weights": _weights(learnt, weights),
        "device": device,
        "frozen": asdict(frozen_networks()) if device == "cpu" else None,
        "libraries": libraries(),
        **more,
    }


def _weights(learnt: TrainingSettings | None, trained: Path | None) -> str:
    """Hash the weights that a job starts from; empty where there are none."""
    if trained is not None:
        return sha256_file(trained)
    if learnt is None or learnt.backbone.weights == "random":
        return ""
    from dslt.networks.backbones.weights import find_weights

    return sha256_file(find_weights(learnt.backbone))
