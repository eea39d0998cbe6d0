"""The DSLT tracker, its peers, and a run's files, on small made-up videos."""

import json
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from skimage import data

from dslt.commands.converge import capped
from dslt.core.device import choose_device
from dslt.core.errors import DsltError
from dslt.data.sequences.video import VideoClip
from dslt.geometry.boxes import iou, read_boxes
from dslt.geometry.crops import crop
from dslt.networks import regression
from dslt.networks.regression import RegressionNetwork
from dslt.study.cells import resolve_settings
from dslt.track.one_pass import run_tracker, write_run
from dslt.trackers.dslt import DsltTracker
from dslt.trackers.first_frame import FirstFrame, Grid
from dslt.trackers.make import make_tracker
from places import ROOT

TRACKERS = ROOT / "config" / "trackers"
FAST = "training.iterations=30"


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def settings(base="dslt/lite", overrides=""):
    return resolve_settings(base, overrides, TRACKERS, "test")


class Video(list):
    """A cup that moves over a photograph of bricks."""

    def __init__(self, count=6, speed=(3, 2)):
        background = np.repeat(data.brick()[:240, :320, None], 3, axis=2)
        cup = data.coffee()[90:290:5, 150:400:5]
        self.boxes = []
        for index in range(count):
            x, y = 120 + speed[0] * index, 90 + speed[1] * index
            frame = background.copy()
            frame[y : y + cup.shape[0], x : x + cup.shape[1]] = cup
            self.append(frame)
            self.boxes.append((x, y, cup.shape[1], cup.shape[0]))
        self.boxes = np.array(self.boxes, dtype=float)


@pytest.fixture(scope="module")
def video():
    return Video()


@pytest.mark.parametrize("base", ["dslt/lite", "dslt/paper", "dslt/released"])
def test_follows_a_moving_cup(video, base):
    run = run_tracker(make_tracker(settings(base)), video, video.boxes[0], "test")
    assert iou(run.boxes, video.boxes).min() > 0.6
    assert run.record.loss[-1] < 0.35 * run.record.loss[0]
    assert run.record.peak[-1] > 0.35
    assert np.isnan(run.scores[0])
    assert (run.scores[1:] > 0.35).all()


@pytest.mark.parametrize(
    "backbone", ["resnet50", "vgg16"], ids=["DSLT* on ResNet-50", "DSLT on VGG-16"]
)
@pytest.mark.parametrize("preset", ["paper", "released"])
def test_first_frame_converges_on_the_papers_backbones(video, backbone, preset):
    """With weights declared random the code path is the paper's, and the peak is at the target."""
    text = f"training.backbone.name={backbone}; training.backbone.weights=random"
    if preset == "released" and backbone == "vgg16":
        text += "; training.backbone.keep_pools=false"
    model = FirstFrame(settings(f"dslt/{preset}", text).training)
    model.fit(video[0], video.boxes[0])
    assert model.record.peak[-1] > 0.35
    _, label, response = model.maps_of_first_sample()
    found, wanted = (np.unravel_index(np.argmax(m), m.shape) for m in (response, label))
    assert np.abs(np.subtract(found, wanted)).max() <= 1


