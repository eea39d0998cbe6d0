"""Training samples of RT-MDNet: a few frames of one video, its domain, with boxes about the target.

A domain is a video of a source, with the first of its targets. A frame is left out where the
target is too large for enough background to be there; where fewer frames or boxes than asked are to
be had, those found are repeated. A video without any usable frame counts as damaged, and another
domain of its source takes its place. A target is shown 107 pixels large however small it is.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.data.pairs.sampling import fixed_videos, pair_random, turn_of
from dslt.data.pairs.source import DamagedError, PairSource, View
from dslt.data.pairs.videos import Track, Video
from dslt.data.pairs.views import ATTEMPTS, CountedViews, Look
from dslt.geometry.boxes import Box
from dslt.geometry.samples import draw_boxes, make_scene, repeated
from dslt.settings.rtmdnet import DomainSettings, RtmdNetTraining

_Random = np.random.Generator
_Sources = Mapping[str, PairSource]
_SPARE = 16  # more frames than a sample has that are looked at, before those found are repeated


class DomainSample(NamedTuple):
    """Frames of one video; a batch of samples has a first axis more.

    Attributes:
        scenes: RGB uint8 (F, 3, S, S), the target in each near the middle; in memory the channels
            come last.
        boxes: Boxes `(x, y, w, h)` in the scenes, float32 (F, K, 4), in their pixels, 0-based.
        positive: Whether a box shows the target, bool (F, K).
        domain: Number of the domain, int64 ().
        others: Numbers of other domains, int64 (M,).
    """

    scenes: Tensor
    boxes: Tensor
    positive: Tensor
    domain: Tensor
    others: Tensor

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What a network is shown."""
        return self.scenes, self.boxes, self.domain, self.others


class _Domain(NamedTuple):
    """Number of a source, and of a video in it."""

    source: int
    video: int


