"""Success AUC on held-out sequences, epoch by epoch (Fig. 16, lower part)."""

from __future__ import annotations

from collections.abc import Iterator

from dslt.data.pairs.heldout import heldout
from dslt.errors import DsltError
from dslt.evaluation.ope import score
from dslt.evaluation.protocols import OpeProtocol, parse_protocol
from dslt.evaluation.targets import Target
from dslt.settings import validate
from dslt.siamese.base import SiameseNet
from dslt.siamese.siamfc import SiamFcNet
from dslt.siamese.siamrpn import SiamRpnNet
from dslt.siamese_settings import (
    SiameseTraining,
    SiamFcSettings,
    SiamFcTracking,
    SiamFcTraining,
    SiamRpnSettings,
    SiamRpnTracking,
)
from dslt.tracker_settings import SiameseSettings
from dslt.trackers.run import run_tracker
from dslt.trackers.siamese import siamese_tracker
from dslt.training.run import Score
from dslt.training.validation_settings import ValidationSettings

WHERE = "validation settings"


class Validation:
    """Tracks held-out sequences with the network as it is.

    Args:
        settings: of the validation.
        training: of the network.

    Raises:
        DsltError: the tracking settings are not this tracker's, or the protocol has no AUC.
    """

    def __init__(self, settings: ValidationSettings, training: SiameseTraining):
        self.every, self.last = settings.every, training.schedule.epochs
        self.tracker = tracker_settings(settings, training)
        protocol = parse_protocol(settings.protocol, f"{WHERE}, protocol")
        if not isinstance(protocol, OpeProtocol):
            raise DsltError(f"{WHERE}: protocol of kind {protocol.kind!r}; expected 'ope'")
        self.protocol = protocol
        self.sequences = heldout(
            settings.procedural, settings.texture, settings.frames, settings.seed
        )

    def __call__(self, net: SiameseNet, epoch: int) -> Iterator[Score]:
        """Score the network after `epoch` epochs, one sequence after the other, where it is due."""
        if epoch % self.every and epoch != self.last:
            return
        device = str(next(net.parameters()).device)
        for sequence in self.sequences:
            assert isinstance(net, SiamFcNet | SiamRpnNet)
            tracker = siamese_tracker(self.tracker, net, device)
            box = sequence.initial_box
            run = run_tracker(tracker, sequence.frames, box, f"validation {sequence.name}")
            target = Target(sequence.ground_truth, sequence.attributes, sequence.video)
            auc = score([run.boxes], [target], self.protocol, origin=0).success_auc[0]
            yield Score(sequence.name, sequence.video, float(auc))


def tracker_settings(settings: ValidationSettings, training: SiameseTraining) -> SiameseSettings:
    """Put the network's training settings and the validation's tracking settings together.

    Raises:
        DsltError: the tracking settings are not those of this tracker.
    """
    where = f"{WHERE}, tracking"
    if isinstance(training, SiamFcTraining):
        return SiamFcSettings(
            tracker="siamfc",
            training=training,
            tracking=validate(SiamFcTracking, settings.tracking, where),
        )
    return SiamRpnSettings(
        tracker="siamrpn",
        training=training,
        tracking=validate(SiamRpnTracking, settings.tracking, where),
    )
