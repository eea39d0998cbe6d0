"""The classification losses against the reference's test vectors, their balance and numerics."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dslt.losses.classification import (
    class_weights,
    classification_loss,
    elementwise,
    modulation,
    two_class_logits,
)
from dslt.losses.labels import response_label
from dslt.settings.offline import ClassificationLossSettings
from dslt.settings.siamfc import ResponseLabelSettings


def settings(name="shrinkage", **changes):
    values = {
        "name": name,
        "factor": "full",
        "a": 10.0,
        "c": 0.6,
        "alpha": 1.0,
        "gamma": 2.0,
        "balance": "fixed",
        "fixed": (1.0, 1.0),
        "clamp": None,
        "scale": 1.0,
    }
    return ClassificationLossSettings(**(values | changes))


TABLE_3 = [
    settings(factor="no_exp"),
    settings(factor="only_exp"),
    *(settings(a=a, c=c) for a, c in [(10.0, 0.6), (6.0, 0.2), (10.0, 0.2), (6.0, 0.6)]),
    *(settings("focal", alpha=a, gamma=g) for g in (0.5, 1.0, 2.0) for a in (0.5, 1.0)),
]
EVERY = [settings("bce"), *TABLE_3]


def double(values, **options):
    return torch.tensor(values, dtype=torch.float64, **options)


@pytest.mark.parametrize(
    ("p", "factors", "losses"),
    [
        (0.01, (0.99727, 1.00729, 0.98010), (4.60517, 4.59259, 4.63875, 4.51353)),
        (0.10, (0.99331, 1.09777, 0.81000), (2.30259, 2.28717, 2.52772, 1.86509)),
        (0.30, (0.95257, 1.28584, 0.49000), (1.20397, 1.14687, 1.54812, 0.58995)),
        (0.50, (0.73106, 1.20531, 0.25000), (0.69315, 0.50673, 0.83546, 0.17329)),
        (0.70, (0.26894, 0.54158, 0.09000), (0.35667, 0.09592, 0.19317, 0.03210)),
        (0.90, (0.04743, 0.11665, 0.01000), (0.10536, 0.00500, 0.01229, 0.00105)),
        (0.99, (0.01984, 0.05339, 0.00010), (0.01005, 0.00020, 0.00054, 0.00000)),
    ],
)
def test_modulating_factors_and_losses_by_probability(p, factors, losses):
    z = torch.logit(double(p))
    three = (settings(factor="no_exp"), settings(), settings("focal"))
    for kind, value in zip(three, factors, strict=True):
        assert modulation(z, kind).item() == pytest.approx(value, abs=5.1e-6)
    for kind, value in zip((settings("bce"), *three), losses, strict=True):
        assert elementwise(z, kind).item() == pytest.approx(value, abs=5.1e-6)


@pytest.mark.parametrize(
    ("s", "positive", "negative", "without_exp"),
    [
        (-2.0, (2.376789, -0.754930), (0.0174244, 0.0317880), (2.109704, 0.00722156)),
        (-0.5, (1.282253, -0.812050), (0.392326, 0.732780), (0.879042, 0.210531)),
        (0.0, (0.835459, -0.955515), (0.835459, 0.955515), (0.506731, 0.506731)),
        (1.5, (0.0465096, -0.0974837), (2.011012, 0.711793), (0.0205341, 1.675669)),
        (4.0, (0.00103962, -0.00119156), (4.078972, 0.926964), (0.000389396, 4.006263)),
    ],
)
def test_equation_14_value_and_gradient(s, positive, negative, without_exp):
    for y, (value, slope), plain in zip((1.0, 0.0), (positive, negative), without_exp, strict=True):
        logit = double([s], requires_grad=True)
        loss = classification_loss(settings())(logit, double([y]), None)
        loss.backward()
        assert loss.item() == pytest.approx(value, rel=5e-6)
        assert logit.grad.item() == pytest.approx(slope, rel=5e-6)
        other = classification_loss(settings(factor="no_exp"))(logit, double([y]), None)
        assert other.item() == pytest.approx(plain, rel=5e-6)


def test_extreme_logits():
    loss = classification_loss(settings())
    assert loss(torch.tensor([-1000.0]), torch.ones(1), None).item() == pytest.approx(997.5274)
    assert loss(torch.tensor([1000.0]), torch.ones(1), None).item() == 0


def test_two_class_softmax_gives_the_same():
    """The loss on log-softmax probabilities, written out, equals that on logits."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(3, 2, 5, 4, 4, generator=generator, dtype=torch.float64) * 3
    labels = (torch.rand(3, 5, 4, 4, generator=generator) > 0.7).double()
    logp = scores.log_softmax(dim=1).gather(1, labels.long()[:, None])[:, 0]
    p = logp.exp()
    direct = -(p.exp() / (1 + torch.exp(10 * (p - 0.6))) * logp).mean()
    found = classification_loss(settings())(two_class_logits(scores), labels, None)
    assert found.item() == pytest.approx(direct.item(), rel=1e-12)


def test_released_form():
    """Clamped logits, weights 1 and 0.5 whatever the label, mean over the map, times 255."""
    kind = settings(fixed=(1.0, 0.5), clamp=10.0, scale=255.0)
    s = double([[-30.0, 0.3, 12.0], [2.0, -1.0, 0.0]])
    y = double([[0.1, 0.9, 1.0], [0.0, 0.4, 0.5]])
    p = torch.sigmoid(s.clamp(-10, 10))

    def factor(q):
        return torch.exp(q) / (1 + torch.exp(10 * (q - 0.6)))

    terms = factor(p) * y * p.log() + 0.5 * factor(1 - p) * (1 - y) * (1 - p).log()
    found = classification_loss(kind)(s, y, None)
    assert found.item() == pytest.approx(-255 * terms.mean().item(), rel=1e-9)


