"""Images with an orientation tag, and with 16 bits of which few values are used."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from dslt.core.errors import DsltError
from dslt.data.sequences.frames import FLATTENED, STRETCHED, ImageFolder
from dslt.data.sequences.images import ImageDecoder, image_sizes, read_image
from dslt.data.sequences.levels import Levels

SCENE = cv2.resize(np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8), (64, 48))
GRAY = SCENE[..., 0].astype(np.float64)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_opencv_shows_them(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(SCENE).save(path, exif=exif, **options)
    shown = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if shown is None:  # OpenCV reads no TIFF that lies on its side
        assert read_image(path).shape == (64, 48, 3)
        return
    shown = shown[..., ::-1]
    assert shown.shape == ((64, 48, 3) if orientation > 4 else (48, 64, 3))
    assert np.abs(read_image(path).astype(int) - shown).max() <= (3 if suffix == "jpg" else 0)


def test_deep_images_are_turned_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.png"
    Image.fromarray((GRAY * 257).astype(np.uint16)).save(path, exif=exif)
    np.testing.assert_array_equal(read_image(path)[..., 0], np.rot90(GRAY, -1))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_colour_of_sixteen_bits_keeps_its_low_byte(tmp_path, suffix):
    """All of a dark scene is in the low byte."""
    path, dark = tmp_path / f"a.{suffix}", SCENE.astype(np.uint16)
    assert cv2.imwrite(str(path), dark[..., ::-1])
    np.testing.assert_array_equal(read_image(path), Levels.of(dark).apply(dark))


def deep_tiff(orientation=1, planar=1):
    """The scene as a TIFF of 16 bits, its pixels before its tags."""
    parts = np.moveaxis(SCENE, 2, 0) if planar == 2 else [SCENE]
    strips = [part.astype("<u2").tobytes() for part in parts]
    size, count = len(strips[0]), len(strips)
    places = [8 + size * number for number in range(count)]
    tags = {256: [64], 257: [48], 258: [16] * 3, 259: [1], 262: [2], 273: places}
    tags |= {274: [orientation], 277: [3], 278: [48], 279: [size] * count, 284: [planar]}
    body, entries = b"".join(strips), b""
    for tag, values in tags.items():
        several = len(values) > 1
        value = 8 + len(body) if several else values[0]
        entries += struct.pack("<HHII", tag, 4, len(values), value)
        body += struct.pack(f"<{len(values)}I", *values) if several else b""
    start = struct.pack("<4sI", b"II*", 8 + len(body))
    return start + body + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_deep_colour_tiff_is_turned_too(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    dark = SCENE.astype(np.uint16)
    Image.fromarray(Levels.of(dark).apply(dark)).save(tmp_path / "a.tif", exif=exif)
    found = ImageDecoder().decode(deep_tiff(orientation), "a.tif")
    np.testing.assert_array_equal(found, read_image(tmp_path / "a.tif"))


def test_a_deep_colour_tiff_whose_channels_lie_apart_is_refused():
    """OpenCV and Pillow take them for pixels."""
    with pytest.raises(DsltError, match=r"^a\.tif: colour TIFF of 16 bits .* or as PNG$"):
        ImageDecoder().decode(deep_tiff(planar=2), "a.tif")


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_tag_is_passed_over(tmp_path):
    random = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.fromarray(SCENE).save(out, "JPEG", exif=exif)
    data = out.getvalue()
    place = data.index(b"Exif")
    for _ in range(300):
        wrong = bytearray(data)
        for at in random.integers(place, place + 40, 4):
            wrong[at] = random.integers(256)
        try:
            frame = ImageDecoder().decode(bytes(wrong), "a.jpg")
        except DsltError:
            continue
        assert sorted(frame.shape) == [3, 48, 64]


def test_a_folder_and_a_file_that_cannot_be_looked_at(tmp_path):
    with pytest.raises(DsltError, match=r"/img: No such file or directory$"):
        image_sizes(tmp_path / "img")
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(DsltError, match=r"/a\.png: No such file or directory$"):
        image_sizes(tmp_path)


def thermal(gray, low=51241, width=940):
    return (low + gray / 255 * width).astype(np.uint16)


def test_few_values_of_sixteen_bits_are_stretched_alike_in_a_sequence(tmp_path):
    for number, gray in enumerate((GRAY, GRAY[:, ::-1], GRAY / 2, GRAY * 1.2 + 40), 1):
        cv2.imwrite(str(tmp_path / f"{number}.png"), thermal(gray))
    frames = ImageFolder.scan(tmp_path)
    last = frames[3]
    assert frames.notes() == [STRETCHED]
    first = frames[0]
    assert len(np.unique(first)) > 0.6 * len(np.unique(thermal(GRAY)))
    np.testing.assert_array_equal(frames[1], first[:, ::-1])
    # One rule for all: a darker frame stays darker, a brighter one has room.
    expected = Levels.of(thermal(GRAY)).apply(thermal(GRAY / 2))
    np.testing.assert_array_equal(frames[2][..., 0], expected)
    assert expected.mean() < first.mean() - 20
    assert last.max() > first.max()
    np.testing.assert_array_equal(ImageFolder.scan(tmp_path)[3], last)


@pytest.mark.parametrize(
    ("pixels", "narrow"),
    [
        (thermal(GRAY), True),
        (thermal(GRAY, 0, 4095), True),  # 12 bits in the low ones
        (thermal(GRAY, 0, 65535), False),
        (thermal(GRAY, 0, 20000), False),
        (np.full((4, 4), 777, np.uint16), False),
    ],
)
def test_levels(pixels, narrow):
    levels = Levels.of(pixels)
    assert levels.narrow == narrow
    if not narrow:
        np.testing.assert_array_equal(levels.apply(pixels), (pixels.astype(int) + 128) // 257)
    dead = pixels.copy()
    dead[0, 0] = 65535
    if pixels.size > 1000:
        assert Levels.of(dead).narrow == narrow


def with_value(pixels, share, value):
    pixels = pixels.copy()
    pixels.reshape(-1)[: round(share * pixels.size)] = value
    return pixels


@pytest.mark.parametrize(
    ("share", "value"), [(0.003, 65535), (0.2, 65535), (0.3, 0), (0.003, 60000), (0.003, 9)]
)
def test_dead_pixels_and_borders_do_not_widen_the_range(share, value):
    pixels = thermal(GRAY)
    marred = with_value(pixels, share, value)
    assert Levels.of(marred).narrow
    left = len(np.unique(Levels.of(marred).apply(marred)))
    assert left > 0.5 * len(np.unique(Levels.of(pixels).apply(pixels)))
    assert not Levels.of(marred).flatten(marred)


@pytest.mark.parametrize("value", [0, 777, 65535])
def test_a_flat_first_frame_is_told_by_the_later_ones(tmp_path, value):
    flat = np.full(GRAY.shape, value, np.uint16)
    flat[3, 3] = 1500
    for number, pixels in enumerate((flat, thermal(GRAY, 500)), 1):
        cv2.imwrite(str(tmp_path / f"{number}.png"), pixels)
    frames = ImageFolder.scan(tmp_path)
    _ = frames[0]
    assert frames.notes() == []
    _ = frames[1]
    assert frames.notes() == [FLATTENED]


@pytest.mark.parametrize("suffix", ["pgm", "ppm", "tif", "png"])
def test_sixteen_bits_of_every_format(tmp_path, suffix):
    pixels = thermal(SCENE if suffix == "ppm" else GRAY)
    path = tmp_path / f"a.{suffix}"
    assert cv2.imwrite(str(path), pixels)
    expected = Levels.of(pixels).apply(pixels)
    expected = expected[..., ::-1] if suffix == "ppm" else np.dstack([expected] * 3)
    np.testing.assert_array_equal(read_image(path), expected)


@pytest.mark.parametrize("suffix", ["tif", "webp", "png", "mpo"])
def test_several_pictures_in_a_file(tmp_path, suffix):
    first, *others = [Image.fromarray(np.roll(SCENE, number, axis=1)) for number in range(3)]
    path = tmp_path / f"a.{suffix}"
    first.save(path, save_all=True, append_images=others)
    if suffix == "mpo":  # a photo with its preview, say
        assert read_image(path.rename(tmp_path / "a.jpg")).shape == SCENE.shape
        return
    with pytest.raises(DsltError, match=rf"a\.{suffix}: holds 3 pictures.* as single files"):
        read_image(path)


def test_gray_with_alpha(tmp_path):
    pixels = np.dstack([(GRAY * 257).astype(np.uint16)] * 4)
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), np.dstack([GRAY] * 3))


def test_frames_of_other_depth_are_an_error(tmp_path):
    Image.fromarray(SCENE).save(tmp_path / "1.png")
    cv2.imwrite(str(tmp_path / "2.png"), thermal(GRAY))
    with pytest.raises(DsltError, match=r"2\.png: frame of 16 bits per channel in a sequence"):
        ImageFolder.scan(tmp_path)[1]


def test_more_pixels_than_any_frame_has_are_not_decoded():
    header = io.BytesIO()
    Image.fromarray(SCENE).save(header, "png")
    data = bytearray(header.getvalue())
    data[16:24] = (20_000).to_bytes(4, "big") + (6_000).to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(DsltError, match=r"a\.png: 20000x6000 pixels; expected .* 100 million"):
        ImageDecoder().decode(bytes(data), "a.png")


def test_a_damaged_animation_is_an_unreadable_frame():
    file = io.BytesIO()
    Image.fromarray(GRAY).save(file, "gif")
    data = file.getvalue()
    with pytest.raises(DsltError, match=r"a\.gif: unreadable frame"):
        ImageDecoder().decode(data[:-1] + b",", "a.gif")
