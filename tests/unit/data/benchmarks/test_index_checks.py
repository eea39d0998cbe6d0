"""Checks of an index: exceptions of the benchmarks work, and what is wrong is named, all of it."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.checks import Report, _other_form, chosen_frames
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_file import load_index, write_index
from dslt.data.benchmarks.kinds import Totals
from dslt.data.downloads.definitions import parse_download
from places import ROOT
from published import ANNOTATIONS

BENCHMARKS = {
    name: parse_benchmark(name, values)
    for name, values in read_definitions(ROOT / "config" / "benchmarks.yaml").items()
}
SEQUENCES = ROOT.parent / "shared" / "sequences"
PUBLISHED = {
    "OTB-2015": ("OTB2015", 59_035),
    "OTB-2013": ("OTB2015", 29_486),
    "UAV123": ("UAV123", 112_578),
    "LaSOT": ("LaSOT", 685_360),
    "VOT-2018": ("VOT2018", 21_356),
}


def write_rows(path, count, start=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{start + number % 9},2,5,4\n" for number in range(count)))


def write_images(folder, first, last, digits=4, mode="RGB", size=(16, 12), suffix="png"):
    """Images in whose first pixel stands their number modulo 256."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, last + 1):
        picture = Image.new(mode, size, number % 256 if mode == "L" else (number % 256,) * 3)
        picture.putpixel((size[0] - 1, 0), 200 if mode == "L" else (200, 0, 0))  # of two colours
        picture.save(folder / f"{number:0{digits}d}.{suffix}", compress_level=0)


def only(name, root, *sequences, **changes):
    """A benchmark of the file, of some sequences under a root."""
    update = {"root": str(root), "images": str(root), "sequences": sequences, **changes}
    return BENCHMARKS[name].model_copy(update=update)


def opened(tmp_path, benchmark, name, **options):
    """A sequence of the index of a benchmark, written and read again."""
    write_index(tmp_path / "i.parquet", build_index("mine", benchmark, tmp_path, **options))
    return load_index(tmp_path / "i.parquet").sequence(name)


# --- exceptions of OTB: first and last image in the folder, rows of the truth, the frames used


@pytest.mark.parametrize(
    ("name", "images", "rows", "used"),
    [
        ("David", (1, 770), 471, (300, 770)),
        ("Football1", (1, 362), 74, (1, 74)),
        ("Freeman3", (1, 465), 460, (1, 460)),
        ("Freeman4", (1, 300), 283, (1, 283)),
        ("Diving", (1, 231), 215, (1, 215)),
        ("BlurCar1", (247, 988), 742, (247, 988)),
        ("BlurCar3", (3, 359), 357, (3, 359)),
        ("BlurCar4", (18, 397), 380, (18, 397)),
        ("Tiger1", (1, 354), 354, (6, 354)),
    ],
)
def test_exceptions_of_otb(tmp_path, name, images, rows, used):
    write_images(tmp_path / name / "img", *images)
    write_rows(tmp_path / name / "groundtruth_rect.txt", rows)
    sequence = opened(tmp_path, only("OTB-2015", tmp_path, name), name)
    assert len(sequence) == used[1] - used[0] + 1
    shown = [int(sequence.frames[at][0, 0, 0]) for at in (0, len(sequence) - 1)]
    assert shown == [used[0] % 256, used[1] % 256]
    assert sequence.initial_box[0] == (5 if name == "Tiger1" else 0)
    entry = load_index(tmp_path / "i.parquet").entry(name)
    assert entry.skipped == (5 if name == "Tiger1" else 0)


def test_five_digits_grey_images_and_mixed_delimiters(tmp_path):
    write_images(tmp_path / "Board" / "img", 1, 12, digits=5, mode="L")
    lines = [f"{n}{'	, '[n % 3]}2\t3,4" for n in range(1, 13)]
    (tmp_path / "Board" / "groundtruth_rect.txt").write_text("\r\n".join(lines))
    sequence = opened(tmp_path, only("OTB-2015", tmp_path, "Board"), "Board")
    assert sequence.frames[11][0, 0].tolist() == [12] * 3
    assert sequence.ground_truth[11].tolist() == [11, 1, 3, 4]


