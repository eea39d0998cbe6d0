"""Training pairs: geometry to the pixel, one pair per (seed, epoch, number), bad images counted."""

import dataclasses
import itertools
import pickle

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from dslt.core.errors import DsltError
from dslt.data.pairs import procedural as procedural_module
from dslt.data.pairs.augment import Jitter, draw_jitter, finish, place
from dslt.data.pairs.dataset import PairDataset
from dslt.data.pairs.heldout import heldout
from dslt.data.pairs.procedural import ProceduralSource, WorldVideos, WorldView, training_world
from dslt.data.pairs.sampling import Schedule
from dslt.data.pairs.source import DamagedError, ImageView
from dslt.data.pairs.videos import Track, Video, VideoTable, is_held_out
from dslt.data.synthetic import worlds
from dslt.data.synthetic.photographs import (
    HELD_OUT,
    PHOTOS,
    TRAINING,
    photo_size,
    pyramid,
    sample,
)
from dslt.data.synthetic.scene_list import SCENES
from dslt.data.synthetic.screen import Area
from dslt.data.synthetic.shapes import make_shape, recolored
from dslt.geometry.boxes import centers
from dslt.geometry.crops import Region
from dslt.geometry.squares import mean_color, padded_crop
from dslt.settings.offline import CropSettings, JitterSettings, PairSettings

STILL = {"shift": 0, "scale": 0, "blur": 0, "color": 0, "flip": 0}
NO_JITTER = Jitter(np.zeros(2), np.ones(2), None, np.zeros(3), False)


def crops(template=None, search=None, side=255):
    return CropSettings(
        context=0.5,
        template=127,
        search=side,
        template_jitter=STILL | (template or {}),
        search_jitter=STILL | (search or {}),
    )


def pairs(sources=None, per_epoch=16, negative=0.0, gray=0.0):
    return PairSettings(
        sources=sources or {"procedural": 100}, per_epoch=per_epoch, negative=negative, gray=gray
    )


def procedural(seed=0):
    return {"procedural": ProceduralSource("procedural", 100, 0.0, WorldVideos(seed, 100))}


def procedural_dataset(seed=0, jitter=None, **options):
    return PairDataset(pairs(**options), crops(search=jitter), procedural(), seed)


@dataclasses.dataclass
class Drawn:
    """Videos of one track each: a bright rectangle before black, another gray in each video."""

    boxes: np.ndarray
    count: int = 3
    name: str = "drawn"
    frame_range: int = 5
    damaged: float = 0.0
    endless: bool = False
    bad: frozenset = frozenset()

    @property
    def videos(self):
        rows = ((f"v{number}", "0", range(len(self.boxes)), self.boxes) for number in self.numbers)
        return VideoTable.collect(rows, self.name)

    @property
    def numbers(self):
        return range(self.count)

    def view(self, video, track, position):
        number, frame = int(video.name[1:]), int(track.frames[position])
        if (number, frame) in self.bad:
            raise DamagedError(f"{video.name}/{frame}.jpg: truncated")
        image = np.zeros((240, 320, 3), dtype=np.uint8)
        x, y, w, h = track.boxes[position].astype(int)
        image[y : y + h, x : x + w] = 255 - 40 * number
        image[..., 2] = frame
        return ImageView(image), track.boxes[position]


def drawn_dataset(source, template=None, search=None, seed=0, **options):
    options.setdefault("sources", {source.name: None})
    return PairDataset(pairs(**options), crops(template, search), {source.name: source}, seed)


BOXES = np.array([[100 + 2 * k, 80 + k, 40 + k, 60 - k] for k in range(20)], dtype=np.float64)


def bright_box(planes):
    """Box of the bright pixels of a crop (3, S, S), to half a pixel."""
    rows, columns = np.nonzero(np.asarray(planes[0]) > np.asarray(planes[0]).max() / 2)
    low, high = np.array([columns.min(), rows.min()]), np.array([columns.max(), rows.max()]) + 1
    return np.concatenate([low, high - low])


