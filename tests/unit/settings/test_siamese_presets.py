"""The presets of the Siamese trackers hold the published hyper-parameters, all of them.

The tables are those of the sources, written down once more by hand: SiamFC's MATLAB code,
siamfc-pytorch, the paper authors' py-DSLT, and PySOT. A setting that no table has must be one
without effect in its preset.
"""

import pytest
import yaml

from dslt.core.errors import DsltError
from dslt.settings.base import validate
from dslt.settings.offline import PairSettings, SgdSettings
from dslt.settings.siamfc import SiamFcSettings
from dslt.settings.siamrpn import SiamRpnSettings
from dslt.study.cells import load_presets
from dslt.train.schedule import learning_rates
from places import ROOT

CONFIG = ROOT / "config"
MODELS = {"siamfc": SiamFcSettings, "siamrpn": SiamRpnSettings}
PRESETS = {name: load_presets(CONFIG / "trackers" / f"{name}.yaml") for name in MODELS}
ALL = [(tracker, preset) for tracker, presets in PRESETS.items() for preset in presets]

ALL_LAYERS = ["layer1", "layer2", "layer3", "layer4", "layer5"]
JITTER = {"shift": 4, "scale": 0.05, "blur": 0, "color": 1, "flip": 0}
PLAIN_JITTER = JITTER | {"color": 0}
WIDE_JITTER = {"shift": 64, "scale": 0.18, "blur": 0.2, "color": 1, "flip": 0}
PLAIN = {"loss.balance": "half", "loss.clamp": None, "loss.scale": 1}
BCE = {**PLAIN, "loss.name": "bce"}
FOCAL = {"loss.name": "focal", "loss.alpha": 1, "loss.gamma": 2}
SHRINKAGE = {"loss.name": "shrinkage", "loss.factor": "full", "loss.a": 10, "loss.c": 0.6}
# With its focal loss, to which cells switch by the name alone.
PAPER_LOSS = {**PLAIN, **FOCAL, **SHRINKAGE}

