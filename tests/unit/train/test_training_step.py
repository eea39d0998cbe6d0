"""One step: micro-batches, reduction, clipping, frozen parts, numbers that are none."""

import copy

import numpy as np
import pytest
import torch

from dslt.core.errors import DsltError
from dslt.data.pairs.dataset import Pair
from dslt.train.batches import join
from dslt.train.schedule import Plan
from dslt.train.trainer import Trainer, draw_seed
from training_case import TinyNet, TinyPairs, TinyTask, schedule

PLAIN = {"momentum": 0, "weight_decay": 0, "warmup": 0, "clip": None}


class Plain(TinyTask):
    """A task without anything random."""

    terms = ("first",)

    def loss(self, outputs, batch, generator):
        return {"first": super().loss(outputs, batch, generator)["first"]}


class NoDropout(TinyNet):
    def __init__(self):
        super().__init__()
        self.neck[2] = torch.nn.Identity()


def micro_batches(count=2, batch=2, first=0):
    pairs = TinyPairs()
    plan = Plan(1, 64, batch, count)
    for micro in range(first, count):
        yield join([pairs.sample(*key) for key in plan.keys(0, micro)])


def trainer_of(net=None, task=None, sgd=PLAIN, **changes):
    trainer = Trainer(net or NoDropout(), task or Plain(), schedule(sgd=sgd, **changes), seed=3)
    trainer.begin(0)
    return trainer


def moved(trainer, batches):
    """How far a step moves the weights, by name; the rate is 0.05."""
    before = copy.deepcopy(dict(trainer.net.named_parameters()))
    trainer.step(0, batches)
    return {
        name: (before[name] - value).detach() / 0.05
        for name, value in trainer.net.named_parameters()
    }


def test_summed_gradients_are_the_mean_times_their_number():
    mean = moved(trainer_of(micro_batches=4), micro_batches(4))
    total = moved(trainer_of(micro_batches=4, gradient_reduction="sum"), micro_batches(4))
    for name, value in mean.items():
        torch.testing.assert_close(total[name], 4 * value, rtol=1e-3, atol=1e-4)


def test_micro_batches_are_separate_batches():
    """The sum is that of the micro-batches alone, each with its own statistics."""
    apart = [moved(trainer_of(micro_batches=1), iter([batch])) for batch in micro_batches(2)]
    together = moved(trainer_of(gradient_reduction="sum"), micro_batches(2))
    for name, value in together.items():
        torch.testing.assert_close(value, apart[0][name] + apart[1][name], rtol=1e-3, atol=1e-4)


def test_running_statistics_are_those_of_the_first_micro_batch():
    first = trainer_of(micro_batches=1)
    first.step(0, micro_batches(2))
    both = trainer_of()
    both.step(0, micro_batches(2))
    swapped = trainer_of()
    swapped.step(0, iter(list(micro_batches(2))[::-1]))
    for name, value in both.net.named_buffers():
        assert torch.equal(value, dict(first.net.named_buffers())[name]), name
    assert not torch.equal(both.net.neck[1].running_mean, swapped.net.neck[1].running_mean)


def test_clipping_bounds_the_norm_after_the_sum():
    changes = {"gradient_reduction": "sum", "unfreeze": []}
    free = trainer_of(**changes)
    norm = free.step(0, micro_batches(2)).gradient_norm
    clipped = moved(trainer_of(sgd=PLAIN | {"clip": norm / 2}, **changes), micro_batches(2))
    length = torch.cat([value.flatten() for value in clipped.values()]).norm()
    assert float(length) == pytest.approx(norm / 2, rel=1e-4)