# --- geometry


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.floats(5, 200)] * 4),
    st.floats(-64, 64),
    st.floats(-64, 64),
    st.floats(0.8, 1.2),
    st.floats(0.8, 1.2),
    st.booleans(),
)
def test_the_box_in_the_crop_is_the_box_in_the_image(box, dx, dy, sx, sy, flip):
    box = np.array(box)
    jitter = Jitter(np.array([dx, dy]), np.array([sx, sy]), None, np.zeros(3), flip)
    region, target = place(box, 0.5, 127, 255, jitter)
    if flip:
        target[0] = 255 - target[0] - target[2]
    low = region.to_image((target[0], target[1]))
    high = region.to_image((target[0] + target[2], target[1] + target[3]))
    assert np.allclose([*low, *np.subtract(high, low)], box, atol=1e-6)
    # The shift is in pixels of the crop before scaling.
    offset = (centers(target) - 127.5) * (sx, sy)
    assert np.allclose(offset, [-dx, -dy], atol=1e-6)


def test_the_template_is_the_square_of_the_target_with_its_margin():
    box = np.array([50.0, 60.0, 30.0, 50.0])
    side = np.sqrt((30 + 40) * (50 + 40))
    region, target = place(box, 0.5, 127, 127, NO_JITTER)
    assert np.allclose(region.step, side / 127)
    assert np.allclose(centers(target), 63.5)
    assert np.allclose(target[2:], np.array([30, 50]) * 127 / side)


@pytest.mark.parametrize("flip", [0, 1])
def test_the_pixels_are_where_the_box_says(flip):
    jitter = {"shift": 50, "scale": 0.18, "flip": flip}
    dataset = drawn_dataset(Drawn(BOXES), jitter, jitter, per_epoch=20)
    for i in range(20):
        pair = dataset.sample(0, i)
        assert pair.template.shape == (3, 127, 127)
        assert pair.search.shape == (3, 255, 255)
        assert pair.search.dtype == pair.template.dtype == pair.box.dtype == torch.float32
        assert np.abs(bright_box(pair.search) - pair.box.numpy()).max() < 1.25
        assert pair.positive.item()


def test_what_is_outside_the_image_has_its_mean_color():
    corner = np.array([[0.0, 0.0, 40.0, 40.0]])
    pair = drawn_dataset(Drawn(corner, count=1)).sample(0, 0)
    mean = 255 * 40 * 40 / (320 * 240)
    assert torch.allclose(pair.search[0, :60, :60], torch.tensor(float(round(mean))))


# --- augmentation


def test_gray_turns_both_sides_gray():
    dataset = procedural_dataset(gray=1.0, per_epoch=4)
    for side in dataset.sample(0, 1)[:2]:
        assert torch.equal(side[0], side[1])
        assert torch.equal(side[0], side[2])


def test_color_noise_is_one_offset_that_is_not_clipped():
    patch = np.full((20, 20, 3), 255, dtype=np.uint8)
    color = np.array([3.5, -2.25, 1.0])
    planes = finish(patch, dataclasses.replace(NO_JITTER, color=color), gray=False)
    assert np.allclose(planes, (255 + color)[:, None, None])


def test_color_noise_is_mostly_brightness():
    noise = JitterSettings(**STILL | {"color": 1})
    random = np.random.default_rng(0)
    offsets = np.array([draw_jitter(noise, random).color for _ in range(2000)])
    assert np.allclose(offsets.std(axis=0), [4.98, 4.84, 5.23], rtol=0.1)
    assert np.corrcoef(offsets.T).min() > 0.6


def test_blur_runs_along_the_lines_of_its_length():
    patch = np.zeros((61, 61, 3), dtype=np.uint8)
    patch[30, 30] = 250
    planes = finish(patch, dataclasses.replace(NO_JITTER, blur=(25, 0.6)), gray=False)
    assert planes[0, 18:43, 30].min() > 0
    assert planes[0, 30, 18:43].min() > 0
    assert np.count_nonzero(planes[0]) == 49
    assert planes[0, 20, 30] > planes[0, 30, 20]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_jitter_stays_within_its_bounds_and_uses_as_many_numbers_whatever_they_are(seed):
    wide = JitterSettings(shift=64, scale=0.18, blur=0.2, color=1, flip=0.5)
    first, second = np.random.default_rng(seed), np.random.default_rng(seed)
    jitter = draw_jitter(wide, first)
    assert np.abs(jitter.shift).max() <= 64
    assert np.abs(jitter.scale - 1).max() <= 0.18
    still = draw_jitter(JitterSettings(**STILL), second)
    assert (still.shift == 0).all()
    assert (still.scale == 1).all()
    assert not still.color.any()
    assert still.blur is None
    assert not still.flip
    assert first.random() == second.random()


# --- which pair


