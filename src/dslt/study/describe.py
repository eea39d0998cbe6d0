"""What the comparisons are told of a cell: its label, backbone and training data."""

import json
from collections.abc import Mapping

from dslt.core.text import canonical
from dslt.study.cells import Cell
from dslt.study.study import Study

# What the weights of a backbone were trained on; other weights are the user's to know.
TRAINING_DATA = {"pretrained": "ImageNet"}
# Training sets by their kind, as the paper writes them, in its order.
TRAINING_SETS = {
    "ilsvrc_vid": "VID",
    "ilsvrc_det": "DET",
    "coco": "COCO",
    "youtube_bb": "YouTube-BB",
    "got10k": "GOT-10k",
    "lasot": "LaSOT",
    "youtube_vos": "YouTube-VOS",
}


# Variants of a backbone under the name that the paper prints.
BACKBONES = {
    "alexnet": "AlexNet",
    "alexnet_groups": "AlexNet",
    "resnet50_dilated": "ResNet-50",
}


def cell_info(study: Study, cell: str) -> str:
    """Describe a cell for the comparisons, as JSON."""
    row = study.cells[cell]
    tracker, _, preset = row.base.partition("/")
    backbone, data = "", ""
    if learnt := row.settings.learnt:
        backbone = BACKBONES.get(learnt.backbone.name, learnt.backbone.name)
        data = TRAINING_DATA.get(learnt.backbone.weights, "")
    if row.offline:
        preset = preset.removeprefix("pp_")  # SiamRPN++ and SiamRPN share a file of presets
        data = _named_sets(json.loads(study.offline[cell].sets))
    info = {
        "label": row.label,
        "base": tracker,
        "preset": preset,
        "backbone": backbone,
        "training_data": data,
        "trained": row.offline is not None,
        "shown_in": list(row.shown_in),
    }
    return canonical(info)


def loss_of(cell: Cell) -> str:
    """Name the loss that a cell's network was trained with; empty where nothing is learnt."""
    learnt = cell.settings.learnt
    return str(learnt.model_dump()["loss"]["name"]) if learnt else ""


def _named_sets(sets: Mapping[str, Mapping[str, object]]) -> str:
    """Write training sets as the paper does; others by their own names.

    A stand-in under the name of another set is named as what it is.
    """
    names = {TRAINING_SETS.get(str(entry["kind"]), name) for name, entry in sets.items()}
    known = [name for name in TRAINING_SETS.values() if name in names]
    return "+".join([*known, *sorted(names.difference(known))])
