"""Which frames of a sequence a strip shows."""

import numpy as np

from dslt.geometry import boxes


def visible(truth: np.ndarray) -> np.ndarray:
    """List the numbers of the rows of (N, 4) that are not NaN."""
    return np.flatnonzero(~np.isnan(truth).any(axis=1))


def evenly_spaced(truth: np.ndarray, count: int) -> tuple[int, ...]:
    """Choose up to `count` visible frames, evenly spaced and ending with the last visible one.

    The first frame, where every tracker has the given box, is left out unless it is the only one.

    Args:
        truth: (N, 4) ground truth, NaN rows where the target is absent.
        count: How many frames.
    """
    seen = visible(truth)
    places = np.linspace(0, len(seen) - 1, count + 1)[1:]
    places = np.unique(np.ceil(places - 1e-9).astype(int))  # up, so that none falls on the first
    return tuple(int(seen[place]) for place in places)


def first_failure(found: np.ndarray, truth: np.ndarray) -> tuple[int, str]:
    """Find the first visible frame without overlap, or else the one with the least; say which.

    Args:
        found: (N, 4) boxes of a tracker.
        truth: (N, 4) ground truth, NaN rows where the target is absent.
    """
    seen = visible(truth)
    overlap = np.nan_to_num(boxes.iou(found[seen], truth[seen]))
    place = int(np.argmin(overlap))  # the first of several zeros
    return int(seen[place]), "least overlap" if overlap[place] else "first failure"


def around(truth: np.ndarray, frame: int, count: int) -> tuple[int, ...]:
    """Choose up to `count` visible frames in the half of them around `frame`, itself among them.

    They are evenly spaced but for `frame`, which replaces the nearest; the half is moved where it
    would reach over an end.

    Args:
        truth: (N, 4) ground truth, NaN rows where the target is absent.
        frame: A visible frame.
        count: How many frames.
    """
    seen = visible(truth)
    place = int(np.searchsorted(seen, frame))
    reach = min(len(seen) - 1, max(count - 1, len(seen) // 2))
    start = min(max(place - reach // 2, 0), len(seen) - 1 - reach)
    places = np.unique(np.rint(np.linspace(start, start + reach, count)).astype(int))
    places[np.argmin(np.abs(places - place))] = place
    return tuple(int(seen[chosen]) for chosen in places)
