"""The tracker process of the VOT toolkit, with a stand-in for the binding of its protocol."""

from __future__ import annotations

import configparser
import importlib
import shlex
import sys
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dslt.cli import group
from dslt.commands.vot import find_settings
from dslt.core.errors import DsltError
from dslt.study.cells import load_cells
from dslt.track.vot_toolkit import Session, binding, serve
from dslt.trackers.base import Prediction, TrainingRecord
from places import ROOT

CONFIG = ROOT / "config"
Request = namedtuple("Request", ["type", "image", "objects", "properties"])


class Rectangle:
    type = "rectangle"

    def __init__(self, *values):
        self.values = tuple(float(np.float32(value)) for value in values)  # as on the wire

    create = classmethod(lambda cls, *values: cls(*values))

    def bounds(self):
        return self.values


class Polygon(Rectangle):
    type = "polygon"

    def size(self):
        return len(self.values) // 2

    def get(self, index):
        return self.values[2 * index : 2 * index + 2]


class Server:
    """Plays the toolkit's side of a script of requests."""

    script = ()

    def __init__(self, regions, images, tracker_name):
        self.offered = (regions, images, tracker_name)
        self.left = list(self.script)
        self.replies = []
        self.reason = None
        Server.last = self

    def wait(self):
        return self.left.pop(0)

    def status(self, objects):
        self.replies += [(region.values, properties) for region, properties in objects]

    def quit(self, reason):
        self.reason = reason


TRAX = SimpleNamespace(
    TraxStatus=SimpleNamespace(INITIALIZE="initialize", FRAME="frame", QUIT="quit"),
    Region=SimpleNamespace(RECTANGLE="rectangle", POLYGON="polygon"),
    Image=SimpleNamespace(PATH="path"),
    Rectangle=Rectangle,
    Server=Server,
)


class Drifting:
    """Moves one pixel to the right per frame; fails in its fourth."""

    record = TrainingRecord()

    def initialize(self, frame, box):
        self.box, self.frames = box, 0

    def update(self, frame):
        self.frames += 1
        if self.frames == 4:
            raise RuntimeError("features gone")
        self.box = self.box + np.array([1, 0, 0, 0])
        return Prediction(self.box, 0.5)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "0001.png"
    Image.new("RGB", (100, 80)).save(path)
    return {"color": SimpleNamespace(path=lambda: str(path))}


@pytest.fixture
def trax(monkeypatch):
    monkeypatch.setitem(sys.modules, "trax", TRAX)


def start(image, *regions):
    return Request("initialize", image, [(region, {}) for region in regions], {})


def test_a_session_of_two_starts(trax, image):
    frame = Request("frame", image, None, {})
    Server.script = [
        start(image, Rectangle(10.1, 20.2, 30.3, 40.4)),
        frame,
        frame,
        start(image, Rectangle(1, 2, 3, 4)),
        frame,
        Request("quit", None, None, {}),
    ]
    serve(Drifting, "drifting", "area_preserving")
    server = Server.last
    assert server.offered == (["rectangle", "polygon"], ["path"], "drifting")
    boxes = [values for values, _ in server.replies]
    assert boxes == [
        pytest.approx(box)
        for box in (
            *((10.1, 20.2, 30.3, 40.4), (11.1, 20.2, 30.3, 40.4), (12.1, 20.2, 30.3, 40.4)),
            *((1, 2, 3, 4), (2, 2, 3, 4)),
        )
    ]
    assert [properties for _, properties in server.replies[:2]] == [{}, {"confidence": "0.500000"}]
    assert server.reason is None


def test_a_failing_tracker_shows_its_traceback_and_gives_the_reason(trax, image, capsys):
    Server.script = [start(image, Rectangle(1, 2, 3, 4)), *[Request("frame", image, None, {})] * 5]
    with pytest.raises(SystemExit) as stop:
        serve(Drifting, "drifting", "bounding")
    assert stop.value.code == 1
    assert len(Server.last.replies) == 4
    assert Server.last.reason == "RuntimeError: features gone"
    text = capsys.readouterr().err
    assert text.startswith("Traceback (most recent call last):")
    assert "in update" in text
    assert text.endswith("RuntimeError: features gone\n")


