"""SiamFC and SiamRPN on made-up videos, with networks made by hand whose answer is known."""

import cv2
import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from dslt.core.errors import DsltError
from dslt.data.pairs.dataset import PairDataset
from dslt.data.pairs.sets.kinds import parse_training_set
from dslt.data.pairs.sets.open import open_sources
from dslt.geometry.boxes import iou
from dslt.geometry.squares import (
    cosine_window,
    mean_color,
    padded_crop,
    search_region,
    template_region,
    template_side,
    to_batch,
)
from dslt.networks.anchors import anchor_grid
from dslt.networks.make import make_network
from dslt.networks.saved import write_model
from dslt.settings.base import validate
from dslt.settings.offline import CropSettings, PairSettings
from dslt.settings.siamfc import SiamFcSettings
from dslt.settings.siamrpn import SiamRpnSettings
from dslt.study.cells import apply_overrides, load_presets
from dslt.track.one_pass import run_tracker
from dslt.trackers.make import make_tracker
from dslt.trackers.siamfc import SiamFcTracker
from dslt.trackers.siamrpn import Proposals, SiamRpnTracker
from places import ROOT

TRACKERS = ROOT / "config" / "trackers"
MODELS = {"siamfc": SiamFcSettings, "siamrpn": SiamRpnSettings}
PRESETS = {name: load_presets(TRACKERS / f"{name}.yaml") for name in MODELS}
EXACT_FC = "tracking.window=0; tracking.penalty=1"
EXACT_RPN = "tracking.window=0; tracking.penalty=0; tracking.rate=1"


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def settings(base, overrides=""):
    tracker, preset = base.split("/")
    values = apply_overrides(PRESETS[tracker][preset], overrides, "test")
    return validate(MODELS[tracker], values, "test")


CROPS = settings("siamfc/paper").training.crops


def moving_boxes(count=8, speed=(3.3, -2.1), growth=(1.0, 1.0), size=(40.0, 40.0)):
    """Boxes of a target that moves and changes its size about its middle."""
    boxes = []
    for index in range(count):
        w, h = (side * factor**index for side, factor in zip(size, growth, strict=True))
        x, y = (160 + speed[0] * index, 120 + speed[1] * index)
        boxes.append((x - w / 2, y - h / 2, w, h))
    return np.array(boxes)


def coverage(start, length, pixels):
    """How much of each pixel lies between two edges."""
    edges = np.arange(pixels)
    return np.clip(np.minimum(edges + 1, start + length) - np.maximum(edges, start), 0, 1)


def red_square(box, shape=(240, 320)):
    """A red rectangle on gray, its edges true to a fraction of a pixel."""
    mask = np.outer(coverage(box[1], box[3], shape[0]), coverage(box[0], box[2], shape[1]))
    colors = np.array([255.0, 0, 0]) - 100
    return np.rint(100 + mask[..., None] * colors).astype(np.uint8)


