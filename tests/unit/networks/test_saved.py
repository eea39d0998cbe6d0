"""Files of weights are data: reading one runs nothing of it."""

import hashlib
import json
import pickle
from pathlib import Path

import pytest

from dslt.core.errors import DsltError
from dslt.networks.make import make_network
from dslt.networks.saved import load_weights, write_model
from siamese_examples import siamfc


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_code_in_a_file_of_weights_does_not_run(tmp_path, suffix):
    net = make_network(siamfc())
    write_model(net, {"settings": {}}, tmp_path)
    path, trace = (tmp_path / "model.pt").with_suffix(suffix), tmp_path / "trace"
    path.write_bytes(pickle.dumps(Hostile(trace), protocol=2))
    header = json.loads((tmp_path / "model.json").read_text())
    header["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "model.json").write_text(json.dumps(header))
    with pytest.raises(DsltError, match="not weights of this network"):
        load_weights(net, path)
    assert not trace.exists()
    pickle.loads(path.read_bytes())  # the file is as hostile as it should be
    assert trace.exists()