def test_two_targets_in_a_folder_and_a_second_file(tmp_path):
    for folder, numbers in (("Jogging", (1, 2)), ("Skating2", (1, 2)), ("Human4", (2,))):
        write_images(tmp_path / folder / "img", 1, 3)
        for number in numbers:
            path = tmp_path / folder / f"groundtruth_rect.{number}.txt"
            write_rows(path, 3, start=number)
    names = ("Human4-2", "Jogging-1", "Jogging-2", "Skating2-1", "Skating2-2")
    index = build_index("mine", only("OTB-2015", tmp_path, *names), tmp_path)
    assert index.names == list(names)
    assert [entry.video for entry in index.sequences] == [
        *("Human4", "Jogging", "Jogging", "Skating2", "Skating2")
    ]
    assert [entry.truth[0, 0] for entry in index.sequences] == [1, 0, 1, 0, 1]
    assert index.sequence("Jogging-2").frames[2][0, 0, 0] == 3


def own(root, *names, **more):
    """A benchmark of a folder of one's own, with its sequences of three frames."""
    for name in names:
        write_images(root / name / "img", 1, 3)
        write_rows(root / name / "groundtruth_rect.txt", 3)
    return folder_of(root, **more)


@pytest.mark.parametrize("wrong", ["groundtruth_rect.txt.txt", "groundtruth.txt"])
def test_folders_that_only_look_like_sequences_are_told(tmp_path, wrong):
    benchmark = own(tmp_path, "A", "B", "C")
    (tmp_path / "B" / "groundtruth_rect.txt").rename(tmp_path / "B" / wrong)
    write_rows(tmp_path / "C" / "groundtruth_rect.2.txt", 3)
    (tmp_path / "notes").mkdir()
    index = build_index("own", benchmark, tmp_path)
    assert index.names == ["A", "C"]
    lacking, second = index.notes
    assert lacking.startswith(f"{tmp_path / 'B'}: no sequence, as it has img but no ground")
    assert lacking.endswith(f"its text files: {wrong}")
    assert "C: groundtruth_rect.txt is its only target; not taken: groundtruth_rect.2" in second
    assert build_index("own", own(tmp_path, sequences=["A"]), tmp_path).notes == ()


def boxes_of(path_x, path_y, width=3, height=2):
    """Rows x, y, w, h along a path, counted from 0."""
    x, y = np.broadcast_arrays(np.asarray(path_x, float), np.asarray(path_y, float))
    return np.stack([x, y, np.full_like(x, width), np.full_like(x, height)], axis=-1)


ALONG = boxes_of(np.arange(0, 12), np.arange(12) / 2)  # of frames of 16 by 12 pixels
STILL = boxes_of(np.full(12, 9), 6)
WRITTEN = {
    "x,y,w,h": lambda b: b,
    "two corners x1,y1,x2,y2": lambda b: np.column_stack([b[:, :2], b[:, :2] + b[:, 2:]]),
    "x1,x2,y1,y2": lambda b: np.column_stack([b[:, :2], b[:, :2] + b[:, 2:]])[:, [0, 2, 1, 3]],
    "the centre and the size": lambda b: np.column_stack([b[:, :2] + b[:, 2:] / 2, b[:, 2:]]),
}


@pytest.mark.parametrize(
    ("form", "boxes", "told"),
    [
        *((form, ALONG, form != "the centre and the size") for form in WRITTEN),
        *((form, STILL, form != "the centre and the size") for form in WRITTEN),
        *((form, boxes_of(np.full(12, 8), 2, 8, 2), True) for form in WRITTEN),
        # At the upper left, where nothing reaches over the edge: only the movement tells.
        ("two corners x1,y1,x2,y2", boxes_of(np.arange(12) / 3, 1 + np.arange(12) / 4), True),
        ("x,y,w,h", boxes_of(np.arange(12) / 3, np.arange(12) / 4, 8, 8), False),
        ("x,y,w,h", boxes_of(np.arange(12) + 3, 2), False),  # out at the right
    ],
)
def test_another_form_of_the_ground_truth_is_told(form, boxes, told):
    found = _other_form(WRITTEN[form](boxes), (16, 12))
    assert found.startswith(form) if told and form != "x,y,w,h" else found == ""


