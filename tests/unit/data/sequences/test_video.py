"""Videos: exact frames, and what is told where a container promises more than it holds."""

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from dslt.core.errors import DsltError
from dslt.data.sequences.frames import iterate
from dslt.data.sequences.survey import survey_video
from dslt.data.sequences.video import Tally, VideoClip, decode_video
from videos import encode

SIZE = (64, 48)
SCENE = cv2.resize(np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8), SIZE)


def moving(number):
    """A frame of a scene that moves to the right."""
    return np.roll(SCENE, 2 * number, axis=1)


def notes(path):
    found = survey_video(path).notes
    assert all(note.startswith(f"{path}: ") for note in found)
    return [note.removeprefix(f"{path}: ") for note in found]


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    frames = [np.full((48, 64, 3), 12 * number, dtype=np.uint8) for number in range(20)]
    return encode(tmp_path_factory.mktemp("video") / "v.mp4", frames)


def level(frame):
    return round(float(frame.mean()) / 12)


def test_video_in_any_order(video):
    clip = VideoClip(video, first_frame=5, frames=10)
    assert len(VideoClip(video)) == survey_video(video).frames == 20
    assert len(clip) == 10
    assert [level(frame) for frame in iterate(clip)] == list(range(5, 15))
    for index in (7, 3, 3, 9, 0):
        np.testing.assert_array_equal(clip[index], VideoClip(video)[5 + index])
    with pytest.raises(IndexError):
        clip[10]


def test_frames_are_those_of_opencv(tmp_path):
    path = encode(tmp_path / "v.mp4", [moving(number) for number in range(8)])
    capture = cv2.VideoCapture(str(path))
    for frame in iterate(VideoClip(path)):
        np.testing.assert_array_equal(frame[..., ::-1], capture.read()[1])
    assert not capture.read()[0]


def test_reading_forward_decodes_each_frame_once(video, monkeypatch):
    opened = []
    real = av.open

    def opener(*names, **options):
        opened.append(names)
        return real(*names, **options)

    monkeypatch.setattr(av, "open", opener)
    clip = VideoClip(video, 2, 18)
    for index in (0, 1, 2, 5, 17):
        assert level(clip[index]) == index + 2
    assert len(opened) == 1
    clip[0]
    assert len(opened) == 2


def test_videos_that_are_none(tmp_path, video):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(DsltError, match=r"empty\.mp4: not a video"):
        VideoClip(empty)
    with pytest.raises(DsltError, match=r"none\.mp4: no such video"):
        VideoClip(tmp_path / "none.mp4")
    with pytest.raises(DsltError, match="no frames from frame 20 on"):
        VideoClip(video, first_frame=20)
    with pytest.raises(DsltError, match=r"frame 20 cannot be decoded; .* after 20 frames"):
        VideoClip(video, first_frame=15, frames=9)[5]
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", 44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    with pytest.raises(DsltError, match=r"sound\.mp4: no video in the file"):
        survey_video(tmp_path / "sound.mp4")


def test_a_playlist_leads_to_no_other_file(tmp_path, video):
    path = tmp_path / "list.m3u8"
    path.write_text(f"#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1:9/{video.name}\n#EXT-X-ENDLIST\n")
    with pytest.raises(DsltError, match=r"list\.m3u8: "):
        survey_video(path)


def test_titles_may_be_in_any_encoding(tmp_path):
    path = tmp_path / "v.avi"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Zuerich"
        stream = container.add_stream("mpeg4", 25, pix_fmt="yuv420p")
        stream.height, stream.width = 48, 64
        container.mux(stream.encode(av.VideoFrame.from_ndarray(SCENE, format="rgb24")))
        container.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(b"Zuerich", b"Z\xfcrich "))
    assert survey_video(path).frames == 1


def test_a_sound_video_needs_no_note(tmp_path, video):
    assert survey_video(video).rate == 25
    frames = [moving(number) for number in range(12)]
    for name, codec in (("v.avi", "mjpeg"), ("v.mkv", "ffv1"), ("v.mp4", "libx264")):
        pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        path = encode(tmp_path / name, frames, codec, pixels)
        assert (survey_video(path).frames, notes(path)) == (12, []), name