def equal(first, second):
    return all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_a_pair_depends_on_seed_epoch_and_number_alone():
    dataset, again = (procedural_dataset(negative=0.3) for _ in range(2))
    wanted = [(1, 3), (0, 5), (1, 3), (0, 0)]
    first = {key: dataset.sample(*key) for key in wanted}
    for key in reversed(wanted):
        assert equal(first[key], again.sample(*key))
    assert equal(first[1, 3], dataset[16 + 3])
    assert not equal(first[0, 5], dataset.sample(1, 5))
    assert not equal(first[0, 5], procedural_dataset(seed=1, negative=0.3).sample(0, 5))


def test_a_video_gives_another_pair_in_each_epoch_and_seed():
    source = Drawn(BOXES, count=1, frame_range=20)
    frames = {
        tuple(int(drawn_dataset(source, seed=seed).sample(epoch, i)[1][2, 0, 0]) for i in range(8))
        for seed in (0, 1)
        for epoch in (0, 1, 2)
    }
    assert len(frames) == 6


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(workers):
    dataset = procedural_dataset(jitter={"shift": 30, "color": 1}, per_epoch=8)
    alone = list(DataLoader(dataset, batch_size=4))
    shared = list(DataLoader(dataset, batch_size=4, num_workers=workers))
    assert len(alone) == 2
    for one, other in zip(alone, shared, strict=True):
        assert type(one).__name__ == "Pair"
        assert one.search.shape == (4, 3, 255, 255)
        assert one.positive.shape == (4,)
        assert equal(one, other)


def test_a_dataset_can_be_sent_to_a_spawned_worker():
    context = "spawn"
    dataset = procedural_dataset(per_epoch=2)
    (batch,) = DataLoader(dataset, batch_size=2, num_workers=1, multiprocessing_context=context)
    assert equal([side[1] for side in batch], dataset[1])
    source = procedural()["procedural"]
    assert pickle.loads(pickle.dumps(source)) == source


def test_frames_of_a_pair_are_of_one_track_and_within_the_range():
    dataset = drawn_dataset(Drawn(BOXES, frame_range=3), per_epoch=200)
    gaps = []
    for i in range(200):
        pair = dataset.sample(0, i)
        gaps.append(int(pair.template[2, 0, 0]) - int(pair.search[2, 100, 100]))
        assert pair.template[0, 63, 63] == pair.search[0, 127, 127]
    assert set(gaps) == set(range(-3, 4))


def test_the_search_region_of_a_negative_pair_shows_another_target():
    dataset = drawn_dataset(Drawn(BOXES), per_epoch=300, negative=0.25)
    found = [dataset.sample(0, i) for i in range(300)]
    for pair in found:
        same = pair.template[0, 63, 63] == pair.search[0, 127, 127]
        assert same == pair.positive
        assert np.abs(bright_box(pair.search) - pair.box.numpy()).max() < 1.25
    assert 50 < sum(not pair.positive for pair in found) < 100


def test_negative_pairs_need_two_targets():
    with pytest.raises(DsltError, match=r"pairs\.negative: .* single target"):
        drawn_dataset(Drawn(BOXES, count=1), negative=0.1)


class Numbered:
    def __init__(self, name, count=None):
        self.name, self.endless = name, count is None
        self.videos = range(count or 2**62)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(0, 99))
def test_a_cycle_has_the_pairs_of_each_source_and_no_video_twice_before_all(some, other, n, seed):
    sources = [Numbered("a", some), Numbered("b", other), Numbered("c")]
    schedule = Schedule(sources, {"a": None, "b": n, "c": 4}, seed)
    cycle = some + n + 4
    drawn = [schedule(number) for number in range(3 * cycle)]
    for start in range(0, 3 * cycle, cycle):
        counts = np.bincount([which for which, _ in drawn[start : start + cycle]], minlength=3)
        assert counts.tolist() == [some, n, 4]
        assert {v for which, v in drawn[start : start + cycle] if which == 0} == set(range(some))
    seen = np.bincount([video for which, video in drawn if which == 1], minlength=other)
    assert seen.max() - seen.min() <= 1
    fresh = [video for which, video in drawn if which == 2]
    assert len(set(fresh)) == len(fresh) == 12


def test_seeds_have_other_orders_and_other_endless_videos():
    finite, endless = Numbered("a", 50), Numbered("c")
    orders = [[Schedule([finite], {"a": None}, seed)(n)[1] for n in range(50)] for seed in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(50))
    assert orders[0] != orders[1]
    streams = [{Schedule([endless], {"c": 9}, seed)(n)[1] for n in range(99)} for seed in (0, 1)]
    assert not streams[0] & streams[1]
    assert all(0 <= video < 2**62 for video in streams[0])


