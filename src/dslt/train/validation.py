"""Success AUC on held-out sequences, epoch by epoch (Fig. 16, lower part)."""

from __future__ import annotations

from collections.abc import Iterator

from dslt.core.errors import DsltError
from dslt.data.pairs.heldout import heldout
from dslt.data.sequences.target import Target
from dslt.networks.siamese import SiameseNet
from dslt.networks.siamfc import SiamFcNet
from dslt.networks.siamrpn import SiamRpnNet
from dslt.score.ope import score
from dslt.settings.base import validate
from dslt.settings.protocols import OpeProtocol, parse_protocol
from dslt.settings.siamese import (
    SiameseTraining,
    SiamFcSettings,
    SiamFcTracking,
    SiamFcTraining,
    SiamRpnSettings,
    SiamRpnTracking,
)
from dslt.settings.trackers import SiameseSettings
from dslt.settings.validation import ValidationSettings
from dslt.track.one_pass import run_tracker
from dslt.trackers.siamese import siamese_tracker
from dslt.train.run import Score

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
