"""An end between two steps when the system or the user asks for one."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class StopRequest:
    """Notes the first SIGTERM or SIGINT inside a `with` block; a second one acts as usual.

    Outside the main thread no signal can be noted, and none is.
    """

    def __init__(self) -> None:
        self.number = 0  # of the signal; 0: none
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> StopRequest:
        """Begin to listen."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put back what was there before."""
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
