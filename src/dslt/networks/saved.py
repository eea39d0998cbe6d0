"""Trained weights: a file of tensors, and beside it what they are."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, verify_sha256
from dslt.core.jsonfile import read_json
from dslt.networks.base import TrainedNet
from dslt.networks.make import make_network
from dslt.settings.identity import RELEASED, differences
from dslt.settings.tracker import TrainingSettings

FILE = "model.pt"
HEADER = "model.json"


def write_model(
    net: nn.Module, origin: Mapping[str, Any], folder: Path, *, released: bool = False
) -> None:
    """Write a network's weights, and before them their origin, `model.json`.

    Equal weights make equal files.

    Args:
        net: The network, on any device.
        origin: Settings, seed and code of the training, plain JSON values.
        folder: Folder of both files.
        released: For others, in a form that no reader has to unpickle: `model.safetensors` instead
            of `model.pt`.

    Raises:
        DsltError: A file cannot be written; nothing is left half-written.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    if released:
        content = safetensors.torch.save(state)
    else:
        buffer = io.BytesIO()  # torch writes the name of a file into it, ours are random at first
        torch.save(state, buffer)
        content = buffer.getvalue()
    header = {**origin, "sha256": hashlib.sha256(content).hexdigest()}
    with atomic_write(folder / HEADER) as temporary:
        temporary.write_text(json.dumps(header, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    with atomic_write(folder / (RELEASED if released else FILE)) as temporary:
        temporary.write_bytes(content)


def read_model(path: Path, settings: TrainingSettings) -> TrainedNet:
    """Make a network with weights of this module, on the CPU, in evaluation mode.

    Args:
        path: File of the weights; its header lies beside it.
        settings: Settings of the training that the weights must come from.

    Raises:
        DsltError: A file is missing or damaged, or the weights come from another training; the
            message names what differs.
    """
    trained = _header(path)["settings"]
    wanted = json.loads(settings.model_dump_json())
    if changes := differences(trained, wanted):
        raise DsltError(
            f"{path}: weights of another training: {'; '.join(changes)} (trained -> asked for); "
            "expected those of the same training settings; train again or name the right file"
        )
    net = make_network(settings, load=False)
    load_weights(net, path)
    return net.eval()


def load_weights(net: nn.Module, path: Path, without: Iterable[str] = ()) -> None:
    """Give a network the weights of a file of this module, whatever settings they were trained by.

    No code of a file runs: of torch's own form, tensors alone are read.

    Args:
        net: The network, on the CPU.
        path: File of the weights; its header lies beside it.
        without: Names of weights that the network keeps as they are.

    Raises:
        DsltError: A file is missing or damaged, or the weights are not of such a network.
    """
    verify_sha256(path, _header(path)["sha256"], "it is not the file that was trained; train again")
    own = net.state_dict()
    kept = {name: own[name] for name in without}
    try:
        net.load_state_dict(_read_state(path) | kept)
    except Exception as error:  # a damaged file may trip the reader in any way
        raise DsltError(f"{path}: not weights of this network ({error})") from error


def _header(path: Path) -> dict[str, Any]:
    """Read what lies beside weights."""
    header = path.with_suffix(".json")
    values = read_json(header)
    kinds = {"settings": dict, "sha256": str}
    if not isinstance(values, dict) or not all(
        isinstance(values.get(key), kind) for key, kind in kinds.items()
    ):
        raise DsltError(f"{header}: expected `settings` and `sha256` of {path.name}")
    return values


def _read_state(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a file, by its form."""
    if path.suffix == Path(RELEASED).suffix:
        return safetensors.torch.load_file(path)
    state: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    return state