@pytest.mark.parametrize(
    ("row", "told"), [("8,5,14,11", True), ("9,6,8,7", False), ("9,6,3,3", False)]
)
def test_corners_are_told(tmp_path, row, told):
    benchmark = own(tmp_path, "A")
    (tmp_path / "A" / "groundtruth_rect.txt").write_text(f"{row}\n" * 3)
    notes = build_index("own", benchmark, tmp_path).notes
    assert any("HINT: boxes that would lie inside the frame as " in note for note in notes) == told


def test_a_form_is_named_where_boxes_lie_outside(tmp_path):
    benchmark = own(tmp_path, "A")
    (tmp_path / "A" / "groundtruth_rect.txt").write_text("8,11,2,9\n3,14,2,9\n3,15,2,9\n")
    with pytest.raises(DsltError, match="do not belong together, or the rows are x1,x2,y1,y2"):
        build_index("own", benchmark, tmp_path)


# --- other layouts


@pytest.mark.parametrize(
    ("name", "span", "above"),
    [("UAV123", (775, 1477), "UAV123"), ("UAV123_10fps", (259, 493), "UAV123_10fps")],
)
def test_uav123_as_it_is_unpacked(tmp_path, name, span, above):
    root = tmp_path / "unpacked" / BENCHMARKS[name].download
    write_images(root / "data_seq" / above / "bird1", span[0] - 2, span[1] + 2, digits=6)
    write_images(root / "data_seq" / above / "car1_s", 1, 3, digits=6)
    write_rows(root / "anno" / above / "bird1_2.txt", span[1] - span[0] + 1)
    write_rows(root / "anno" / above / "car1_s.txt", 3)
    benchmark = BENCHMARKS[name].model_copy(update={"sequences": ("bird1_2", "car1_s")})
    write_rows(root / "anno" / above / "bird1_2.txt", span[1] - span[0] + 1, start=11)
    with pytest.raises(DsltError, match=r"sequence bird1_2: .*lie outside.*do not belong together"):
        build_index("mine", benchmark, tmp_path)
    rows = "3,2,5,4\n" * (span[1] - span[0]) + "NaN,NaN,NaN,NaN\n"
    (root / "anno" / above / "bird1_2.txt").write_text(rows)
    sequence = opened(tmp_path, benchmark, "bird1_2")
    assert sequence.video == "bird1"
    assert sequence.frames[0][0, 0, 0] == span[0] % 256
    assert np.isnan(sequence.ground_truth[-1]).all()


def test_images_of_uav123_beside_those_at_ten_a_second(tmp_path):
    frames = {"UAV123": range(1, 10), "UAV123_10fps": range(1, 4)}
    for folder, numbers in frames.items():
        write_images(tmp_path / "data_seq" / folder / "bird1", numbers[0], numbers[-1], digits=6)
        write_rows(tmp_path / "anno" / folder / "bird1_1.txt", 2)
    for name in frames:
        part = {"sequences": ("bird1_1",), "frames": {"bird1_1": (1, 2)}, "totals": None}
        where = {"root": str(tmp_path), "images": str(tmp_path)}
        benchmark = BENCHMARKS[name].model_copy(update=part | where)
        source = build_index("mine", benchmark, tmp_path).entry("bird1_1").source
        assert source.files[0].startswith(f"data_seq/{name}/bird1/")


