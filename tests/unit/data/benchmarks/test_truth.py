"""Ground truth of published benchmarks: every layout, every broken file."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.data.benchmarks.truth.codes import OTB, code_of, ordered
from places import ROOT

DEFINITIONS = read_definitions(ROOT / "config" / "benchmarks.yaml")
ROWS = "11,21,30,40\n12,22,31,41\n13,23,32,42\n"
BOXES = [[10, 20, 30, 40], [11, 21, 31, 41], [12, 22, 32, 42]]


def benchmark(family, *names, **more):
    values = {"kind": "annotations", "title": "mine", "protocol": "otb", "family": family}
    return AnnotationsBenchmark.model_validate(
        {**values, "box_origin": 0 if family == "vot" else 1, "sequences": names or None, **more}
    )


def write(path: Path, text=ROWS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def one(definition, root):
    targets, notes = load_targets(definition, root)
    assert notes == []
    (target,) = targets.values()
    return target


# ---------------------------------------------------------------------- OTB


@pytest.mark.parametrize("place", ["anno/dog.txt", "Dog.txt", "Dog/groundtruth_rect.txt"])
def test_otb_boxes_in_every_place(tmp_path, place):
    write(tmp_path / place, ROWS.replace(",", "\t"))
    write(tmp_path / "notes.txt", "Dog is a dog\n")
    target = one(benchmark("otb", "Dog"), tmp_path)
    np.testing.assert_array_equal(target.truth, BOXES)
    assert (target.video, target.attributes, target.corners, target.absent) == (
        "Dog",
        (),
        None,
        None,
    )


def test_a_header_hides_no_ground_truth(tmp_path):
    write(tmp_path / "Dog.txt", "x,y,w,h\n" + ROWS)
    write(tmp_path / "Cat.txt")
    with pytest.raises(DsltError, match=r"Dog\.txt, line 1: 'x'"):
        load_targets(benchmark("otb"), tmp_path)


def test_otb_targets_of_one_video(tmp_path):
    for name in (
        "Jogging/groundtruth_rect.1",
        "Jogging/groundtruth_rect.2",
        "Human4/groundtruth_rect.2",
    ):
        write(tmp_path / f"{name}.txt")
    targets, notes = load_targets(benchmark("otb", "Jogging-2", "Human4-2", "Jogging-1"), tmp_path)
    assert notes == []
    assert list(targets) == ["Jogging-2", "Human4-2", "Jogging-1"]
    assert [target.video for target in targets.values()] == ["Jogging", "Human4", "Jogging"]


def test_otb_names_without_their_number(tmp_path):
    for name in ("Human4", "Skating2.1", "skating2_2", "Skating1"):
        write(tmp_path / "anno" / f"{name}.txt")
    names = ("Human4-2", "Skating1", "Skating2-1", "Skating2-2")
    assert benchmark("otb", *names, root=str(tmp_path)).sequence_names() == list(names)


def test_otb_attributes(tmp_path):
    write(tmp_path / "anno" / "dog.txt")
    write(tmp_path / "tb_100.txt", "Dog\tSV, OPR ,IV\nCat\tLR\n")
    targets, notes = load_targets(benchmark("otb", "Dog"), tmp_path)
    assert targets["Dog"].attributes == ("IV", "OPR", "SV")
    assert "the site's lists" in notes[0]
    words = ["Scale Variation", "Background Clutters", "Out-of-View"]
    entry = {"gt_rect": [[1, 1, 5, 5]], "attr": words}
    write(tmp_path / "OTB.json", json.dumps({"Dog": entry}))
    target = one(benchmark("otb", "Dog"), tmp_path)
    assert target.attributes == ("SV", "OV", "BC")
    assert len(target.truth) == 3  # the boxes are still those of the folder
    write(tmp_path / "anno" / "att" / "dog.txt", "0,0,0,0,0,0,0,0,0,0,1\n")
    assert one(benchmark("otb", "Dog"), tmp_path).attributes == ("LR",)
    write(tmp_path / "anno" / "att" / "dog.txt", "0,0,1\n")
    with pytest.raises(DsltError, match=r"att/dog\.txt: 3 flags, expected 11"):
        load_targets(benchmark("otb", "Dog"), tmp_path)


def test_otb_beside_other_json(tmp_path):
    root = tmp_path / "otb"
    write(root / "anno" / "dog.txt")
    write(root / "a.json", "// settings of an editor\n{}")
    write(tmp_path / "b.json", '{"dog": ')
    assert one(benchmark("otb", "Dog"), root).attributes == ()
    entry = {"gt_rect": [[1, 1, 5, 5]], "attr": ["Occlusion"]}
    write(tmp_path / "c.json", json.dumps({"Dog": entry}))
    assert one(benchmark("otb", "Dog"), root).attributes == ("OCC",)


def test_otb_attributes_come_from_the_file_that_knows_the_sequences(tmp_path):
    write(tmp_path / "anno" / "Dog.txt")
    box = {"gt_rect": [[1, 1, 5, 5]]}
    write(tmp_path / "A_other.json", json.dumps({"Cat": {**box, "attr": ["Scale Variation"]}}))
    write(tmp_path / "tb_100.txt", "Dog\tIV\n")
    assert load_targets(benchmark("otb", "Dog"), tmp_path)[0]["Dog"].attributes == ("IV",)
    write(tmp_path / "OTB.json", json.dumps({"Dog": {**box, "attr": ["Occlusion"]}}))
    assert one(benchmark("otb", "Dog"), tmp_path).attributes == ("OCC",)


def test_a_link_to_nowhere_is_no_list(tmp_path):
    write(tmp_path / "anno" / "Dog.txt")
    (tmp_path / "tb_100.txt").symlink_to("nowhere")
    assert one(benchmark("otb", "Dog"), tmp_path).attributes == ()


@pytest.mark.parametrize("name", ["../../evil", "a/b", "", ".hidden", "a\\b"])
def test_names_of_a_json_file_name_files(tmp_path, name):
    path = write(tmp_path / "a.json", json.dumps({name: {"gt_rect": [[1, 1, 5, 5]]}}))
    with pytest.raises(DsltError, match=r"a\.json: sequence .*expected what can name a file"):
        load_targets(benchmark("otb"), path)


def test_codes():
    assert [code_of(text) for text in ("Illumination Variations", "BC", "Low-Resolution", "x")] == [
        "IV",
        "BC",
        "LR",
        "x",
    ]
    assert ordered(["LR", "new", "IV", "LR"], OTB) == ("IV", "LR", "new")


def test_keys_that_are_no_sequence(tmp_path):
    write(tmp_path / "david.txt")
    write(tmp_path / "Coke.txt")
    known = {"frames": {"David": [1, 3], "Coke": [1, 3]}}
    whole = {"totals": {"sequences": 1}}
    load_targets(benchmark("otb", "David", **known, **whole), tmp_path)
    load_targets(benchmark("otb", frames={"david": [1, 3]}), tmp_path)
    wrong = {"frames": {"Davdi": [1, 3]}}
    words = r"the benchmark's `frames` has 'Davdi', but no .* called so; did you mean David\?"
    with pytest.raises(DsltError, match=words):
        load_targets(benchmark("otb", "David", **wrong, **whole), tmp_path)
    with pytest.raises(DsltError, match="did you mean David"):  # the benchmark's own spelling
        load_targets(benchmark("otb", "David", frames={"david": [1, 3]}, **whole), tmp_path)
    wrong = {"scored_from": {"Zoo": 2}, "annotated_rows": {"Zoo": 3}}
    with pytest.raises(DsltError, match=r"`scored_from` has 'Zoo', but no sequence is called so$"):
        load_targets(benchmark("otb", **wrong), tmp_path)
    # A part of a benchmark, where the rest lies elsewhere, and one by its sequences.
    for more in ({"totals": {"sequences": 2}}, {}):
        part = benchmark("otb", "David", frames={"Football1": [1, 74]}, **more)
        load_targets(part, tmp_path)


@pytest.mark.parametrize("rows", [6, 4])
def test_rows_before_the_first_one_that_is_scored(tmp_path, rows):
    text = "".join(f"{i},1,5,5\n" for i in range(7 - rows, 7))
    write(tmp_path / "Tiger1.txt", text)
    definition = benchmark("otb", "Tiger1", scored_from={"Tiger1": 3}, annotated_rows={"Tiger1": 6})
    targets, notes = load_targets(definition, tmp_path)
    assert targets["Tiger1"].truth[:, 0].tolist() == [2, 3, 4, 5]
    assert notes == (["Tiger1 is scored from row 3 of 6 on"] if rows == 6 else [])


def test_rows_of_an_unknown_kind_are_refused(tmp_path):
    write(tmp_path / "Tiger1.txt")
    definition = benchmark("otb", "Tiger1", scored_from={"Tiger1": 3}, annotated_rows={"Tiger1": 6})
    with pytest.raises(DsltError, match=r"Tiger1\.txt: 3 rows for Tiger1; expected 6, or the 4"):
        load_targets(definition, tmp_path)
    with pytest.raises(ValueError, match=r"annotated_rows\.Tiger1 must say"):
        benchmark("otb", "Tiger1", scored_from={"Tiger1": 3})


# ---------------------------------------------------------------------- UAV123


@pytest.mark.parametrize("folder", ["anno/UAV123", "anno", "UAV123", "."])
def test_uav123(tmp_path, folder):
    write(tmp_path / folder / "bird1_2.txt", "11,21,30,40\nNaN,NaN,NaN,NaN\n")
    write(tmp_path / folder / "bird1.txt")
    write(tmp_path / folder / "att" / "bird1_2.txt", "1,0,0,0,1,0,0,0,0,0,0,1")
    target = one(benchmark("uav123", "bird1_2"), tmp_path)
    assert np.isnan(target.truth[1]).all()
    assert target.attributes == ("SV", "FOC", "SOB")
    assert target.video == "bird1"


def test_uav123_beside_uav123_at_ten_a_second(tmp_path):
    write(tmp_path / "anno" / "UAV123" / "bike1.txt")
    with pytest.raises(DsltError, match=r"expected anno/UAV123_10fps/<name>\.txt"):
        load_targets(benchmark("uav123_10fps", "bike1"), tmp_path)
    write(tmp_path / "anno" / "UAV123_10fps" / "bike1.txt", "11,21,30,40\n")
    frames = {"uav123": 3, "uav123_10fps": 1}
    for family, count in frames.items():
        assert len(one(benchmark(family, "bike1"), tmp_path).truth) == count


def test_uav123_flags_beside_the_boxes_folder(tmp_path):
    write(tmp_path / "anno" / "car1_s.txt")
    write(tmp_path / "att" / "car1_s.txt", "0,1,0,0,0,0,0,0,0,0,0,2")
    with pytest.raises(DsltError, match=r"att/car1_s\.txt, value 12: '2'; expected 0 or 1"):
        load_targets(benchmark("uav123", "car1_s"), tmp_path)


# ---------------------------------------------------------------------- LaSOT


@pytest.mark.parametrize(
    ("boxes", "absent"), [("boxes", "absent"), ("annos", "annos/absent"), (".", "absent")]
)
def test_lasot_toolkit(tmp_path, boxes, absent):
    write(tmp_path / boxes / "cat-1.txt")
    write(tmp_path / absent / "cat-1.txt", "0\n1\n0\n")
    target = one(benchmark("lasot", "cat-1"), tmp_path)
    assert target.absent.tolist() == [False, True, False]
    assert target.video == "cat-1"


@pytest.mark.parametrize("folder", ["cat/cat-1", "cat-1"])
def test_lasot_folders(tmp_path, folder):
    write(tmp_path / folder / "groundtruth.txt")
    write(tmp_path / folder / "full_occlusion.txt", "0,1,0\n")
    targets, notes = load_targets(benchmark("lasot", "cat-1"), tmp_path)
    assert targets["cat-1"].absent.tolist() == [False, True, False]
    assert "1 sequences have no (complete) flags" in notes[0]
    write(tmp_path / folder / "out_of_view.txt", "0,0,1")
    assert one(benchmark("lasot", "cat-1"), tmp_path).absent.tolist() == [False, True, True]


def test_lasot_takes_the_sequences_of_the_test_list(tmp_path):
    for name in ("cat-1", "cat-2", "dog-1"):
        write(tmp_path / "boxes" / f"{name}.txt")
    write(tmp_path / "testing_set.txt", "dog-1\ncat-2\n")
    assert benchmark("lasot", root=str(tmp_path)).sequence_names() == ["dog-1", "cat-2"]
    write(tmp_path / "testing_set.txt", "dog-1\ncow-9\ncat-2\n")
    targets, notes = load_targets(benchmark("lasot"), tmp_path)
    assert list(targets) == ["dog-1", "cat-2"]
    assert "2 of 3 sequences: not a score of mine; there is no ground truth of cow-9" in notes[0]


def test_lasot_flags_must_fit(tmp_path):
    write(tmp_path / "boxes" / "cat-1.txt")
    write(tmp_path / "absent" / "cat-1.txt", "0\n1\n")
    with pytest.raises(DsltError, match=r"absent/cat-1\.txt: 2 flags, expected 3"):
        load_targets(benchmark("lasot", "cat-1"), tmp_path)


def test_the_key_absent_of_json_means_present(tmp_path):
    entry = {"gt_rect": [[1, 1, 5, 5]] * 3, "absent": [1, 0, 1]}
    path = write(tmp_path / "LaSOT.json", json.dumps({"cat-1": entry}))
    assert one(benchmark("lasot", "cat-1"), path).absent.tolist() == [False, True, False]


# ---------------------------------------------------------------------- VOT

POLYGON = [10.5, 10, 20, 12, 18, 30, 8, 28]


@pytest.mark.parametrize("folder", [".", "sequences"])
def test_vot_folders(tmp_path, folder):
    text = ",".join(map(str, POLYGON))
    ants = tmp_path / folder / "ants"
    write(ants / "groundtruth.txt", f"{text}\n{text}\nnan,nan,nan,nan,nan,nan,nan,nan\n")
    write(ants / "occlusion.tag", "0\n1\n")
    write(ants / "camera_motion.label", "1\n1\n1\n")
    write(ants / "sequence", "name=ants\nwidth=640\nheight=480\n")
    write(tmp_path / folder / "list.txt", "ants\n")
    target = one(benchmark("vot"), tmp_path)
    assert target.corners.shape == (3, 4, 2)
    assert target.corners[0].tolist() == np.reshape(POLYGON, (4, 2)).tolist()
    assert target.truth[0].tolist() == [8, 10, 12, 20]
    assert np.isnan(target.truth[2]).all()
    assert np.isnan(target.corners[2]).all()
    assert {name: flags.tolist() for name, flags in target.tags.items()} == {
        "camera_motion": [True, True, True],
        "occlusion": [False, True, False],
    }
    assert target.size == (640, 480)


def test_vot_sizes_of_images(tmp_path):
    write(tmp_path / "ants" / "groundtruth.txt", "10,20,30,40\n")
    targets, notes = load_targets(benchmark("vot", "ants"), tmp_path)
    assert targets["ants"].size is None
    assert targets["ants"].corners is None
    assert targets["ants"].truth.tolist() == [[10, 20, 30, 40]]
    assert "not clipped" in notes[0]
    (tmp_path / "ants" / "color").mkdir()
    Image.new("RGB", (32, 24)).save(tmp_path / "ants" / "color" / "00000001.jpg")
    assert one(benchmark("vot", "ants"), tmp_path).size == (32, 24)
    turned = Image.Exif()
    turned[0x0112] = 6  # shown turned by a quarter
    Image.new("RGB", (32, 24)).save(tmp_path / "ants" / "color" / "00000001.jpg", exif=turned)
    assert one(benchmark("vot", "ants"), tmp_path).size == (24, 32)


def test_vot_boxes_beside_polygons_become_polygons(tmp_path):
    hexagon = "0,0,4,0,6,2,4,4,0,4,-2,2"
    write(tmp_path / "ants" / "groundtruth.txt", f"1,2,3,4\n{hexagon}\n")
    write(tmp_path / "ants" / "sequence", "width=9\nheight=9")
    corners = one(benchmark("vot", "ants"), tmp_path).corners
    assert corners[0].tolist() == [[1, 2], [4, 2], [4, 6], [1, 6], [1, 6], [1, 6]]
    assert corners[1, 5].tolist() == [-2, 2]


def test_a_side_that_json_does_not_give_is_not_known(tmp_path):
    entry = {"gt_rect": [[1, 2, 3, 4]], "width": 320}
    path = write(tmp_path / "a.json", json.dumps({"a": entry}))
    assert load_targets(benchmark("vot", "a"), path)[0]["a"].size is None


def test_vot_json(tmp_path):
    entry = {
        "gt_rect": [POLYGON, None],
        "occlusion": [0, 1],
        "camera_motion": [],
        "width": 64,
        "height": 48,
        "img_names": ["ants/color/00000001.jpg", "ants/color/00000002.jpg"],
    }
    write(tmp_path / "VOT2018.json", json.dumps({"ants": entry}))
    write(tmp_path / "other.json", "[1, 2]")
    target = one(benchmark("vot", "ants"), tmp_path)
    assert target.size == (64, 48)
    assert target.tags["occlusion"].tolist() == [False, True]
    assert target.tags["camera_motion"].tolist() == [False, False]
    assert np.isnan(target.truth[1]).all()


# ---------------------------------------------------------------------- what is missing or broken


def test_a_part_of_a_benchmark_is_said_to_be_a_part(tmp_path):
    write(tmp_path / "Dog.txt")
    targets, notes = load_targets(benchmark("otb", "Cat", "Dog", "Cow"), tmp_path)
    assert list(targets) == ["Dog"]
    assert notes == ["1 of 3 sequences: not a score of mine; there is no ground truth of Cat, Cow"]
    targets, notes = load_targets(benchmark("otb", "Cat", "Cow"), tmp_path)
    assert list(targets) == ["Dog"]
    assert notes == [
        "none of the 2 sequences of mine is there; the 1 that are there are scored instead: not a"
        " score of mine"
    ]


def test_the_layout_with_the_most_sequences_is_taken(tmp_path):
    write(tmp_path / "anno" / "Dog.txt")
    entries = {name: {"gt_rect": [[1, 1, 5, 5]]} for name in ("Dog", "Cat")}
    path = write(tmp_path / "OTB.json", json.dumps(entries))
    definition = benchmark("otb", "Cat", "Dog", root=str(tmp_path))
    assert list(load_targets(definition, tmp_path)[0]) == ["Cat", "Dog"]
    assert definition.input_files() == [path.as_posix()]


@pytest.mark.parametrize("family", ["otb", "uav123", "uav123_10fps", "lasot", "vot"])
def test_folders_without_annotations(tmp_path, family):
    write(tmp_path / "readme.txt", "nothing\n")
    with pytest.raises(DsltError, match=r"no annotations of mine; expected .* JSON file"):
        load_targets(benchmark(family, "a"), tmp_path)
    with pytest.raises(DsltError, match="no such folder of annotations"):
        load_targets(benchmark(family, "a"), tmp_path / "none")


@pytest.mark.parametrize(
    ("family", "place", "text", "words"),
    [
        ("otb", "anno/a.txt", "1,2,3,4\n1,2,3\n", r"a\.txt, line 2: 3 values"),
        ("otb", "anno/a.txt", "", r"a\.txt: no boxes"),
        ("uav123", "anno/a.txt", "1,2,3,x\n", r"a\.txt, line 1: 'x'"),
        ("lasot", "boxes/a.txt", "1,2,inf,4\n", r"a\.txt, line 1: 'inf'"),
        ("vot", "a/groundtruth.txt", "1,2,3,4\n1,2,3,4,5\n", r"groundtruth\.txt, line 2: 5 values"),
        ("vot", "a/groundtruth.txt", "m0,0,3,3,1\n", r"line 1: a mask"),
        ("vot", "a/groundtruth.txt", "\n", "no regions"),
        ("vot", "a/groundtruth.txt", "1,2,3,4\n\n1,2,3,4\n", "line 2: empty"),
        ("vot", "a.json", "{", "not a readable JSON"),
        ("otb", "a.json", '{"a": {"gt_rect": []}}', "a.json, a: 'gt_rect' is empty"),
        ("otb", "a.json", '{"a": {"gt_rect": [[1, 2, 3]]}}', "a, row 1: 3 values"),
        (
            "otb",
            "a.json",
            '{"a": {"gt_rect": [[1, 2, 3, "4"]]}}',
            "a, row 1: '4'; expected numbers of pixels",
        ),
        ("otb", "a.json", '{"a": {"gt_rect": [7]}}', "a, row 1: 7; expected a list"),
        ("otb", "a.json", '{"a": {"gt_rect": [[1, 2, 3, 1e300]]}}', "expected numbers of pixels"),
        (
            "otb",
            "a.json",
            '{"a": {"gt_rect": [[1, 2, 3, 1' + "0" * 400 + "]]}}",
            "expected numbers",
        ),
        ("otb", "a.json", "[" * 100_000, "not a readable JSON file"),
        (
            "vot",
            "a.json",
            '{"a": {"gt_rect": [[1,2,3,4]], "t": [1, 0]}}',
            "a, t: 2 flags, expected 1",
        ),
        ("vot", "a.json", '{"a": {"gt_rect": [[1,2,3,4]], "t": [5]}}', "a, t, value 1: 5"),
        (
            "otb",
            "a.json",
            '{"a": {"gt_rect": [[1, 2, 3, 1e999]]}}',
            "row 1: inf; expected numbers",
        ),
        (
            "otb",
            "a.json",
            f'{{"a": {{"gt_rect": [[1, 2, 3, 1{"0" * 400}]]}}}}',
            r"row 1: 1000*\.\.\. \(201 more characters\); expected numbers of pixels",
        ),
        (
            "otb",
            "a.json",
            '{"a": {"gt_rect": [[1, 2, true, 4]]}}',
            "row 1: True; expected numbers",
        ),
        (
            "otb",
            "a.json",
            '{"a": {"gt_rect": [[1,2,3,4]], "attr": 8}}',
            "a, attr: 8; expected a l",
        ),
        (
            "otb",
            "a.json",
            '{"a": {"gt_rect": [[1,2,3,4]], "attr": [0]}}',
            r"a, attr: \[0\]; expected",
        ),
        (
            "vot",
            "a.json",
            '{"a": {"gt_rect": [[1,2,3,4]], "width": "x"}}',
            "a, width: 'x'; expected",
        ),
    ],
)
def test_broken_files_are_named(tmp_path, family, place, text, words):
    write(tmp_path / place, text)
    with pytest.raises(DsltError, match=words):
        load_targets(benchmark(family, "a"), tmp_path)


def test_a_json_file_of_something_else(tmp_path):
    path = write(tmp_path / "a.json", '{"a": 1}')
    with pytest.raises(DsltError, match=r"a\.json: no ground truth; expected entries"):
        load_targets(benchmark("otb", "a"), path)


# ---------------------------------------------------------------------- definitions


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("OTB-2015", "OTB-2015"),
        ("otb2015", "OTB-2015"),
        ("OTB100", "OTB-2015"),
        ("tb_100", "OTB-2015"),
        ("OTB 2013", "OTB-2013"),
        ("cvpr13", "OTB-2013"),
        ("uav-123", "UAV123"),
        ("lasot", "LaSOT"),
        ("VOT2018", "VOT-2018"),
        ("vot16", "VOT-2016"),
        ("Clips", "clips"),
    ],
)
def test_benchmarks_are_found_under_all_their_names(name, found):
    assert find_benchmark(DEFINITIONS, name)[0] == found


def test_names_of_no_benchmark_and_of_two():
    with pytest.raises(
        DsltError, match=r"unknown benchmark 'OTB-50'; allowed: .*OTB-2015.*VOT-2018"
    ):
        find_benchmark(DEFINITIONS, "OTB-50")
    twice = {"OTB_2015": DEFINITIONS["OTB-2013"], **DEFINITIONS}
    with pytest.raises(DsltError, match="'otb2015' may be OTB_2015 or OTB-2015"):
        find_benchmark(twice, "otb2015")
    assert find_benchmark(twice, "OTB-2015")[0] == "OTB-2015"


@pytest.mark.parametrize(
    ("name", "count", "protocol", "origin"),
    [
        ("OTB-2015", 100, "otb", 1),
        ("OTB-2013", 51, "otb", 1),
        ("UAV123", 123, "uav123", 1),
        ("LaSOT", 280, "lasot", 1),
        ("VOT-2016", 60, "vot2016", 0),
        ("VOT-2018", 60, "vot2018", 0),
    ],
)
def test_published_benchmarks(name, count, protocol, origin):
    _, definition = find_benchmark(DEFINITIONS, name)
    assert len(definition.sequence_names()) == len(set(definition.sequences)) == count
    assert (definition.protocol, definition.box_origin) == (protocol, origin)
    assert definition.title == name
    assert definition.fetched_files() == definition.input_files() == []
    with pytest.raises(DsltError, match=f"{name}: no folder of annotations is named"):
        definition.folder()


def test_every_sequence_of_otb_2013_is_in_otb_2015():
    first, second = (find_benchmark(DEFINITIONS, f"OTB-{year}")[1] for year in (2013, 2015))
    assert set(first.sequences) < set(second.sequences)
    assert set(first.scored_from) < set(first.sequences)


def test_a_root_gives_names_and_files(tmp_path):
    path = write(tmp_path / "Dog.txt")
    definition = benchmark("otb", "Dog", "Cat", root=str(tmp_path))
    assert definition.sequence_names() == ["Dog"]
    assert definition.input_files() == [path.as_posix()]
    with pytest.raises(DsltError, match="mine: no folder of annotations is named"):
        benchmark("otb").sequence_names()
