"""Boxes drawn with the mouse, in a figure without a window."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backend_bases import KeyEvent, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dslt.core.errors import DsltError
from dslt.demo.by_hand import Drawing, check_display, draw_boxes

FRAME = np.zeros((90, 160, 3), np.uint8)


@pytest.fixture
def drawing():
    figure = Figure()
    FigureCanvasAgg(figure)
    made = Drawing(figure, FRAME)
    figure.canvas.draw()
    return made


def drag(drawing, start, end):
    canvas = drawing.figure.canvas
    for name, point in (
        ("button_press_event", start),
        ("motion_notify_event", end),
        ("button_release_event", end),
    ):
        x, y = drawing.axes.transData.transform(point)
        canvas.callbacks.process(name, MouseEvent(name, canvas, x, y, 1))


def press(drawing, key):
    canvas = drawing.figure.canvas
    canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", canvas, key))


def test_each_rectangle_is_a_box(drawing):
    drag(drawing, (9.5, 19.5), (49.5, 39.5))
    drag(drawing, (100, 80), (60, 50))  # from below
    drag(drawing, (5, 5), (6, 6))  # a click
    np.testing.assert_allclose(drawing.boxes, [[10, 20, 40, 20], [60.5, 50.5, 40, 30]])
    assert len(drawing.axes.patches) >= 2


def test_the_last_box_can_be_taken_back(drawing):
    for left in (10, 50):
        drag(drawing, (left, 10), (left + 20, 30))
    press(drawing, "backspace")
    assert [box[0] for box in drawing.boxes] == pytest.approx([10.5])
    for _ in range(2):
        press(drawing, "backspace")
    assert drawing.boxes == drawing.outlines == []


def test_without_a_display_a_sentence_says_so(monkeypatch):
    monkeypatch.setitem(mpl.rcParams, "backend", "agg")
    for call in (check_display, lambda: draw_boxes(FRAME)):
        with pytest.raises(DsltError, match=r"no --box, and no window .* say --box x,y,w,h"):
            call()


def test_boxes_come_from_the_window(monkeypatch):
    from matplotlib import pyplot

    monkeypatch.setattr("dslt.demo.by_hand.check_display", lambda: None)
    shown = []
    monkeypatch.setattr(pyplot, "show", lambda block: shown.append(block))
    with pytest.raises(DsltError, match="no box was drawn"):
        draw_boxes(FRAME)
    keep = Drawing.__init__

    def drawn(self, figure, frame):
        keep(self, figure, frame)
        self.boxes.append(np.array([1.0, 2, 3, 4]))

    monkeypatch.setattr(Drawing, "__init__", drawn)
    ((name, box),) = draw_boxes(FRAME)
    assert (name, box.tolist(), shown) == ("", [1, 2, 3, 4], [True, True])
    pyplot.close("all")
