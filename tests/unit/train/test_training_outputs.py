"""Terms of the losses, weights with their origin, validation, and what makes a training."""

import copy
import itertools
import json

import numpy as np
import pytest
import torch
import yaml

from dslt.core.errors import DsltError
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.pairs.dataset import Pair
from dslt.data.pairs.sets.kinds import own_indexes
from dslt.data.sequences.frames import Sequence
from dslt.networks.anchors import anchor_grid, anchor_labels, centred
from dslt.networks.make import make_network
from dslt.networks.saved import read_model, write_model
from dslt.settings.identity import differences, hash_files, identify, model_id
from dslt.settings.registry import parse_training
from dslt.settings.validation import ValidationSettings
from dslt.study.cells import apply_overrides, load_presets
from dslt.train.tasks import SiamFcTask, SiamRpnTask, make_task
from dslt.train.trainer import Trainer
from dslt.train.validation import Validation, kept
from places import ROOT
from tiny import draw_frames

TRACKERS = ROOT / "config" / "trackers"
PROTOCOLS = TRACKERS.parent / "protocols.yaml"
LITE = "training.backbone.weights=random; training.channels=4; training.crops.search=143"
RPN = "training.backbone.weights=random; training.head.channels=8"


def values_of(base, overrides):
    tracker, preset = base.split("/")
    presets = load_presets(TRACKERS / f"{tracker}.yaml")
    return apply_overrides(presets[preset], overrides, "test")


def training_of(base="siamfc/lite", overrides=LITE):
    values = values_of(base, overrides)
    return parse_training({key: values[key] for key in ("tracker", "training")}, "test")


def batch_of(search, positive=(True, False), seed=0):
    random = torch.Generator().manual_seed(seed)
    count = len(positive)

    def images(side):
        return 255 * torch.rand(count, 3, side, side, generator=random)

    boxes = torch.tensor([[(search - 60) / 2, (search - 60) / 2, 60, 60]]).float()
    return Pair(images(127), images(search), boxes.repeat(count, 1), torch.tensor(positive))


def generator():
    return torch.Generator().manual_seed(0)


def test_siamfc_prefers_the_middle():
    task = make_task(training_of())
    assert isinstance(task, SiamFcTask)
    batch = batch_of(143, (True, True))
    losses = []
    for row in (0, 8):
        logits = torch.full((2, 1, 17, 17), -3.0)
        logits[..., row, row] = 3.0
        losses.append(task.loss(logits, batch, generator())["classification"])
    assert losses[1] < losses[0]


def test_siamfc_wants_nothing_of_a_negative_pair():
    task = make_task(training_of(overrides=f"{LITE}; training.loss.balance=fixed"))
    low, high = torch.full((2, 1, 15, 15), -5.0), torch.full((2, 1, 15, 15), 5.0)
    batch = batch_of(143, (False, False))
    terms = [task.loss(logits, batch, generator())["classification"] for logits in (low, high)]
    assert terms[0] < 0.01 < 1 < terms[1]


def test_siamfc_refuses_shifts_that_its_labels_do_not_know():
    moved = training_of(overrides=f"{LITE}; training.crops.search_jitter.shift=64")
    with pytest.raises(DsltError, match=r"search_jitter\.shift: 64 pixels for SiamFC; expected no"):
        make_task(moved)


@pytest.mark.parametrize("preset", ["siamrpn/pysot", "siamrpn/paper"])
def test_siamrpn_terms_vanish_for_the_right_answer(preset):
    settings = training_of(preset, RPN)
    task = make_task(settings)
    assert isinstance(task, SiamRpnTask)
    batch = batch_of(255)
    grid = anchor_grid(settings.anchors, 17)
    labels = anchor_labels(
        settings.anchors, grid, centred(batch.box, 255), batch.positive, generator()
    )
    logits = 40.0 * labels.positive - 20.0
    right = (torch.stack([-logits, logits], dim=1), labels.offsets)
    terms = task.loss(right, batch, generator())
    assert set(terms) == set(task.terms)
    assert all(float(term) < 1e-6 for term in terms.values())
    wrong = task.loss((-right[0], right[1] + 1), batch, generator())
    assert wrong["classification"] > 0.1
    # Four errors of 1 (0.5 if smooth) at the positives of one pair of two.
    error = {"l1": 4.0, "smooth_l1": 2.0}[settings.head.regression_loss]
    assert float(wrong["regression"]) == pytest.approx(1.2 * error / 2)


