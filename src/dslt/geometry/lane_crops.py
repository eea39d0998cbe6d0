"""Crops of several frames at once, one frame for each lane: on the host, or on a GPU.

Both cut what `dslt.geometry.crops.crop` cuts. On a GPU the places are tensors there that the host
never reads, shapes are fixed, and nothing branches on data: it can stand inside a CUDA graph.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from dslt.core.device import copy_ahead, one_at_a_time
from dslt.core.images import Frame
from dslt.geometry.crops import Region, crop
from dslt.geometry.squares import padded_crop

Size = tuple[int, int]
FINENESS = 32  # parts of a pixel that OpenCV tells apart
FIXED = 1024  # parts of a pixel in which it adds places up
MARGIN = 15  # pixels that repeat a frame's end, so that blocks of up to 16 are whole


class Cutter(Protocol):
    """Frames of a fixed number of lanes, and crops of them.

    Attributes:
        sizes: `(width, height)` of each lane's frame, `(L, 2)`, float64, on the device; it stays
            the same tensor.
    """

    sizes: Tensor

    def load(self, frames: Mapping[int, Frame]) -> None:
        """Take the next frames `(H, W, 3)`, RGB uint8, of some lanes."""

    def cut(self, centers: Tensor, steps: Tensor, size: Size, fill: Tensor | None = None) -> Tensor:
        """Cut upright regions out of the lanes' frames; see `dslt.geometry.crops.Region`.

        Args:
            centers: Middles `(L, S, 2)`, x and y, image pixels, float64, on the device.
            steps: Image pixels per patch pixel, `(L, S, 2)`, x and y, float64, there.
            size: `(width, height)` of the patches in pixels.
            fill: Colours `(L, 3)`, uint8, there, of what lies outside the frame; None: its edge
                repeats.

        Returns:
            Patches `(L, S, height, width, 3)`, uint8, there. Those of a lane without a frame mean
            nothing.
        """


def make_cutter(lanes: int, device: torch.device) -> Cutter:
    """Make the cutter of a device: OpenCV cuts fastest on the host, and a GPU's need not wait."""
    return HostCutter(lanes) if one_at_a_time(device) else DeviceCutter(lanes, device)


class HostCutter:
    """OpenCV cuts; the device's numbers are the host's. See `Cutter`."""

    def __init__(self, lanes: int):
        self.frames: dict[int, Frame] = {}
        self.sizes = torch.ones(lanes, 2, dtype=torch.float64)

    def load(self, frames: Mapping[int, Frame]) -> None:
        """See `Cutter`."""
        self.frames.update(frames)
        for lane, frame in frames.items():
            self.sizes[lane] = torch.tensor(frame.shape[1::-1])

    def cut(self, centers: Tensor, steps: Tensor, size: Size, fill: Tensor | None = None) -> Tensor:
        """See `Cutter`."""
        lanes, count = steps.shape[:2]
        patches = np.zeros((lanes, count, size[1], size[0], 3), np.uint8)
        middles, zooms = centers.expand_as(steps).tolist(), steps.tolist()
        for lane, frame in self.frames.items():
            for index, (middle, zoom) in enumerate(zip(middles[lane], zooms[lane], strict=True)):
                region = Region(tuple(middle), tuple(zoom), size)
                if fill is None:
                    patches[lane, index] = crop(frame, region)
                else:
                    patches[lane, index] = padded_crop(frame, region, fill[lane].numpy())
        return torch.from_numpy(patches)


