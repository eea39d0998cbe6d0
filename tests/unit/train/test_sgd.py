"""The optimiser of a training is torch's, without its class."""

import copy

import torch

from dslt.settings.offline import SgdSettings
from dslt.train.sgd import Group, Sgd
from training_case import SGD

SETTINGS = SgdSettings(**SGD | {"momentum": 0.9, "weight_decay": 1e-2})


def network():
    """Make two layers with the same weights each time."""
    generator = torch.Generator().manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 3))
    for value in net.parameters():
        value.data = torch.randn(value.shape, generator=generator)
    return net


def ours_of(net):
    """Make our optimiser; the second layer learns half as fast."""
    return Sgd(
        [Group(list(net[0].parameters()), 1), Group(list(net[1].parameters()), 0.5)], SETTINGS
    )


def step(net, optimiser, number):
    """Give a network gradients, and do a step."""
    images = torch.randn(6, 4, generator=torch.Generator().manual_seed(number))
    (net(images) ** 2).mean().backward()
    optimiser.step()


def test_steps_are_those_of_torchs_class():
    net, other = network(), network()
    ours = ours_of(net)
    groups = [{"params": list(part.parameters())} for part in other]
    theirs = torch.optim.SGD(groups, momentum=SETTINGS.momentum, weight_decay=SETTINGS.weight_decay)
    for number in range(4):
        ours.rate = 0.1 / (number + 1)
        for group, factor in zip(theirs.param_groups, (1, 0.5), strict=True):
            group["lr"] = ours.rate * factor
        ours.forget_gradients()
        theirs.zero_grad()
        step(net, ours, number)
        step(other, theirs, number)
        for mine, their in zip(net.parameters(), other.parameters(), strict=True):
            assert torch.equal(mine, their)


def test_going_on_from_a_state():
    net = network()
    first = ours_of(net)
    step(net, first, 0)
    state, again = copy.deepcopy(first.state()), copy.deepcopy(net)
    for value in again.parameters():
        value.grad = None
    first.forget_gradients()
    step(net, first, 1)
    second = ours_of(again)
    second.restore(state)
    step(again, second, 1)
    for mine, their in zip(net.parameters(), again.parameters(), strict=True):
        assert torch.equal(mine, their)
