"""Samples of RT-MDNet: what is in them, which domain they are of, and what cannot be drawn from."""

from dataclasses import dataclass

import numpy as np
import pytest

from dslt.core.errors import DsltError
from dslt.data.pairs.domains import DomainDataset, open_domains
from dslt.data.pairs.procedural import ProceduralSource, WorldVideos
from dslt.data.pairs.source import DamagedError, ImageView, PairSource
from dslt.data.pairs.videos import VideoTable
from dslt.geometry.boxes import iou
from dslt.settings.base import validate
from dslt.settings.rtmdnet import DomainSettings
from rtmdnet_examples import TRAINING, light

WIDTH, HEIGHT = 320, 240


@dataclass(frozen=True, eq=False)
class Painted(PairSource):
    """Videos of a white target on black; frames of number 9 and more cannot be read."""

    def view(self, video, track, position):
        box = track.boxes[position]
        if int(track.frames[position]) >= 9:
            raise DamagedError(f"{video.name}: frame {int(track.frames[position])} is broken")
        x, y, w, h = box.astype(int)
        pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        pixels[max(y, 0) : y + h, max(x, 0) : x + w] = 255
        return ImageView(pixels), box


BOX = (100.0, 80.0, 60.0, 40.0)


def painted(boxes=((BOX,) * 5,) * 3, damaged=0.0, first=0):
    tracks = (
        (f"v{number}", "0", range(first, first + len(rows)), rows)
        for number, rows in enumerate(boxes)
    )
    return Painted("painted", 100, damaged, VideoTable.collect(tracks, "painted"))


def values(**changes):
    return validate(DomainSettings, TRAINING["pairs"] | changes, "test")


def dataset(source=None, seed=0, count=3, **changes):
    source = source or painted()
    settings = values(**{"sources": {source.name: count}, "per_epoch": 9} | changes)
    return DomainDataset(settings, {source.name: source}, seed)


def procedural(seed=0, frames=20):
    return ProceduralSource("procedural", 100, 0.0, WorldVideos(seed, frames))


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_sample():
    sample = dataset(procedural()).sample(0, 0)
    assert sample.scenes.shape == (2, 3, 267, 267)
    assert sample.boxes.shape == (2, 10, 4)
    assert sample.positive.tolist() == [[True] * 4 + [False] * 6] * 2
    assert sorted([int(sample.domain), *sample.others.tolist()]) == [0, 1, 2]
    assert [part.shape for part in sample.inputs] == [
        sample.scenes.shape,
        sample.boxes.shape,
        (),
        (2,),
    ]


def test_a_sample_depends_on_its_number_and_the_seed_only():
    first, again, other = dataset(procedural()), dataset(procedural()), dataset(procedural(), 1)
    kept = first.sample(1, 4)
    again.sample(0, 1)
    assert same(kept, again.sample(1, 4))
    assert same(kept, again[9 + 4])
    assert not same(kept, other.sample(1, 4))
    assert not same(kept, first.sample(0, 4))


def white(scene):
    """Box of the white target in a scene; its edges are blurred by the zoom."""
    rows, columns = ((scene[0].numpy() > 127).any(axis=1 - axis).nonzero()[0] for axis in (0, 1))
    return np.array(
        [columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]], dtype=float
    )


def test_boxes_lie_about_the_target_that_the_scene_shows():
    drawn = dataset(jitter={"shift": 0.5, "zoom": 1.1, "spread": 3, "most": 2}, frames=6)
    zooms, middles = [], []
    for index in range(4):
        sample = drawn.sample(0, index)
        for scene, boxes in zip(sample.scenes, sample.boxes.numpy(), strict=True):
            target = white(scene)
            zooms.append(target[2:] / 107)
            middles.append((target[:2] + target[2:] / 2 - 267 / 2) / target[2:])
            overlaps = iou(boxes.astype(float), target)
            assert overlaps[:4].min() > 0.67  # of whole pixels
            assert overlaps[4:].max() < 0.53
    zooms, middles = np.array(zooms), np.abs(middles)
    assert np.allclose(zooms[:, 0], zooms[:, 1], atol=0.03)  # a square, whatever its shape
    assert 1.1**-2 - 0.03 <= zooms.min() < 0.95 < 1.05 < zooms.max() <= 1.1**2 + 0.03
    assert 0.2 < middles.max() < 0.53


def test_every_domain_comes_once_in_a_cycle():
    drawn = dataset(painted(((BOX,),) * 7), count=7, per_epoch=14)
    order = [int(drawn.sample(0, index).domain) for index in range(14)]
    assert sorted(order[:7]) == sorted(order[7:]) == list(range(7))
    assert order[:7] != order[7:]
    assert [int(drawn.sample(1, index).domain) for index in range(7)] != order[:7]


