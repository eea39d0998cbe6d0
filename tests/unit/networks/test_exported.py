"""Siamese networks as ONNX: what ONNX Runtime answers, and what is refused."""

import pytest
import torch

from dslt.core.errors import DsltError
from dslt.networks import exported
from dslt.networks.exported import export_siamese, run_onnx
from dslt.networks.make import make_network
from rtmdnet_examples import light as light_rtmdnet
from siamese_examples import siamfc, siamrpn

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")


@pytest.fixture(scope="module")
def light():
    return make_network(siamfc("efficientnet_lite0", "pretrained", channels=8)).eval()


def test_responses_are_those_of_torch(light, tmp_path):
    assert export_siamese(light, tmp_path) < 1e-5
    z, x = torch.full((1, 3, 127, 127), 90.0), torch.rand(1, 3, 255, 255) * 255
    [kernel] = run_onnx(tmp_path / "template.onnx", {"template": z.numpy()})
    inputs = {"search": x.numpy(), "kernel0": kernel}
    [response] = run_onnx(tmp_path / "search.onnx", inputs)
    with torch.inference_mode():
        torch.testing.assert_close(torch.tensor(response), light(z, x), rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_scores_and_offsets_are_those_of_torch(tmp_path):
    assert export_siamese(make_network(siamrpn()).eval(), tmp_path) < 1e-4


def test_another_answer_is_an_error(light, tmp_path, monkeypatch):
    def wrong(path, inputs):
        return [found + 1 for found in run_onnx(path, inputs)]

    monkeypatch.setattr(exported, "run_onnx", wrong)
    with pytest.raises(DsltError, match="responses differ from torch's by"):
        export_siamese(light, tmp_path)


def test_other_networks_are_refused(tmp_path):
    with pytest.raises(DsltError, match="RtmdNet: no Siamese network"):
        export_siamese(make_network(light_rtmdnet()).eval(), tmp_path)
