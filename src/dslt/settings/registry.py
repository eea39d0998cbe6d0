"""Every tracker once: its settings, how it learns, and where its code is.

Code is named by `module:name` and loaded when it is needed, so that reading a configuration needs
no torch. A tracker is added with one entry here (`docs/extend.md`).
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dslt.core.errors import DsltError, cut, quote, unknown
from dslt.settings.base import validate
from dslt.settings.dslt import DsltSettings
from dslt.settings.external import ExternalSettings
from dslt.settings.opencv import OpenCvSettings
from dslt.settings.rtmdnet import RtmdNetSettings
from dslt.settings.siamfc import SiamFcSettings
from dslt.settings.siamrpn import SiamRpnSettings
from dslt.settings.tracker import TrackerSettings, TrainingSettings

Learns = Literal["first_frame", "offline", "both", "never"]
Role = Literal["tracker", "network", "task", "pairs", "first_frame", "lanes"]


@dataclass(frozen=True)
class TrackerEntry:
    """A tracker.

    Attributes:
        settings: Its typed settings.
        learns: On the first frame, offline, both, or never.
        tracker: Class behind the two-method contract (`dslt.trackers.base`), called with the
            settings and by keyword with `seed` if it learns on the first frame, `net` if it learns
            offline, `device` if it learns at all. Empty: it is not run here.
        network: Class of the network that is trained offline, called with the training settings,
            the seed, and by keyword with `load`.
        task: Class of what that network is to learn (`dslt.train.tasks`), called with the training
            settings.
        pairs: Function that makes what the network learns from, called with the training settings,
            the open sources by name (`dslt.data.pairs.sets.open`) and the seed.
        first_frame: Class that `dslt converge` trains on first frames (Fig. 3 and 16), called with
            the training settings, the seed and the device. Empty: nothing is recorded.
        lanes: Class that makes its lanes (`dslt.trackers.lanes.LaneMaker`), called as `tracker` is
            and by keyword with `coarse`. Empty: its sequences are run one by one.
        graphs: Whether a frame of its lanes can be a CUDA graph: the host reads nothing within it.
        responds: Whether its network answers to one frame with a map (Fig. 7 and 14).
        no_confidence: Why its scores are not looked at as confidence, after "left out: "; empty
            where they are.
    """

    settings: type[TrackerSettings]
    learns: Learns
    tracker: str = ""
    network: str = ""
    task: str = ""
    pairs: str = ""
    first_frame: str = ""
    lanes: str = ""
    graphs: bool = True
    responds: bool = False
    no_confidence: str = ""

    @property
    def on_first_frame(self) -> bool:
        """Whether it learns on the first frame."""
        return self.learns in ("first_frame", "both")

    @property
    def offline(self) -> bool:
        """Whether it learns before it sees a video."""
        return self.learns in ("offline", "both")

    def load(self, role: Role) -> Any:
        """Import what an attribute names."""
        module, _, name = getattr(self, role).partition(":")
        return getattr(importlib.import_module(module), name)

    def modules(self, *roles: Role) -> list[str]:
        """Name the modules of some attributes, for fingerprints; those that are empty have none."""
        return [getattr(self, role).partition(":")[0] for role in roles if getattr(self, role)]


TRACKERS: Mapping[str, TrackerEntry] = {
    "dslt": TrackerEntry(
        settings=DsltSettings,
        learns="first_frame",
        tracker="dslt.trackers.dslt:DsltTracker",
        lanes="dslt.trackers.dslt_lanes:DsltMaker",
        first_frame="dslt.trackers.first_frame:FirstFrame",
    ),
    "siamfc": TrackerEntry(
        settings=SiamFcSettings,
        learns="offline",
        tracker="dslt.trackers.siamfc:SiamFcTracker",
        lanes="dslt.trackers.siamfc_lanes:SiamFcMaker",
        network="dslt.networks.siamfc:SiamFcNet",
        task="dslt.train.tasks:SiamFcTask",
        pairs="dslt.data.pairs.dataset:open_pairs",
        responds=True,
    ),
    "siamrpn": TrackerEntry(
        settings=SiamRpnSettings,
        learns="offline",
        tracker="dslt.trackers.siamrpn:SiamRpnTracker",
        lanes="dslt.trackers.siamrpn_lanes:SiamRpnMaker",
        network="dslt.networks.siamrpn:SiamRpnNet",
        task="dslt.train.tasks:SiamRpnTask",
        pairs="dslt.data.pairs.dataset:open_pairs",
        responds=True,
    ),
    "rtmdnet": TrackerEntry(
        settings=RtmdNetSettings,
        learns="both",
        tracker="dslt.trackers.rtmdnet:RtmdNetTracker",
        lanes="dslt.trackers.rtmdnet_lanes:RtmdNetMaker",
        graphs=False,
        network="dslt.networks.rtmdnet:RtmdNet",
        task="dslt.train.tasks:RtmdNetTask",
        pairs="dslt.data.pairs.domains:open_domains",
    ),
    "opencv": TrackerEntry(
        settings=OpenCvSettings,
        learns="never",
        tracker="dslt.trackers.opencv:OpenCvTracker",
        no_confidence="OpenCV says only whether it found the target",
    ),
    "external": TrackerEntry(
        settings=ExternalSettings,
        learns="never",
        no_confidence="published boxes come without scores",
    ),
}


def entry_of(settings: TrackerSettings | TrainingSettings) -> TrackerEntry:
    """Look up the tracker that settings are of."""
    return TRACKERS[settings.tracker]


def require(
    settings: TrackerSettings | TrainingSettings,
    fits: Callable[[TrackerEntry], object],
    where: str,
    lacks: str,
) -> None:
    """Refuse settings of a tracker that is not of the kind that is asked for.

    Args:
        settings: The settings.
        fits: Tells whether a tracker is of that kind.
        where: Names the settings in the error.
        lacks: Says what other trackers do or do not, after their name.

    Raises:
        DsltError: The tracker does not fit; the error names those that do.
    """
    if not fits(entry_of(settings)):
        allowed = " or ".join(name for name, entry in TRACKERS.items() if fits(entry))
        raise DsltError(f"{where}: tracker {settings.tracker!r} {lacks}; expected {allowed}")


def parse_tracker(values: Any, where: str) -> TrackerSettings:
    """Check a tracker's settings; `values["tracker"]` chooses the model.

    Raises:
        DsltError: Naming `where`, the key, the value, and what is allowed.
    """
    return validate(_entry(values, where).settings, values, where)


def parse_training(values: Any, where: str) -> TrainingSettings:
    """Check training settings as a mapping with `tracker` and `training`.

    Raises:
        DsltError: Naming `where`, the key, the value, and what is allowed.
    """
    entry = _entry(values, where, ' and `training`: {"tracker": NAME, "training": {...}}')
    if entry.learns == "never":
        learning = ", ".join(name for name, one in TRACKERS.items() if one.learns != "never")
        raise DsltError(
            f"{where}: tracker {values['tracker']!r} learns nothing; expected one of {learning}"
        )
    if set(values) != {"tracker", "training"}:
        raise DsltError(f"{where}: keys {cut(', '.join(values))}; expected tracker, training")
    model: Any = entry.settings.model_fields["training"].annotation
    parsed: TrainingSettings = validate(model, values["training"], where)
    return parsed


def _entry(values: Any, where: str, more: str = "") -> TrackerEntry:
    """Look up the tracker that unchecked settings name; `more` says what else they need."""
    if not isinstance(values, dict) or "tracker" not in values:
        raise DsltError(
            f"{where}: {quote(values)}; expected a mapping with the key `tracker`{more}"
        )
    name = values["tracker"]
    if not isinstance(name, str) or name not in TRACKERS:
        raise DsltError(f"{where}: {unknown('tracker', name, TRACKERS)}")
    return TRACKERS[name]