def test_domains_of_an_endless_source_are_fixed_by_the_seed():
    names = dataset(procedural(), count=4).domains
    assert names == dataset(procedural(), count=4).domains
    assert len(set(names)) == 4
    assert not set(names) & set(dataset(procedural(), 1, count=4).domains)
    assert all(name.startswith("procedural/") for name in names)


def test_a_part_of_a_set_may_be_taken():
    source = painted(((BOX,),) * 9)
    choices = {dataset(source, seed, count=2).domains for seed in range(6)}
    assert all(len(set(names)) == 2 for names in choices)
    assert len(choices) > 1


def test_sources_are_joined_in_the_order_of_their_names():
    training = light(pairs={"sources": {"procedural": 2, "painted": 3}})
    domains = open_domains(training, {"painted": painted(), "procedural": procedural()}, 0).domains
    assert [name.partition("/")[0] for name in domains] == ["painted"] * 3 + ["procedural"] * 2
    assert set(domains[:3]) == {"painted/v0", "painted/v1", "painted/v2"}


def test_more_domains_than_videos_is_an_error():
    with pytest.raises(DsltError, match=r"painted: 4 videos, .*; expected no more than the 3 that"):
        dataset(count=4)


def test_a_source_that_is_not_there_is_an_error():
    with pytest.raises(DsltError, match=r"pairs\.sources: other not opened"):
        DomainDataset(values(sources={"other": 1}), {"painted": painted()}, 0)


@pytest.mark.parametrize("sources", [{"vid": None}, {"vid": 0}, {}])
def test_domains_are_counted(sources):
    with pytest.raises(DsltError, match="sources"):
        values(sources=sources)


HUGE = (-10.0, -10.0, 340.0, 260.0)
LONG = (0.0, 100.0, 320.0, 40.0)


def test_frames_that_the_target_fills_are_left_out():
    drawn = dataset(painted([(HUGE,) * 4 + (BOX,)] * 3))
    for scene in drawn.sample(0, 0).scenes:
        width, height = white(scene)[2:]
        assert width == pytest.approx(height, abs=3)
        assert width < 1.3 * 107
    assert drawn.damaged == {"painted": 0}


def test_a_target_as_wide_as_the_frame_has_background():
    sample = dataset(painted([(LONG,)] * 3)).sample(0, 0)
    assert sample.boxes.shape == (2, 10, 4)


def test_a_video_without_a_usable_frame_is_an_error_that_names_it():
    with pytest.raises(
        DsltError, match=r"painted, v\d, target 0: the target has more than 0\.5 of"
    ):
        dataset(painted([(HUGE,) * 3] * 3)).sample(0, 0)


def test_or_it_is_replaced_and_counted_where_the_set_allows_it():
    drawn = dataset(painted([(HUGE,) * 3, (BOX,), (BOX,)], damaged=0.9))
    found = {int(drawn.sample(0, index).domain) for index in range(9)}
    names = [drawn.domains[number] for number in found]
    assert sorted(names) == ["painted/v1", "painted/v2"]
    assert drawn.damaged["painted"] >= 3


def test_unreadable_frames_are_damaged_ones():
    with pytest.raises(DsltError, match=r"1 of 1 views are damaged.*v\d: frame 9 is broken"):
        dataset(painted([(BOX,)] * 3, first=9)).sample(0, 0)


def test_a_video_of_one_frame_is_a_domain():
    sample = dataset(painted([(BOX,)] * 3), frames=4).sample(0, 0)
    assert sample.scenes.shape[0] == 4
    assert not np.array_equal(sample.boxes[0], sample.boxes[1])


@pytest.mark.parametrize("size", [1.0, 3.0, 7.0])
def test_a_target_smaller_than_a_cell_is_shown_as_large_as_any(size):
    sample = dataset(painted([((100.0, 80.0, size, size),)] * 3)).sample(0, 0)
    sides = sample.boxes[0, :4, 2:].numpy()
    assert 107 / 1.7 < sides.min() <= sides.max() < 107 * 1.7


def test_no_negative_box_at_all_is_an_error():
    still = TRAINING["pairs"]["negative"] | {"trans": 0, "scale": 1, "aspect": 1}
    with pytest.raises(DsltError, match=r"pairs\.negative: no box about a target"):
        dataset(negative=still).sample(0, 0)


def test_few_other_domains():
    drawn = dataset(painted([(BOX,)] * 6), count=6, others=2)
    samples = [drawn.sample(0, index) for index in range(6)]
    assert all(len(set(s.others.tolist()) - {int(s.domain)}) == 2 for s in samples)
    assert len({tuple(s.others.tolist()) for s in samples}) > 1
    assert dataset(painted([(BOX,)]), count=1).sample(0, 0).others.shape == (0,)
