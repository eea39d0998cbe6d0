"""Typed settings of every kind of tracker."""

from __future__ import annotations

from typing import Any, Literal

from dslt.core.errors import DsltError
from dslt.settings.base import Settings, validate
from dslt.settings.dslt import DsltSettings
from dslt.settings.siamese import SiamFcSettings, SiamRpnSettings


class OpenCvSettings(Settings):
    """A tracker of OpenCV with its own defaults."""

    tracker: Literal["opencv"]
    algorithm: Literal["csrt", "kcf"]


class ExternalSettings(Settings):
    """Another tracker's raw results, which are scored here and not run.

    Attributes:
        results: folder of the results; `{benchmark}` and `{seed}` in it are replaced.
        box_origin: where the files count pixels from; null: as the benchmark's annotations, of
            supervised runs 0.
    """

    tracker: Literal["external"]
    results: str
    box_origin: Literal[0, 1] | None

    def folder(self, benchmark: str, seed: int) -> str:
        """Name the folder of one run over one benchmark."""
        return self.results.replace("{benchmark}", benchmark).replace("{seed}", str(seed))


SiameseSettings = SiamFcSettings | SiamRpnSettings
TrackerSettings = DsltSettings | SiameseSettings | OpenCvSettings | ExternalSettings
SETTINGS: dict[str, type[TrackerSettings]] = {
    "dslt": DsltSettings,
    "siamfc": SiamFcSettings,
    "siamrpn": SiamRpnSettings,
    "opencv": OpenCvSettings,
    "external": ExternalSettings,
}


def parse_tracker(values: Any, where: str) -> TrackerSettings:
    """Check a tracker's settings; `values["tracker"]` chooses the model.

    Raises:
        DsltError: as `validate`.
    """
    name = values.get("tracker") if isinstance(values, dict) else None
    if name not in SETTINGS:
        raise DsltError(f"{where}: unknown tracker {name!r}; allowed: {', '.join(SETTINGS)}")
    return validate(SETTINGS[name], values, where)