def test_frames_of_uav123_at_ten_a_second():
    full, third = BENCHMARKS["UAV123"], BENCHMARKS["UAV123_10fps"]
    assert third.sequences == full.sequences
    assert third.frames == {
        name: ((first + 2) // 3, (last + 2) // 3) for name, (first, last) in full.frames.items()
    }


def test_lasot_as_it_is_unpacked(tmp_path):
    folder = tmp_path / "airplane" / "airplane-1"
    write_images(folder / "img", 1, 3, digits=8)
    write_rows(folder / "groundtruth.txt", 3)
    for file, flags in (("full_occlusion", "0,0,1"), ("out_of_view", "0,1,0")):
        (folder / f"{file}.txt").write_text(flags)
    sequence = opened(tmp_path, only("LaSOT", tmp_path, "airplane-1"), "airplane-1")
    assert len(sequence) == 3
    assert load_index(tmp_path / "i.parquet").entry("airplane-1").absent.tolist() == [
        *(False, True, True)
    ]


def test_images_that_stay_in_their_archive(tmp_path):
    """What is loose and what is packed give the same sequence."""
    name = "Tiger1"
    write_images(tmp_path / "loose" / name / "img", 1, 354)
    write_rows(tmp_path / "loose" / name / "groundtruth_rect.txt", 354)
    archive = tmp_path / "downloads" / "otb" / f"{name}.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted((tmp_path / "loose" / name).rglob("*.*"), reverse=True):
            packed.write(path, Path("Tiger1") / path.relative_to(tmp_path / "loose" / name))
    truth = Path("unpacked", "otb", name, "groundtruth_rect.txt")
    write_rows(tmp_path / truth, 354)
    file = {"urls": [], "file": "{name}.zip", "names": [name], "into": "{name}", "strip": 1}
    values = {"title": "OTB", "version": "1", "date": "2015", "page": "http://x/"}
    values |= {"kind": "files", "files": [file | {"unpack": "text"}]}
    download = parse_download("otb", values)
    benchmark = BENCHMARKS["OTB-2015"].model_copy(update={"sequences": (name,)})
    sequence = opened(tmp_path, benchmark, name, download=download)
    loose = opened(tmp_path, only("OTB-2015", tmp_path / "loose", name), name)
    assert len(sequence) == len(loose) == 349
    for at in (0, 100, 348):
        np.testing.assert_array_equal(sequence.frames[at], loose.frames[at])
    np.testing.assert_array_equal(sequence.ground_truth, loose.ground_truth)
    # Images that were unpacked by hand are found as well.
    archive.unlink()
    shutil.copytree(tmp_path / "loose" / name / "img", tmp_path / truth.parent / "img")
    assert len(opened(tmp_path, benchmark, name, download=download)) == 349


def test_a_download_that_is_not_there_or_not_whole(tmp_path):
    benchmark = BENCHMARKS["OTB-2015"].model_copy(update={"sequences": ("Dog", "Deer")})
    with pytest.raises(
        DsltError, match="unpacked/otb: OTB-2015 is not there; run `dslt fetch otb`"
    ):
        build_index("OTB-2015", benchmark, tmp_path)
    root = tmp_path / "unpacked" / "otb"
    write_images(root / "Dog" / "img", 1, 3)
    write_rows(root / "Dog" / "groundtruth_rect.txt", 3)
    words = r"sequence Deer: no ground truth; unpack it again \(`dslt fetch otb --undo`"
    with pytest.raises(DsltError, match=words):
        build_index("OTB-2015", benchmark, tmp_path)


# --- what is wrong


def folder_of(root, **changes):
    values = {"kind": "folder", "root": str(root), "protocol": "otb", **changes}
    return parse_benchmark("mine", values)


def test_every_problem_is_listed(tmp_path):
    for number in range(25):
        write_images(tmp_path / f"s{number:02d}" / "img", 1, 2)
        write_rows(tmp_path / f"s{number:02d}" / "groundtruth_rect.txt", 3)
    with pytest.raises(DsltError) as caught:
        build_index("mine", folder_of(tmp_path), tmp_path)
    lines = str(caught.value).splitlines()
    assert lines[0] == "mine: 25 problems; no index was written"
    assert lines[1].startswith(
        f"  sequence s00: {tmp_path}/s00/img: 2 frames for 3 rows of ground truth of s00"
    )
    assert lines[1].endswith("; put right what is in its folder")
    assert lines[-1] == "  ... and 5 more"
    assert len(lines) == 22


def test_images_are_decoded_as_asked(tmp_path):
    write_images(tmp_path / "a" / "img", 1, 40)
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 40)
    chosen = chosen_frames("a", 40, "sampled")
    assert chosen == chosen_frames("a", 40, "sampled") != chosen_frames("b", 40, "sampled")
    assert {0, 39} < set(chosen)
    assert len(chosen) == 4
    unseen = next(number for number in range(1, 39) if number not in chosen)
    build = lambda check: build_index("mine", folder_of(tmp_path), tmp_path, images=check)  # noqa: E731
    for number, check in ((unseen, "all"), (chosen[1], "sampled")):
        path = tmp_path / "a" / "img" / f"{number + 1:04d}.png"
        whole = path.read_bytes()
        path.write_bytes(whole[:-60])
        build("none")
        with pytest.raises(DsltError, match=rf"sequence a: .*{path.name}: unreadable frame.*; put"):
            build(check)
        if check == "all":
            build("sampled")
        path.write_bytes(whole)
        build("all")
    write_images(tmp_path / "a" / "img", 40, 40, size=(17, 12))
    with pytest.raises(DsltError, match=r"0040.png: frame of 17x12 .* sequence of 16x12"):
        build("sampled")