def test_an_endless_source_needs_a_count():
    with pytest.raises(DsltError, match=r"pairs\.sources\.procedural: null; .*endless"):
        procedural_dataset(sources={"procedural": None})


def test_a_source_must_be_opened():
    with pytest.raises(DsltError, match=r"pairs\.sources: other not opened"):
        PairDataset(pairs({"other": 1}), crops(), procedural(), 0)


# --- damage


def test_damaged_images_are_replaced_and_counted():
    bad = frozenset((0, frame) for frame in range(20))
    source = Drawn(BOXES, damaged=0.9, bad=bad)
    dataset, again = (drawn_dataset(source, per_epoch=30) for _ in range(2))
    found = [dataset.sample(0, i) for i in range(30)]
    assert all(pair.template[0, 63, 63] < 255 for pair in found)  # video 0 is the brightest
    assert dataset.damaged["drawn"] >= 10
    assert equal(again.sample(0, 17), found[17])


def test_the_count_includes_the_workers():
    bad = frozenset((0, frame) for frame in range(20))
    dataset = drawn_dataset(Drawn(BOXES, damaged=0.9, bad=bad), per_epoch=24)
    list(DataLoader(dataset, batch_size=4, num_workers=2))
    assert dataset.damaged["drawn"] >= 8


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_too_many_damaged_images_are_an_error(share):
    bad = frozenset((0, frame) for frame in range(20))
    dataset = drawn_dataset(Drawn(BOXES, damaged=share, bad=bad), per_epoch=100)
    with pytest.raises(DsltError, match=r"set drawn: \d+ of \d+ views are damaged.*truncated"):
        list(dataset)
    assert dataset.damaged["drawn"] == int(200 * share) + 1


def test_nothing_but_damage_is_an_error():
    bad = frozenset(itertools.product(range(3), range(20)))
    dataset = drawn_dataset(Drawn(BOXES, damaged=1, bad=bad))
    with pytest.raises(DsltError, match="20 attempts at a pair met damaged images"):
        dataset.sample(0, 0)


def test_a_box_outside_its_image_is_named():
    class Outside(Drawn):
        def view(self, video, track, position):
            return ImageView(np.zeros((30, 40, 3), np.uint8)), track.boxes[position]

    dataset = drawn_dataset(Outside(np.array([[50.0, 3.0, 5.0, 6.0]])))
    with pytest.raises(DsltError, match=r"v\d, target 0, frame 0: the box 50,3,5,6 .*40x30 pixels"):
        dataset.sample(0, 0)


# --- tables of videos


def test_a_table_keeps_what_has_a_box():
    nan = np.nan
    rows = [
        ("v", "a", [5, 1, 3], [[1, 2, 3, 4], [5, 6, 7, 8], [nan] * 4]),
        ("v", "b", [1], [[0, 0, 0, 9]]),
        ("w", "a", [0], [[1, 1, 1, 1]]),
    ]
    table = VideoTable.collect(rows, "set")
    assert len(table) == 2
    (track,) = table[0].tracks
    assert (table[0].name, track.name, track.frames.tolist()) == ("v", "a", [1, 5])
    assert track.boxes.tolist() == [[5, 6, 7, 8], [1, 2, 3, 4]]
    with pytest.raises(IndexError):
        table[2]


def test_a_table_without_boxes_is_an_error():
    with pytest.raises(DsltError, match="set X: no usable pair"):
        VideoTable.collect([("v", "b", [1], [[0, 0, 0, 9]])], "set X")


def test_the_held_out_share_is_a_share():
    names = [f"train/video_{number:04d}" for number in range(4000)]
    for share in (0.0, 0.1, 0.5):
        assert sum(is_held_out(name, share) for name in names) / 4000 == pytest.approx(
            share, abs=0.03
        )


# --- procedural videos


def worlds_to_test(count=12):
    return [training_world.__wrapped__(7, number) for number in range(count)]


