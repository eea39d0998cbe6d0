"""Frozen networks on a CPU, compiled by OpenVINO for one size of image at a time.

With one thread, torch computes 1x1 convolutions by its own im2col instead of oneDNN, and every
layer goes through memory for its activation. OpenVINO fuses both. One image at a time: its maps
stay in the cache, those of a batch do not.
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dslt.core.device import frozen_networks, import_openvino, openvino_core
from dslt.core.errors import DsltError
from dslt.networks.backbones import winograd
from dslt.networks.backbones.efficientnet_lite import InvertedResidual, SameConv
from dslt.networks.backbones.spec import Pixels

KEPT = 8  # compiled sizes of one network; a tracker uses one, lanes on a CPU four, a training two


def serves(images: Tensor) -> bool:
    """Tell whether images on this device go through the engine."""
    return images.device.type == "cpu" and frozen_networks().engine == "openvino"


class Engine:
    """A chain of stages in evaluation mode, the output of each of which is wanted.

    Their weights are taken when a size of image is met first; a later change is not noticed.

    Args:
        stages: Modules of the kinds that `_lower` knows.
        pixels: What comes before them.
    """

    def __init__(self, stages: Sequence[nn.Module], pixels: Pixels):
        self.stages, self.pixels = stages, pixels
        self.compiled: OrderedDict[object, Any] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """Leave what is compiled behind; a copy compiles anew."""
        return {**vars(self), "compiled": OrderedDict()}

    def __call__(self, images: Tensor) -> tuple[Tensor, ...]:
        """Run the chain.

        Args:
            images: `(B, 3, H, W)` on the CPU, RGB in [0, 255], uint8 or float32.

        Returns:
            The outputs of the stages, `(B, C, h, w)` float32, channels last in memory.
        """
        ov = import_openvino()
        images = images.detach().permute(0, 2, 3, 1).contiguous()
        request = self._request(images)
        shapes = [tuple(output.shape)[1:] for output in request.model_outputs]
        found = tuple(torch.empty(len(images), *shape) for shape in shapes)
        for index in range(len(images)):
            one = slice(index, index + 1)
            request.set_input_tensor(ov.Tensor(images[one].numpy(), shared_memory=True))
            for place, maps in enumerate(found):
                whole = ov.Tensor(maps[one].numpy(), shared_memory=True)
                request.set_output_tensor(place, whole)
            request.infer()
        return tuple(maps.permute(0, 3, 1, 2) for maps in found)

    def _request(self, images: Tensor) -> Any:
        """Return the compiled network for images `(B, H, W, 3)` of this size and kind."""
        key = (images.dtype, tuple(images.shape[1:]), torch.get_num_threads(), frozen_networks())
        if key not in self.compiled:
            while len(self.compiled) >= KEPT:
                self.compiled.popitem(last=False)
            self.compiled[key] = self._compile(images)
        self.compiled.move_to_end(key)
        return self.compiled[key]

    def _compile(self, images: Tensor) -> Any:
        """Compile the chain."""
        ov = import_openvino()
        from openvino import opset13 as ops

        kind = np.uint8 if images.dtype == torch.uint8 else np.float32
        image = ops.parameter([1, *images.shape[1:]], kind)
        x = ops.convert(image, np.float32)
        mean, std = (np.array(v, np.float32) for v in (self.pixels.mean, self.pixels.std))
        x = ops.multiply(ops.subtract(x, mean), 1 / std)
        if self.pixels.bgr:
            x = ops.gather(x, np.array([2, 1, 0]), np.array(3))
        x = ops.transpose(x, np.array([0, 3, 1, 2])).output(0)
        outputs = []
        for stage in self.stages:
            x = _lower(stage, x)
            outputs.append(ops.transpose(x, np.array([0, 2, 3, 1])))
        precision = {"float32": "f32", "bfloat16": "bf16"}[frozen_networks().precision]
        options = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            "ENABLE_CPU_PINNING": False,  # jobs side by side would share one core
        }
        model = ov.Model([ops.result(output) for output in outputs], [image])
        return openvino_core().compile_model(model, "CPU", options).create_infer_request()


@singledispatch
def _lower(module: nn.Module, x: Any) -> Any:
    """Append a module to OpenVINO's graph: from one output of a node to the next."""
    from openvino import opset13 as ops
    from torchvision.models.resnet import Bottleneck  # here: who has none need not wait for it

    if not isinstance(module, Bottleneck):
        raise _refused(module)
    y = x
    for number in (1, 2, 3):
        y = _lower(getattr(module, f"bn{number}"), _lower(getattr(module, f"conv{number}"), y))
        if number < 3:
            y = ops.relu(y).output(0)
    shortcut = x if module.downsample is None else _lower(module.downsample, x)
    return ops.relu(ops.add(y, shortcut)).output(0)


