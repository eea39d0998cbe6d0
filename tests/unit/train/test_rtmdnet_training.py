"""RT-MDNet learns offline in the project's loop: it goes on, repeats itself, and gets better."""

import re

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dslt.core.errors import DsltError
from dslt.data.pairs.domains import open_domains
from dslt.data.pairs.procedural import ProceduralSource, WorldVideos
from dslt.networks.make import make_network
from dslt.networks.rtmdnet import RtmdNet
from dslt.networks.saved import read_model
from dslt.train.batches import Failure, join
from dslt.train.run import TrainingRun
from dslt.train.tasks import make_task
from dslt.train.trainer import Trainer
from rtmdnet_examples import light, published
from siamese_examples import SGD

SETTINGS = light(
    head={"hidden": 8},
    pairs={"sources": {"procedural": 3}, "per_epoch": 4, "scene": {"side": 160}},
    schedule={"epochs": 2, "micro_batches": 2, "sgd": SGD | {"start": 0.05, "end": 0.02}},
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def samples(seed=0, frames=20, settings=SETTINGS):
    source = ProceduralSource("procedural", 100, 0.0, WorldVideos(seed, frames))
    return open_domains(settings, {"procedural": source}, seed=0)


class Breaking:
    """Samples that fail at one of them."""

    def __init__(self, place):
        self.inner, self.place, self.domains = samples(), place, samples().domains

    def __len__(self):
        return len(self.inner)

    def sample(self, epoch, index):
        if (epoch, index) == self.place:
            raise DsltError("broken off")
        return self.inner.sample(epoch, index)


def train(folder, pairs=None, workers=0, settings=SETTINGS):
    trainer = Trainer(make_network(settings), make_task(settings), settings.schedule, seed=3)
    run = TrainingRun(trainer, pairs or samples(), folder / "state", {"seed": 3}, save_every=0)
    run.go(workers)
    run.finish(folder / "out", {"settings": settings.model_dump(mode="json")})
    return folder / "out" / "model.pt"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("place", [(0, 2), (1, 0), (1, 3)])
def test_going_on_equals_an_unbroken_training(place, whole, tmp_path):
    with pytest.raises(DsltError, match="broken off"):
        train(tmp_path, Breaking(place))
    assert train(tmp_path).read_bytes() == whole.read_bytes()


def test_number_of_workers_changes_nothing(whole, tmp_path):
    assert train(tmp_path, workers=2).read_bytes() == whole.read_bytes()


def test_what_is_learnt_can_be_read(whole):
    net = read_model(whole, SETTINGS)
    untrained = make_network(SETTINGS).state_dict()
    moved = [name for name, value in net.state_dict().items() if (value != untrained[name]).any()]
    assert set(moved) == {
        f"{name}.{kind}" for name in ("fc4.0", "fc5.1") for kind in ("weight", "bias")
    } | {"weight", "bias"}


def test_domains_that_are_gone_are_an_error_and_nothing_is_lost(whole, tmp_path):
    with pytest.raises(DsltError, match="broken off"):
        train(tmp_path, Breaking((1, 0)))
    state = (tmp_path / "state" / "state.pt").read_bytes()
    other = samples()
    other._domains = [*other._domains[:2], other._domains[2]._replace(video=7)]
    gone, new = samples().domains[2], other.domains[2]
    said = rf"other domains \(1 that are gone: {gone}; 1 missing: {new}\); expected the videos"
    with pytest.raises(DsltError, match=said):
        train(tmp_path, other)
    turned = samples()
    turned._domains = turned._domains[::-1]
    with pytest.raises(DsltError, match=r"other domains \(in another order\)"):
        train(tmp_path, turned)
    assert (tmp_path / "state" / "state.pt").read_bytes() == state
    assert train(tmp_path).read_bytes() == whole.read_bytes()


def loss_of(settings, net, batch):
    found = make_task(settings).loss(net(*batch.inputs), batch, torch.Generator())
    return {name: float(value.detach()) for name, value in found.items()}


def batch_of(settings):
    joined = join([samples(settings=settings).sample(0, 0)])
    assert not isinstance(joined, Failure)
    return joined


@pytest.mark.parametrize("name", ["bce", "focal", "shrinkage"])
def test_one_sample_can_be_learnt_with_every_loss(name):
    settings = light(
        "pretrained",
        head={"hidden": 16},
        pairs={"sources": {"procedural": 3}, "scene": {"side": 160}},
        loss={"name": name},
    )
    net, batch = make_network(settings).eval(), batch_of(settings)
    before = loss_of(settings, net, batch)
    optimiser = torch.optim.SGD(net.head_parameters(), lr=0.2, momentum=0.9)
    for _ in range(40):
        terms = make_task(settings).loss(net(*batch.inputs), batch, torch.Generator())
        optimiser.zero_grad()
        sum(terms.values()).backward()
        optimiser.step()
    after = loss_of(settings, net, batch)
    assert after["classification"] < 0.4 * before["classification"]
    assert after["embedding"] < 0.4 * before["embedding"]


class _Called(TorchDispatchMode):
    """Notes the names of all operations."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.name())
        return func(*args, **(kwargs or {}))


def test_published_backbone_learns_by_gradients_that_a_gpu_repeats():
    """`torch.use_deterministic_algorithms` refuses these others on CUDA."""
    net = RtmdNet(published(schedule={"unfreeze": ("conv1", "conv2", "conv3")}))
    net.unfreeze(("conv1", "conv2", "conv3"))
    with _Called() as called:
        net.maps(torch.rand(1, 3, 107, 107)).sum().backward()
    assert "aten::avg_pool2d_backward" in called.names
    refused = "(avg|max)_pool3d|adaptive|fractional|upsample|replication|reflection|grid_sampler"
    assert [name for name in called.names if re.search(f"({refused}).*backward", name)] == []


def test_published_network_learns_in_all_its_layers():
    settings = light(
        backbone={"name": "vgg_m"},
        head={"hidden": 8},
        pairs={"frames": 1, "positives": 2, "negatives": 2, "scene": {"side": 160}},
        schedule={"unfreeze": ("conv1", "conv2", "conv3")},
    )
    trainer = Trainer(make_network(settings), make_task(settings), settings.schedule, seed=0)
    trainer.begin(0)
    before = {name: value.clone() for name, value in trainer.net.named_parameters()}
    trainer.step(0, iter([batch_of(settings)]))
    moved = {
        name for name, value in trainer.net.named_parameters() if (value != before[name]).any()
    }
    assert {f"backbone.conv{n}.0.weight" for n in (1, 2, 3)} <= moved


def test_more_than_one_video_in_a_micro_batch_is_refused():
    with pytest.raises(ValueError, match=r"schedule\.batch must be 1"):
        light(schedule={"batch": 2})
