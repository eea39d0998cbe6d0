"""DSLT and DSLT* in lockstep; the rules are those of `dslt.trackers.dslt`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dslt.core.device import copy_ahead, one_at_a_time
from dslt.core.images import Frame
from dslt.geometry.boxes import Box, centers
from dslt.networks.correlation import spread
from dslt.networks.stacked import StackedAdam, StackedNetworks
from dslt.settings.dslt import DsltSettings
from dslt.trackers.dslt import SMALLEST_SIDE
from dslt.trackers.first_frame import FirstFrame, Grid
from dslt.trackers.first_frames import train_together
from dslt.trackers.lanes import Kind, Lanes, Start
from dslt.trackers.peak import Prior, peaks_of
from dslt.trackers.scales import scale_factors


class Sight(NamedTuple):
    """What a search found, for each of `L` lanes.

    Attributes:
        score: Peak `(L,)` of the raw response at the best level.
        factor: Zoom `(L,)` of the best level.
        step: Image pixels `(L, 2)` per pixel of the best level's patch, which lies about the
            centre that was searched.
        point: Target `(L, 2)` in that patch, x and y, in pixels.
        cells: The heads' inputs of that patch, `(L, H, W, 2 C)`.
    """

    score: Tensor
    factor: Tensor
    step: Tensor
    point: Tensor
    cells: Tensor


class DsltLanes(Lanes):
    """Targets of DSLT whose patches and heads have one size; see `Lanes`.

    Args:
        settings: Typed settings.
        model: Backbone and training settings; it is fitted to nothing.
        grid: The geometry of a target of the kind.
        size: Number of lanes.
    """

    def __init__(self, settings: DsltSettings, model: FirstFrame, grid: Grid, size: int):
        super().__init__(size, model.device)
        self.settings, self.training = settings.tracking, settings.training
        self.model, self.grid = model, grid
        self.networks = StackedNetworks(self.training.head, grid.kernel)
        update = self.settings.update
        rates = self.networks.rates(update.adam, reductions=False)
        self.optimiser = StackedAdam(update.adam, rates, self.state)
        self.kept = min(update.first, self.training.samples.count)
        self.newest = update.memory - self.kept
        scale = self.settings.scale
        self.pyramid = self._factors(scale_factors(scale.step, scale.levels))
        self.single = self._factors([1.0])
        self.patch = torch.tensor(grid.shape.size, dtype=torch.float64, device=self.device)
        self.first_cell = torch.tensor(grid.first_cell, dtype=torch.float64, device=self.device)
        self.middle = torch.tensor(grid.middle, dtype=torch.float64, device=self.device)
        self.axes = [self._factors(range(count)) for count in grid.map_shape[::-1]]
        self.frames = [0] * size
        self.due = torch.zeros(size, dtype=torch.bool, device=self.device)
        self.lanes = torch.arange(size, device=self.device)

    def _factors(self, values: Sequence[float]) -> Tensor:
        """Put zooms, or places on an axis, on the device."""
        return torch.tensor(values, dtype=torch.float64, device=self.device)

    def begin(self, starts: Mapping[int, Start]) -> None:
        """Train the networks of new targets together; see `Lanes`."""
        models: dict[int, FirstFrame] = {}
        for lane, start in starts.items():
            model = FirstFrame(
                self.training, self.model.seed, str(self.device), coarse=self.model.coarse
            )
            model.prepare(start.frame, start.box)
            models[lane] = model
        learnt = train_together(self.networks, models, self.size)
        for lane, model in models.items():
            box = starts[lane].box
            size = torch.from_numpy(np.array(box[2:], dtype=np.float64))
            prior = Prior.of(model.grid.prior(self.settings.motion.sigma), model.grid.stride)
            labels = model.labels[: self.kept]
            found = {
                "center": torch.from_numpy(centers(box)),
                "extent": size,
                "initial": size,
                "reach": torch.tensor(model.grid.shape.reach, dtype=torch.float64),
                "target": torch.tensor(model.grid.cells, dtype=torch.float64),
                "prior": prior.pixels,
                "prior_cells": prior.cells,
                "cells": learnt.cells[lane, : self.kept],
                "labels": labels,
                "written": torch.zeros((), dtype=torch.long),
                **{name: value[lane] for name, value in learnt.weights.items()},
            }
            self._put(lane, found)
            self.records[lane] = learnt.records[lane]
            self.frames[lane] = 0

    def _put(self, lane: int, found: Mapping[str, Tensor]) -> None:
        """Write a new target's tensors into its lane; the first target makes room for all lanes."""
        if "center" not in self.state:
            for name, value in found.items():
                shape = list(value.shape)
                if name in ("cells", "labels"):
                    shape[0] += self.newest
                room = torch.zeros(self.size, *shape, dtype=value.dtype, device=self.device)
                self.state[name] = room
            self.optimiser.make(self.state)
        for name, values in self.state.items():
            values[lane].zero_()
            if name in ("cells", "labels"):
                values[lane, : self.kept] = found[name]
            elif name in found:
                values[lane] = found[name]

    def load(self, frames: Mapping[int, Frame]) -> bool:
        """See `Lanes`; which lanes learn, should they find their target, the host knows."""
        self.cutter.load(frames)
        update = self.settings.update
        due = [False] * self.size
        for lane in frames:
            self.frames[lane] += 1
            due[lane] = bool(update.steps) and self.frames[lane] % update.every == 0
        copy_ahead(torch.tensor(due), self.due)
        return any(due)

    def move(self, lane: int, to: Lanes, place: int) -> None:
        """See `Lanes`."""
        assert isinstance(to, DsltLanes)
        super().move(lane, to, place)
        to.frames[place] = self.frames[lane]

    @torch.no_grad()
    def step(self, learn: bool) -> Tensor:
        """See `Lanes`."""
        scale, state = self.settings.scale, self.state
        center, extent = state["center"], state["extent"]
        found = self._search(self.single if scale.recenter else self.pyramid)
        # Where nothing responds at all, the maximum is anywhere.
        seen = found.score > 0
        moved = center + (found.point - self.patch / 2) * found.step
        moved = moved.clamp_min(0).minimum(self.cutter.sizes)
        center.copy_(torch.where(seen[:, None], moved, center))
        sized = self._search(self.pyramid) if scale.recenter else found
        resized = self._resized(sized.factor)
        extent.copy_(
            torch.where((found.score > scale.gate)[:, None] & seen[:, None], resized, extent)
        )
        if learn:
            self._learn(found, sized, seen & self.due)
        score = found.score.double()
        rest = torch.stack([score, torch.ones_like(score)], dim=1)
        return torch.cat([center - extent / 2, extent, rest], dim=1)

    def _search(self, factors: Tensor) -> Sight:
        """Find the targets in the best level of a pyramid, zoomed out by factors `(S,)`."""
        grid, state = self.grid, self.state
        steps = self._steps(factors)
        cells = self._look(steps)
        raw = self.networks.respond(state, cells)
        count = len(factors)
        prior = Prior(*(state[n].repeat_interleave(count, 0) for n in ("prior", "prior_cells")))
        peaks = peaks_of(raw.flatten(0, 1), grid.stride, prior)
        value, row, column = (part.view(-1, count) for part in peaks)
        weights = torch.full_like(factors, self.settings.scale.penalty).masked_fill(factors == 1, 1)
        best = (value.double() * weights).argmax(dim=1)
        lanes = self.lanes
        pixel = torch.stack([column[lanes, best], row[lanes, best]], dim=1).double()
        cell = (pixel + 0.5) / grid.stride - 0.5
        point = (cell + self.first_cell) * grid.stride + grid.origin
        score = raw[lanes, best].amax(dim=(1, 2))
        return Sight(score, factors[best], steps[lanes, best], point, cells[lanes, best])

    def _steps(self, factors: Tensor) -> Tensor:
        """Return the image pixels per patch pixel of zooms `(S,)`, `(L, S, 2)`."""
        state = self.state
        return factors[:, None] * (state["extent"] * state["reach"])[:, None] / self.patch

    def _look(self, steps: Tensor) -> Tensor:
        """Return what the heads see about the targets, cells `(L, S, H, W, 2 C)`."""
        state = self.state
        patches = self.cutter.cut(state["center"][:, None], steps, self.grid.shape.size)
        taps = self.model.backbone.extract(patches.flatten(0, 1))
        shallow, deep = (spread(tap, self.size) for tap in taps)
        return self.networks.inputs(state, *self.networks.standardise(state, shallow, deep))

    def _resized(self, factor: Tensor) -> Tensor:
        """Return the sizes `(L, 2)` moved towards the winning levels, within their limits."""
        scale, initial = self.settings.scale, self.state["initial"]
        ratio = self.state["extent"][:, 0] / initial[:, 0] * (1 + scale.rate * (factor - 1))
        least = (SMALLEST_SIDE / initial.amin(dim=1)).clamp_max(1.0).clamp_min(scale.limits[0])
        resized = initial * ratio.maximum(least).clamp_max(scale.limits[1])[:, None]
        return torch.where(factor[:, None] == 1, self.state["extent"], resized)

    def _label(self, points: Tensor) -> Tensor:
        """Make the labels `(L, h, w)` of targets at patch points `(L, 2)`; see `soft_label`."""
        grid, settings = self.grid, self.training.label
        cell = (points - grid.origin) / grid.stride - self.first_cell
        spread = (settings.sigma * self.state["target"]).clamp_min(settings.min_sigma)
        x, y = (
            (-0.5 * ((axis - cell[:, i, None]) / spread[:, i, None]) ** 2).exp()
            for i, axis in enumerate(self.axes)
        )
        values = y[:, :, None] * x[:, None]
        low, high = (f(values, dim=(1, 2), keepdim=True) for f in (torch.amin, torch.amax))
        gap = high - low
        return torch.where(gap > 0, (values - low) / gap, values).float()

    def _learn(self, found: Sight, sized: Sight, learning: Tensor) -> None:
        """Store the new samples and take the online steps of the lanes that are learning."""
        state, update = self.state, self.settings.update
        if update.recrop:
            steps = self._steps(self.single)
            # Mostly what the last search cut, about the same place; a graph must not ask.
            known = self.settings.scale.recenter and one_at_a_time(self.device)
            same = known and torch.equal(steps[:, 0], sized.step)
            cells = sized.cells if same else self._look(steps)[:, 0]
            label = self._label(self.middle.expand(self.size, 2))
        else:
            cells, label = found.cells, self._label(found.point)
        kept, written = self.kept, state["written"]
        place = kept + written % self.newest
        for name, new in (("cells", cells), ("labels", label)):
            old = state[name][self.lanes, place]
            mask = learning.view(-1, *[1] * (new.dim() - 1))
            state[name][self.lanes, place] = torch.where(mask, new, old)
        written += learning
        there = written.clamp_max(self.newest)[:, None]
        number = torch.arange(self.newest, device=self.device)
        if update.together:
            seen = torch.cat([torch.ones_like(there).expand(-1, kept) > 0, number < there], dim=1)
            for _ in range(update.steps):
                self._descend(state["cells"], state["labels"], seen, learning)
            return
        for sample in range(kept):
            for _ in range(update.steps):
                part = slice(sample, sample + 1)
                one = torch.ones_like(learning)[:, None]
                self._descend(state["cells"][:, part], state["labels"][:, part], one, learning)
        for turn in range(self.newest):  # the oldest first
            place = kept + (written - there[:, 0] + turn) % self.newest
            cells, label = (state[name][self.lanes, place][:, None] for name in ("cells", "labels"))
            for _ in range(update.steps):
                one = torch.ones_like(learning)[:, None]
                self._descend(cells, label, one, learning & (turn < there[:, 0]))

    @torch.enable_grad()
    def _descend(self, cells: Tensor, labels: Tensor, seen: Tensor, learning: Tensor) -> None:
        """Take one step on samples `(L, n, ...)`, those that are seen, `(L, n)`."""
        names = self.optimiser.rates
        weights = self.state | {name: self.state[name].detach().requires_grad_() for name in names}
        response = self.networks.respond(weights, cells)
        error = self.model.loss_of_cells(response, labels).sum(dim=(2, 3))
        loss = (error * seen).sum(dim=1) / seen.sum(dim=1)
        self.optimiser.step(loss, weights, learning)