SIAMFC = {
    "backbone": {"name": "alexnet_groups", "weights": "random"},
    "channels": None,
    "gain": 1e-3,
    "crops.context": 0.5,
    "crops.template": 127,
    "crops.search": 239,
    "pairs.negative": 0,
    "pairs.gray": 0,
    "schedule.batch": 8,
    "schedule.micro_batches": 1,
    "schedule.gradient_reduction": "mean",
    "schedule.unfreeze_epoch": 0,
    "schedule.unfreeze": ALL_LAYERS,
    "schedule.backbone_rate": 1,
    "schedule.precision": "full",
    "schedule.sgd.momentum": 0.9,
    "schedule.sgd.weight_decay": 5e-4,
    "schedule.sgd.warmup": 0,
    "schedule.sgd.start": 1e-2,
    "schedule.sgd.clip": None,
}
HARD = {
    "labels.kind": "hard",
    "labels.radius": 16,
    "schedule.epochs": 50,
    "schedule.sgd.end": 1e-5,
}
MATLAB = {
    **SIAMFC,
    **HARD,
    "crops.template_jitter": JITTER,
    "crops.search_jitter": JITTER,
    "pairs.sources": {"vid_trainval": None},
    "pairs.per_epoch": round(0.9 * 5.32e4),  # a tenth is held out
}
GOT10K = {
    **SIAMFC,
    **HARD,
    "crops.template_jitter": PLAIN_JITTER,
    "crops.search_jitter": PLAIN_JITTER,
    "pairs.sources": {"got10k": None},
    "pairs.per_epoch": 9335,
}
PY_DSLT = {
    **SIAMFC,
    "labels.kind": "soft",
    "labels.sigma": 1.5,
    "loss.balance": "fixed",
    "loss.fixed": [1.0, 0.5],
    "loss.clamp": 10,
    "crops.template_jitter": PLAIN_JITTER | {"shift": 0},
    "crops.search_jitter": PLAIN_JITTER,
    "pairs.sources": {"vid_trainval": None},
    "pairs.per_epoch": 53200,
    "schedule.epochs": 60,
    "schedule.sgd.end": pytest.approx(1e-2 * 0.8685**59, rel=0.01),
}
PYSOT = {
    "head.channels": 256,
    "head.regression_weight": 1.2,
    "anchors.stride": 8,
    "anchors.ratios": [0.33, 0.5, 1, 2, 3],
    "anchors.scales": [8],
    "anchors.positive": 0.6,
    "anchors.negative": 0.3,
    "crops.context": 0.5,
    "crops.template": 127,
    "crops.search": 255,
    "crops.template_jitter": JITTER,
    "crops.search_jitter": WIDE_JITTER,
    "pairs.sources": {"vid": 100000, "youtube_bb": None, "coco": None, "det": None},
    "pairs.per_epoch": 600000,
    "schedule.gradient_reduction": "sum",
    "schedule.unfreeze_epoch": 10,
    "schedule.precision": "full",
    "schedule.sgd.momentum": 0.9,
    "schedule.sgd.weight_decay": 1e-4,
    "schedule.sgd.warmup": 5,
    "schedule.sgd.clip": 10,
}
SAMPLED = {
    **BCE,
    "anchors.sampling": "sampled",
    "anchors.positives": 16,
    "anchors.total": 64,
    "anchors.ignore_band": True,
    "head.regression_loss": "l1",
}
ALL_PROPOSALS = {
    **PAPER_LOSS,
    "anchors.sampling": "all",
    "anchors.ignore_band": False,
    "head.regression_loss": "smooth_l1",
}
ALEXNET = {
    **PYSOT,
    "backbone": {"name": "alexnet", "weights": "pretrained"},
    "head.layers": ["layer5"],
    "head.weighted": False,
    "pairs.negative": 0.05,
    "pairs.gray": 0,
    "schedule.epochs": 50,
    "schedule.batch": 128,
    "schedule.micro_batches": 16,
    "schedule.unfreeze": ["layer4", "layer5"],
    "schedule.backbone_rate": 1,
    # Printed: 0.005 to 0.01, then 0.01 to 0.0005; its scheduler applies half of that.
    "schedule.sgd.warmup_from": 0.005 / 2,
    "schedule.sgd.start": 0.01 / 2,
    "schedule.sgd.end": 0.0005 / 2,
}
RESNET = {
    **PYSOT,
    "backbone": {"name": "resnet50_dilated", "weights": "pretrained"},
    "head.layers": ["layer2", "layer3", "layer4"],
    "head.weighted": True,
    "pairs.negative": 0.2,
    "pairs.gray": 0,
    "schedule.epochs": 20,
    "schedule.batch": 28,
    "schedule.micro_batches": 8,
    "schedule.unfreeze": ["layer2", "layer3", "layer4"],
    "schedule.backbone_rate": 0.1,
    "schedule.sgd.warmup_from": 0.001,
    "schedule.sgd.start": 0.005,
    "schedule.sgd.end": 0.0005,
}
TRAINING = {
    ("siamfc", "paper"): MATLAB | PAPER_LOSS,
    ("siamfc", "original"): MATLAB | BCE,
    ("siamfc", "original_5s"): MATLAB | BCE,
    ("siamfc", "got10k"): GOT10K | BCE,
    ("siamfc", "released"): PY_DSLT | SHRINKAGE | {"loss.scale": 255},
    ("siamfc", "released_focal"): PY_DSLT | FOCAL | {"loss.scale": 1},
    ("siamrpn", "pysot"): ALEXNET | SAMPLED,
    ("siamrpn", "paper"): ALEXNET | ALL_PROPOSALS,
    ("siamrpn", "pp_pysot"): RESNET | SAMPLED,
    ("siamrpn", "pp_pysot_zoo"): RESNET | SAMPLED,
    ("siamrpn", "pp_paper"): RESNET | ALL_PROPOSALS,
    ("siamrpn", "pp_pysot_16gpu"): RESNET
    | SAMPLED
    | {"schedule.batch": 24, "schedule.micro_batches": 16},
    ("siamrpn", "pp_pysot_otb"): RESNET
    | SAMPLED
    | {"schedule.batch": 16, "schedule.sgd.end": 0.0025, "pairs.gray": 0.2, "head.weighted": False}
    | {"schedule.unfreeze": ["layer1", "layer2", "layer3", "layer4"]},
    # Shares 0.25, 0.20 and 0.55 of an epoch, without YouTube-BB.
    ("siamrpn", "pp_mmtracking"): RESNET
    | SAMPLED
    | {"pairs.sources": {"vid": 150000, "coco": 120000, "det": 330000}},
}
# Settings that do nothing: (where this setting is this, these have no effect).
IDLE = (
    ("loss.name", "bce", ("loss.factor", "loss.a", "loss.c", "loss.alpha", "loss.gamma")),
    ("loss.name", "focal", ("loss.factor", "loss.a", "loss.c")),
    ("loss.name", "shrinkage", ("loss.alpha", "loss.gamma")),
    ("loss.balance", "half", ("loss.fixed",)),
    ("labels.kind", "hard", ("labels.sigma",)),
    ("labels.kind", "soft", ("labels.radius",)),
    ("anchors.sampling", "all", ("anchors.positives", "anchors.total")),
    ("schedule.sgd.warmup", 0, ("schedule.sgd.warmup_from",)),
)
THREE_SCALES = {
    "instance": 255,
    "scales": 3,
    "step": 1.0375,
    "penalty": 0.9745,
    "rate": 0.59,
    "window": 0.176,
}
FIVE_SCALES = {
    "instance": 255,
    "scales": 5,
    "step": 1.0255,
    "penalty": 0.962,
    "rate": 0.34,
    "window": 0.168,
}
CLAMPED = {"upsample": 16, "limits": [0.2, 5]}
UNCLAMPED = {"upsample": 16, "limits": [1e-3, 1e3]}
TRACKING = {
    ("siamfc", "paper"): THREE_SCALES | CLAMPED,
    ("siamfc", "original"): THREE_SCALES | CLAMPED,
    ("siamfc", "original_5s"): FIVE_SCALES | CLAMPED,
    ("siamfc", "got10k"): THREE_SCALES | UNCLAMPED,
    ("siamfc", "released"): THREE_SCALES | CLAMPED,
    ("siamfc", "released_focal"): THREE_SCALES | CLAMPED,
    ("siamrpn", "pysot"): {"instance": 287, "penalty": 0.16, "window": 0.40, "rate": 0.30},
    ("siamrpn", "paper"): {"instance": 287, "penalty": 0.16, "window": 0.40, "rate": 0.30},
    ("siamrpn", "pp_pysot"): {"instance": 255, "penalty": 0.04, "window": 0.44, "rate": 0.33},
    ("siamrpn", "pp_paper"): {"instance": 255, "penalty": 0.04, "window": 0.44, "rate": 0.33},
    # The mixture of its training is all that is taken from OpenMMLab.
    ("siamrpn", "pp_mmtracking"): {"instance": 255, "penalty": 0.04, "window": 0.44, "rate": 0.33},
    ("siamrpn", "pp_pysot_16gpu"): {"instance": 255, "penalty": 0.01, "window": 0.40, "rate": 0.38},
    ("siamrpn", "pp_pysot_otb"): {"instance": 255, "penalty": 0.24, "window": 0.50, "rate": 0.25},
    ("siamrpn", "pp_pysot_zoo"): {"instance": 255, "penalty": 0.05, "window": 0.42, "rate": 0.38},
}
# Largest distance of a pair in annotated frames, parts of the set, share held out.
SETS = {
    "vid": (100, ["train"], 0),
    "vid_trainval": (100, ["train", "val"], 0.1),
    "youtube_bb": (3, None, 0),
    "coco": (1, ["train2017"], 0),
    "det": (1, ["train"], 0),
}
# Pairs per step over all GPUs, and steps per epoch, as the sources print them.
STEPS = {
    "pysot": (2048, 292),
    "pp_pysot": (224, 2678),
    "pp_pysot_16gpu": (384, 1562),
    "pp_pysot_otb": (128, 4687),
}


