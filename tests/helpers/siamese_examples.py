"""Settings of small Siamese trackers for tests."""

from dslt.settings.siamfc import SiamFcTraining
from dslt.settings.siamrpn import SiamRpnTraining

JITTER = {"shift": 0, "scale": 0, "blur": 0, "color": 0, "flip": 0}
LOSS = {
    "name": "bce",
    "factor": "full",
    "a": 10,
    "c": 0.6,
    "alpha": 1,
    "gamma": 2,
    "balance": "half",
    "fixed": (1, 1),
    "clamp": None,
    "scale": 1,
}
SGD = {
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "warmup": 0,
    "warmup_from": 0.01,
    "start": 0.01,
    "end": 0.001,
    "clip": None,
}
SCHEDULE = {
    "epochs": 1,
    "batch": 2,
    "micro_batches": 1,
    "gradient_reduction": "mean",
    "unfreeze_epoch": 0,
    "unfreeze": (),
    "backbone_rate": 1,
    "precision": "full",
    "sgd": SGD,
}
PAIRS = {"sources": {"procedural": 8}, "per_epoch": 8, "negative": 0, "gray": 0}
ANCHORS = {
    "stride": 8,
    "ratios": (0.33, 0.5, 1, 2, 3),
    "scales": (8,),
    "positive": 0.6,
    "negative": 0.3,
    "sampling": "all",
    "positives": 16,
    "total": 64,
    "ignore_band": True,
}


def crops(template=127, search=255):
    return {
        "context": 0.5,
        "template": template,
        "search": search,
        "template_jitter": JITTER,
        "search_jitter": JITTER,
    }


def siamfc(backbone="alexnet_groups", weights="random", channels=None, **sides):
    return SiamFcTraining.model_validate(
        {
            "backbone": {"name": backbone, "weights": weights},
            "channels": channels,
            "gain": 1e-3,
            "crops": crops(**sides),
            "pairs": PAIRS,
            "labels": {"kind": "hard", "radius": 16, "sigma": 1.5},
            "loss": LOSS,
            "schedule": SCHEDULE,
        }
    )


def siamrpn(
    backbone="alexnet", weights="random", layers=("layer5",), weighted=False, channels=256, **sides
):
    return SiamRpnTraining.model_validate(
        {
            "backbone": {"name": backbone, "weights": weights},
            "head": {
                "channels": channels,
                "layers": layers,
                "weighted": weighted,
                "regression_weight": 1.2,
                "regression_loss": "l1",
            },
            "anchors": ANCHORS,
            "crops": crops(**sides),
            "pairs": PAIRS,
            "loss": LOSS,
            "schedule": SCHEDULE,
        }
    )


def siamrpn_pp(channels=256, weighted=True, **changes):
    layers = ("layer2", "layer3", "layer4")
    return siamrpn(
        "resnet50_dilated", layers=layers, weighted=weighted, channels=channels, **changes
    )
