"""The state of an unfinished training: written as a whole, read back by the same training only.

It holds the network, the optimiser and how far they are. Random numbers are not part of it: what is
random in a micro-batch depends on the seed and its number alone.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.settings.identity import differences

FILE = "state.pt"
FORMAT = 1


@dataclass
class Progress:
    """How far a training is.

    Attributes:
        step: steps done since its start.
        sums: of the values of the running epoch's steps, by name.
        epochs: one row per finished epoch, the untrained network first.
        scores: of the validation: `(epoch, sequence, video, success AUC)`.
    """

    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    epochs: list[dict[str, float | None]] = field(default_factory=list)
    scores: list[tuple[int, str, str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """What a training goes on from.

    Attributes:
        progress: how far it is.
        net: state dictionary of the network.
        optimiser: state dictionary of the optimiser.
        trained: parts of the backbone that the optimiser knows.
    """

    progress: Progress
    net: dict[str, Any]
    optimiser: dict[str, Any]
    trained: tuple[str, ...]


def write_state(folder: Path, identity: Mapping[str, Any], state: State) -> None:
    """Write the state, as a whole or not at all.

    Args:
        folder: of this training alone.
        identity: what makes this training: settings, seed, code; plain JSON values.
        state: on the CPU or on a GPU.

    Raises:
        DsltError: if it cannot be written; an earlier state is untouched.
    """
    content = {
        "format": FORMAT,
        "identity": json.dumps(identity, sort_keys=True),
        "progress": json.dumps(asdict(state.progress)),
        "net": state.net,
        "optimiser": state.optimiser,
        "trained": list(state.trained),
    }
    with atomic_write(folder / FILE) as temporary:
        torch.save(content, temporary)


def remove_halves(folder: Path) -> None:
    """Remove the half-written states that a kill left behind."""
    for half in folder.glob(f".{Path(FILE).stem}.*.part{Path(FILE).suffix}"):
        half.unlink(missing_ok=True)


def read_state(folder: Path, identity: Mapping[str, Any], device: str) -> State | None:
    """Read the state of a training, or return None where there is none.

    Raises:
        DsltError: if the file is damaged, or belongs to another training; the message names what
            differs.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        content = torch.load(path, weights_only=True, map_location=device)
        if content["format"] != FORMAT:
            raise DsltError(
                f"{path}: format {content['format']}; expected {FORMAT}; {_again(path)}"
            )
        found, progress = json.loads(content["identity"]), json.loads(content["progress"])
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
    progress["scores"] = [tuple(score) for score in progress["scores"]]
    net, optimiser, trained = (content[name] for name in ("net", "optimiser", "trained"))
    return State(Progress(**progress), net, optimiser, tuple(trained))


def _again(path: Path) -> str:
    """Say how to start from the beginning."""
    return f"remove {path.parent} to start again"