def test_numbers_of_any_length(tmp_path):
    write_images(tmp_path / "a" / "img", 1, 4)
    for number in (1, 2, 4):
        path = tmp_path / "a" / "img" / f"{number:04d}.png"
        path.rename(path.with_name(f"{10**24 + number}.png"))
    (tmp_path / "a" / "img" / "0003.png").unlink()
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 3)
    (note,) = build_index("mine", folder_of(tmp_path), tmp_path).notes
    assert note == "numbers of frames are missing: 1 frames of 1 sequences (a)"


def test_gaps_in_the_numbering(tmp_path):
    folder = tmp_path / "a"
    write_images(folder / "img", 1, 6)
    (folder / "img" / "0003.png").unlink()
    write_rows(folder / "groundtruth_rect.txt", 5)
    published = only("OTB-2015", tmp_path, "a")
    for benchmark in (published, folder_of(tmp_path)):  # as many as boxes, so it is no error
        (note,) = build_index("mine", benchmark, tmp_path).notes
        assert note == "numbers of frames are missing: 1 frames of 1 sequences (a)"
    for number in (2, 4, 6):
        (folder / "img" / f"{number:04d}.png").unlink()
    write_images(folder / "img", 3, 3)
    write_rows(folder / "groundtruth_rect.txt", 3)
    for benchmark in (published, folder_of(tmp_path)):  # every second frame
        assert build_index("mine", benchmark, tmp_path).notes == ()


@pytest.mark.parametrize("stray", ["thumb.png", "cover.jpg", "groundtruth.png"])
def test_a_stray_picture_is_no_frame(tmp_path, stray):
    write_images(tmp_path / "a" / "img", 1, 6)
    Image.new("RGB", (9, 9)).save(tmp_path / "a" / "img" / stray)
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 6)
    index = build_index("mine", folder_of(tmp_path), tmp_path)
    (note,) = index.notes
    assert note.endswith(
        f"a/img: 1 of 7 pictures are not named like the frames and left out: {stray}"
    )
    assert index.sequence("a").frames[5].shape == (12, 16, 3)
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 7)
    with pytest.raises(DsltError, match=rf"6 frames for 7 rows of .*left out: {stray}"):
        build_index("mine", folder_of(tmp_path), tmp_path)


def test_frames_in_two_formats_are_refused(tmp_path):
    for suffix in ("png", "jpg"):
        write_images(tmp_path / "a" / "img", 1, 3, suffix=suffix)
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 6)
    with pytest.raises(DsltError, match=r"a/img: 0001\.jpg and 0001\.png are one frame twice"):
        build_index("mine", folder_of(tmp_path), tmp_path)


def test_frames_named_by_time(tmp_path):
    folder = tmp_path / "a" / "img"
    write_images(folder, 1, 4)
    times = ["99.75", "100.25", "100.5", "101.0"]
    for number, time in enumerate(times, 1):
        (folder / f"{number:04d}.png").rename(folder / f"{time}.png")
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 4)
    index = build_index("mine", folder_of(tmp_path), tmp_path)
    frames = index.sequence("a").frames
    assert [frames[number][0, 0, 0] for number in range(4)] == [1, 2, 3, 4]
    assert index.notes == ()


def test_a_first_frame_that_is_broken_is_listed_once(tmp_path):
    write_images(tmp_path / "a" / "img", 1, 40)
    (tmp_path / "a" / "img" / "0001.png").write_bytes(b"no")
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 40)
    with pytest.raises(DsltError) as caught:
        build_index("mine", folder_of(tmp_path), tmp_path)
    assert str(caught.value).count("unreadable frame") == 1


