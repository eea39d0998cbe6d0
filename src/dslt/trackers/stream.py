"""One stream as fast as it goes: lockstep's arithmetic with one lane, a CUDA graph for each frame.

A tracker one by one asks the GPU for numbers several times in a frame and starts thousands of small
kernels; a live user waits for both. Here the host brings the frame, starts one graph, and reads the
answer. Boxes differ from the exact path's as those of lockstep do (`docs/deviations.md`).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from dslt.core.images import Frame
from dslt.geometry.boxes import Box
from dslt.trackers.base import Prediction, TrainingRecord
from dslt.trackers.lanes import LaneMaker, Lanes, Start

Place = tuple[int, torch.Size]
WARM_UP = 3  # steps before a capture: libraries set themselves up in the first ones


class StreamTracker:
    """A tracker of one target; elsewhere than on CUDA the same steps run without graphs.

    The first frame after a start, and the first one that learns, take longer: their graphs are
    captured. So do those behind a frame that is larger than all before.

    Args:
        maker: Makes the lane.
    """

    def __init__(self, maker: LaneMaker):
        self.maker = maker
        self.lanes: Lanes | None = None

    @property
    def record(self) -> TrainingRecord:
        """The first-frame training; empty for trackers without one."""
        return self.lanes.record(0) if self.lanes else TrainingRecord()

    def initialize(self, frame: Frame, box: Box) -> None:
        """Learn the target from the first frame and its box."""
        self.lanes = self.maker.make(self.maker.kind(box), 1)
        self.lanes.begin({0: Start(frame, box)})
        on_gpu = self.lanes.device.type == "cuda"
        self.step: Callable[[bool], Tensor]
        self.step = StepGraphs(self.lanes) if on_gpu else self.lanes.step

    def update(self, frame: Frame) -> Prediction:
        """Find the target in the next frame.

        Raises:
            DsltError: The answer is not finite.
        """
        assert self.lanes is not None
        learn = self.lanes.load({0: frame})
        return self.lanes.read(0, self.step(learn).cpu().numpy()[0])


class StepGraphs:
    """The step of some lanes as CUDA graphs, one for each value of `learn`.

    Args:
        lanes: Lanes on a CUDA device that learnt their targets.
    """

    def __init__(self, lanes: Lanes):
        self.lanes = lanes
        self.graphs: dict[bool, tuple[torch.cuda.CUDAGraph, Tensor, tuple[Place, ...]]] = {}

    def __call__(self, learn: bool) -> Tensor:
        """Do what `Lanes.step` does."""
        places = self._places()
        if learn not in self.graphs or self.graphs[learn][2] != places:
            self.graphs[learn] = (*self._capture(learn), places)
        graph, output, _ = self.graphs[learn]
        graph.replay()
        return output.clone()  # the next replay writes over it

    def _places(self) -> tuple[Place, ...]:
        """Where the tensors are that a graph reads from and writes to from frame to frame."""
        lanes = self.lanes
        values = [*lanes.state.values(), *vars(lanes.cutter).values()]
        return tuple((v.data_ptr(), v.shape) for v in values if isinstance(v, Tensor))

    def _capture(self, learn: bool) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        """Capture a step, which happens when the graph is replayed; what warms it up is undone."""
        lanes = self.lanes
        side = torch.cuda.Stream(lanes.device)  # type: ignore[no-untyped-call]
        kept = {name: value.detach().clone() for name, value in lanes.state.items()}
        side.wait_stream(torch.cuda.current_stream(lanes.device))
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                lanes.step(learn)
        torch.cuda.current_stream(lanes.device).wait_stream(side)
        with torch.no_grad():
            for name, value in kept.items():
                lanes.state[name].copy_(value)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = lanes.step(learn)
        return graph, output
