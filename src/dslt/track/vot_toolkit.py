"""Our trackers behind TraX, the protocol by which the official VOT toolkit talks to trackers."""

import importlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dslt.core.errors import DsltError
from dslt.core.extras import how_to_get
from dslt.data.sequences.frames import validate_initial_box
from dslt.data.sequences.images import ImageDecoder, read_bytes
from dslt.geometry.boxes import Box
from dslt.track.supervised import INITIAL_BOXES
from dslt.trackers.base import Prediction, Tracker

TRANSMITTED_DECIMALS = 4
InitialBox = Literal["area_preserving", "bounding"]


class Session:
    """Answers the requests of the toolkit, one target at a time.

    Args:
        make: Makes a fresh tracker; called at each initialisation.
        trax: The binding, the module `trax`.
        initial_box: How a polygon becomes the box of the tracker.
    """

    def __init__(
        self, make: Callable[[], Tracker], trax: Any, initial_box: InitialBox = "area_preserving"
    ) -> None:
        self.make, self.trax, self.initial_box = make, trax, initial_box
        self.tracker: Tracker | None = None
        self.decoder = ImageDecoder()

    def answer(self, request: Any) -> tuple[Any, dict[str, str]]:
        """Deal with a request to initialise or to track; return the region and its properties.

        Raises:
            DsltError: The image is unreadable, there is not one target, or no tracker yet.
        """
        path = Path(request.image["color"].path())
        is_start = request.type == self.trax.TraxStatus.INITIALIZE
        if is_start:
            self.decoder = ImageDecoder()
        frame = self.decoder.decode(read_bytes(path), str(path))
        if is_start:
            box = validate_initial_box(self._initial_box(request.objects), frame.shape, str(path))
            self.tracker = None  # its memory, before the next one's
            self.tracker = self.make()
            self.tracker.initialize(frame, box)
            return self._reply(Prediction(box, float("nan")))
        if self.tracker is None:
            raise DsltError(f"{path}: a frame to track before any initialisation")
        return self._reply(self.tracker.update(frame))

    def _initial_box(self, objects: list[tuple[Any, Any]]) -> Box:
        """Read the box `(x, y, w, h)` of the one target."""
        if len(objects) != 1:
            raise DsltError(f"{len(objects)} targets at once; expected 1: the tracker follows one")
        region = objects[0][0]
        if region.type == self.trax.Region.RECTANGLE:
            return _transmitted(region.bounds())
        if region.type == self.trax.Region.POLYGON:
            corners = _transmitted([region.get(index) for index in range(region.size())])
            box: Box = INITIAL_BOXES[self.initial_box](corners[None])[0]
            return box
        raise DsltError(f"an initial region of type {region.type!r}; expected rectangle or polygon")

    def _reply(self, found: Prediction) -> tuple[Any, dict[str, str]]:
        """Make a region of a prediction; its score travels as `confidence`, where it has one."""
        region = self.trax.Rectangle.create(*(float(value) for value in found.box))
        return region, {} if np.isnan(found.score) else {"confidence": f"{found.score:.6f}"}


def _transmitted(values: Any) -> Box:
    """Undo what single precision on the way did to numbers of four decimals."""
    return np.asarray(np.round(np.array(values, dtype=np.float64), TRANSMITTED_DECIMALS))


def binding() -> Any:
    """Import the Python binding of TraX.

    Raises:
        DsltError: It is not installed.
    """
    try:
        return importlib.import_module("trax")
    except ModuleNotFoundError as error:
        raise DsltError(f"{how_to_get('trax')} (docs/vot.md)") from error


def serve(make: Callable[[], Tracker], name: str, initial_box: InitialBox) -> None:
    """Serve the toolkit on this process's standard streams (or its socket) until it quits.

    An exception of the tracker ends the process: its traceback goes to standard error, which the
    toolkit shows or logs, its last line to the toolkit as the reason, and the exit status is 1.

    Args:
        make: Makes a fresh tracker.
        name: Name of the tracker.
        initial_box: How a polygon becomes the box of the tracker.

    Raises:
        DsltError: The binding is not installed.
        SystemExit: The tracker failed.
    """
    trax = binding()
    regions = [trax.Region.RECTANGLE, trax.Region.POLYGON]
    server = trax.Server(regions, [trax.Image.PATH], tracker_name=name)
    session = Session(make, trax, initial_box)
    while True:
        request = server.wait()
        if request.type not in (trax.TraxStatus.INITIALIZE, trax.TraxStatus.FRAME):
            return
        try:
            region, properties = session.answer(request)
        except Exception as error:  # whatever it is, the toolkit's user is to see it
            traceback.print_exc()
            sys.stderr.flush()
            server.quit(f"{type(error).__name__}: {error}")
            raise SystemExit(1) from None
        server.status([(region, properties)])
