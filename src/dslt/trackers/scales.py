"""The levels of a scale pyramid."""


def scale_factors(step: float, levels: int) -> list[float]:
    """Return by what the levels of a pyramid zoom out.

    The current scale is first: where all peaks are equal, it is taken.

    Args:
        step: Zoom from one level to the next.
        levels: Their number, odd.
    """
    half = levels // 2
    return [step**level for level in sorted(range(-half, half + 1), key=abs)]
