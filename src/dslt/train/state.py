"""The state of an unfinished training: written as a whole, read back by the same training only.

It holds the network, the optimiser and how far they are. Random numbers are not part of it: what is
random in a micro-batch depends on the seed and its number alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.settings.identity import differences

STATE = "state.pt"
FORMAT = 3


@dataclass
class Progress:
    """How far a training is.

    Attributes:
        step: Steps done since its start.
        sums: Sums of the values of the running epoch's steps, by name.
        epochs: One row per finished epoch, the untrained network first.
        scores: Scores of the validation, `(epoch, sequence, video, success AUC)`.
        skipped: Steps that were left out since the start.
        skipped_now: Those of the running epoch.
    """

    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    epochs: list[dict[str, float | None]] = field(default_factory=list)
    scores: list[tuple[int, str, str, float]] = field(default_factory=list)
    skipped: int = 0
    skipped_now: int = 0


def write_state(
    folder: Path,
    identity: Mapping[str, Any],
    progress: Progress,
    learnt: Mapping[str, Any],
    domains: Sequence[str] = (),
) -> None:
    """Write the state, as a whole or not at all.

    Args:
        folder: Folder of this training alone.
        identity: What makes this training: settings, seed, code; plain JSON values.
        progress: How far it is.
        learnt: State of the trainer, on the CPU or on a GPU.
        domains: Names of what the network has a part of its own for, in their order.

    Raises:
        DsltError: It cannot be written; an earlier state is untouched.
    """
    content = {
        "format": FORMAT,
        "identity": json.dumps(identity, sort_keys=True),
        "progress": json.dumps(asdict(progress)),
        "domains": json.dumps(list(domains)),
        **learnt,
    }
    with atomic_write(folder / STATE) as temporary:
        torch.save(content, temporary)


def read_state(
    folder: Path, identity: Mapping[str, Any], device: str, domains: Sequence[str] = ()
) -> tuple[Progress, dict[str, Any]] | None:
    """Read how far a training is and the state of its trainer, or None where there is none.

    Raises:
        DsltError: The file is damaged, or belongs to another training; the message names what
            differs.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        content = torch.load(path, weights_only=True, map_location=device)
        if content["format"] != FORMAT:
            raise DsltError(
                f"{path}: format {content['format']}; expected {FORMAT}; {_again(path)}"
            )
        found, values, known = (
            json.loads(content[name]) for name in ("identity", "progress", "domains")
        )
        values["scores"] = [tuple(score) for score in values["scores"]]
        progress = Progress(**values)
        learnt = {name: content[name] for name in ("net", "optimiser", "trained")}
    except DsltError:
        raise
    except Exception as error:  # a damaged file may trip the reader in any way
        raise DsltError(f"{path}: not a readable state ({error}); {_again(path)}") from error
    wanted = json.loads(json.dumps(identity))
    if changes := differences(found, wanted):
        raise DsltError(
            f"{path}: state of another training: {'; '.join(changes)}; expected the same settings, "
            f"seed and code; undo the change to go on, or {_again(path)}"
        )
    if known != list(domains):
        raise DsltError(f"{path}: state with {_other(known, domains)}; {_again(path)}")
    return progress, learnt


def _other(known: Sequence[str], domains: Sequence[str]) -> str:
    """Say how the domains of a state differ from those that are there now."""
    gone, new = sorted(set(known) - set(domains)), sorted(set(domains) - set(known))
    parts = [
        f"{len(names)} {word}: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"
        for names, word in ((gone, "that are gone"), (new, "missing"))
        if names
    ]
    return (
        f"other domains ({'; '.join(parts) or 'in another order'}); expected the videos that it was"
        " begun with, for each has a branch of the network; bring them back to go on"
    )


def _again(path: Path) -> str:
    """Say how to start from the beginning."""
    return f"remove {path.parent} to start again"