@pytest.mark.parametrize("balance", ["ratio", "half", "fixed"])
@pytest.mark.parametrize("kind", EVERY, ids=str)
def test_gradcheck(kind, balance):
    kind = kind.model_copy(update={"balance": balance})
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 3, generator=generator, dtype=torch.float64) * 3
    labels = torch.rand(2, 3, 3, generator=generator, dtype=torch.float64).round(decimals=1)
    mask = torch.rand(2, 3, 3, generator=generator) > 0.2
    loss = classification_loss(kind)
    assert torch.autograd.gradcheck(lambda s: loss(s, labels, mask), logits.requires_grad_())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("kind", EVERY, ids=str)
def test_finite_at_a_thousand_in_single_precision(kind, dtype):
    for balance, soft in itertools.product(("ratio", "half", "fixed"), (0.0, 0.3)):
        loss = classification_loss(kind.model_copy(update={"balance": balance}))
        logits = torch.tensor([[-1000.0, 1000.0, 0.0, 5.0]] * 2, dtype=dtype, requires_grad=True)
        labels = torch.tensor([[soft] * 4, [1.0] * 4])
        value = loss(logits, labels, None)
        value.backward()
        assert value.dtype == torch.float32
        assert torch.isfinite(value)
        assert torch.isfinite(logits.grad).all()


@given(z=st.floats(-50, 50), step=st.floats(0.01, 5))
def test_losses_fall_with_the_logit_of_the_true_class(z, step):
    for kind in EVERY:
        low, high = elementwise(double([z, z + step]), kind)
        assert low >= high


def test_ratio_balance_is_equation_10():
    """One positive of four: it weighs 3/4, each negative 1/4, and the mean is over all four."""
    y = double([1.0, 0.0, 0.0, 0.0])
    positive, negative = class_weights(settings(balance="ratio"), y, torch.ones_like(y))
    assert positive.tolist() == [3 / 16, 0, 0, 0]
    assert negative.tolist() == [0, 1 / 16, 1 / 16, 1 / 16]


@given(ones=st.integers(1, 30), zeros=st.integers(1, 300))
def test_ratio_is_proportional_to_half(ones, zeros):
    y = torch.cat([torch.ones(ones), torch.zeros(zeros)]).double()
    logits = torch.linspace(-3, 3, len(y)).double()
    ratio, half = (
        classification_loss(settings(balance=balance))(logits, y, None).item()
        for balance in ("ratio", "half")
    )
    assert ratio == pytest.approx(half * 2 * ones * zeros / len(y) ** 2, rel=1e-9)


def test_balance_is_over_the_batch_and_each_class_has_half():
    y = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    positive, negative = class_weights(settings(balance="half"), y, torch.ones_like(y))
    assert positive.sum().item() == pytest.approx(0.5)
    assert negative.sum().item() == pytest.approx(0.5)
    assert negative[1].tolist() == pytest.approx([0.1] * 3)


@pytest.mark.parametrize("balance", ["ratio", "half", "fixed"])
def test_ignored_samples_do_not_count(balance):
    loss = classification_loss(settings(balance=balance))
    logits = torch.tensor([[0.5, -2.0, 3.0, 900.0]], requires_grad=True)
    labels = torch.tensor([[1, 0, 0, -1]], dtype=torch.int8)
    masked = loss(logits, labels, labels >= 0)
    masked.backward()
    assert logits.grad[0, 3] == 0
    assert masked.item() == pytest.approx(loss(logits[:, :3], labels[:, :3], None).item())
    nothing = loss(logits, labels, torch.zeros(1, 4, dtype=torch.bool))
    assert nothing.item() == 0


@pytest.mark.parametrize(("balance", "expected"), [("ratio", 0.0), ("half", 0.5), ("fixed", 1.0)])
def test_a_batch_without_positives(balance, expected):
    loss = classification_loss(settings("bce", balance=balance))(
        torch.zeros(2, 3), torch.zeros(2, 3), None
    )
    assert loss.item() == pytest.approx(expected * 0.693147, rel=1e-5)


@given(y=st.floats(0, 1), s=st.floats(-20, 20))
def test_soft_labels_mix_the_two_hard_ones(y, s):
    loss = classification_loss(settings())
    soft, one, zero = (loss(double([s]), double([v]), None).item() for v in (y, 1.0, 0.0))
    assert soft == pytest.approx(y * one + (1 - y) * zero, rel=1e-9, abs=1e-12)


def label_settings(kind):
    return ResponseLabelSettings(kind=kind, radius=16.0, sigma=1.5)


@pytest.mark.parametrize("side", [15, 17])
def test_hard_label(side):
    """13 positives, about the middle cell."""
    label = response_label(label_settings("hard"), side, 8, torch.zeros(2, 2))
    assert label.shape == (2, 1, side, side)
    middle = (side - 1) // 2
    assert label[0].sum() == 13
    assert label[0, 0, middle, middle - 2 : middle + 3].tolist() == [1.0] * 5
    assert torch.equal(label, label.flip(-1))
    assert torch.equal(label, label.transpose(-1, -2))


def test_soft_label():
    label = response_label(label_settings("soft"), 15, 8, torch.zeros(1, 2))
    assert label.max() == label[0, 0, 7, 7] == 1
    assert label.min().item() == pytest.approx(3.5e-10, rel=0.01)
    assert label[0, 0, 7, 10].item() == pytest.approx(0.135335, rel=1e-5)


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_label_follows_the_target(kind):
    """16 pixels right and 8 up are two cells right and one up."""
    still, moved = response_label(label_settings(kind), 17, 8, torch.tensor([[0, 0], [16, -8]]))
    assert torch.equal(moved[0, :-1, 2:], still[0, 1:, :-2])