def resolved(tracker, preset):
    values = PRESETS[tracker][preset]
    return validate(MODELS[tracker], values, f"{tracker}/{preset}").model_dump(mode="json")


def at(values, path):
    for key in path.split("."):
        values = values[key]
    return values


def leaves(values, prefix=""):
    """List the paths of all settings; a mapping of sources is one."""
    paths = []
    for key, value in values.items():
        inner = isinstance(value, dict) and key != "sources"
        paths += leaves(value, f"{prefix}{key}.") if inner else [prefix + key]
    return paths


def is_part(path, of):
    return path == of or path.startswith(f"{of}.")


@pytest.mark.parametrize(("tracker", "preset"), ALL)
def test_every_preset_is_complete(tracker, preset):
    assert resolved(tracker, preset)["tracker"] == tracker


@pytest.mark.parametrize(("tracker", "preset"), TRAINING)
def test_training_values_are_the_published_ones(tracker, preset):
    training = resolved(tracker, preset)["training"]
    expected = TRAINING[tracker, preset]
    assert {path: at(training, path) for path in expected} == expected


@pytest.mark.parametrize(("tracker", "preset"), TRAINING)
def test_no_training_value_is_left_unchecked(tracker, preset):
    training = resolved(tracker, preset)["training"]
    idle = {
        path
        for key, value, paths in IDLE
        if key in leaves(training) and at(training, key) == value
        for path in paths
    }
    expected = TRAINING[tracker, preset]
    known = {path for path in leaves(training) if any(is_part(path, key) for key in expected)}
    assert set(leaves(training)) - known <= idle