def test_a_first_frame_of_one_colour_and_few_values_are_told(tmp_path):
    write_images(tmp_path / "a" / "img", 1, 3)
    Image.new("RGB", (16, 12)).save(tmp_path / "a" / "img" / "0001.png")
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 3)
    (tmp_path / "b" / "img").mkdir(parents=True)
    for number in (1, 2, 3):
        pixels = (51241 + np.arange(192).reshape(12, 16) + number).astype(np.uint16)
        Image.fromarray(pixels).save(tmp_path / "b" / "img" / f"{number}.png")
    write_rows(tmp_path / "b" / "groundtruth_rect.txt", 3)
    first, second = build_index("mine", folder_of(tmp_path), tmp_path).notes
    assert "of one colour all over" in first
    assert first.endswith("1 frames of 1 sequences (a)")
    assert "frames of 16 bits of which few values are used" in second
    assert second.endswith("3 frames of 1 sequences (b)")


def test_frames_that_are_one_picture_are_told(tmp_path):
    benchmark = own(tmp_path, "a", "b")
    for number in (2, 3):
        shutil.copy(
            tmp_path / "a" / "img" / "0001.png", tmp_path / "a" / "img" / f"000{number}.png"
        )
    (note,) = build_index("mine", benchmark, tmp_path).notes
    assert note.startswith("all frames that were looked at are the same picture: 3 frames")
    assert note.endswith("(a)")


def test_a_sequence_of_one_frame_is_refused(tmp_path):
    write_images(tmp_path / "a" / "img", 1, 1)
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 1)
    with pytest.raises(DsltError, match="sequence a: has one frame, so there is nothing to track"):
        build_index("mine", folder_of(tmp_path), tmp_path)


def test_what_is_there_instead_of_frames_is_named(tmp_path):
    benchmark = own(tmp_path, "a")
    shutil.rmtree(tmp_path / "a" / "img")
    (tmp_path / "a" / "img" / "img").mkdir(parents=True)
    (tmp_path / "a" / "img" / "a.mp4").touch()
    with pytest.raises(DsltError, match=r"looked in .*a/img, which has a\.mp4, img"):
        build_index("mine", benchmark, tmp_path)


def test_fractions_are_told(tmp_path):
    benchmark = own(tmp_path, "a")
    (tmp_path / "a" / "groundtruth_rect.txt").write_text("0.2,0.3,0.1,0.2\n" * 3)
    with pytest.raises(DsltError, match="or the rows are fractions of the frame's width"):
        build_index("mine", benchmark, tmp_path)


def test_what_is_wrong_with_all_frames_is_said_once():
    report = Report("fetch it again")
    for _ in range(4):
        report.wrong("a", "no such archive")
    report.wrong("b", "no such archive")
    expected = (
        "mine: 2 problems; no index was written\n  sequence a: no such archive; fetch it again"
    )
    with pytest.raises(DsltError, match=expected):
        report.finish("mine")


def test_missing_frames_of_a_part(tmp_path):
    write_images(tmp_path / "a" / "img", 1, 9)
    (tmp_path / "a" / "img" / "0004.png").unlink()
    write_rows(tmp_path / "a" / "groundtruth_rect.txt", 5)
    with pytest.raises(
        DsltError, match=r"4 frames numbered 3 to 7, expected 5; frame 4 is missing"
    ):
        build_index("mine", folder_of(tmp_path, frames={"a": [3, 7]}), tmp_path)


def test_boxes_inside_and_outside(tmp_path):
    write_images(tmp_path / "a" / "img", 1, 20)
    truth = tmp_path / "a" / "groundtruth_rect.txt"
    good = ["2,2,5,4"] * 17
    truth.write_text("\n".join([*good, "14,2,5,4", "0,0,0,0", "99,2,5,4"]))
    assert build_index("mine", folder_of(tmp_path), tmp_path).notes == (
        "boxes without area: 1 frames of 1 sequences (a)",
        "boxes that reach over the edge of the frame: 1 frames of 1 sequences (a)",
        "boxes outside the frame: 1 frames of 1 sequences (a)",
    )
    truth.write_text("\n".join([*good[1:], "99,2,5,4", "99,2,5,4", "-9,2,5,4", "NaN,NaN,NaN,NaN"]))
    words = (
        r"sequence a: 3 of 19 boxes lie outside the frames of 16x12 pixels, the first in frame 16"
    )
    with pytest.raises(DsltError, match=words):
        build_index("mine", folder_of(tmp_path), tmp_path)


