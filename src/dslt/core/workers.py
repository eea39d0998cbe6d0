"""Work that is spread over processes, with a progress bar; the results keep their order."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from typing import TypeVar

from tqdm import tqdm

from dslt.core.errors import DsltError

Item = TypeVar("Item")
Made = TypeVar("Made")
_LEAST = 16  # items that are worth a process, which takes a second to start
_MOST = 64  # items that are handed over at a time


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(
    work: Callable[[Item], Made], items: Sequence[Item], jobs: int, title: str, unit: str
) -> Iterator[Made]:
    """Do the same work on each item; the results come in the order of the items.

    Args:
        work: The work on an item: a function of a module, so that it can be pickled.
        items: The items, which can be pickled.
        jobs: Number of processes; with one, or with few items, all is done in this one.
        title: Title of the bar, which is shown in a terminal only.
        unit: What the bar calls an item.

    Raises:
        DsltError: A process was killed; or whatever the work raises.
    """
    jobs = min(jobs, len(items) // _LEAST)

    def bar(made: Iterator[Made]) -> Iterator[Made]:
        hidden = None if items else True  # no bar of no items
        yield from tqdm(made, total=len(items), desc=title, unit=unit, disable=hidden)

    if jobs <= 1:
        yield from bar(map(work, items))
        return
    chunk = max(1, min(_MOST, len(items) // (4 * jobs)))
    # A forked process would share open files and locks; a spawned one starts anew.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_end_with_parent)
    try:
        yield from bar(pool.map(work, items, chunksize=chunk))
    except BrokenProcessPool as error:
        raise DsltError(
            f"{title}: a process was killed, perhaps for want of memory; try --jobs 1"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when its parent is killed: the pool's queue would keep it waiting."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, name="dslt-parent", daemon=True).start()