class DsltMaker:
    """Makes lanes of DSLT; see `dslt.trackers.lanes.LaneMaker`.

    Targets whose patches and heads have the same size are of one kind.
    """

    def __init__(
        self, settings: DsltSettings, seed: int = 0, device: str = "cpu", *, coarse: bool = False
    ):
        self.settings = settings
        self.model = FirstFrame(settings.training, seed, device, coarse=coarse)
        self.grids: dict[Kind, Grid] = {}

    def kind(self, box: Box) -> Kind:
        """See `LaneMaker`."""
        grid = self.model.grid_of(box)
        kind = grid.shape.size, grid.kernel
        self.grids.setdefault(kind, grid)
        return kind

    def make(self, kind: Kind, size: int) -> DsltLanes:
        """See `LaneMaker`."""
        return DsltLanes(self.settings, self.model, self.grids[kind], size)

    def memory(self, kind: Kind) -> int:
        """See `LaneMaker`: the samples' taps on the first frame, twice, and the memory."""
        width, height = self.grids[kind].shape.size
        spec, count = self.model.backbone.spec, self.settings.training.samples.count
        cells = [width * height // stride**2 for stride in spec.strides]
        taps = sum(a * b for a, b in zip(cells, spec.channels, strict=True))
        seen = 2 * self.settings.training.reduction.channels * cells[0]
        return 4 * (2 * count * taps + (count + self.settings.tracking.update.memory) * seen)
