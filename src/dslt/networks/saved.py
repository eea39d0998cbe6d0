"""Trained weights: a file of tensors, and beside it what they are."""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, verify_sha256
from dslt.core.jsonfile import read_json
from dslt.networks.base import TrainedNet
from dslt.networks.make import make_network
from dslt.settings.identity import differences
from dslt.settings.tracker import TrainingSettings

FILE = "model.pt"
HEADER = "model.json"


def write_model(net: nn.Module, origin: Mapping[str, Any], folder: Path) -> None:
    """Write a network's weights, `model.pt`, and before them their origin, `model.json`.

    Equal weights make equal files.

    Args:
        net: The network, on any device.
        origin: Settings, seed and code of the training, plain JSON values.
        folder: Folder of both files.

    Raises:
        DsltError: A file cannot be written; nothing is left half-written.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    buffer = io.BytesIO()  # torch writes the name of a file into it, and ours are random at first
    torch.save(state, buffer)
    header = {**origin, "sha256": hashlib.sha256(buffer.getbuffer()).hexdigest()}
    with atomic_write(folder / HEADER) as temporary:
        temporary.write_text(json.dumps(header, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    with atomic_write(folder / FILE) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def read_model(path: Path, settings: TrainingSettings) -> TrainedNet:
    """Make a network with the weights that `write_model` wrote, on the CPU, in evaluation mode.

    Args:
        path: File of the weights; its header lies beside it.
        settings: Settings of the training that the weights must come from.

    Raises:
        DsltError: A file is missing or damaged, or the weights come from another training; the
            message names what differs.
    """
    header = path.with_suffix(".json")
    values = read_json(header)
    kinds = {"settings": dict, "sha256": str}
    if not isinstance(values, dict) or not all(
        isinstance(values.get(key), kind) for key, kind in kinds.items()
    ):
        raise DsltError(f"{header}: expected `settings` and `sha256` of {path.name}")
    trained, checksum = values["settings"], values["sha256"]
    wanted = json.loads(settings.model_dump_json())
    if changes := differences(trained, wanted):
        raise DsltError(
            f"{path}: weights of another training: {'; '.join(changes)} (trained -> asked for); "
            "expected those of the same training settings; train again or name the right file"
        )
    verify_sha256(path, checksum, "it is not the file that was trained; train again")
    net = make_network(settings, load=False)
    try:
        net.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    except Exception as error:  # a damaged file may trip the reader in any way
        raise DsltError(f"{path}: not weights of this network ({error})") from error
    return net.eval()
