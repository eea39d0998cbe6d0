"""An end between two steps when the system or the user asks for one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class StopRequest:
    """Whether an end was asked for.

    Attributes:
        number: Number of the signal that asked for it; 0: none.
    """

    number: int = 0


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Note the first SIGTERM or SIGINT inside the `with` block; a second one acts as usual.

    Outside the main thread no signal can be noted, and none is.
    """
    request = StopRequest()
    before: dict[int, signal._HANDLER] = {}

    def restore() -> None:
        while before:
            signal.signal(*before.popitem())

    def note(number: int, frame: FrameType | None) -> None:
        request.number = number
        restore()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        restore()