class DeviceCutter:
    """Bilinear samples of means over blocks of pixels, for whatever lies on the device.

    A sum over the frame's upper left gives the mean of a block of any size by four looks, so that
    one path serves every zoom. Places, means and samples are rounded as OpenCV rounds them, so that
    patches are the host's to the bit, for blocks of up to 16 pixels about centres in the frame: a
    track that parts for a pixel of another value is another track. See `Cutter`.
    """

    def __init__(self, lanes: int, device: torch.device):
        self.device = device
        self.sizes = torch.ones(lanes, 2, dtype=torch.float64, device=device)
        side = 1 + MARGIN
        self.pixels = torch.zeros(lanes, side, side, 3, dtype=torch.uint8, device=device)
        self.sums = torch.zeros(lanes, side + 1, side + 1, 3, dtype=torch.int32, device=device)

    def load(self, frames: Mapping[int, Frame]) -> None:
        """See `Cutter`; a frame that is larger than all before it makes room for itself."""
        self._make_room([frame.shape for frame in frames.values()])
        for lane, frame in frames.items():
            height, width = frame.shape[:2]
            whole = self.pixels[lane]
            copy_ahead(torch.from_numpy(frame), whole[:height, :width])
            copy_ahead(torch.tensor([width, height], dtype=torch.float64), self.sizes[lane])
            whole[:height, width : width + MARGIN] = whole[:height, width - 1 : width]
            whole[height : height + MARGIN] = whole[height - 1 : height]
            self._add_up(lane)

    def _add_up(self, lane: int) -> None:
        """Sum a lane's frame up over all that is above and to the left."""
        rows = self.pixels[lane].cumsum(0, dtype=torch.int32)
        self.sums[lane, 1:, 1:] = rows.cumsum(1, dtype=torch.int32)

    def _make_room(self, shapes: list[tuple[int, ...]]) -> None:
        """Replace the frames' memory where one does not fit in; what is there stays."""
        lanes, height, width = self.pixels.shape[:3]
        rows, columns = (
            max([old, *(shape[axis] + MARGIN for shape in shapes)])
            for axis, old in enumerate((height, width))
        )
        if (rows, columns) != (height, width):
            larger = self.pixels.new_zeros(lanes, rows, columns, 3)
            larger[:, :height, :width] = self.pixels
            self.pixels = larger
            self.sums = self.sums.new_zeros(lanes, rows + 1, columns + 1, 3)
            for lane in range(lanes):
                self._add_up(lane)

    def cut(self, centers: Tensor, steps: Tensor, size: Size, fill: Tensor | None = None) -> Tensor:
        """See `Cutter`."""
        lanes, height, width = self.pixels.shape[:3]
        block = steps.amin(dim=2).floor().clamp_min(1)
        axes = [
            self._axis(centers[..., axis], steps[..., axis], size[axis], block, axis)
            for axis in (0, 1)
        ]
        (left, right, at_x, seen_x), (top, bottom, at_y, seen_y) = axes
        first = torch.arange(lanes, device=self.device).view(-1, 1, 1, 1) * (height + 1)
        table = self.sums.view(-1, 3)

        def corner(rows: Tensor, columns: Tensor) -> Tensor:
            """Look up the sums at rows `(L, S, h)` and columns `(L, S, w)`."""
            places = (first + rows[..., None]) * (width + 1) + columns[:, :, None]
            return table[places]

        found = torch.zeros((), device=self.device)
        for one in (0, 1):
            for two in (0, 1):
                x, y = (left[one], right[one]), (top[two], bottom[two])
                total = corner(y[1], x[1]) - corner(y[0], x[1])
                total = total - corner(y[1], x[0]) + corner(y[0], x[0])
                area = ((y[1] - y[0])[..., None] * (x[1] - x[0])[:, :, None])[..., None]
                # The mean of four is rounded up from a half, that of more to the even number.
                mean = torch.where(
                    area == 4, (total + 2) // 4, (total.float() * area.float().reciprocal()).round()
                )
                found = found + mean * (at_y[two][..., None] * at_x[one][:, :, None])[..., None]
        patches = (found + 0.5).floor().to(torch.uint8)
        if fill is None:
            return patches
        seen = (seen_y[..., None] & seen_x[:, :, None])[..., None]
        return torch.where(seen, patches, fill[:, None, None, None])

    def _axis(
        self, center: Tensor, step: Tensor, pixels: int, block: Tensor, axis: int
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor], tuple[Tensor, Tensor], Tensor]:
        """Place patch pixels on an axis of the frames.

        Args:
            center: `(L, S)`.
            step: `(L, S)`.
            pixels: Pixels of the patch.
            block: Side of the blocks in pixels, `(L, S)`.
            axis: 0 for x, 1 for y.

        Returns:
            First pixels, and those behind the last, of the two blocks about each place, their
            weights, and whether the place lies in the frame; `(L, S, pixels)` each.
        """
        steps = torch.arange(pixels, dtype=torch.float64, device=self.device)
        end = self.sizes[:, axis].view(-1, 1, 1)
        # A place is given by how far behind the first pixel's middle it is.
        first = center - 0.5 - step * (pixels / 2 - 0.5)
        first = torch.where(block == 1, first, (first + 0.5) / block - 0.5)[..., None]
        further = (step / block)[..., None] * steps
        # OpenCV rounds a row's first place and the way along it apart, a column's together.
        if axis == 0:
            places = (first * FIXED).round() + (further * FIXED).round()
        else:
            places = ((further + first) * FIXED).round()
        places = ((places + FIXED // FINENESS // 2) * FINENESS / FIXED).floor()
        near = (places / FINENESS).floor()
        share = (places / FINENESS - near).float()
        block = block[..., None]
        last = (end / block).ceil() - 1
        starts, ends = [], []
        for offset in (0, 1):
            start = (near + offset).clamp_min(0).minimum(last) * block
            starts.append(start.long())
            ends.append((start + block).minimum(end + MARGIN).long())
        # As `padded_crop`: a patch pixel belongs to the frame where its middle does.
        low = (pixels / 2 - center / step)[..., None]
        high = low + end / step[..., None]
        seen = (steps >= (low - 0.5).ceil()) & (steps < (high - 0.5).ceil())
        return (starts[0], starts[1]), (ends[0], ends[1]), (1 - share, share), seen
