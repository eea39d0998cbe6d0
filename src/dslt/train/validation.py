"""Success AUC on held-out sequences, epoch by epoch (Fig. 16, lower part)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.pairs.heldout import heldout
from dslt.data.sequences.frames import FrameSource, Sequence
from dslt.data.sequences.images import checked_index
from dslt.data.sequences.target import Target
from dslt.networks.base import TrainedNet
from dslt.score.ope import score
from dslt.settings.base import validate
from dslt.settings.offline import OfflineNetworkTraining
from dslt.settings.protocols import OpeProtocol, parse_protocol
from dslt.settings.registry import entry_of
from dslt.settings.tracker import TrackerSettings, TrainingSettings
from dslt.settings.validation import ValidationSettings
from dslt.track.one_pass import run_tracker
from dslt.trackers.make import start_tracker
from dslt.trackers.siamese import SiameseTracker
from dslt.train.run import Score

WHERE = "validation settings"
KEPT = 2**28  # bytes of frames that are kept from one validation to the next


class Validation:
    """Tracks held-out sequences with the network as it is.

    Args:
        settings: Settings of the validation.
        training: Training settings of the network.
        index: Index of the benchmark that the settings name.

    Raises:
        DsltError: The tracking settings are not this tracker's, the protocol has no AUC, or the
            index lacks a sequence.
    """

    def __init__(
        self,
        settings: ValidationSettings,
        training: OfflineNetworkTraining,
        index: BenchmarkIndex | None = None,
    ) -> None:
        self.every, self.last = settings.every, training.schedule.epochs
        self.tracker = tracker_settings(settings, training)
        protocol = parse_protocol(settings.protocol, f"{WHERE}, protocol")
        if not isinstance(protocol, OpeProtocol):
            raise DsltError(f"{WHERE}: protocol of kind {protocol.kind!r}; expected 'ope'")
        self.protocol = protocol
        sequences = (
            heldout(settings.procedural, settings.texture, settings.frames, settings.seed)
            if index is None
            else beginnings(index.part(settings.sequences), settings.frames)
        )
        self.sequences = kept(sequences, KEPT)

    def __call__(self, net: TrainedNet, epoch: int) -> Iterator[Score]:
        """Score the network after `epoch` epochs, one sequence after the other, where it is due."""
        if epoch % self.every and epoch != self.last:
            return
        device = str(next(net.parameters()).device)
        for sequence in self.sequences:
            tracker = start_tracker(self.tracker, net, device=device)
            if isinstance(tracker, SiameseTracker):
                tracker.template_by_torch = False
            box = sequence.initial_box
            run = run_tracker(tracker, sequence.frames, box, f"validation {sequence.name}")
            target = Target(sequence.ground_truth, sequence.attributes, sequence.video)
            auc = score([run.boxes], [target], self.protocol).success_auc[0]
            yield Score(sequence.name, sequence.video, float(auc))


class FramesAgain:
    """Frames that are made once, as far as there is room for them; a `FrameSource`."""

    def __init__(self, frames: FrameSource, room: list[int]) -> None:
        """Take the frames; `room` holds the bytes that are left to all sequences together."""
        self._frames, self._room = frames, room
        self._kept: dict[int, Frame] = {}

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._frames)

    def __getitem__(self, index: int) -> Frame:
        """Read frame `index`; see `FrameSource`."""
        if index in self._kept:
            return self._kept[index].copy()
        frame = self._frames[index]
        if frame.nbytes <= self._room[0]:
            self._room[0] -= frame.nbytes
            self._kept[index] = frame.copy()
        return frame


def kept(sequences: list[Sequence], most: int) -> list[Sequence]:
    """Keep what is read of sequences, up to so many bytes: the first frames, not the latest.

    The sequences are gone through from the first to the last, again and again, so that the latest
    frames would be gone when they are wanted.
    """
    room = [most]
    return [replace(one, frames=FramesAgain(one.frames, room)) for one in sequences]


class Beginning:
    """The first frames of a sequence; a `FrameSource`."""

    def __init__(self, frames: FrameSource, most: int) -> None:
        """Take up to `most` frames."""
        self._frames, self._count = frames, min(most, len(frames))

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._count

    def __getitem__(self, index: int) -> Frame:
        """Read frame `index`; see `FrameSource`."""
        return self._frames[checked_index(index, len(self))]


def beginnings(index: BenchmarkIndex, frames: int) -> list[Sequence]:
    """Open the first frames of the sequences of a benchmark.

    Raises:
        DsltError: The index was made of annotations only.
    """
    found = []
    for name in index.names:
        whole = index.sequence(name)
        first = Beginning(whole.frames, frames)
        found.append(replace(whole, frames=first, ground_truth=whole.ground_truth[: len(first)]))
    return found


def tracker_settings(settings: ValidationSettings, training: TrainingSettings) -> TrackerSettings:
    """Put the network's training settings and the validation's tracking settings together.

    Raises:
        DsltError: The tracking settings are not those of this tracker.
    """
    model: Any = entry_of(training).settings
    tracking: Any = model.model_fields["tracking"].annotation
    settled: TrackerSettings = model(
        tracker=training.tracker,
        training=training,
        tracking=validate(tracking, settings.tracking, f"{WHERE}, tracking"),
    )
    return settled