@pytest.mark.parametrize(("tracker", "preset"), TRACKING)
def test_tracking_values_are_the_published_ones(tracker, preset):
    assert resolved(tracker, preset)["tracking"] == TRACKING[tracker, preset]


def test_no_published_preset_is_left_unchecked():
    published = {key for key in ALL if not key[1].startswith("lite")}
    assert published == set(TRAINING) == set(TRACKING)


@pytest.mark.parametrize("name", SETS)
def test_training_sets_are_drawn_from_as_published(name):
    entry = yaml.safe_load((CONFIG / "training_sets.yaml").read_text(encoding="utf-8"))[name]
    assert (entry["frame_range"], entry.get("splits"), entry["held_out"]) == SETS[name]


def test_learning_rates_of_the_epochs():
    def rates(tracker, preset):
        schedule = resolved(tracker, preset)["training"]["schedule"]
        return learning_rates(SgdSettings.model_validate(schedule["sgd"]), schedule["epochs"])

    falling = rates("siamfc", "released")
    assert falling[1:] / falling[:-1] == pytest.approx(0.8685, abs=5e-5)
    alexnet, resnet = rates("siamrpn", "paper"), rates("siamrpn", "pp_paper")
    # Warm-up by equal ratios over five epochs, then log-spaced over the others.
    assert alexnet[[0, 5, 49]] == pytest.approx([0.0025, 0.005, 0.00025])
    assert resnet[[0, 5, 19]] == pytest.approx([0.001, 0.005, 0.0005])
    assert resnet[1:6] / resnet[:5] == pytest.approx(5**0.2)
    assert resnet[6:] / resnet[5:-1] == pytest.approx(0.1 ** (1 / 14))


@pytest.mark.parametrize("preset", STEPS)
def test_steps_of_an_epoch(preset):
    training = resolved("siamrpn", preset)["training"]
    schedule, pairs = training["schedule"], training["pairs"]["per_epoch"]
    step = schedule["batch"] * schedule["micro_batches"]
    assert (step, pairs // step) == STEPS[preset]


def test_every_source_is_a_training_set():
    known = yaml.safe_load((CONFIG / "training_sets.yaml").read_text(encoding="utf-8"))
    for tracker, preset in ALL:
        assert set(resolved(tracker, preset)["training"]["pairs"]["sources"]) <= set(known)


def test_a_source_of_zero_pairs_is_left_out():
    rest = {"per_epoch": 8, "negative": 0, "gray": 0}
    pairs = validate(PairSettings, {"sources": {"vid": 0, "coco": 5}, **rest}, "test")
    assert pairs.sources == {"coco": 5}
    for sources in ({"vid": 0}, {}):
        with pytest.raises(DsltError, match="no source"):
            validate(PairSettings, {"sources": sources, **rest}, "test")
