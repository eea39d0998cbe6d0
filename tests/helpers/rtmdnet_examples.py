"""Settings of small RT-MDNets for tests."""

import copy

from dslt.core.text import merge
from dslt.settings.rtmdnet import RtmdNetSettings, RtmdNetTraining
from siamese_examples import LOSS, SCHEDULE

EQ17 = LOSS | {"balance": "fixed", "fixed": (1, 1)}
TRAINING = {
    "backbone": {"name": "vgg_m", "weights": "random", "lrn": "window_1"},
    "head": {"adaptive": True, "padding": 1.2, "gain": 1, "hidden": 512, "dropout": 0.5},
    "pairs": {
        "sources": {"procedural": 3},
        "per_epoch": 4,
        "frames": 2,
        "positives": 4,
        "negatives": 6,
        "positive": {
            "kind": "gaussian",
            "trans": 0.1,
            "scale": 1.2,
            "aspect": 1.1,
            "overlap": (0.7, 1),
        },
        "negative": {
            "kind": "uniform",
            "trans": 1,
            "scale": 1.2,
            "aspect": 1.1,
            "overlap": (0, 0.5),
        },
        "largest": 0.5,
        "scene": {"rule": "square", "target": 107, "side": 267},
        "jitter": {"shift": 0.2, "zoom": 1.1, "spread": 3, "most": 2},
        "others": 100,
    },
    "embedding": 0.1,
    "loss": EQ17,
    "schedule": SCHEDULE | {"batch": 1},
}
LIGHT = {
    "backbone": {"name": "efficientnet_lite0"},
    "head": {"gain": 0.13, "hidden": 32},
}


def training(**changes):
    """VGG-M with changes of the settings, such as `head={"hidden": 8}`."""
    return RtmdNetTraining.model_validate(merge(copy.deepcopy(TRAINING), changes))


def light(weights="random", **changes):
    """The same on EfficientNet-Lite0."""
    backbone = {"backbone": {"weights": weights}}
    return training(**merge(merge(copy.deepcopy(LIGHT), backbone), changes))


def published(**changes):
    """What the published training says of one domain."""
    return training(pairs={"sources": {"procedural": 1}}, **changes)


def tracker(training_settings, tracking):
    """Settings of a tracker, by its training settings and the values of its tracking."""
    return RtmdNetSettings.model_validate(
        {
            "tracker": "rtmdnet",
            "training": training_settings.model_dump(),
            "tracking": tracking,
        }
    )