def test_same_seed_same_boxes(video):
    runs = [
        run_tracker(make_tracker(settings(overrides=FAST), seed), video, video.boxes[0], "test")
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(runs[0].boxes, runs[1].boxes)
    assert runs[0].record.loss == runs[1].record.loss
    assert runs[0].record.loss != runs[2].record.loss


def test_loss_is_the_only_difference(video):
    """Replacing the loss keeps the network's start: the first response is the same."""
    models = [
        FirstFrame(settings(overrides=f"{FAST}; training.loss.name={name}").training)
        for name in ("shrinkage", "l2", "l3")
    ]
    for model in models:
        model.fit(video[0], video.boxes[0])
    assert len({model.record.peak[0] for model in models}) == 1
    assert len({model.record.loss[-1] for model in models}) == 3


def test_one_frame_gives_one_box(video):
    run = run_tracker(make_tracker(settings(overrides=FAST)), video[:1], video.boxes[0], "test")
    assert run.boxes.tolist() == [video.boxes[0].tolist()]


@pytest.mark.parametrize("algorithm", ["csrt", "kcf"])
def test_peers(algorithm):
    video = Video(4)
    run = run_tracker(make_tracker(settings(f"opencv/{algorithm}")), video, video.boxes[0], "x")
    assert iou(run.boxes, video.boxes).min() > 0.6
    assert run.record.loss == []


@pytest.mark.parametrize(
    "box", [(10, 10, 0, 5), (10, 10, 5, -1), (400, 10, 20, 20), (np.nan, 1, 2, 3)]
)
def test_unusable_initial_boxes(video, box):
    with pytest.raises(DsltError, match="some sequence"):
        run_tracker(make_tracker(settings(overrides=FAST)), video, np.array(box), "some sequence")


@pytest.mark.parametrize("base", ["dslt/lite", "dslt/paper", "dslt/released"])
@pytest.mark.parametrize(
    "box", [(150, 100, 3, 3), (0, 0, 320, 240), (-10, -10, 40, 30), (60, 70, 50, 1), (9, 2, 2, 200)]
)
def test_unusual_targets_work(video, box, base):
    tracker = make_tracker(settings(base, "training.iterations=5"))
    run = run_tracker(tracker, video[:2], np.array(box, float), "test")
    assert np.isfinite(run.boxes).all()


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [(3, 5), (7, 3)])
def test_response_is_a_convolution(padding, kernel):
    training = settings().training
    head = training.head.model_copy(update={"padding": padding, "bias": True, "init_std": 0.1})
    network = RegressionNetwork((4, 6), kernel, training.reduction, head, seed=0)
    network.gain.fill_(0.5)
    maps = torch.randn(2, 2 * training.reduction.channels, 9, 11, requires_grad=True)
    weights = torch.cat([network.fused_head, network.deep_head])[None] * network.gain
    pads = (kernel[0] // 2, kernel[1] // 2) if padding == "same" else 0
    expected = torch.nn.functional.conv2d(maps, weights, padding=pads)[:, 0]
    response = network.respond([maps])
    assert torch.allclose(response, expected, atol=1e-3)
    leaves = [maps, network.fused_head, network.deep_head]
    outer = torch.randn_like(expected)
    found = torch.autograd.grad((response * outer).sum(), leaves)
    wanted = torch.autograd.grad((expected * outer).sum(), leaves)
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_samples_are_cut_on_a_cpu_and_joined_elsewhere():
    for device, counts in (("cpu", [1] * 5), ("meta", [5])):
        maps = [torch.zeros(2, 8, 4, 4, device=device), torch.zeros(3, 8, 4, 4, device=device)]
        assert [len(piece) for piece in regression._pieces(maps)] == counts
        assert [len(piece) for piece in regression._pieces(iter(maps))] == counts


def test_samples_are_made_one_by_one_on_a_cpu():
    """Each is used while the cache still holds it."""
    made = []
    lazily = (made.append(number) or torch.zeros(1, 8, 4, 4) for number in range(3))
    for number, _ in enumerate(regression._pieces(lazily)):
        assert made == list(range(number + 1))


def test_multiplied_variant_ignores_the_fusion():
    training = settings(overrides="training.head.fuse=false").training
    network = RegressionNetwork((4, 6), (3, 3), training.reduction, training.head, seed=0)
    low, high = torch.randn(2, 1, 64, 5, 5).unbind(0)
    inputs = network.inputs(low, high)
    assert torch.equal(inputs[:, :64], torch.relu(low))


@pytest.mark.parametrize("base", ["dslt/lite", "dslt/released"])
def test_the_share_of_the_fused_head(base):
    training = settings(base).training
    network = RegressionNetwork((4, 6), (3, 3), training.reduction, training.head, seed=0)
    maps = torch.rand(1, 2 * training.reduction.channels, 9, 9)
    with torch.no_grad():
        network.fused_head.fill_(3)
        network.deep_head.fill_(1)
        for bias in filter(None, (network.fused_bias, network.deep_bias)):
            bias.fill_(100)
        maps[:, maps.shape[1] // 2 :] = maps[:, : maps.shape[1] // 2]
    assert network.fused_share(maps) == pytest.approx(0.75, rel=1e-3)
    assert np.isnan(network.fused_share(torch.zeros_like(maps)))


def test_a_channel_silent_on_the_first_frame_does_not_explode():
    training = settings().training
    network = RegressionNetwork((4, 6), (3, 3), training.reduction, training.head, seed=0)
    random = torch.Generator().manual_seed(0)
    taps = [torch.rand(2, count, 5, 5, generator=random) for count in (4, 6)]
    for tap in taps:
        tap[:, 0] = 0.0
    network.normalise((taps[0], taps[1]), "channel")
    loud = [network.get_buffer(f"{name}_scale").flatten() for name in ("shallow", "deep")]
    for scale in loud:
        assert scale[0] < 20 * scale[1:].max()


@pytest.mark.parametrize("base", ["dslt/paper", "dslt/released", "dslt/lite"])
def test_grid_maps_cells_and_points(base):
    grid = Grid(np.array([50.0, 30.0]), settings(base).training, 8, 7.5)
    cell = grid.to_cell((100.0, 60.0))
    assert grid.to_point(cell) == pytest.approx((100.0, 60.0))
    prior = grid.prior(0.65)
    row, column = divmod(int(prior.argmax()), prior.shape[1])
    assert grid.peak_point(row, column) == pytest.approx(grid.middle, abs=0.51)


def test_where_nothing_responds_the_box_stays_and_nothing_is_learnt(video):
    tracker = make_tracker(settings(overrides=f"{FAST}; tracking.update.every=1"))
    assert isinstance(tracker, DsltTracker)
    tracker.initialize(video[0], video.boxes[0])
    network = tracker.model.network
    answered = tracker.update(video[1]).box
    with torch.no_grad():
        for head in (network.fused_head, network.deep_head):
            head.zero_()
    samples = len(tracker.latest)
    assert tracker.update(video[-1]).box.tolist() == answered.tolist()
    assert len(tracker.latest) == samples == 1
    assert not network.deep_head.any()


@pytest.mark.parametrize("value", [0, 128])
def test_where_all_scales_are_alike_the_size_stays(video, value):
    tracker = make_tracker(settings(overrides=FAST))
    tracker.initialize(video[0], video.boxes[0])
    uniform = np.full_like(video[0], value)
    boxes = [tracker.update(uniform).box for _ in range(3)]
    assert [box[2:].tolist() for box in boxes] == [video.boxes[0, 2:].tolist()] * 3


def test_how_high_a_response_is_decides_nothing_without_a_gate():
    """A hundredth of the response gives the same boxes; a gate on it, as released, does not."""
    video = Video(5, speed=(4, 2))
    grown = [
        cv2.resize(frame, None, fx=1 + 0.04 * n, fy=1 + 0.04 * n) for n, frame in enumerate(video)
    ]
    boxes: dict[tuple[str, float], list[list[float]]] = {}
    for gate, part in ((g, p) for g in ("0", "0.35") for p in (1.0, 0.01)):
        text = f"{FAST}; tracking.update.steps=0; tracking.scale.gate={gate}"
        tracker = make_tracker(settings(overrides=text))
        assert isinstance(tracker, DsltTracker)
        tracker.initialize(grown[0], video.boxes[0])
        tracker.model.network.gain *= part
        boxes[gate, part] = [tracker.update(frame).box.tolist() for frame in grown[1:]]
    assert boxes["0", 1.0] == boxes["0.35", 1.0]
    assert np.allclose(boxes["0", 1.0], boxes["0", 0.01])
    sizes = np.array(boxes["0.35", 0.01])[:, 2:]
    assert np.allclose(sizes, video.boxes[0][2:])
    assert not np.allclose(np.array(boxes["0", 0.01])[:, 2:], video.boxes[0][2:])


def test_every_third_frame_teaches(video):
    tracker = make_tracker(settings(overrides=f"{FAST}; tracking.update.every=3"))
    assert isinstance(tracker, DsltTracker)
    tracker.initialize(video[0], video.boxes[0])
    counts = [(tracker.update(frame), len(tracker.latest))[1] for frame in video[1:]]
    assert counts == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("base", ["dslt/paper", "dslt/released"])
def test_a_patch_that_was_seen_is_not_looked_at_again(video, base, monkeypatch):
    """The sample of a frame is the patch at the new place and size, mostly a level's."""
    tracker = make_tracker(settings(base, FAST))
    tracker.initialize(video[0], video.boxes[0])
    backbone, looks = tracker.model.backbone, []

    def look(patches):
        looks[-1] += len(patches)
        return backbone(patches)

    monkeypatch.setattr(tracker.model, "backbone", look)
    sizes = [tracker.size]
    for frame in video[1:]:
        looks.append(0)
        tracker.update(frame)
        sizes.append(tracker.size)
        region = tracker.model.grid.shape.region(tracker.center, tracker.size)
        fresh = tracker.model.inputs(backbone([crop(frame, region)]))
        assert torch.equal(tracker.latest[-1][0], fresh)
    kept = [np.array_equal(*pair) for pair in pairwise(sizes)]
    assert looks == [1 + 3 + (not same) for same in kept]
    assert any(kept)


def test_write_run(video, tmp_path):
    run = run_tracker(make_tracker(settings(overrides=FAST)), video, video.boxes[0], "test")
    write_run(run, tmp_path, "cup")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cup.csv", "cup.training.csv", "cup.txt"]
    assert np.abs(read_boxes(tmp_path / "cup.txt") - run.boxes).max() < 1e-4
    frames = (tmp_path / "cup.csv").read_text().splitlines()
    assert frames[0] == "frame,x,y,w,h,score,seconds"
    assert len(frames) == len(video) + 1
    assert len((tmp_path / "cup.training.csv").read_text().splitlines()) == 32


def test_convergence_settings_run_to_the_cap():
    values = {"tracker": "dslt", "training": settings("dslt/paper").training.model_dump()}
    training = capped(json.dumps(values), 7, "x")
    assert (training.iterations, training.stop, training.stop_absolute) == (7, 0, 0)
    with pytest.raises(DsltError, match=r"training settings of cell .*: not JSON"):
        capped("{", 7, "x")


def test_a_frame_without_texture_works():
    blank = [np.full((60, 80, 3), 128, np.uint8)] * 2
    box = np.array([20.0, 20.0, 16.0, 12.0])
    run = run_tracker(make_tracker(settings(overrides=FAST)), blank, box, "test")
    assert np.isfinite(run.boxes).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_repeats_itself_and_agrees_with_the_cpu(video):
    runs = [
        run_tracker(make_tracker(settings(), 0, device), video, video.boxes[0], "test")
        for device in ("cuda", "cuda", "cpu")
    ]
    assert np.array_equal(runs[0].boxes, runs[1].boxes)
    assert iou(runs[0].boxes, runs[2].boxes).min() > 0.9


def test_a_missing_device_is_an_error():
    assert choose_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(DsltError, match="'cuda' is not available here; available: cpu"):
            choose_device("cuda")


def test_demo(video, tmp_path):
    from dslt.cli import group

    folder = tmp_path / "frames"
    folder.mkdir()
    for index, frame in enumerate(video):
        from PIL import Image

        Image.fromarray(frame).save(folder / f"{index:04d}.png")
    box = ",".join(str(value) for value in video.boxes[0])
    out = tmp_path / "out.mp4"
    arguments = ["demo", str(folder), "--box", box, "--out", str(out), "--set", FAST]
    result = CliRunner().invoke(group, [*arguments, "--trackers", str(TRACKERS)])
    assert result.exit_code == 0, result.output
    assert len(VideoClip(out)) == len(video)
    boxes = read_boxes(tmp_path / "out.txt", origin=0)
    assert iou(boxes, video.boxes).min() > 0.6


@pytest.mark.parametrize(
    ("source", "box", "out", "message"),
    [
        ("nowhere.mp4", "1,2,3,4", "o.mp4", "no such video or folder"),
        (".", "1,2,3", "o.mp4", "expected 4 (x,y,w,h)"),
    ],
)
def test_demo_errors(source, box, out, message, tmp_path):
    from dslt.cli import group

    arguments = ["demo", str(tmp_path / source), "--box", box, "--out", str(tmp_path / out)]
    result = CliRunner().invoke(group, [*arguments, "--trackers", str(TRACKERS)])
    assert isinstance(result.exception, DsltError)
    assert message in str(result.exception)
    assert not list(tmp_path.glob("o.*"))


@pytest.mark.parametrize(
    ("kind", "levels"), [("map", (1.0, 1.0)), ("common", (6.0, 1.0)), ("channel", None)]
)
def test_levels_of_the_taps(kind, levels):
    """`map` makes the reduced maps equally loud, `common` keeps what lies between them."""
    parts = settings().training
    network = RegressionNetwork((8, 8), (3, 3), parts.reduction, parts.head, 0)
    with torch.no_grad():
        for layer in network.reductions:
            layer.weight.copy_(network.reductions[0].weight)
    tap = torch.randn(2, 8, 6, 6, generator=torch.Generator().manual_seed(0))
    taps = (6 * tap + 3 if kind == "channel" else 6 * tap), tap
    network.normalise(taps, kind)
    scaled = network.standardise(*taps)
    if levels is None:
        for values in scaled:
            deviation, mean = torch.std_mean(values, dim=(0, 2, 3), correction=0)
            assert torch.allclose(mean, torch.zeros(8), atol=1e-4)
            assert torch.allclose(deviation, torch.ones(8), atol=1e-2)
        return
    found = [
        float(layer(values).detach().abs().mean())
        for layer, values in zip(network.reductions, scaled, strict=True)
    ]
    assert found == pytest.approx(levels, rel=1e-4)
