"""The regression losses against the reference's test vectors, and their numerics."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dslt.losses import regression as losses
from dslt.settings.dslt import LossSettings


def settings(name, importance="none", a=10.0, c=0.2, threshold=0.01):
    return LossSettings(name=name, importance=importance, a=a, c=c, threshold=threshold)


EVERY = [
    settings("l2"),
    settings("l2", "exp"),
    settings("l3"),
    settings("shrinkage"),
    settings("shrinkage", "exp"),
    settings("shrinkage", "exp", a=6.0, c=0.6),
    settings("ohnm"),
    settings("released"),
]
P = torch.tensor([[0.1, 0.2, 0.1], [0.3, 0.7, 0.2], [0.0, 0.4, 0.05]])
Y = torch.tensor([[0.0, 0.1, 0.0], [0.2, 1.0, 0.2], [0.0, 0.1, 0.0]])


@pytest.mark.parametrize(
    ("l", "factor", "value"),
    [
        (0.05, 0.182426, 0.000456064),
        (0.10, 0.268941, 0.00268941),
        (0.20, 0.500000, 0.0200000),
        (0.50, 0.952574, 0.238144),
        (0.90, 0.999089, 0.809262),
    ],
)
def test_equation_6(l, factor, value):  # noqa: E741
    error = torch.tensor(l, dtype=torch.float64)
    assert losses.modulation(error, 10, 0.2).item() == pytest.approx(factor, abs=5e-7)
    assert losses.shrinkage(error, torch.zeros(()), 10, 0.2).item() == pytest.approx(
        value, rel=2e-6
    )


@pytest.mark.parametrize(
    ("p", "y", "value", "slope"),
    [
        (0.10, 0.00, 0.00268941, 0.0734495),
        (0.60, 1.00, 0.383081, -2.372047),
        (0.50, 0.80, 0.146430, -1.370012),
        (1.10, 1.00, 0.00731059, 0.199656),
        (-0.05, 0.02, 0.00107061, -0.0390020),
    ],
)
def test_equation_7_value_and_gradient(p, y, value, slope):
    prediction = torch.tensor([[p]], dtype=torch.float64, requires_grad=True)
    loss = losses.build(settings("shrinkage", "exp"))(
        prediction, torch.tensor([[y]], dtype=torch.float64)
    )
    loss.backward()
    assert loss.item() == pytest.approx(value, rel=3e-6)
    assert prediction.grad.item() == pytest.approx(slope, rel=3e-6)


@pytest.mark.parametrize(
    ("loss", "value"),
    [
        (settings("shrinkage", "exp"), 0.263657),
        (settings("l2"), 0.222500),
        (settings("l3"), 0.0581250),
        (settings("released"), 0.0658420),
    ],
)
def test_sums_over_the_example_map(loss, value):
    assert losses.build(loss)(P, Y).item() == pytest.approx(value, rel=3e-6)


def test_released_gradient_is_one_sided():
    prediction = P.clone().requires_grad_()
    losses.build(settings("released"))(prediction, Y).backward()
    assert prediction.grad.sum().item() == pytest.approx(-0.616200, rel=3e-6)
    assert (prediction.grad <= 0).all()


def test_ohnm_leaves_easy_cells_out():
    errors = torch.tensor([[0.0, 0.009, 0.011, 0.5]])
    values = losses.ohnm(errors, torch.zeros(1, 4), 0.01)
    assert values[0, :2].tolist() == [0.0, 0.0]
    assert torch.equal(values[0, 2:], errors[0, 2:] ** 2)


def test_only_easy_samples_shrink():
    """Section 3.2: hard errors keep their loss, easy ones lose more than half of it."""
    l = torch.tensor([0.02, 0.1, 0.5, 0.9], dtype=torch.float64)  # noqa: E741
    ratio = losses.shrinkage(l, torch.zeros(4), 10, 0.2) / losses.l2(l, torch.zeros(4))
    assert (ratio[:2] < 0.3).all()
    assert (ratio[2:] > 0.95).all()
    cubic = losses.l3(l, torch.zeros(4)) / losses.l2(l, torch.zeros(4))
    assert cubic[2] < 0.6


@pytest.mark.parametrize("loss", [s for s in EVERY if s.name != "released"], ids=str)
def test_gradcheck(loss):
    generator = torch.Generator().manual_seed(0)
    prediction = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    label = torch.rand(2, 3, 4, generator=generator, dtype=torch.float64)
    function = losses.build(loss)
    assert torch.autograd.gradcheck(lambda p: function(p, label), prediction.requires_grad_())


@pytest.mark.parametrize("loss", EVERY, ids=str)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@given(p=st.floats(-1e4, 1e4), y=st.floats(0, 1))
def test_finite_and_single_precision(loss, dtype, p, y):
    prediction = torch.full((2, 2), p, dtype=dtype, requires_grad=True)
    label = torch.tensor([[y, 0.0], [1.0, 0.5]], dtype=dtype)
    value = losses.build(loss)(prediction, label)
    value.backward()
    assert value.dtype == torch.float32
    assert torch.isfinite(value)
    if dtype != torch.float16:  # a gradient of 3e8 does not fit into half a precision
        assert torch.isfinite(prediction.grad).all()


@pytest.mark.parametrize("loss", EVERY, ids=str)
def test_sum_over_the_map_and_mean_over_samples(loss):
    function = losses.build(loss)
    one, many = function(P, Y), function(P.repeat(5, 1, 1), Y.repeat(5, 1, 1))
    assert many.item() == pytest.approx(one.item(), rel=1e-6)


def test_importance_of_an_empty_label_is_finite():
    assert torch.equal(losses.importance(torch.zeros(2, 2), "released"), torch.zeros(2, 2))


def test_convergence_criterion_is_the_weighted_square():
    expected = (torch.exp(Y) * (P - Y) ** 2).sum()
    assert losses.convergence_criterion(P, Y).item() == pytest.approx(expected.item())