def textured(box, shape=(240, 320)):
    """A smooth random texture, stretched to the box, on a smooth random background."""
    rng = np.random.default_rng(5)
    background, target = (
        cv2.GaussianBlur(rng.normal(size=size), (0, 0), 6) for size in (shape, (80, 80))
    )
    frame = 110 + 15 * background / background.std()
    matrix = np.array([[box[2] / 80, 0, 0], [0, box[3] / 80, 0]])
    matrix[:, 2] = np.array(box[:2]) - 0.5 + np.diag(matrix) * 0.5
    inside = cv2.warpAffine(110 + 60 * target / target.std(), matrix, shape[::-1])
    mask = np.outer(coverage(box[1], box[3], shape[0]), coverage(box[0], box[2], shape[1]))
    frame = np.where(mask > 0, inside * mask + frame * (1 - mask), frame)
    return np.repeat(np.clip(frame, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


class GrayMatch(nn.Module):
    """A SiamFC whose response is minus the squared difference of gray pixels."""

    def __init__(self, bias=0.0):
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(float(bias)))

    def template(self, z):
        return z.mean(1, keepdim=True) / 255

    def response(self, template, x):
        gray = x.mean(1, keepdim=True) / 255
        energy = F.conv2d(gray**2, torch.ones_like(template), stride=8)
        cross = F.conv2d(gray, template, stride=8)
        squares = energy - 2 * cross + (template**2).sum()
        return self.bias - squares / template.numel() * 100


class RedBox(nn.Module):
    """A SiamRPN that measures the red rectangle in the search region; each anchor names it."""

    def __init__(self, anchors):
        super().__init__()
        self.anchors = anchors

    def template(self, z):
        return z

    def heads(self, template, x):
        mask = ((x[0, 0] - x[0, 1]) / 255).double()
        mask[mask < 0.1] = 0  # the padding is a little red
        places = torch.arange(len(mask)).double() + 0.5 - len(mask) / 2
        size = torch.stack([mask.amax(0).sum(), mask.amax(1).sum()])
        center = torch.stack([(mask.sum(0) * places).sum(), (mask.sum(1) * places).sum()])
        center = center / mask.sum()
        side = (x.shape[-1] - template.shape[-1]) // 8 + 1
        grid = anchor_grid(self.anchors, side).double()
        offset, zoom = (center - grid[..., :2]) / grid[..., 2:], torch.log(size / grid[..., 2:])
        fit = 6 - offset.abs().sum(-1) - 2 * zoom.abs().sum(-1)
        cls = torch.stack([torch.zeros_like(fit), fit])[None]
        return cls.float(), torch.cat([offset, zoom], -1).permute(3, 0, 1, 2)[None].float()


def track_fc(frames, box, overrides="", net=None):
    chosen = settings("siamfc/paper", overrides)
    return run_tracker(SiamFcTracker(chosen, net or GrayMatch()), frames, box, "test")


def track_rpn(frames, box, base="siamrpn/pysot", overrides=""):
    chosen = settings(base, overrides)
    net = RedBox(chosen.training.anchors)
    return run_tracker(SiamRpnTracker(chosen, net), frames, box, "test")


def centers(boxes):
    return boxes[:, :2] + boxes[:, 2:] / 2


# Crops


def test_template_side_of_the_reference():
    """The square of w = 60, h = 30 with half the sum as margin: sqrt(105 * 75)."""
    assert template_side(np.array([60.0, 30.0]), 0.5) == pytest.approx(np.sqrt(105 * 75))
    assert template_side(np.array([[40.0, 40.0]] * 2), 0.5) == pytest.approx([80, 80])


def test_target_has_the_same_pixels_in_template_and_search_region():
    crops = settings("siamrpn/pysot").training.crops
    size, center = np.array([50.0, 20.0]), np.array([100.0, 80.0])
    template = template_region(center, size, crops)
    search = search_region(center, size, crops, 287)
    assert template.size == (127, 127)
    assert search.size == (287, 287)
    assert search.step == pytest.approx(template.step)
    assert search_region(center, size, crops, 287, 1.1).step[0] == pytest.approx(
        1.1 * template.step[0]
    )


def test_outside_of_the_frame_is_the_mean_colour_and_inside_is_the_frame():
    frame = np.full((60, 80, 3), 200, np.uint8)
    frame[:, :40] = (10, 20, 30)
    color = mean_color(frame)
    assert color.tolist() == [105, 110, 115]
    region = search_region(np.array([0.0, 30.0]), np.array([20.0, 20.0]), CROPS, 255)
    patch = padded_crop(frame, region, color)
    assert (patch[:, :127] == color).all()
    rows = slice(*(round(region.to_patch((0.0, y))[1]) for y in (1.0, 59.0)))
    assert (patch[rows, 129:250] == (10, 20, 30)).all()


@pytest.mark.parametrize("center", [(-500.0, 30.0), (40.0, 900.0), (9000.0, -9000.0)])
def test_crop_without_any_pixel_of_the_frame(center):
    frame = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    region = template_region(np.array(center), np.array([20.0, 20.0]), CROPS)
    assert (padded_crop(frame, region, np.array([1, 2, 3], np.uint8)) == (1, 2, 3)).all()


@given(x=st.floats(-30, 110), y=st.floats(-30, 90), side=st.floats(4, 120))
@hypothesis_settings(max_examples=50, deadline=None)
def test_padding_covers_exactly_what_lies_outside(x, y, side):
    frame = np.full((60, 80, 3), 255, np.uint8)
    region = template_region(np.array([x, y]), np.array([side, side]), CROPS)
    patch = padded_crop(frame, region, np.zeros(3, np.uint8))
    axes = [region.center[axis] + (np.arange(127) - 63) * region.step[axis] for axis in (0, 1)]
    column, row = ((p >= 0) & (p < end) for p, end in zip(axes, (80, 60), strict=True))
    # A middle that lies on the frame's edge may go either way.
    clear = [
        np.minimum(np.abs(p), np.abs(p - end)) > 1e-9 for p, end in zip(axes, (80, 60), strict=True)
    ]
    agree = patch[..., 0] == np.outer(row, column) * 255
    assert agree[np.outer(clear[1], clear[0])].all()


def test_training_pairs_have_the_geometry_of_tracking():
    """Without augmentation a pair shows what the tracker sees of a target in the middle."""
    still = {"shift": 0, "scale": 0, "blur": 0, "color": 0, "flip": 0}
    values = {**CROPS.model_dump(), "template_jitter": still, "search_jitter": still}
    pairs = {"sources": {"procedural": 8}, "per_epoch": 8, "negative": 0, "gray": 0}
    definitions = yaml.safe_load((TRACKERS.parent / "training_sets.yaml").read_text())
    entry = parse_training_set("procedural", definitions["procedural"])
    sources = open_sources(("procedural",), {"procedural": entry})
    dataset = PairDataset(
        PairSettings.model_validate(pairs), CropSettings.model_validate(values), sources, seed=1
    )
    box = dataset.sample(0, 0).box.double().numpy()
    assert box[:2] + box[2:] / 2 == pytest.approx([CROPS.search / 2] * 2, abs=0.01)
    assert template_side(box[2:], CROPS.context) == pytest.approx(CROPS.template, abs=0.01)
    region = search_region(np.zeros(2), box[2:], CROPS, 255)
    assert region.step == pytest.approx((1, 1), abs=1e-4)


def test_batch_keeps_colours_and_range():
    patch = np.zeros((4, 5, 3), np.uint8)
    patch[1, 2] = (255, 7, 3)
    batch = to_batch([patch, patch], torch.device("cpu"))
    assert batch.shape == (2, 3, 4, 5)
    assert batch[1, :, 1, 2].tolist() == [255, 7, 3]


def test_cosine_window():
    window = cosine_window(17)
    assert window[8, 8] == pytest.approx(1)
    assert window[0].max() == 0
    assert np.allclose(window, window[::-1, ::-1])


# SiamFC


@pytest.mark.parametrize("speed", [(3.3, -2.1), (-7.0, 5.5), (0.4, 0.3)])
def test_siamfc_finds_positions_to_within_a_pixel(speed):
    boxes = moving_boxes(6, speed)
    run = track_fc([textured(box) for box in boxes], boxes[0], EXACT_FC + "; tracking.rate=0")
    assert np.abs(centers(run.boxes) - centers(boxes)).max() < 1


def test_siamfc_follows_with_the_published_values():
    boxes = moving_boxes(8)
    run = track_fc([textured(box) for box in boxes], boxes[0])
    assert iou(run.boxes, boxes).min() > 0.75
    assert np.isnan(run.scores[0])
    assert ((run.scores[1:] >= 0) & (run.scores[1:] <= 1)).all()


@pytest.mark.parametrize("growth", [1.02, 0.98])
def test_siamfc_follows_a_change_of_scale(growth):
    boxes = moving_boxes(15, (1.0, 1.0), (growth, growth))
    run = track_fc([textured(box) for box in boxes], boxes[0], "tracking.penalty=0.995")
    assert run.boxes[-1, 2] == pytest.approx(boxes[-1, 2], rel=0.08)
    assert iou(run.boxes, boxes).min() > 0.75


def test_siamfc_keeps_the_scale_of_a_target_that_keeps_it():
    boxes = moving_boxes(6, (2.0, 2.0))
    run = track_fc([textured(box) for box in boxes], boxes[0])
    assert (run.boxes[:, 2:] == boxes[:, 2:]).all()


def test_siamfc_limits_the_size():
    boxes = moving_boxes(12, (0.0, 0.0), (1.03, 1.03))
    overrides = "tracking.limits=[0.9, 1.05]; tracking.penalty=1"
    run = track_fc([textured(box) for box in boxes], boxes[0], overrides)
    assert run.boxes[:, 2].max() == pytest.approx(1.05 * 40)


def test_siamfc_ignores_the_bias_of_the_response():
    """The bias belongs to the loss; the published rules work on the correlation alone."""
    boxes = moving_boxes(4)
    frames = [textured(box) for box in boxes]
    plain, shifted = (track_fc(frames, boxes[0], net=GrayMatch(bias)) for bias in (0, -5))
    assert np.allclose(plain.boxes, shifted.boxes, atol=1e-3)
    assert (plain.scores[1:] > shifted.scores[1:]).all()


def test_siamfc_penalty_never_favours_a_change_of_scale():
    tracker = SiamFcTracker(settings("siamfc/paper"), GrayMatch())
    for peak in (-3.0, 0.0, 3.0):
        assert tracker.factors[tracker._best_scale(torch.full((3, 4, 4), peak))] == 1


def test_siamfc_five_scales():
    boxes = moving_boxes(5)
    chosen = settings("siamfc/original_5s")
    tracker = SiamFcTracker(chosen, GrayMatch())
    assert sorted(tracker.factors) == pytest.approx([1.0255**k for k in range(-2, 3)])
    run = run_tracker(tracker, [textured(box) for box in boxes], boxes[0], "test")
    assert iou(run.boxes, boxes).min() > 0.7


def test_siamfc_without_any_response_stays():
    """A constant response leaves the window: the target is where it was."""
    frames = [np.full((60, 80, 3), 90, np.uint8)] * 3
    run = track_fc(frames, np.array([20.0, 20, 16, 12]))
    assert np.allclose(centers(run.boxes), (28, 26), atol=0.2)


# SiamRPN


@pytest.mark.parametrize("base", ["siamrpn/pysot", "siamrpn/pp_pysot"])
@pytest.mark.parametrize("growth", [(1.0, 1.0), (1.03, 0.97)])
def test_siamrpn_finds_boxes_to_within_a_pixel(base, growth):
    boxes = moving_boxes(6, (4.3, -3.1), growth, (44.0, 36.0))
    run = track_rpn([red_square(box) for box in boxes], boxes[0], base, EXACT_RPN)
    assert np.abs(run.boxes - boxes).max() < 1


@pytest.mark.parametrize("base", ["siamrpn/pysot", "siamrpn/pp_pysot", "siamrpn/pp_pysot_otb"])
def test_siamrpn_follows_with_the_published_values(base):
    boxes = moving_boxes(10, (3.0, 2.0), (1.02, 1.02), (50.0, 32.0))
    run = track_rpn([red_square(box) for box in boxes], boxes[0], base)
    assert iou(run.boxes, boxes).min() > 0.75
    assert ((run.scores[1:] > 0) & (run.scores[1:] <= 1)).all()


def test_siamrpn_size_moves_by_penalty_times_score_times_rate():
    """One step by hand: k of the penalty 0.16, rate 0.3, no window."""
    boxes = np.array([(140.0, 100, 40, 40), (140.0, 100, 60, 40)])
    chosen = settings("siamrpn/pysot", "tracking.window=0")
    tracker = SiamRpnTracker(chosen, RedBox(chosen.training.anchors))
    run = run_tracker(tracker, [red_square(box) for box in boxes], boxes[0], "test")
    side = np.sqrt((60 + 50) * (40 + 50))
    penalty = np.exp((1 - side / 80 * 1.5) * 0.16)
    rate = penalty * run.scores[1] * 0.3
    assert run.boxes[1, 2] == pytest.approx(40 + rate * 20, abs=0.3)
    assert run.boxes[1, 3] == pytest.approx(40, abs=0.3)
    assert centers(run.boxes)[1] == pytest.approx([170, 120], abs=0.5)


@pytest.mark.parametrize("side", [2.0, 5000.0])
def test_siamrpn_keeps_the_centre_in_the_frame_and_the_size_within_limits(side):
    chosen = settings("siamrpn/pysot", EXACT_RPN)
    tracker = SiamRpnTracker(chosen, RedBox(chosen.training.anchors))
    frame = red_square((100.0, 100, 40, 40))
    tracker.initialize(frame, np.array([100.0, 100, 40, 40]))
    one = np.ones(1)
    far = Proposals(one, np.array([[1e4, -1e4]]), np.full((1, 2), side), one)
    tracker._propose = lambda patch: far
    box = tracker.update(frame).box
    assert centers(box[None])[0] == pytest.approx([320, 0])
    assert box[2:] == pytest.approx([10, 10] if side < 10 else [320, 240])


# Both


def tiny_video(count=4):
    boxes = moving_boxes(count, size=(36.0, 28.0))
    return [textured(box) for box in boxes], boxes


@pytest.mark.parametrize(
    ("base", "maker"), [("siamfc/lite", SiamFcTracker), ("siamrpn/paper", SiamRpnTracker)]
)
def test_search_region_must_fit_the_network(base, maker):
    chosen = settings(base, "training.backbone.weights=random; tracking.instance=119")
    net = make_network(chosen.training)
    with pytest.raises(DsltError, match=r"tracking\.instance: 119; expected"):
        maker(chosen, net)


@pytest.mark.parametrize(
    ("base", "maker"),
    [
        ("siamfc/paper", SiamFcTracker),
        ("siamfc/lite", SiamFcTracker),
        ("siamrpn/paper", SiamRpnTracker),
        ("siamrpn/pp_paper", SiamRpnTracker),
    ],
)
def test_random_networks_track_and_repeat_themselves(base, maker):
    """Wherever it goes, a random network's boxes are finite, in the frame, and always the same."""
    frames, boxes = tiny_video(3 if base.startswith("siamfc") else 2)
    small = "training.backbone.weights=random; tracking.instance=191"
    chosen = settings(base, small)
    net = make_network(chosen.training, seed=3)
    runs = [run_tracker(maker(chosen, net), frames, boxes[0], "test") for _ in range(2)]
    assert (runs[0].boxes == runs[1].boxes).all()
    assert (runs[0].scores[1:] == runs[1].scores[1:]).all()
    assert np.isfinite(runs[0].boxes).all()
    assert (runs[0].boxes[:, 2:] > 0).all()
    middle = centers(runs[0].boxes)
    assert ((middle >= 0) & (middle <= (320, 240))).all()
    assert runs[0].record.loss == []


def test_broken_weights_are_an_error():
    frames, boxes = tiny_video(2)
    with pytest.raises(DsltError, match="SiamFC: the response holds nan"):
        track_fc(frames, boxes[0], net=GrayMatch(float("nan")))
    chosen = settings("siamrpn/paper", "training.backbone.weights=random")
    net = make_network(chosen.training, seed=0)
    for value in net.parameters():
        value.data.fill_(float("nan"))
    with pytest.raises(DsltError, match="SiamRPN: the proposals hold nan"):
        run_tracker(SiamRpnTracker(chosen, net), frames, boxes[0], "test")


def test_weights_of_a_training_make_a_tracker(tmp_path):
    frames, boxes = tiny_video(2)
    random = "training.backbone.weights=random"
    chosen = settings("siamfc/lite", random)
    net = make_network(chosen.training, seed=5)
    write_model(net, {"settings": chosen.training.model_dump(mode="json")}, tmp_path)
    # A changed tracking value needs no other weights; a changed training value does.
    changed = settings("siamfc/lite", random + "; tracking.window=0.3")
    made = make_tracker(changed, weights=tmp_path / "model.pt")
    expected = run_tracker(SiamFcTracker(changed, net), frames, boxes[0], "test")
    assert (run_tracker(made, frames, boxes[0], "test").boxes == expected.boxes).all()
    other = settings("siamfc/lite", random + "; training.loss.c=0.2")
    with pytest.raises(DsltError, match="loss"):
        make_tracker(other, weights=tmp_path / "model.pt")
    with pytest.raises(DsltError, match="dslt train"):
        make_tracker(chosen)


def test_target_at_the_border_and_tiny_frame():
    frame = np.random.default_rng(1).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    run = track_fc([frame] * 3, np.array([-4.0, -3, 12, 10]))
    assert np.isfinite(run.boxes).all()
