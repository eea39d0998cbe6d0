"""Training pairs of the Siamese trackers, drawn on the fly."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from dslt.core.errors import DsltError
from dslt.data.pairs.augment import draw_jitter, finish, place
from dslt.data.pairs.sampling import Schedule, pair_random, random_video
from dslt.data.pairs.source import DamagedError, PairSource
from dslt.data.pairs.videos import Track, Video
from dslt.data.pairs.views import ATTEMPTS, CountedViews, Look
from dslt.geometry.boxes import Boxes
from dslt.settings.offline import CropSettings, JitterSettings, PairSettings, SiameseTraining

_Random = np.random.Generator
_Sources = Mapping[str, PairSource]


class Pair(NamedTuple):
    """A training pair; a batch of pairs has a first axis more.

    Attributes:
        template: RGB float32 (3, T, T), 0 to 255, with the target in the middle but for jitter; in
            memory the channels come last, as in the search region.
        search: RGB float32 (3, S, S).
        box: Target's box `(x, y, w, h)` in the search region, float32 (4,), in its pixels, 0-based;
            of a negative pair, the box of the other target that the search region shows.
        positive: Whether both show the same target, bool ().
    """

    template: Tensor
    search: Tensor
    box: Tensor
    positive: Tensor

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What a network is shown."""
        return self.template, self.search


class _Draw(NamedTuple):
    """A video of a source, a track in it, and a position in that track."""

    source: int
    video: Video
    track: Track
    position: int

    @property
    def target(self) -> tuple[int, str, str]:
        """Number of the source and names of video and track: what tells it from all others."""
        return self.source, self.video.name, self.track.name


class PairDataset(Dataset[Pair]):
    """Pairs of all epochs; pair `i` of epoch `e` depends on `(seed, e, i)` alone.

    As a map-style dataset it takes numbers over all epochs, `e * per_epoch + i`, so that workers
    may live through a whole run.
    """

    domains: tuple[str, ...] = ()  # a Siamese network has no part of its own for a video

    def __init__(
        self, settings: PairSettings, crops: CropSettings, sources: _Sources, seed: int
    ) -> None:
        """Take the sources that the settings name.

        Args:
            settings: What a pair is.
            crops: Geometry and augmentation of the crops.
            sources: Sources by name (`dslt.data.pairs.sets.open.open_sources`).
            seed: Seed of the run.

        Raises:
            DsltError: A source is missing, an endless one has no count, or negative pairs are
                wanted of a single target.
        """
        missing = [name for name in settings.sources if name not in sources]
        if missing:
            raise DsltError(f"pairs.sources: {', '.join(missing)} not opened")
        self._settings, self._crops, self._seed = settings, crops, seed
        self._sources = [sources[name] for name in settings.sources]
        self._schedule = Schedule(self._sources, settings.sources, seed)
        if settings.negative and _is_single_target(self._sources):
            raise DsltError(
                "pairs.negative: the training set has a single target, but a negative pair needs"
                " two; set it to 0 or add a source"
            )
        self._views = CountedViews(self._sources, 2 * settings.per_epoch)

    def __len__(self) -> int:
        """Return the number of pairs per epoch."""
        return self._settings.per_epoch

    def __getitem__(self, number: int) -> Pair:
        """Draw pair `number % per_epoch` of epoch `number // per_epoch`."""
        return self.sample(*divmod(number, self._settings.per_epoch))

    @property
    def damaged(self) -> dict[str, int]:
        """Views that were skipped so far, by source, those of worker processes included."""
        return self._views.damaged

    def sample(self, epoch: int, i: int) -> Pair:
        """Draw pair `i` of an epoch.

        A pair of which an image is damaged is replaced by another one of the same source.

        Raises:
            DsltError: More views are damaged than the training set's `damaged` allows.
        """
        number = epoch * self._settings.per_epoch + i
        which, video = self._schedule(number)
        for attempt in range(ATTEMPTS):
            random = pair_random(self._seed, epoch, i, attempt)
            if attempt:
                video = random_video(self._sources[which], random)
            try:
                return self._pair(which, video, random)
            except DamagedError as error:
                last = error
        raise DsltError(f"{ATTEMPTS} attempts at a pair met damaged images; the last: {last}")

    def _pair(self, which: int, number: int, random: _Random) -> Pair:
        template, search = self._positive(which, number, random)
        is_negative = random.random() < self._settings.negative
        gray = bool(random.random() < self._settings.gray)
        if is_negative:
            search = self._other(template, random)
        crops = self._crops
        seen = self._look(template)
        # Of an image with a single frame, both sides are the same one: it is decoded once.
        is_same = (search.target, search.position) == (template.target, template.position)
        other = seen if is_same else self._look(search)
        first, _ = self._side(seen, crops.template, crops.template_jitter, gray, random)
        second, box = self._side(other, crops.search, crops.search_jitter, gray, random)
        return Pair(
            torch.from_numpy(first),
            torch.from_numpy(second),
            torch.from_numpy(box.astype(np.float32)),
            torch.tensor(not is_negative),
        )

    def _positive(self, which: int, number: int, random: _Random) -> tuple[_Draw, _Draw]:
        """Draw two frames of one track; as in PySOT, they may be the same one."""
        source = self._sources[which]
        video = source.videos[number]
        track = video.tracks[int(random.integers(len(video.tracks)))]
        count = len(track.frames)
        first = int(random.integers(count))
        low, high = max(first - source.frame_range, 0), min(first + source.frame_range, count - 1)
        second = int(random.integers(low, high + 1))
        return _Draw(which, video, track, first), _Draw(which, video, track, second)

    def _other(self, template: _Draw, random: _Random) -> _Draw:
        """Draw a frame of another target; all sources are equally likely."""
        while True:
            which = int(random.integers(len(self._sources)))
            video = self._sources[which].videos[random_video(self._sources[which], random)]
            track = video.tracks[int(random.integers(len(video.tracks)))]
            other = _Draw(which, video, track, int(random.integers(len(track.frames))))
            if other.target != template.target:
                return other

    def _look(self, draw: _Draw) -> Look:
        """Open a frame and count it; too many damaged ones are an error."""
        return self._views.look(draw.source, draw.video, draw.track, draw.position)

    def _side(
        self, look: Look, side: int, jitters: JitterSettings, gray: bool, random: _Random
    ) -> tuple[NDArray[np.float32], Boxes]:
        """Crop one side of a pair, (3, side, side), with the target's box in it."""
        view, box = look
        jitter = draw_jitter(jitters, random)
        region, target = place(box, self._crops.context, self._crops.template, side, jitter)
        return finish(view.crop(region), jitter, gray), target


def _is_single_target(sources: list[PairSource]) -> bool:
    only = len(sources) == 1 and len(sources[0].videos) == 1
    return only and len(sources[0].videos[0].tracks) == 1


def open_pairs(training: SiameseTraining, sources: _Sources, seed: int) -> PairDataset:
    """Make the pairs of a training; the order in which its settings name sources does not count."""
    ordered = dict(sorted(training.pairs.sources.items()))
    settings = training.pairs.model_copy(update={"sources": ordered})
    return PairDataset(settings, training.crops, sources, seed)