@pytest.mark.parametrize("interlaced", [False, True])
def test_interlaced_frames_are_decoded_and_told(tmp_path, interlaced):
    frames = [moving(number) for number in range(10)]
    for number, frame in enumerate(frames):
        frame[1::2] = moving(number + 5)[1::2]
    options = {"flags": "+ildct+ilme", "field_order": "tt"} if interlaced else {}
    path = encode(tmp_path / "v.mp4", frames, **options)
    assert ["are interlaced" in note for note in notes(path)] == [True] * interlaced
    for frame, expected in zip(iterate(VideoClip(path)), frames, strict=True):
        assert abs(frame.astype(int) - expected).mean() < 35


def cut(path, share):
    """Keep the first part of a file, and tell its new name."""
    data = path.read_bytes()
    part = path.with_name(f"part_{path.name}")
    part.write_bytes(data[: int(share * len(data))])
    return part


@pytest.mark.parametrize("share", [0.5, 0.95])
@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("v.mp4", "mpeg4", {}),
        ("v.mp4", "libx264", {"bf": "2"}),
        ("v.avi", "mpeg4", {}),
        ("v.mkv", "ffv1", {}),
    ],
)
def test_a_download_that_did_not_end_is_told(tmp_path, name, codec, options, share):
    random = np.random.default_rng(1)
    frames = [random.integers(0, 255, SCENE.shape, np.uint8) for _ in range(60)]
    path = tmp_path / name
    if name.endswith("mp4"):  # as on the web: what a player needs comes first
        path = tmp_path / "raw.mp4"
        encode(path, frames, codec, **options)
        with (
            av.open(str(path)) as source,
            av.open(str(tmp_path / name), "w", options={"movflags": "faststart"}) as target,
        ):
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    target.mux(packet)
        path = tmp_path / name
    else:
        encode(path, frames, codec, **options)
    assert notes(path) == []
    if name == "v.mkv":
        share = min(share, 0.9)  # beyond, its sound could be longer
    found = survey_video(cut(path, share))
    assert 40 * share < found.frames < 60
    assert "was cut off" in found.notes[0], found.notes


def test_a_damaged_packet_is_told_and_frames_do_not_depend_on_threads(tmp_path):
    frames = [moving(number) for number in range(40)]
    path = encode(tmp_path / "v.mp4", frames, "libx264", g="5")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        place, size = packets[20].pos, packets[20].size
    data = bytearray(path.read_bytes())
    data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    found = survey_video(path)
    assert "damaged" in found.notes[0]
    tally = Tally()
    single = sum(1 for _ in decode_video(path, tally))
    assert found.frames == single == len(list(iterate(VideoClip(path))))
    assert tally.packets == 40


def write_gif(path):
    first, *others = [Image.fromarray(moving(number)) for number in range(20)]
    first.save(path, save_all=True, append_images=others, duration=40)
    return path


