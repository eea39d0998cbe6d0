"""Siamese networks as ONNX: one file for the template, one for the search region.

    template.onnx   template (1, 3, T, T) -> kernel0, kernel1, ...
    search.onnx     search (1, 3, S, S), kernel0, kernel1, ... -> response, or scores and offsets

Images are RGB in [0, 255], float32, the crops that the tracker takes. What is written is compared
with torch on random crops before it counts.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dslt.core.arrays import Floats
from dslt.core.device import plain_torch
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.networks.siamese import SiameseNet
from dslt.networks.siamfc import SiamFcNet
from dslt.networks.siamrpn import SiamRpnNet

TEMPLATE, SEARCH = "template.onnx", "search.onnx"
TOLERANCE = 1e-4  # of responses, where they exceed 1 in parts of the largest
_OPSET = 18
_SEED = 0  # of the crops


class _Template(nn.Module):
    """A template crop to its kernels, one after the other."""

    def __init__(self, net: SiamFcNet | SiamRpnNet):
        super().__init__()
        self.net = net

    def forward(self, template: Tensor) -> tuple[Tensor, ...]:
        made = self.net.template(template)
        return (made,) if isinstance(made, Tensor) else tuple(k for pair in made for k in pair)


class _Search(nn.Module):
    """A search crop and the kernels to what the tracker reads."""

    def __init__(self, net: SiamFcNet | SiamRpnNet):
        super().__init__()
        self.net = net

    def forward(self, search: Tensor, *kernels: Tensor) -> tuple[Tensor, ...]:
        if isinstance(self.net, SiamFcNet):
            return (self.net.response(kernels[0], search),)
        pairs = list(zip(kernels[::2], kernels[1::2], strict=True))
        return self.net.heads(pairs, search)


def export_siamese(net: SiameseNet, folder: Path) -> float:
    """Write a network as ONNX, and check the files.

    Args:
        net: The network, on the CPU and in evaluation mode.
        folder: Folder of `template.onnx` and `search.onnx`.

    Returns:
        The greatest difference between ONNX Runtime's responses and torch's on random crops, in
        parts of the greatest response where that exceeds 1.

    Raises:
        DsltError: The network is no Siamese one, the responses differ by more than `TOLERANCE`, or
            a file cannot be written.
    """
    if not isinstance(net, SiamFcNet | SiamRpnNet):
        raise DsltError(f"{type(net).__name__}: no Siamese network; expected SiamFC or SiamRPN")
    random = torch.Generator().manual_seed(_SEED)
    sides = (net.crops.template, net.crops.search)
    z, x = (255 * torch.rand(1, 3, side, side, generator=random) for side in sides)
    with plain_torch(), torch.no_grad():
        kernels = _Template(net)(z)
        wanted = _Search(net)(x, *kernels)
        names = [f"kernel{number}" for number in range(len(kernels))]
        answers = ["response"] if len(wanted) == 1 else ["scores", "offsets"]
        _write(_Template(net), (z,), ["template"], names, folder / TEMPLATE)
        _write(_Search(net), (x, *kernels), ["search", *names], answers, folder / SEARCH)
    made = run_onnx(folder / TEMPLATE, {"template": z.numpy()})
    found = run_onnx(folder / SEARCH, {"search": x.numpy(), **dict(zip(names, made, strict=True))})
    error = max(_difference(a, b.numpy()) for a, b in zip(found, wanted, strict=True))
    if not error <= TOLERANCE:
        raise DsltError(f"{folder}: ONNX Runtime's responses differ from torch's by {error:.2g}")
    return error


def run_onnx(path: Path, inputs: dict[str, Any]) -> list[Floats]:
    """Run a file in ONNX Runtime on one thread of the CPU.

    Args:
        path: The file.
        inputs: Float32 arrays by name.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return list(session.run(None, inputs))


def _write(
    module: nn.Module, inputs: tuple[Tensor, ...], names: list[str], outputs: list[str], path: Path
) -> None:
    """Export a module; weights are inside the file."""
    import onnxscript  # noqa: F401  # torch's own error would name no extra

    with atomic_write(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about its own parts
        torch.onnx.export(
            module.eval(),
            inputs,
            temporary,
            input_names=names,
            output_names=outputs,
            opset_version=_OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _difference(found: Floats, wanted: Floats) -> float:
    """Greatest difference, in parts of the greatest value where that exceeds 1."""
    return float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))
