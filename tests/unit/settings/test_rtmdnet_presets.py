"""The presets of RT-MDNet hold the published values, written down once more by hand."""

import pytest

from dslt.core.errors import DsltError
from dslt.settings.base import validate
from dslt.settings.rtmdnet import RtmdNetSettings
from dslt.study.cells import load_presets
from places import ROOT

PRESETS = load_presets(ROOT / "config" / "trackers" / "rtmdnet.yaml")
EQ17 = {"balance": "fixed", "fixed": [1, 1], "clamp": None, "scale": 1}
SHRINKAGE = {"name": "shrinkage", "factor": "full", "a": 10, "c": 0.6, "alpha": 1, "gamma": 2}


def box_draw(kind, trans, scale, aspect, low, high):
    return {"kind": kind, "trans": trans, "scale": scale, "aspect": aspect, "overlap": [low, high]}


TRAINING = {
    "backbone": {"name": "vgg_m", "weights": "pretrained", "lrn": "across_channels"},
    "head": {"adaptive": True, "padding": 1.2, "gain": 1, "hidden": 512, "dropout": 0.5},
    "pairs": {
        "sources": {"vid": 3862},
        "per_epoch": 3862,  # a cycle: every video once
        "frames": 8,
        "positives": 64,
        "negatives": 196,
        "positive": box_draw("gaussian", 0.1, 1.2, 1.1, 0.7, 1),
        "negative": box_draw("uniform", 1, 1.2, 1.1, 0, 0.5),
        "largest": 0.5,
        "scene": {"rule": "square", "target": 107, "side": 5 * 107},
        "jitter": {"shift": 1.2, "zoom": 1.1, "spread": 3, "most": 2},
        "others": 100,
    },
    "embedding": 0.1,
    "loss": SHRINKAGE | EQ17,
    "schedule": {
        "epochs": 1000,
        "batch": 1,
        "micro_batches": 50,
        "gradient_reduction": "sum",
        "unfreeze_epoch": 0,
        "unfreeze": ["conv1", "conv2", "conv3"],
        "backbone_rate": 1,
        "precision": "full",
        "sgd": {
            "momentum": 0.9,
            "weight_decay": 5e-4,
            "warmup": 0,
            "warmup_from": 1e-4,
            "start": 1e-4,
            "end": 1e-4,
            "clip": 10,
        },
    },
}
TRACKING = {
    "loss": SHRINKAGE | EQ17,
    "scene": {"rule": "hull", "target": 107, "side": 1600},
    "candidates": {"count": 256, "trans": 0.6, "lost": 1.4, "scale": 1.05, "best": 5},
    "success": {"rule": "published", "quantile": 0.05, "failure": "keep"},
    "box": {
        "count": 1000,
        "draw": box_draw("uniform", 0.3, 1.5, 1.1, 0.6, 1),
        "area": [1, 2],
        "alpha": 1000,
    },
    "sgd": {
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "clip": 10,
        "last": 10,
        "positives": 32,
        "negatives": 96,
        "candidates": 1024,
    },
    "first": {
        "positives": 500,
        "negatives": 5000,
        "positive": box_draw("gaussian", 0.1, 1.2, 1, 0.7, 1),
        "negative": box_draw("uniform", 1, 2, 1.1, 0, 0.5),
        "jitters": [
            [0, 0, 0],
            [-4, 0, 0],
            [0, -4, 0],
            [0, 0, -1],
            [0, 0, 1],
            [0, 0, -2],
            [0, 0, 2],
        ],
        "zoom": 1.1,
        "iterations": 50,
        "rate": 1e-4,
    },
    "update": {
        "positives": 50,
        "negatives": 200,
        "positive": box_draw("gaussian", 0.1, 1.2, 1, 0.7, 1),
        "negative": box_draw("uniform", 1.5, 1.2, 1, 0, 0.3),
        "own_scene": True,
        "long": 100,
        "short": 20,
        "every": 10,
        "iterations": 15,
        "rate": 3e-4,
    },
}


def test_paper_has_the_published_values_and_no_other():
    expected = {"tracker": "rtmdnet", "training": TRAINING, "tracking": TRACKING}
    assert PRESETS["paper"] == expected


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_complete(preset):
    assert validate(RtmdNetSettings, PRESETS[preset], preset).tracker == "rtmdnet"


def differing(preset, base="paper"):
    def flat(values, prefix=""):
        for key, value in values.items():
            if isinstance(value, dict) and key != "sources":
                yield from flat(value, f"{prefix}{key}.")
            else:
                yield f"{prefix}{key}", value

    ours, theirs = dict(flat(PRESETS[preset])), dict(flat(PRESETS[base]))
    return {key: ours[key] for key in theirs if ours[key] != theirs[key]}


def test_presets_differ_by_what_they_are_named_after():
    assert differing("released") == {
        "training.backbone.lrn": "window_1",
        "tracking.success.failure": "follow",
    }
    assert differing("short") == {"training.schedule.epochs": 100}
    assert differing("neutral") == {"tracking.success.rule": "first_frame"}
    # A validation must not train anything again.
    for pair in (("lite_first_frame", "lite"), ("first_frame", "paper")):
        changed = differing(*pair)
        assert changed
        assert all(key.startswith("tracking.") for key in changed)


def test_a_negative_draw_beyond_its_bounds_is_refused():
    wrong = PRESETS["paper"]["tracking"] | {"sgd": TRACKING["sgd"] | {"candidates": 10}}
    with pytest.raises(DsltError, match="candidates must not be below negatives"):
        validate(RtmdNetSettings, PRESETS["paper"] | {"tracking": wrong}, "test")