class DomainDataset(Dataset[DomainSample]):
    """Samples of all epochs; sample `i` of epoch `e` depends on `(seed, e, i)` alone.

    Domains come in random order, each once before one comes again; what is left of an epoch when no
    step can be filled is not learnt from (`Plan`).

    Args:
        settings: What a sample is.
        sources: Sources by name (`dslt.data.pairs.sets.open.open_sources`).
        seed: Seed of the run.

    Raises:
        DsltError: A source is missing, or has not as many videos as are asked for.
    """

    def __init__(self, settings: DomainSettings, sources: _Sources, seed: int) -> None:
        missing = [name for name in settings.sources if name not in sources]
        if missing:
            raise DsltError(f"pairs.sources: {', '.join(missing)} not opened")
        self._settings, self._seed = settings, seed
        self._sources = [sources[name] for name in settings.sources]
        self._domains = [
            _Domain(which, video)
            for which, (source, count) in enumerate(
                zip(self._sources, settings.sources.values(), strict=True)
            )
            for video in fixed_videos(source, which, count, seed)
        ]
        self._views = CountedViews(self._sources, settings.per_epoch * settings.frames)

    @property
    def domains(self) -> tuple[str, ...]:
        """Names of the domains, in the order of the network's branches."""
        return tuple(self._name(domain) for domain in self._domains)

    @property
    def damaged(self) -> dict[str, int]:
        """Views that were skipped so far, by source, those of worker processes included."""
        return self._views.damaged

    def __len__(self) -> int:
        """Return the number of samples per epoch."""
        return self._settings.per_epoch

    def __getitem__(self, number: int) -> DomainSample:
        """Draw sample `number % per_epoch` of epoch `number // per_epoch`."""
        return self.sample(*divmod(number, self._settings.per_epoch))

    def sample(self, epoch: int, i: int) -> DomainSample:
        """Draw sample `i` of an epoch.

        Raises:
            DsltError: More views are damaged than the training set's `damaged` allows.
        """
        number = turn_of(self._seed, epoch * self._settings.per_epoch + i, len(self._domains))
        which = self._domains[number].source
        alike = [k for k, domain in enumerate(self._domains) if domain.source == which]
        for attempt in range(ATTEMPTS):
            random = pair_random(self._seed, epoch, i, attempt)
            if attempt:
                number = int(random.choice(alike))
            try:
                return self._draw(number, random)
            except DamagedError as error:
                last = error
        raise DsltError(f"{ATTEMPTS} attempts at a sample met damaged videos; the last: {last}")

    def _draw(self, number: int, random: _Random) -> DomainSample:
        """Draw a sample of a domain."""
        settings = self._settings
        looks = self._looks(self._domains[number], random)
        drawn = [self._frame(*looks[k % len(looks)], random) for k in range(settings.frames)]
        scenes, boxes = (np.stack(part) for part in zip(*drawn, strict=True))
        positive = np.arange(settings.positives + settings.negatives) < settings.positives
        others = random.permutation(len(self._domains))
        others = others[others != number][: settings.others]
        return DomainSample(
            torch.from_numpy(scenes).movedim(-1, -3),
            torch.from_numpy(boxes),
            torch.from_numpy(np.tile(positive, (settings.frames, 1))),
            torch.tensor(number),
            torch.from_numpy(others),
        )

    def _looks(self, domain: _Domain, random: _Random) -> list[Look]:
        """Open frames of a domain, in random order, of which negative boxes can be drawn."""
        settings = self._settings
        video = self._sources[domain.source].videos[domain.video]
        track = video.tracks[0]
        found: list[Look] = []
        order = random.permutation(len(track.frames))[: settings.frames + _SPARE]
        for position in order.tolist():
            view, box = self._views.look(domain.source, video, track, position)
            if (box[2:] <= settings.largest * np.array(view.size)).any():
                found.append((view, box))
            if len(found) == settings.frames:
                break
        if not found:
            self._refuse(
                domain,
                video,
                track,
                f"the target has more than {settings.largest:g} of both sides of each of the"
                f" {len(order)} frames that were looked at; raise pairs.largest or leave it out",
            )
        return found

    def _frame(self, view: View, box: Box, random: _Random) -> tuple[Frame, NDArray[np.float32]]:
        """Cut a frame's scene (S, S, 3), and draw the boxes (K, 4) in it, positive ones first."""
        settings, jitter = self._settings, self._settings.jitter
        shift = jitter.shift * np.clip(0.5 * random.standard_normal(2), -1, 1)
        power = float(np.clip(jitter.spread * random.standard_normal(), -jitter.most, jitter.most))
        scene = make_scene(settings.scene, box, view.size, box[None], 1.0)
        scene = scene.jittered(settings.scene.target * shift, jitter.zoom**power)
        parts = []
        for draw, count in (
            (settings.positive, settings.positives),
            (settings.negative, settings.negatives),
        ):
            boxes = draw_boxes(draw, box, view.size, count, random)
            if not len(boxes) and draw is settings.negative:
                raise DsltError(
                    "pairs.negative: no box about a target of an IoU of at most"
                    f" {draw.overlap[1]:g} can be drawn; raise its `trans`, or the allowed overlap"
                )
            parts.append(repeated(boxes if len(boxes) else box[None], count))
        placed = scene.place(np.concatenate(parts)).astype(np.float32)
        return view.crop(scene.region), placed

    def _refuse(self, domain: _Domain, video: Video, track: Track, why: str) -> None:
        """Count a video that cannot be used as damaged.

        Raises:
            DamagedError: Always.
            DsltError: Too many are.
        """
        name = self._sources[domain.source].name
        error = DamagedError(f"training set {name}, {video.name}, target {track.name}: {why}")
        self._views.count(domain.source, error)
        raise error

    def _name(self, domain: _Domain) -> str:
        """Name a domain; the videos of an endless source are made when they are looked at."""
        source = self._sources[domain.source]
        name = str(domain.video) if source.endless else source.videos[domain.video].name
        return f"{source.name}/{name}"


def open_domains(training: RtmdNetTraining, sources: _Sources, seed: int) -> DomainDataset:
    """Make the samples of a training; the order in which its settings name sources counts not."""
    ordered = dict(sorted(training.pairs.sources.items()))
    return DomainDataset(training.pairs.model_copy(update={"sources": ordered}), sources, seed)
