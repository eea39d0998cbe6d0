"""Written videos: all frames, at their times, in formats that browsers play, or nothing at all."""

import av
import cv2
import numpy as np
import pytest

from dslt.core.errors import DsltError
from dslt.core.files import NotWrittenError
from dslt.data.sequences.recording import FORMATS, description, write_timed_video, write_video
from dslt.data.sequences.survey import survey_video
from dslt.data.sequences.video import VideoClip

SCENE = cv2.resize(np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8), (160, 120))
FRAMES = [np.roll(SCENE, number, axis=1) for number in range(12)]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_written_video_has_all_frames_and_its_description(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    for rate in (25, 30000 / 1001, 187.35011990407673, 1e-3, 90000.0):
        write_video(path, FRAMES, rate, "what it is")
        assert survey_video(path).frames == 12
        assert survey_video(path).notes == ()
        assert survey_video(path).rate == pytest.approx(min(rate, 1000), rel=1e-3)
    assert description(path) == "what it is"
    assert description(tmp_path / f"none{suffix}") == ""
    assert np.abs(VideoClip(path)[5].astype(int) - FRAMES[5]).mean() < 20


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_frames_give_the_same_bytes(tmp_path, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        write_video(path, FRAMES, 25)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
def test_colours_are_kept_and_told(tmp_path, suffix):
    path = tmp_path / f"c{suffix}"
    colour = np.array([200, 30, 60], np.uint8)
    write_video(path, [np.zeros((720, 64, 3), np.uint8) + colour] * 2, 25)
    assert np.abs(VideoClip(path)[1].astype(int) - colour).max() <= 4
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.colorspace in (5, 6)  # BT.601, any country


@pytest.mark.parametrize("suffix", [name for name, kind in FORMATS.items() if kind.timed])
def test_frames_keep_their_times(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    times = [7 + 0.04 * number + (number > 5) for number in range(10)] + [8.4, 8.4001]
    write_timed_video(path, zip(FRAMES, times, strict=True), 25)
    with av.open(str(path)) as container:
        found = [frame.time for frame in container.decode(video=0)]
    assert found == pytest.approx([time - 7 for time in times], abs=0.002)
    assert len(set(found)) == 12  # also where two come within a millisecond


def test_an_avi_has_no_times(tmp_path):
    with pytest.raises(DsltError, match=r"regular rate only.*\.webm"):
        write_timed_video(tmp_path / "t.avi", [], 25)


@pytest.mark.parametrize("suffix", FORMATS)
def test_odd_sides(tmp_path, suffix):
    path = tmp_path / f"o{suffix}"
    odd = FRAMES[0][:75, :101]
    write_video(path, [odd], 25)
    assert VideoClip(path)[0].shape == ((76, 102, 3) if FORMATS[suffix].even else odd.shape)


def test_what_is_written_is_encoded_as_browsers_play_it(tmp_path):
    codecs = {}
    for suffix in FORMATS:
        write_video(tmp_path / f"v{suffix}", FRAMES, 25)
        with av.open(str(tmp_path / f"v{suffix}")) as container:
            codecs[suffix] = container.streams.video[0].codec_context.name
    assert codecs[".webm"] in ("vp9", "libvpx-vp9")
    assert codecs[".mp4"] == "h264"


def test_a_video_too_wide_for_its_format(tmp_path):
    wide = [np.zeros((8, 9000, 3), np.uint8)]
    with pytest.raises(NotWrittenError, match=r"w\.mkv: this video cannot be written as \.mkv"):
        write_video(tmp_path / "w.mkv", wide, 25)
    write_video(tmp_path / "w.avi", wide, 25)
    assert [path.name for path in tmp_path.iterdir()] == ["w.avi"]


def test_formats_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(DsltError, match=r"v\.mov: unknown video suffix; allowed: \.webm"):
        write_video(tmp_path / "v.mov", FRAMES, 25)

    def unknown(name, mode):
        raise av.codec.codec.UnknownCodecError(name)

    monkeypatch.setattr(av.codec, "Codec", unknown)
    with pytest.raises(DsltError, match=r"no encoder libx264 here; .*webm"):
        write_video(tmp_path / "v.mp4", FRAMES, 25)