def test_sampled_labels_follow_their_generator():
    settings = training_of("siamrpn/pysot", RPN)
    task = make_task(settings)
    batch = batch_of(255)
    outputs = (torch.randn(2, 2, 5, 17, 17), torch.randn(2, 4, 5, 17, 17))
    first, again, other = (
        float(task.loss(outputs, batch, torch.Generator().manual_seed(seed))["classification"])
        for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("base", "overrides"),
    [("siamfc/lite", LITE), ("siamrpn/pysot", RPN)],
)
def test_weights_are_read_as_they_were_written(base, overrides, tmp_path):
    settings = training_of(base, overrides)
    net = make_network(settings, seed=1)
    header = identify(settings, 1, {"procedural": {}})
    for folder in ("a", "b"):
        write_model(net, header, tmp_path / folder)
    assert (tmp_path / "a/model.pt").read_bytes() == (tmp_path / "b/model.pt").read_bytes()
    read = read_model(tmp_path / "a" / "model.pt", settings)
    assert not read.training
    for name, value in net.state_dict().items():
        assert torch.equal(value, read.state_dict()[name])
    state = torch.load(tmp_path / "a" / "model.pt", weights_only=True)
    assert all(type(value) is torch.Tensor for value in state.values())
    write_model(net, header, tmp_path / "c", released=True)
    released = read_model(tmp_path / "c" / "model.safetensors", settings)
    for name, value in net.state_dict().items():
        assert torch.equal(value, released.state_dict()[name])


def test_weights_of_another_training_are_refused(tmp_path):
    settings = training_of()
    write_model(make_network(settings), identify(settings, 0, {}), tmp_path)
    other = training_of(overrides=f"{LITE}; training.loss.name=bce")
    with pytest.raises(DsltError, match=r'weights of another training: loss.name: "shr.* -> "bce"'):
        read_model(tmp_path / "model.pt", other)


def test_damaged_or_missing_weights(tmp_path):
    settings = training_of()
    with pytest.raises(DsltError, match=r"model\.json: no such file"):
        read_model(tmp_path / "model.pt", settings)
    write_model(make_network(settings), identify(settings, 0, {}), tmp_path)
    data = (tmp_path / "model.pt").read_bytes()
    (tmp_path / "model.pt").write_bytes(data[:-100])
    with pytest.raises(DsltError, match="wrong checksum"):
        read_model(tmp_path / "model.pt", settings)
    for header in ("[]", '{"settings": {}}', '{"settings": [], "sha256": ""}', '{"sha256": 0}'):
        (tmp_path / "model.json").write_text(header)
        with pytest.raises(DsltError, match=r"model\.json: expected `settings` and `sha256`"):
            read_model(tmp_path / "model.pt", settings)


def test_weights_that_do_not_fit_the_network(tmp_path):
    settings = training_of()
    wider = training_of(overrides=LITE.replace("channels=4", "channels=8"))
    write_model(make_network(wider), identify(settings, 0, {}), tmp_path)
    with pytest.raises(DsltError, match="not weights of this network"):
        read_model(tmp_path / "model.pt", settings)


def test_identity_of_a_training():
    settings = training_of()
    name = model_id(settings, 0, {"a": 1})
    assert name == model_id(settings, 0, {"a": 1})
    assert len({name, model_id(settings, 1, {"a": 1}), model_id(settings, 0, {"a": 2})}) == 3
    assert model_id(training_of(overrides=f"{LITE}; training.gain=0.5"), 0, {"a": 1}) != name
    assert json.loads(json.dumps(identify(settings, 0, {}))) == identify(settings, 0, {})


def test_a_training_is_another_one_with_other_files(tmp_path):
    """An index or weights of one's own are named by settings, which stay as they are."""
    index, weights = tmp_path / "own.parquet", tmp_path / "net.pth"
    index.write_bytes(b"before")
    weights.write_bytes(b"before")
    sets = {
        "own": {"kind": "index", "root": str(index)},
        "later": {"kind": "index", "root": None},  # refused where sets are opened
        "made": {"kind": "procedural"},
    }
    assert own_indexes(sets) == {"own": str(index)}
    files = {**own_indexes(sets), "weights": weights}
    assert hash_files({}) == {}
    seen = [hash_files(files)]
    for file in (index, weights):
        file.write_bytes(b"after")
        seen.append(hash_files(files))
    assert len({str(one) for one in seen}) == 3
    index.unlink()
    with pytest.raises(DsltError, match="no such file"):
        hash_files(files)


def test_differences_are_named():
    old, new = {"a": {"b": 1, "c": [1]}, "d": 2}, {"a": {"b": 2, "c": [1]}, "e": None}
    assert differences(old, new) == ["a.b: 1 -> 2", "d: 2 -> null"]
    assert differences(old, old) == []


def test_training_settings_of_either_tracker():
    for base, overrides in (("siamfc/lite", LITE), ("siamrpn/pysot", RPN)):
        settings = training_of(base, overrides)
        values = {"tracker": settings.tracker, "training": settings.model_dump(mode="json")}
        assert parse_training(values, "test") == settings
    for values, message in (
        ([], r"test: \[\]; expected a mapping with the key `tracker`"),
        ({"training": {}}, r"expected a mapping with the key `tracker`"),
        ({"tracker": "siamfd"}, r"unknown tracker 'siamfd'; allowed: .*siamfc"),
        ({"tracker": "opencv", "algorithm": "kcf"}, r"'opencv' learns nothing; expected .*siamfc"),
        ({"tracker": "siamfc", "training": {}, "tracking": {}}, r"expected tracker, training"),
        ({"tracker": "siamfc", "training": {}}, r"test: .*missing key 'backbone'"),
    ):
        with pytest.raises(DsltError, match=message):
            parse_training(values, "test")