@pytest.mark.parametrize(
    ("name", "codec", "note"),
    [
        ("v.gif", "", "its end mark is missing: the file was cut off"),
        ("v.y4m", "rawvideo", "it ends within a frame: the file was cut off"),
        ("v.ts", "libx264", "it ends within a packet: the file was cut off"),
        ("v.ogv", "libvpx", "the end mark of its last stream is missing: the file was cut off"),
        ("v.mpg", "mpeg2video", "the last one is: the file may have been cut off"),
        ("v.h264", "libx264", "the last one is: the file may have been cut off"),
    ],
)
def test_a_file_that_ends_early_without_saying_how_long_it_is(tmp_path, name, codec, note):
    path = tmp_path / name
    if codec:
        encode(path, [moving(number) for number in range(40)], codec)
    else:
        write_gif(path)
    assert notes(path) == []
    data = path.read_bytes()
    told = []
    for cut in (len(data) * 2 // 3, len(data) // 2 + 77):
        path.write_bytes(data[:cut])
        told.append(any(note in text for text in notes(path)))
    assert all(told)


def test_a_video_that_begins_between_key_frames_is_told(tmp_path):
    path = encode(tmp_path / "v.ts", [moving(n) for n in range(40)], "libx264", g="10", bf="0")
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    part = tmp_path / "part.ts"
    part.write_bytes(path.read_bytes()[places[3] :])
    found = survey_video(part)
    assert found.frames == 30
    assert "begins in the middle of a group of pictures" in found.notes[0]
    assert abs(VideoClip(part)[0].astype(int) - VideoClip(path)[10]).max() == 0


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ((1, 0, 0, 1), lambda frame: frame),
        ((0, 1, -1, 0), lambda frame: np.rot90(frame, -1)),
        ((-1, 0, 0, -1), lambda frame: np.rot90(frame, 2)),
        ((0, -1, 1, 0), lambda frame: np.rot90(frame, 1)),
        ((-1, 0, 0, 1), lambda frame: frame[:, ::-1]),
        ((0, 1, 1, 0), lambda frame: np.swapaxes(frame, 0, 1)),
    ],
)
def test_a_video_is_turned_as_it_is_shown(tmp_path, turn, expected):
    frames = [moving(number) for number in range(3)]
    plain = VideoClip(encode(tmp_path / "plain.mp4", frames))
    path = encode(tmp_path / "turned.mp4", frames, turn=turn)
    np.testing.assert_array_equal(VideoClip(path)[2], expected(plain[2]))
    if turn[0] * turn[3] - turn[1] * turn[2] == 1:  # OpenCV mirrors nothing
        capture = cv2.VideoCapture(str(path))
        np.testing.assert_array_equal(VideoClip(path)[0][..., ::-1], capture.read()[1])


def test_frames_at_uneven_times_are_told(tmp_path):
    times = [*range(0, 20), *range(20, 80, 3)]
    path = encode(tmp_path / "v.mp4", [moving(number) for number in range(40)], times=times)
    assert survey_video(path).times == pytest.approx([time / 25 for time in times])
    (note,) = notes(path)
    assert "each of the 40 counts as one" in note
    assert "makes about 78 of them" in note


def test_values_that_do_not_survive_are_told(tmp_path):
    gray = (51241 + SCENE[..., 0].astype(float) / 255 * 940).astype(np.uint16)
    path = encode(tmp_path / "gray.mkv", [gray] * 3, "ffv1", "gray16le")
    assert "few of its 16-bit grey values" in notes(path)[0]
    wide = SCENE[..., 0].astype(np.uint16) * 257
    assert notes(encode(tmp_path / "wide.mkv", [wide] * 3, "ffv1", "gray16le")) == []
    frames = [moving(number) for number in range(3)]
    hdr = encode(tmp_path / "hdr.mkv", frames, "ffv1", "yuv420p10le", color_trc="smpte2084")
    assert "high dynamic range (PQ)" in notes(hdr)[0]
    flat = encode(tmp_path / "flat.mkv", [np.zeros_like(SCENE)] * 3, "ffv1")
    assert [note.split(" frame")[0] for note in notes(flat)] == ["3 of 3", "the first"]


@pytest.mark.parametrize("codec", ["ffv1", "mpeg4", "libx264"])
def test_frames_of_one_colour_are_counted(tmp_path, codec):
    scene = [moving(number) for number in range(18)]
    black = np.zeros_like(SCENE)
    dead = encode(tmp_path / "dead.mkv", scene + [black] * 12, codec)
    assert notes(dead) == ["12 of 30 frames are of one colour: there is nothing to follow"]
    assert notes(encode(tmp_path / "fade.mkv", [*scene, black], codec)) == []
    dot = black.copy()
    dot[20:23, 31:34] = 255
    assert notes(encode(tmp_path / "dot.mkv", [dot] * 20, codec)) == []


@pytest.mark.parametrize(("levels", "told"), [(2, True), (12, False)])
def test_what_compression_leaves_of_one_colour_is_no_picture(tmp_path, levels, told):
    noise = np.random.default_rng(0).integers(0, levels, (*SIZE[::-1], 1), np.uint8)
    found = notes(encode(tmp_path / "v.mkv", [np.repeat(100 + noise, 3, axis=2)] * 4, "ffv1"))
    assert any("4 of 4 frames are of one colour" in note for note in found) == told
    assert any("the first frame is of one colour" in note for note in found) == told