@pytest.mark.parametrize("frame", [0, 37, 99])
def test_the_box_is_that_of_the_targets_pixels(frame):
    offsets = []
    for world in worlds_to_test(24):
        target = world.objects[world.target]
        white = np.ones_like(target.shape.pixels[..., :3]) * target.shape.pixels[..., 3:] * 255
        pixels = np.concatenate([white, target.shape.pixels[..., 3:]], axis=2)
        shape = dataclasses.replace(target.shape, draw=lambda pixels=pixels: pixels)
        canvas = np.zeros((worlds.HEIGHT, worlds.WIDTH, 3), dtype=np.float32)
        actor = dataclasses.replace(target, shape=shape)
        worlds._paint(canvas, actor, frame, worlds.SCREEN)
        x, y, w, h = world.boxes(np.array([frame]))[0]
        assert 0 < x + w / 2 < worlds.WIDTH
        assert 0 < y + h / 2 < worlds.HEIGHT
        seen = np.array([x, y, x + w, y + h]).clip(0, [worlds.WIDTH, worlds.HEIGHT] * 2)
        bx, by, bw, bh = bright_box(canvas.transpose(2, 0, 1))
        difference = seen - [bx, by, bx + bw, by + bh]
        assert np.abs(difference).max() < 2
        assert min(w, h) > 5
        offsets.append(difference)
    assert np.abs(np.mean(offsets)) < 0.2  # no systematic half of a pixel


def test_a_photograph_is_looked_at_pixel_by_pixel():
    corner = np.array([40.0, 70.0])
    full, half = pyramid("rocket")[:2]
    assert np.array_equal(sample("rocket", np.eye(2), corner, (30, 20)), full[70:90, 40:70])
    assert np.array_equal(sample("rocket", 2 * np.eye(2), corner, (30, 20)), half[35:55, 20:50])


def test_a_rendered_area_is_that_of_the_whole_frame():
    for world in worlds_to_test(6):
        whole, part = world.render(50), world.render(50, Area(90, 41, 200, 160))
        difference = np.abs(whole[41:160, 90:200].astype(int) - part)
        # OpenCV rounds places to 1/32 of a pixel, counted from the area's corner.
        assert np.quantile(difference, 0.99) <= 12
        assert difference.mean() < 2


@pytest.mark.parametrize("step", [0.7, 1.3, 2.4])
def test_a_crop_is_that_of_the_whole_frame(step):
    for world in worlds_to_test(4):
        region = Region((150.3, 110.8), (step, step * 1.1), (80, 80))
        whole = world.render(20)
        expected = padded_crop(whole, region, mean_color(whole)).astype(int)
        assert np.abs(WorldView(world, 20).crop(region) - expected).mean() < 2


def test_a_crop_beyond_the_frame_is_of_one_color():
    world = worlds_to_test(1)[0]
    patch = WorldView(world, 3).crop(Region((-500.0, 900.0), (1.0, 1.0), (64, 64)))
    assert (patch == patch[0, 0]).all()
    assert np.abs(patch[0, 0].astype(int) - mean_color(world.render(3))).max() < 60


def test_photographs_are_disjoint_from_the_targets_of_the_benchmark():
    targets = {scene.target.cutout.photo for scene in SCENES.values()}
    others = {scene.take.backdrop.photo for scene in SCENES.values()}
    assert not set(TRAINING) & set(HELD_OUT)
    assert not (set(TRAINING) | set(HELD_OUT)) & targets
    assert set(TRAINING) & others == {"brick", "grass", "gravel"}
    digests = [PHOTOS[name] for name in TRAINING + HELD_OUT]
    assert len(set(digests)) == len(digests)
    for name in TRAINING + HELD_OUT:
        assert pyramid(name)[0].shape[1::-1] == photo_size(name)


def test_videos_have_texture_and_move():
    motion, contrast = [], []
    for world in worlds_to_test(20):
        motion.append(np.ptp(centers(world.boxes(np.arange(100))), axis=0).max())
        contrast.append(cv2.Laplacian(world.render(0)[..., 1], cv2.CV_64F).std())
    assert np.median(motion) > 30
    assert np.median(contrast) > 8


def test_half_of_the_distractors_are_cut_from_the_targets_cloth():
    alike, others = [], []
    for world in worlds_to_test(60):
        target = world.objects[world.target]
        for actor in world.objects[: world.target]:
            same = actor.shape.cloths is target.shape.cloths
            (alike if same else others).append((actor, target))
    assert 0.4 < len(alike) / (len(alike) + len(others)) < 0.6
    for actor, target in alike:
        assert actor.shape.pixels.shape != target.shape.pixels.shape  # another piece, cut anew
        assert actor.leader in (None, target)
    beside = [actor for actor, _ in alike if actor.leader]
    assert 0.3 < len(beside) / len(alike) < 0.7
    assert not any(actor.leader for actor, _ in others)