def validation(base="siamfc/lite", overrides=LITE, index=None, **changes):
    values = {
        "procedural": 1,
        "texture": 1,
        "frames": 3,
        "seed": 5,
        "every": 2,
        "tracking": values_of(base, overrides)["tracking"],
        "protocol": yaml.safe_load(PROTOCOLS.read_text())["otb"],
    }
    return Validation(
        ValidationSettings.model_validate(values | changes), training_of(base, overrides), index
    )


@pytest.mark.parametrize(("base", "overrides"), [("siamfc/lite", LITE), ("siamrpn/pysot", RPN)])
def test_validation_scores_every_sequence(base, overrides):
    check = validation(base, overrides)
    net = make_network(training_of(base, overrides)).train()
    scores = list(check(net, 0))
    assert [score.sequence for score in scores] == ["procedural-00", "texture-00"]
    assert all(0.2 < score.success_auc <= 1 for score in scores)  # the first of 3 frames is given
    assert scores == list(check(net, 0))


def test_validation_is_done_where_it_is_due():
    check = validation()
    net = make_network(training_of())
    last = training_of().schedule.epochs
    due = [epoch for epoch in range(last + 1) if any(True for _ in check(net, epoch))]
    assert due == sorted({*range(0, last + 1, 2), last})


def test_wrong_validation_settings():
    with pytest.raises(DsltError, match=r"validation settings, tracking: .*unknown key 'speed'"):
        validation(tracking={"speed": 1})
    with pytest.raises(ValueError, match="expected at least one sequence"):
        validation(procedural=0, texture=0)
    with pytest.raises(ValueError, match="expected one or the other"):
        validation(benchmark="tiny")
    with pytest.raises(ValueError, match="sequences without benchmark"):
        validation(sequences=["left"])


def test_validation_on_the_first_frames_of_a_benchmark(tmp_path):
    for seed, name in enumerate(["left", "right"]):
        draw_frames(tmp_path / name, seed)
    definition = {"kind": "folder", "root": str(tmp_path), "protocol": "otb", "box_origin": 1}
    index = build_index("tiny", parse_benchmark("tiny", definition), tmp_path)
    none = {"procedural": 0, "texture": 0, "benchmark": "tiny"}
    check = validation(index=index, **none, sequences=["right"])
    assert [(one.name, len(one), len(one.ground_truth)) for one in check.sequences] == [
        ("right", 3, 3)
    ]
    (score,) = check(make_network(training_of()).train(), 0)
    assert 0.2 < score.success_auc <= 1
    whole = validation(index=index, **none, frames=100)
    assert [(one.name, len(one)) for one in whole.sequences] == [("left", 8), ("right", 8)]
    with pytest.raises(DsltError, match="unknown sequence of benchmark tiny: 'middle'"):
        validation(index=index, **none, sequences=["middle"])


class Counted:
    """Three frames of 12 bytes, and how often each was read."""

    def __init__(self):
        self.reads = [0, 0, 0]

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.reads[index] += 1
        return np.full((2, 2, 3), index, dtype=np.uint8)


def test_the_first_frames_are_kept_as_far_as_there_is_room():
    sources = [Counted(), Counted()]
    found = kept([Sequence("a", source, np.ones((3, 4))) for source in sources], 4 * 12)
    for _ in range(3):
        for sequence in found:
            for index in range(3):
                frame = sequence.frames[index]
                assert (frame == index).all()
                frame[:] = 9  # it is the reader's own
    assert [source.reads for source in sources] == [[1, 1, 1], [1, 3, 3]]


@pytest.mark.parametrize(
    ("base", "overrides", "part"),
    [
        ("siamfc/paper", "training.backbone.weights=random", "layer5"),
        ("siamfc/released", "training.backbone.weights=random", "layer1"),
        ("siamrpn/pysot", RPN, "layer5"),
        ("siamrpn/paper", RPN, "layer4"),
        ("siamrpn/pp_pysot", RPN, "layer4"),
    ],
)
def test_every_model_learns_a_few_steps(base, overrides, part):
    small = (
        "training.crops.search=143; training.schedule.batch=1; training.schedule.micro_batches=2"
    )
    settings = training_of(base, f"{overrides}; {small}")
    net = make_network(settings, seed=2)
    trainer = Trainer(net, make_task(settings), settings.schedule, seed=0)
    batches = itertools.repeat(batch_of(143, (True,)))
    first, last = settings.schedule.unfreeze_epoch - 1, settings.schedule.epochs - 1
    for number, epoch in enumerate([max(first, 0), last]):
        before = copy.deepcopy(net.backbone_parts[part].state_dict())
        trainer.begin(epoch)
        record = trainer.step(number, batches)
        assert record.gradient_norm > 0
        after = net.backbone_parts[part].state_dict()
        moved = any(not torch.equal(value, after[name]) for name, value in before.items())
        assert moved == (epoch >= settings.schedule.unfreeze_epoch)
