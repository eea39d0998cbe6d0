"""RT-MDNet on a video: boxes are classified in one feature map, by what the video itself teaches.

The rules are those of the authors' code (Jung et al., 2018); what it does not say is in
`docs/deviations.md`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.geometry.boxes import Box, Boxes, centers, format_number
from dslt.geometry.samples import TargetScene, draw_boxes, make_scene, repeated
from dslt.geometry.squares import mean_color, padded_crop, to_batch
from dslt.networks.rtmdnet import RtmdNet
from dslt.settings.rtmdnet import RtmdNetSettings
from dslt.settings.samples import BoxDraw
from dslt.trackers.base import Prediction, TrainingRecord
from dslt.trackers.online import BoxRegression, OnlineClassifier, level_of
from dslt.trackers.siamese import check_finite

CHUNK = 512  # boxes at a time: their grids of 512 channels take 50 MB
ANYTHING = (0.0, 1.0)


@dataclass(frozen=True)
class Seen:
    """A scene and its feature map.

    Attributes:
        scene: The scene.
        maps: Its features `(1, C, h, w)`.
    """

    scene: TargetScene
    maps: Tensor


@dataclass(frozen=True)
class Question:
    """A frame in which the target is looked for.

    Attributes:
        frame: The frame.
        boxes: Candidates `(N, 4)`.
        scene: The part of the frame that holds them.
    """

    frame: Frame
    boxes: Boxes
    scene: TargetScene


class RtmdNetTracker:
    """RT-MDNet with a network that learnt offline; all else is learnt from the video.

    Args:
        settings: Typed settings of the tracker; of the training ones, only the head's are used.
        net: The network; it is moved to the device and set to evaluation, and not changed.
        seed: Seed of the boxes, of the last layer and of its training.
        device: Where it runs.
    """

    def __init__(self, settings: RtmdNetSettings, net: RtmdNet, seed: int = 0, device: str = "cpu"):
        self.settings, self.seed = settings.tracking, seed
        self.padding = settings.training.head.padding
        self.device = torch.device(device)
        self.net = net.to(self.device).eval()
        self.record = TrainingRecord()

    def initialize(self, frame: Frame, box: Box) -> None:
        """Learn classifier and box regression from the first frame and its box.

        Raises:
            DsltError: No negative box can be drawn, or the network's scores are not finite.
        """
        settings, first = self.settings, self.settings.first
        self.random = np.random.default_rng(self.seed)
        self.box, self.shown, self.frames, self.found = box.copy(), box.copy(), 0, True
        drawn = self._samples(
            frame, (first.positive, first.negative), (first.positives, first.negatives)
        )
        positives, negatives = self._first_features(frame, drawn)
        self.regression = self._box_regression(frame)
        classifier = OnlineClassifier(self.net, settings.loss, settings.sgd, self.random)
        classifier.fit(classifier.optimiser(first.rate), positives, negatives, first.iterations)
        self.classifier = classifier
        self.updating = classifier.optimiser(settings.update.rate)
        scores = classifier.scores(positives), classifier.scores(negatives)
        check_finite("RT-MDNet: the first frame's scores hold", *scores)
        by_scores = settings.success.rule == "first_frame"
        self.level = level_of(*scores, settings.success.quantile) if by_scores else 0.0
        update = settings.update
        self.positives = deque([positives[: update.positives]], maxlen=update.long)
        self.negatives = deque([negatives[: update.negatives]], maxlen=update.short)

    def update(self, frame: Frame) -> Prediction:
        """Find the target among candidates, and learn from what was found.

        Raises:
            DsltError: The network's scores are not finite.
        """
        question = self.ask(frame)
        seen = self.look(frame, question.scene)
        return self.answer(question, seen, self.best(question, seen).cpu())

    def ask(self, frame: Frame) -> Question:
        """Draw the candidates of the next frame."""
        self.frames += 1
        boxes = self._candidates(frame)
        return Question(frame, boxes, self._scene(frame, boxes))

    def best(self, question: Question, seen: Seen) -> Tensor:
        """Score a question's candidates.

        Returns:
            A row for each of the `k` best: its score, NaN where not all scores are finite, its
            number and its features, `(k, 2 + D)`, float32, on the device.
        """
        features = self._features(seen, question.boxes)
        scores = self.classifier.scores(features)
        top = scores.topk(min(self.settings.candidates.best, len(scores)))
        values = top.values.where(scores.isfinite().all(), torch.nan)
        rest = top.indices[:, None].float(), features[top.indices]
        return torch.cat([values[:, None], *rest], dim=1)

    def answer(self, question: Question, seen: Seen, best: Tensor) -> Prediction:
        """Decide where the target is, and learn from it.

        Args:
            question: What `ask` returned.
            seen: Its scene's features.
            best: What `best` returned, on the host.

        Raises:
            DsltError: The scores are not finite, or no negative box can be drawn.
        """
        settings, frame = self.settings, question.frame
        check_finite("RT-MDNet: the scores hold", best[:, 0])
        boxes = question.boxes[best[:, 1].long().numpy()]
        score = float(best[:, 0].double().mean())
        self.found = score > self.level
        if self.found:
            self.box = boxes.mean(axis=0)
            self.shown = self.box
            if self.regression is not None:
                moved = self.regression(best[:, 2:], boxes).mean(axis=0)
                self.shown = _within(moved, frame)
            self._collect(frame, seen)
        elif settings.success.failure == "follow":
            self.box = self.shown = boxes.mean(axis=0)
        self._learn()
        return Prediction(self.shown.copy(), score)

    def _candidates(self, frame: Frame) -> Boxes:
        """Draw the boxes that are scored: from further away after a failure."""
        candidates = self.settings.candidates
        trans = candidates.trans if self.found else candidates.lost
        draw = BoxDraw(
            kind="gaussian", trans=trans, scale=candidates.scale, aspect=1, overlap=ANYTHING
        )
        return draw_boxes(draw, self.box, _size(frame), candidates.count, self.random, inside=True)

    def _samples(
        self, frame: Frame, draws: tuple[BoxDraw, BoxDraw], counts: tuple[int, int]
    ) -> list[Boxes]:
        """Draw positive and negative boxes; where there are too few, they are repeated.

        Where no positive box is to be had, the target's own is one.
        """
        found = []
        for draw, count, fallback in zip(draws, counts, (self.box[None], None), strict=True):
            boxes = draw_boxes(draw, self.box, _size(frame), count, self.random)
            if not len(boxes):
                if fallback is None:
                    raise _no_negatives(self.box, frame, draw)
                boxes = fallback
            found.append(repeated(boxes, count))
        return found

    def _first_features(self, frame: Frame, drawn: Sequence[Boxes]) -> list[Tensor]:
        """Take the features of boxes, each from some of the jittered scenes, as many as boxes."""
        first = self.settings.first
        base = self._scene(frame, np.concatenate(drawn))
        scenes = [base.jittered((x, y), first.zoom**power) for x, y, power in first.jitters]
        picks = [self.random.permutation(len(b) * len(scenes))[: len(b)] for b in drawn]
        parts: list[list[Tensor]] = [[] for _ in drawn]
        for number, scene in enumerate(scenes):
            places = [
                boxes[pick[pick // len(boxes) == number] % len(boxes)]
                for boxes, pick in zip(drawn, picks, strict=True)
            ]
            seen = self.look(frame, scene)
            for part, chosen in zip(parts, places, strict=True):
                part.append(self._features(seen, chosen))
        joined = [torch.cat(part) for part in parts]
        order = [torch.from_numpy(self.random.permutation(len(part))) for part in joined]
        return [part[o.to(self.device)] for part, o in zip(joined, order, strict=True)]

    def _box_regression(self, frame: Frame) -> BoxRegression | None:
        """Learn the box regression, unless there is none or no box to learn from."""
        box = self.settings.box
        if not box.count:
            return None
        boxes = draw_boxes(box.draw, self.box, _size(frame), box.count, self.random, area=box.area)
        if not len(boxes):
            return None
        features = self._features(self.look(frame, self._scene(frame, boxes)), boxes)
        return BoxRegression(features, boxes, self.box, box.alpha)

    def _collect(self, frame: Frame, seen: Seen) -> None:
        """Keep features of a frame in which the target was found, of samples about its new box.

        Args:
            frame: The frame.
            seen: Where its candidates were.
        """
        update = self.settings.update
        if not update.every:
            return
        draws, counts = (update.positive, update.negative), (update.positives, update.negatives)
        drawn = self._samples(frame, draws, counts)
        if update.own_scene:
            seen = self.look(frame, self._scene(frame, np.concatenate(drawn)))
        for memory, boxes in zip((self.positives, self.negatives), drawn, strict=True):
            memory.append(self._features(seen, boxes))

    def _learn(self) -> None:
        """Update the classifier: after a failure from the latest frames, else now and then."""
        update = self.settings.update
        if not update.every or (self.found and self.frames % update.every):
            return
        latest = list(self.positives)
        if not self.found:
            latest = latest[-update.short :]
        self.classifier.fit(
            self.updating, torch.cat(latest), torch.cat([*self.negatives]), update.iterations
        )

    def _scene(self, frame: Frame, boxes: Boxes) -> TargetScene:
        """Choose the part of the frame that holds some boxes."""
        return make_scene(self.settings.scene, self.box, _size(frame), boxes, self.padding)

    @torch.no_grad()
    def look(self, frame: Frame, scene: TargetScene) -> Seen:
        """Extract the feature map of a scene."""
        return Seen(scene, self.net.maps(to_batch([cut(frame, scene)], self.device)))

    @torch.no_grad()
    def _features(self, seen: Seen, boxes: Boxes) -> Tensor:
        """Take the features `(N, D)` of boxes `(N, 4)` of the frame."""
        placed = torch.from_numpy(seen.scene.place(boxes).astype(np.float32)).to(self.device)
        parts = [
            self.net.features(seen.maps, part, torch.zeros(len(part), dtype=torch.long))
            for part in torch.split(placed, CHUNK)
        ]
        return torch.cat(parts)


def cut(frame: Frame, scene: TargetScene) -> Frame:
    """Cut a scene out of a frame, whose mean colour stands beyond it."""
    return padded_crop(frame, scene.region, mean_color(frame))


def _size(frame: Frame) -> tuple[int, int]:
    """Return width and height of a frame."""
    return frame.shape[1], frame.shape[0]


def _within(box: Box, frame: Frame) -> Box:
    """Keep a box no larger than the frame, and its middle in it."""
    limits = np.array(_size(frame), dtype=np.float64)
    size = np.minimum(box[2:], limits)
    return np.concatenate([np.clip(centers(box), 0, limits) - size / 2, size])


def _no_negatives(box: Box, frame: Frame, draw: BoxDraw) -> DsltError:
    """Make the error of a target about which there is nothing but itself."""
    text = ",".join(format_number(value) for value in box.tolist())
    width, height = _size(frame)
    return DsltError(
        f"RT-MDNet: no negative box about the target {text} (x,y,w,h from 0) in a frame of "
        f"{width}x{height} pixels; expected some with an IoU of at most {draw.overlap[1]:g}: raise "
        "`trans` of the negative draw, or the allowed overlap"
    )