@_lower.register
def _(module: nn.Sequential, x: Any) -> Any:
    for child in module:
        x = _lower(child, x)
    return x


@_lower.register
def _(module: nn.Identity, x: Any) -> Any:
    return x


@_lower.register
def _(module: nn.Conv2d, x: Any) -> Any:
    from openvino import opset13 as ops

    if isinstance(module.padding, str) or module.padding_mode != "zeros":
        raise _refused(module)
    rows, columns = module.padding
    pads = ((int(rows), int(columns)), (int(rows), int(columns)))
    if isinstance(module, SameConv):
        left, right, top, bottom = module.pads(tuple(x.shape)[2:])
        pads = ((top, left), (bottom, right))
    weight = module.weight.detach().numpy()
    options = (list(module.stride), *map(list, pads), list(module.dilation))
    how = winograd.suited(module, tuple(x.shape)[2:], pads)
    if how and frozen_networks().precision == "float32":  # the transforms need more than 8 bits
        y = winograd.lower(x, weight, how)
    elif module.groups > 1:
        weight = weight.reshape(module.groups, -1, *weight.shape[1:])
        y = ops.group_convolution(x, _constant(weight), *options)
    else:
        y = ops.convolution(x, _constant(weight), *options)
    if module.bias is not None:
        y = ops.add(y, _constant(module.bias.detach().numpy().reshape(1, -1, 1, 1)))
    return y.output(0)


@_lower.register
def _(module: nn.BatchNorm2d, x: Any) -> Any:
    from openvino import opset13 as ops

    assert module.running_var is not None
    assert module.running_mean is not None
    with torch.no_grad():
        scale = module.weight / (module.running_var + module.eps).sqrt()
        shift = module.bias - module.running_mean * scale
    y = ops.multiply(x, _constant(scale.view(1, -1, 1, 1).numpy()))
    return ops.add(y, _constant(shift.view(1, -1, 1, 1).numpy())).output(0)


@_lower.register
def _(module: nn.ReLU, x: Any) -> Any:
    from openvino import opset13 as ops

    return ops.relu(x).output(0)


@_lower.register
def _(module: nn.ReLU6, x: Any) -> Any:
    from openvino import opset13 as ops

    return ops.clamp(x, 0.0, 6.0).output(0)


@_lower.register
def _(module: nn.MaxPool2d, x: Any) -> Any:
    from openvino import opset1 as ops

    if module.ceil_mode or module.dilation != 1:
        raise _refused(module)
    side, step, pad = (
        [value] * 2 if isinstance(value, int) else list(value)
        for value in (module.kernel_size, module.stride, module.padding)
    )
    return ops.max_pool(x, step, pad, pad, side).output(0)


@_lower.register
def _(module: nn.LocalResponseNorm, x: Any) -> Any:
    from openvino import opset13 as ops

    channels = np.array([1])  # as in torch, `alpha` is divided by the window
    y = ops.lrn(x, channels, module.alpha, module.beta, module.k, module.size)
    return y.output(0)


@_lower.register
def _(module: InvertedResidual, x: Any) -> Any:
    from openvino import opset13 as ops

    y = _lower(module.layers, x)
    if not module.shortcut:
        return y
    if module.border:
        low = np.array([module.border] * 2)
        x = ops.slice(x, low, -low, np.array([1, 1]), np.array([2, 3])).output(0)
    return ops.add(x, y).output(0)


def _refused(module: nn.Module) -> DsltError:
    """Make the error of a module that has no counterpart here."""
    return DsltError(f"OpenVINO is not told how to run {module}; run it by the engine torch")


def _constant(values: Any) -> Any:
    """Make a constant of a copy: what is compiled must not change with a network's weights."""
    from openvino import opset13 as ops

    return ops.constant(np.ascontiguousarray(values))
