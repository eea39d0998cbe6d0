"""What is kept of a job of a cell, under the name of everything that decides its result."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dslt.core.device import frozen_networks
from dslt.core.files import sha256_file
from dslt.core.fingerprint import libraries
from dslt.core.parts import Parts
from dslt.core.text import canonical
from dslt.data.benchmarks.contents import contents_of
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.settings.tracker import TrackerSettings, TrainingSettings


def parts_of(
    states: Path | None,
    settings: TrackerSettings | TrainingSettings,
    learnt: TrainingSettings | None,
    weights: Path | None = None,
    *,
    cell: str,
    benchmark: str,
    device: str,
    **more: Any,
) -> Parts:
    """Open what is kept of the sequences of a job.

    Args:
        states: Folder of what is kept; None: nothing is, and nothing is summed up.
        settings: What is run.
        learnt: Settings of its network; None where it has none.
        weights: File of weights that were trained here, if it has one.
        cell: Name of the cell.
        benchmark: Name of the benchmark.
        device: Where it runs, a device of torch.
        more: What else decides its result: seed, threads, protocol, code.

    Raises:
        DsltError: Weights are missing.
    """
    title = f"{cell} on {benchmark}"
    if states is None:
        return Parts(title, None, {})
    identity = {
        "cell": cell,
        "benchmark": benchmark,
        "settings": json.loads(canonical(settings)),
        "weights": _weights(learnt, weights),
        "device": device,
        "frozen": asdict(frozen_networks()) if device == "cpu" and learnt else None,
        "libraries": libraries(),
        **more,
    }
    return Parts(title, states, identity)


def contents_to_keep(parts: Parts, entry: IndexEntry, frames: int | None = None) -> dict[str, Any]:
    """Sum up a sequence, or its first frames, where something is kept; else nothing."""
    return contents_of(entry, frames) if parts.states else {}


def _weights(learnt: TrainingSettings | None, trained: Path | None) -> str:
    """Hash the weights that a job starts from; empty where there are none."""
    if trained is not None:
        return sha256_file(trained)
    if learnt is None or learnt.backbone.weights == "random":
        return ""
    from dslt.networks.backbones.weights import find_weights

    return sha256_file(find_weights(learnt.backbone))