@pytest.mark.parametrize(
    ("rule", "box"),
    [("bounding", (20, 10, 40, 40)), ("area_preserving", (25.8579, 15.8579, 28.2843, 28.2843))],
)
def test_a_polygon_becomes_a_box(image, rule, box):
    session = Session(Drifting, TRAX, rule)
    region, _ = session.answer(start(image, Polygon(40, 10, 60, 30, 40, 50, 20, 30)))
    assert region.bounds() == pytest.approx(box, abs=1e-4)


def test_the_box_is_the_files_and_not_its_single_precision(image):
    session = Session(Drifting, TRAX)
    session.answer(start(image, Rectangle(37.2101, 58.3602, 12.0003, 9.9999)))
    assert session.tracker.box.tolist() == [37.2101, 58.3602, 12.0003, 9.9999]


@pytest.mark.parametrize(
    ("request_of", "words"),
    [
        (lambda image: start(image), "0 targets at once; expected 1"),
        (lambda image: start(image, *[Rectangle(1, 2, 3, 4)] * 2), "2 targets at once"),
        (lambda image: start(image, SimpleNamespace(type="mask")), "type 'mask'; expected rect"),
        (lambda image: start(image, Rectangle(1, 2, 0, 4)), "has no area"),
        (lambda image: start(image, Rectangle(100, 2, 3, 4)), "outside the frame of 100x80"),
        (lambda image: Request("frame", image, None, {}), "before any initialisation"),
    ],
)
def test_requests_that_make_no_sense(image, request_of, words):
    with pytest.raises(DsltError, match=words):
        Session(Drifting, TRAX).answer(request_of(image))


def test_a_missing_binding_is_named(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DsltError, match=r"trax is not installed; .* 'dslt\[vot\]'"):
        binding()


def test_settings_come_from_json_a_preset_or_the_sheet():
    sheet = CONFIG / "cells.tsv"
    assert find_settings("csrt", None, None).algorithm == "csrt"
    assert find_settings("dslt/lite", None, sheet).tracker == "dslt"
    text = '{"tracker": "opencv", "algorithm": "kcf"}'
    assert find_settings("anything", text, None).algorithm == "kcf"
    with pytest.raises(DsltError, match="unknown cell 'nope'"):
        find_settings("nope", None, None)


def entries(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser


def test_a_printed_entry_runs_this_python(tmp_path):
    cells = tmp_path / "50% done" / "cells.tsv"
    cells.parent.mkdir()
    cells.write_text((CONFIG / "cells.tsv").read_text())
    (cells.parent / "trackers").symlink_to(CONFIG / "trackers")
    words = ["vot", "ini", "--cell", "dslt/lite", "--cells", str(cells)]
    done = CliRunner().invoke(group, words, catch_exceptions=False)
    (section,) = (entries(done.output)[name] for name in entries(done.output).sections())
    assert section.name == "dslt_lite"
    assert section["protocol"] == "trax"
    command = shlex.split(section["command"])
    assert command[:6] == [sys.executable, "-m", "dslt", "vot", "run", "--cell"]
    assert command[6:] == ["dslt/lite", "--cells", str(cells)]


def test_a_printed_entry_names_the_sheet_that_it_was_checked_against(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    sheet = (tmp_path / "config" / "cells.tsv").resolve()
    sheet.write_text((CONFIG / "cells.tsv").read_text())
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(group, ["vot", "ini", "--cell", "csrt"], catch_exceptions=False)
    command = shlex.split(entries(done.output)["csrt"]["command"])
    assert command[6:] == ["csrt", "--cells", str(sheet)]


def test_the_committed_entries_name_cells_of_the_sheet():
    parser = entries((CONFIG / "vot" / "trackers.ini").read_text())
    cells = load_cells(CONFIG / "cells.tsv", CONFIG / "trackers")
    for name in parser.sections():
        command = shlex.split(parser[name]["command"])
        assert command[:4] == ["dslt", "vot", "run", "--cell"]
        assert command[4] == name
        assert name in cells
