"""Boxes drawn by hand into the first frame, in a window of matplotlib."""

from typing import Any

import numpy as np
from matplotlib.backend_bases import KeyEvent, MouseButton, MouseEvent
from matplotlib.backends.registry import BackendFilter, backend_registry
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.widgets import RectangleSelector

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.demo.targets import COLOURS
from dslt.geometry.boxes import Box

HELP = "Drag a box over each target. Backspace takes the last one back; Enter starts."
SMALLEST = 2.0  # pixels of a side; less is a click


class Drawing:
    """A figure in which each rectangle that is dragged open is a box.

    Attributes:
        boxes: The boxes `(x, y, w, h)`, in the order they were drawn.
    """

    def __init__(self, figure: Figure, frame: Frame):
        self.boxes: list[Box] = []
        self.outlines: list[Rectangle] = []
        self.figure = figure
        self.axes = figure.add_subplot()
        self.axes.imshow(frame)
        self.axes.set_axis_off()
        self.axes.set_title(HELP, fontsize=9)
        line = {"facecolor": "none", "edgecolor": "white", "linestyle": "--"}
        self.selector = RectangleSelector(
            self.axes, self._drawn, button=MouseButton.LEFT, props=line
        )
        figure.canvas.mpl_connect("key_press_event", self._pressed)

    def _drawn(self, press: MouseEvent, release: MouseEvent) -> None:
        """Take a rectangle; pixel 0 of the picture spans -0.5 to 0.5 in the axes."""
        ends = np.array([[press.xdata, press.ydata], [release.xdata, release.ydata]], dtype=float)
        corner, size = ends.min(axis=0), np.ptp(ends, axis=0)
        if min(size) < SMALLEST:
            return
        colour = COLOURS[len(self.boxes) % len(COLOURS)]
        self.boxes.append(np.concatenate([corner + 0.5, size]))
        outline = Rectangle(tuple(corner), *size, fill=False, edgecolor=colour, linewidth=2)
        self.outlines.append(outline)
        self.axes.add_patch(outline)
        self.figure.canvas.draw_idle()

    def _pressed(self, event: KeyEvent) -> None:
        if event.key == "backspace" and self.boxes:
            self.boxes.pop()
            self.outlines.pop().remove()
            self.figure.canvas.draw_idle()
        elif event.key == "enter":
            from matplotlib import pyplot

            pyplot.close(self.figure)


def draw_boxes(frame: Frame) -> list[tuple[str, Box]]:
    """Let the user draw boxes into a frame.

    Returns:
        Boxes without names, at least one.

    Raises:
        DsltError: There is no display, or nothing was drawn.
    """
    check_display()
    from matplotlib import pyplot

    drawing = Drawing(pyplot.figure("dslt demo", layout="constrained"), frame)
    pyplot.show(block=True)
    if not drawing.boxes:
        raise DsltError("no box was drawn; drag one over the target, or say --box x,y,w,h")
    return [("", box) for box in drawing.boxes]


def check_display() -> None:
    """Check that a window can be opened.

    Raises:
        DsltError: It cannot.
    """
    from matplotlib import pyplot

    registry: Any = backend_registry  # untyped
    windows = registry.list_builtin(BackendFilter.INTERACTIVE)
    try:
        pyplot.switch_backend(pyplot.get_backend())
        shown = pyplot.get_backend().lower() in windows
    except ImportError:
        shown = False
    if not shown:
        raise DsltError(
            "no --box, and no window to draw one in: there is no display, or Python lacks a "
            "toolkit for windows (tkinter, or PyQt6); say --box x,y,w,h for each target"
        )