def test_totals(tmp_path):
    write_images(tmp_path / "Tiger1" / "img", 1, 354)
    write_rows(tmp_path / "Tiger1" / "groundtruth_rect.txt", 354)
    right = Totals(sequences=1, frames=354)
    build_index("mine", only("OTB-2015", tmp_path, "Tiger1", totals=right, frames={}), tmp_path)
    less = right.model_copy(update={"frames": 349})
    wrong = only("OTB-2015", tmp_path, "Tiger1", totals=less, frames={})
    words = "all sequences together: 354 annotated frames, expected 349; put right"
    with pytest.raises(DsltError, match=words):
        build_index("mine", wrong, tmp_path)
    part = wrong.model_copy(update={"totals": Totals(sequences=2, frames=9)})
    assert not build_index("mine", part, tmp_path).complete  # a part is no error
    every = part.model_copy(update={"sequences": None})
    with pytest.raises(DsltError, match="1 sequences, expected 2"):
        build_index("mine", every, tmp_path)


def test_several_processes_find_the_same(tmp_path):
    for number in range(33):
        write_images(tmp_path / "s" / f"s{number:02d}" / "img", 1, 2)
        write_rows(tmp_path / "s" / f"s{number:02d}" / "groundtruth_rect.txt", 2)
    for jobs in (1, 2):
        index = build_index("mine", folder_of(tmp_path / "s"), tmp_path, jobs=jobs)
        write_index(tmp_path / f"{jobs}.parquet", index)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    (tmp_path / "s" / "s32" / "img" / "0002.png").write_bytes(b"no")
    with pytest.raises(DsltError, match=r"sequence s32: .*0002.png: unreadable frame"):
        build_index("mine", folder_of(tmp_path / "s"), tmp_path, jobs=2)


# --- real files


@pytest.mark.skipif(not ANNOTATIONS.is_dir(), reason="the published annotations are not here")
@pytest.mark.parametrize("name", PUBLISHED)
def test_totals_of_published_annotations(tmp_path, name):
    folder, frames = PUBLISHED[name]
    benchmark = BENCHMARKS[name].model_copy(update={"root": str(ANNOTATIONS / folder)})
    assert benchmark.totals is not None
    index = build_index(name, benchmark, tmp_path)
    assert len(index.names) == benchmark.totals.sequences
    assert sum(entry.frames for entry in index.sequences) == frames
    less = benchmark.totals.model_copy(update={"frames": benchmark.totals.frames - 1})
    with pytest.raises(DsltError, match=f"{benchmark.totals.frames} annotated frames, expected"):
        build_index(name, benchmark.model_copy(update={"totals": less}), tmp_path)


@pytest.mark.skipif(not SEQUENCES.is_dir(), reason="the folder of real sequences is not here")
@pytest.mark.parametrize("folder", ["OTB", "UAV123_10fps"])
def test_real_frames_and_published_truth_fit(tmp_path, folder):
    name, truth = {"OTB": ("OTB-2015", "OTB2015")}.get(folder, (folder, None))
    names = sorted(path.name for path in (SEQUENCES / folder).iterdir())
    root = tmp_path / "truth"
    if truth is None:  # of the layout of its archive
        for sequence in names:
            path = root / "anno" / folder / f"{sequence}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SEQUENCES / folder / sequence / "groundtruth_rect.txt", path)
            target = root / "data_seq" / folder / sequence
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(SEQUENCES / folder / sequence / "img")
        benchmark = only(name, root, *names)
    else:
        benchmark = only(name, ANNOTATIONS / truth, *names, images=str(SEQUENCES / folder))
    index = build_index(name, benchmark, tmp_path, images="all")
    assert index.names == names
    for entry in index.sequences:
        sequence = index.sequence(entry.name)
        assert len(sequence) == entry.frames
        assert not [note for note in index.notes if "outside" in note]
