"""Several trackers' scores on one benchmark, side by side."""

from collections.abc import Callable, Sequence
from functools import partial

from dslt.compare.cell import DifferenceValue, differences
from dslt.compare.stacks import stack
from dslt.core.errors import DsltError
from dslt.score.metrics import METRICS
from dslt.score.scores import AttributeScore, Scores, Summary
from dslt.settings.base import Settings

TextRows = list[list[str]]


class Contest(Settings):
    """The scores of several trackers, and each one's difference to the first.

    Attributes:
        trackers: Name to scores, the first is the one that the others are compared with.
        differences: Tracker to metric to the paired difference, this tracker minus the first.
    """

    trackers: dict[str, Scores]
    differences: dict[str, dict[str, DifferenceValue]]


def contest(scores: Sequence[Scores]) -> Contest:
    """Compare trackers on the same sequences.

    Args:
        scores: Scores of each tracker, names all different.

    Raises:
        DsltError: Two trackers have one name, or were scored on other sequences.
    """
    names = [one.cell for one in scores]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DsltError(f"two trackers have the name {', '.join(twice)}; rename a folder")
    first, *others = [stack([(one.cell, one)]) for one in scores]
    gaps = {
        name: differences(table, first, f"{name} and {names[0]}")
        for name, table in zip(names[1:], others, strict=True)
    }
    return Contest(trackers=dict(zip(names, scores, strict=True)), differences=gaps)


# ---------------------------------------------------------------------- rows of text tables


def show(value: float | None, metric: str) -> str:
    """A value with four decimals, failures with two, `-` where there is none."""
    if value is None:
        return "-"
    return f"{value:.2f}" if metric.startswith("failures") else f"{value:.4f}"


def titles(scores: Scores) -> dict[str, str]:
    """Metric to its title, for those that the protocol defines."""
    return {name: METRICS[name].title for name in scores.overall.defined()}


def _lead(scores: Scores) -> str:
    """The metric by which sequences and attributes are compared: the first one but EAO."""
    return "accuracy" if scores.overall.eao is not None else next(iter(titles(scores)))


def overall_rows(found: Contest) -> tuple[list[str], TextRows]:
    """One row per tracker: its scores, and the difference to the first in the first metric."""
    first = next(iter(found.trackers.values()))
    names = titles(first)
    lead = next(iter(names))
    header = ["tracker", *names.values()]
    if found.differences:
        header += [f"{names[lead]} - {first.cell}", "95 % interval"]
    rows = []
    for name, scores in found.trackers.items():
        row = [name, *(show(getattr(scores.overall, metric), metric) for metric in names)]
        gap = found.differences.get(name, {}).get(lead)
        if gap is not None:
            known = gap.low is not None and gap.high is not None
            row += [f"{gap.value:+.4f}", f"{gap.low:+.4f} to {gap.high:+.4f}" if known else "-"]
        rows.append(row)
    return header, rows


def _columns(found: Contest, shown: Callable[[str], bool]) -> list[tuple[str, Scores, str]]:
    """Title, scores and metric: one tracker's metrics, or the leading metric of each of several."""
    first, *more = found.trackers.values()
    if more:
        return [(name, one, _lead(first)) for name, one in found.trackers.items()]
    return [(title, first, metric) for metric, title in titles(first).items() if shown(metric)]


def sequence_rows(found: Contest) -> tuple[list[str], TextRows]:
    """One row per sequence: all metrics of one tracker, or the first metric of each of several."""
    first, *more = found.trackers.values()
    columns = _columns(found, lambda m: m not in ("eao", "robustness", "failures_weighted"))
    lead = f" ({METRICS[_lead(first)].title})" if more else ""
    rows = [
        [name, str(record.frames)]
        + [show(getattr(one.sequences[name], metric), metric) for _, one, metric in columns]
        for name, record in first.sequences.items()
    ]
    return [f"sequence{lead}", "frames", *(title for title, *_ in columns)], rows


def attribute_rows(found: Contest) -> tuple[list[str], TextRows]:
    """One row per attribute, as `sequence_rows`; empty where there are none."""
    first = next(iter(found.trackers.values()))
    columns = _columns(found, partial(_has, first))
    size = "sequences" if _lead(first) != "accuracy" else "frames"
    rows = [
        [code, _size(record)]
        + [show(getattr(one.attributes[code], metric), metric) for _, one, metric in columns]
        for code, record in first.attributes.items()
    ]
    return ["attribute", size, *(title for title, *_ in columns)], rows


def _has(scores: Scores, metric: str) -> bool:
    return any(getattr(one, metric) is not None for one in scores.attributes.values())


def _size(record: AttributeScore) -> str:
    """How much carries an attribute."""
    return f"{record.frames:.0f}" if record.sequences is None else str(record.sequences)


def alternative_rows(scores: Scores) -> tuple[list[str], TextRows]:
    """One row per named alternative of the protocol, the protocol itself first."""
    names = titles(scores)
    kinds: dict[str, Summary] = {str(scores.conventions["protocol"]): scores.overall}
    kinds |= scores.alternatives or {}
    rows = [
        [kind, *(show(getattr(summary, metric), metric) for metric in names)]
        for kind, summary in kinds.items()
    ]
    return ["conventions", *names.values()], rows