def test_frozen_parts_stay_and_freed_ones_move_at_their_rate():
    net = NoDropout()
    before = copy.deepcopy(net.state_dict())
    trainer = trainer_of(net)
    trainer.step(0, micro_batches(2))
    for name, value in before.items():
        assert torch.equal(value, net.state_dict()[name]) == name.startswith("backbone."), name
    assert trainer.begin(1) == pytest.approx(trainer.rates[1])
    assert trainer.optimiser.rate == pytest.approx(trainer.rates[1])
    assert [group.factor for group in trainer.optimiser.groups] == [1, 0.5]
    momenta = [momentum for group in trainer.optimiser.state() for momentum in group]
    assert set(momenta) == {None}  # the momentum starts anew
    trainer.step(0, micro_batches(2))
    for name, value in before.items():
        frozen = name.startswith("backbone.layer1.")
        assert torch.equal(value, net.state_dict()[name]) == frozen, name


def test_weight_that_the_loss_does_not_use_stays():
    net = NoDropout()
    net.unused = torch.nn.Parameter(torch.ones(3))
    trainer_of(net).step(0, micro_batches(2))
    assert net.unused.tolist() == [1, 1, 1]


def test_loss_is_the_mean_over_micro_batches_for_either_reduction():
    records = [
        trainer_of(gradient_reduction=name).step(0, micro_batches(2)) for name in ("mean", "sum")
    ]
    assert records[0].loss == records[1].loss == sum(records[0].terms.values())
    assert records[1].gradient_norm == pytest.approx(2 * records[0].gradient_norm, rel=1e-5)


class Broken(TinyTask):
    """Gives a number that is none in the second micro-batch of a step."""

    def __init__(self, value):
        self.value, self.calls = value, 0

    def loss(self, outputs, batch, generator):
        self.calls += 1
        found = super().loss(outputs, batch, generator)
        return found | ({"second": outputs.sum() * self.value} if self.calls == 2 else {})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_loss_that_is_no_number_stops_before_the_weights_change(value):
    trainer = trainer_of(task=Broken(value))
    before = copy.deepcopy(dict(trainer.net.named_parameters()))
    where = r"step 8, learning rate 0.05, micro-batch 1 of 2: the second loss is (nan|-?inf)"
    with pytest.raises(DsltError, match=where):
        trainer.step(7, micro_batches(2))
    assert all(torch.equal(before[name], value) for name, value in trainer.net.named_parameters())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_step_that_is_left_out_changes_nothing(value):
    trainer = trainer_of(task=Broken(value))
    before = copy.deepcopy(trainer.net.state_dict())
    momentum = copy.deepcopy(trainer.optimiser.state())
    record = trainer.step(7, micro_batches(2), skip=True)
    assert "micro-batch 1 of 2: the second loss is" in record.skipped
    after = trainer.net.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())
    assert trainer.optimiser.state() == momentum
    assert not trainer.step(8, micro_batches(2), skip=True).skipped


class Steep(Plain):
    """A finite loss whose gradient is not."""

    def loss(self, outputs, batch, generator):
        return {"first": (outputs * 0).abs().sqrt().sum()}


def test_gradient_that_is_no_number_stops():
    with pytest.raises(DsltError, match=r"step 1, .*the gradient's norm is nan, the loss is fin"):
        trainer_of(task=Steep()).step(0, micro_batches(2))


def test_mixed_precision_needs_a_gpu():
    with pytest.raises(DsltError, match="precision: mixed on cpu; expected a GPU"):
        trainer_of(precision="mixed")


def test_unknown_part_of_the_backbone():
    with pytest.raises(DsltError, match=r"layer9; expected parts .*layer1, layer2"):
        trainer_of(unfreeze=["layer9"], unfreeze_epoch=7)


def test_seeds_of_micro_batches_differ():
    seeds = {draw_seed(*key) for key in np.ndindex(4, 5, 6)}
    assert len(seeds) == 120
    assert draw_seed(1, 2, 3) == draw_seed(1, 2, 3)


def test_batches_are_joined_in_order():
    pairs = [TinyPairs().sample(0, index) for index in range(3)]
    batch = join(pairs)
    assert isinstance(batch, Pair)
    assert torch.equal(batch.search[2], pairs[2].search)
    assert batch.positive.tolist() == [True, False, True]
    assert batch.box.shape == (3, 4)
