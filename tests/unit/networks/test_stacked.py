"""Stacked regression networks: each is what it is alone."""

import pytest
import torch

from dslt.core.device import arithmetic_of_gpu
from dslt.networks.regression import Optimiser, RegressionNetwork
from dslt.networks.siamese import correlate, correlate_each
from dslt.networks.stacked import StackedAdam, StackedNetworks, weights_of
from dslt.study.cells import resolve_settings
from dslt.trackers.peak import Prior, find_everywhere, peaks_of
from places import ROOT

KERNEL = (3, 5)
SHAPES = (2, 3, 6, 9, 11), (2, 3, 4, 5, 6)


def training(overrides):
    return resolve_settings("dslt/lite", overrides, ROOT / "config" / "trackers", "test").training


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [1, 3])
def test_steps_of_stacked_networks_are_those_of_each(gpu, padding, kernel):
    settings = training(
        f"training.head.padding={padding}; training.head.bias=true; training.head.init_std=0.1;"
        f"training.reduction.kernel={kernel}; training.reduction.channels=5;"
        "training.adam.weight_decay=0.01; training.adam.lr_shallow=2.0e-4"
    )
    channels = (SHAPES[0][2], SHAPES[1][2])
    each = [
        RegressionNetwork(channels, KERNEL, settings.reduction, settings.head, seed)
        for seed in (1, 2)
    ]
    generator = torch.Generator().manual_seed(0)
    taps = [torch.randn(shape, generator=generator) for shape in SHAPES]
    for number, network in enumerate(each):
        network.normalise((taps[0][number], taps[1][number]), "channel")
        network.gain.fill_(0.5 + number)
    single = [weights_of(network) for network in each]
    weights = {name: torch.stack([one[name] for one in single]) for name in single[0]}
    stacked = StackedNetworks(settings.head, KERNEL)
    optimiser = StackedAdam(settings.adam, stacked.rates(settings.adam, reductions=True), {})
    optimiser.make(weights)
    moving = torch.tensor([True, True])
    alone = [Optimiser(network, settings.adam, reductions=True) for network in each]
    for step in range(3):
        grown = {n: weights[n].detach().requires_grad_() for n in optimiser.rates}
        now = weights | grown
        with arithmetic_of_gpu() if gpu else torch.enable_grad():
            cells = stacked.inputs(now, *stacked.standardise(now, *taps))
            response = stacked.respond(now, cells)
        optimiser.step((response**2).mean(dim=(1, 2, 3)), now, moving)
        for number, network in enumerate(each[: 2 if step < 2 else 1]):
            one = network.forward(*network.standardise(taps[0][number], taps[1][number]))
            assert torch.allclose(response[number], one, atol=2e-5)
            alone[number].step((one**2).mean())
        moving = torch.tensor([True, step < 1])
        if step == 1:
            moving = torch.tensor([True, False])
            kept = {name: value[1].clone() for name, value in weights.items()}
    for number, network in enumerate(each[:1]):
        for name, value in weights_of(network).items():
            assert torch.allclose(weights[name][number], value, atol=1e-5), name
    assert all(torch.equal(weights[name][1], value) for name, value in kept.items())


def test_each_template_is_correlated_with_its_own_maps():
    generator = torch.Generator().manual_seed(0)
    templates = torch.randn(2, 4, 3, 2, generator=generator)
    maps = torch.randn(2, 3, 4, 8, 7, generator=generator)
    wanted = torch.stack(
        [correlate(t[None], m)[:, 0] for t, m in zip(templates, maps, strict=True)]
    )
    assert torch.equal(correlate_each(templates, maps), wanted)
    with arithmetic_of_gpu():
        assert torch.allclose(correlate_each(templates, maps), wanted, atol=1e-5)


@pytest.mark.parametrize("gpu", [False, True])
def test_peaks_stay_on_the_device(gpu):
    generator = torch.Generator().manual_seed(0)
    responses = torch.rand(3, 9, 7, generator=generator)
    factors = torch.rand(3, 36, 28, generator=generator)
    priors = [Prior.of(one, 4) for one in factors]
    prior = Prior(factors, torch.stack([one.cells for one in priors]))
    with arithmetic_of_gpu() if gpu else torch.no_grad():
        found = peaks_of(responses, 4, prior)
        bare = peaks_of(responses, 4)
    wanted = [find_everywhere(r[None], 4, p)[0] for r, p in zip(responses, priors, strict=True)]
    assert list(zip(*(part.tolist() for part in found), strict=True)) == [tuple(w) for w in wanted]
    plain = find_everywhere(responses, 4)
    assert list(zip(*(part.tolist() for part in bare), strict=True)) == [tuple(w) for w in plain]