def test_a_look_alike_beside_the_target_stays_in_its_search_region():
    frames = np.arange(100)
    for world in worlds_to_test(60):
        target = world.objects[world.target]
        for actor in world.objects[: world.target]:
            if actor.leader is target:
                far = np.linalg.norm(actor.poses(frames)[0] - target.poses(frames)[0], axis=1)
                # Its place is at most 2 sides off, and wanders by 0.8 of a side along each axis.
                outline = target.shape.outline
                assert far.max() < 3.2 * np.ptp(outline, axis=0).max()


def test_a_third_of_the_videos_have_a_background_like_the_target():
    made = [
        world.photo == world.objects[world.target].shape.cloths[0].photo
        for world in worlds_to_test(150)
    ]
    assert 0.25 < np.mean(made) < 0.5  # 0.3, and one in eleven of the others by chance


def test_other_colours_change_the_cloth_with_the_pixels():
    random = np.random.default_rng(0)
    shape = make_shape(random, ("rocket",), 40.0)
    other = recolored(random, shape)
    assert np.array_equal(other.outline, shape.outline)
    assert np.array_equal(other.pixels[..., 3], shape.pixels[..., 3])
    assert np.abs(other.pixels[..., :3] - shape.pixels[..., :3]).mean() > 1
    for new, old in zip(other.cloths, shape.cloths, strict=True):
        assert (new.photo, new.grain) == (old.photo, old.grain)
        assert not np.allclose(new.colors, old.colors)


def test_video_numbers_are_far_apart_in_content():
    source = procedural()["procedural"]
    boxes = [source.videos[number].tracks[0].boxes[0] for number in (0, 1, 2**48, 2**61)]
    assert len({tuple(box) for box in boxes}) == 4
    video = source.videos[1]
    assert isinstance(video, Video)
    assert isinstance(video.tracks[0], Track)
    assert len(source.videos) > 2**60


# --- held-out sequences


def test_held_out_sequences():
    sequences = heldout(3, 5, frames=12, seed=0)
    names = [sequence.name for sequence in sequences]
    assert names == [f"procedural-{k:02d}" for k in range(3)] + [
        f"texture-{k:02d}" for k in range(5)
    ]
    # The photograph that the target is cut from, as sequences that share it are not independent.
    worlds = [procedural_module.validation_world(0, number, None) for number in range(3)]
    assert [sequence.video for sequence in sequences[:3]] == [w.target_photo for w in worlds]
    assert {sequence.video for sequence in sequences[:3]} <= set(TRAINING)
    assert [sequence.video for sequence in sequences[3:]] == [*HELD_OUT, *HELD_OUT][:5]
    for sequence in sequences:
        assert len(sequence) == 12
        assert sequence.frames[11].shape == (240, 320, 3)
        assert np.isfinite(sequence.ground_truth).all()
    more = {sequence.name: sequence for sequence in heldout(5, 6, frames=12, seed=0)}
    for sequence in sequences:  # more of one kind change none of the others
        assert np.array_equal(more[sequence.name].ground_truth, sequence.ground_truth)
        assert np.array_equal(more[sequence.name].frames[5], sequence.frames[5])
    with pytest.raises(IndexError):
        sequences[0].frames[12]


def test_held_out_sequences_take_every_third_frame():
    sequence = heldout(1, 0, frames=5, seed=0)[0]
    world = procedural_module.validation_world(0, 0, None)
    assert np.array_equal(sequence.ground_truth, world.boxes(np.arange(0, 15, 3)))
    assert np.array_equal(sequence.frames[4], world.render(12))


def test_held_out_textures_are_of_held_out_photographs(monkeypatch):
    made = []
    monkeypatch.setattr(procedural_module, "make_world", lambda _, *photos: made.append(photos))
    for photo in (None, "retina"):
        procedural_module.validation_world.__wrapped__(0, 0, photo)
    procedural_module.training_world.__wrapped__(0, 0)
    assert made == [(TRAINING,), (HELD_OUT, ("retina",)), (TRAINING,)]


def test_held_out_seeds_are_not_those_of_training():
    trained = training_world(0, 0).boxes(np.arange(3))
    held = heldout(1, 1, frames=3, seed=0)
    assert not any(np.array_equal(trained, sequence.ground_truth) for sequence in held)
