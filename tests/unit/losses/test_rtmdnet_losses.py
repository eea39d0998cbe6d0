"""The losses of RT-MDNet: Eq. 17 and 18 on two-class scores, focal, and the instance term."""

import numpy as np
import pytest
import torch

from dslt.losses.classification import classification_loss, two_class_logits
from dslt.losses.embedding import instance_loss
from dslt.settings.offline import ClassificationLossSettings
from rtmdnet_examples import EQ17

SCORES = torch.tensor(
    [[0.3, 1.9], [2.0, -1.0], [-3.0, 4.0], [0.0, 0.0], [1.5, 0.2], [-20.0, 30.0], [40.0, -40.0]],
    dtype=torch.float64,
)
LABELS = torch.tensor([1, 1, 1, 0, 0, 0, 1], dtype=torch.bool)


def loss_of(scores, **changes):
    settings = ClassificationLossSettings.model_validate(EQ17 | changes)
    return classification_loss(settings)(two_class_logits(scores), LABELS, None)


def probabilities():
    shares = torch.softmax(SCORES, dim=1).numpy()
    return shares[:, 1], LABELS.numpy()


def test_cross_entropy_is_eq_17():
    """-(1/N) (sum over positives of log p + sum over negatives of log(1 - p))."""
    p, y = probabilities()
    logs = np.log(np.where(y, p, torch.softmax(SCORES, dim=1)[:, 0].numpy()))
    assert float(loss_of(SCORES)) == pytest.approx(-logs.mean(), rel=1e-9)


def test_shrinkage_is_eq_18_in_the_corrected_form():
    """Factors exp(p) / (1 + exp(a (p - c))) and exp(1 - p) / (1 + exp(a ((1 - p) - c)))."""
    p, y = probabilities()
    a, c = 10, 0.6
    total = 0.0
    for probability, background, positive in zip(
        p, torch.softmax(SCORES, dim=1)[:, 0].numpy(), y, strict=True
    ):
        if positive:
            total -= np.exp(probability) / (1 + np.exp(a * (probability - c))) * np.log(probability)
        else:
            factor = np.exp(1 - probability) / (1 + np.exp(a * ((1 - probability) - c)))
            total -= factor * np.log(background)
    found = float(loss_of(SCORES, name="shrinkage", a=a, c=c))
    assert found == pytest.approx(total / len(p), rel=1e-9)


def test_focal():
    p, y = probabilities()
    true = np.where(y, p, torch.softmax(SCORES, dim=1)[:, 0].numpy())
    expected = np.mean(-((1 - true) ** 2) * np.log(true))
    assert float(loss_of(SCORES, name="focal", gamma=2)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["bce", "focal", "shrinkage"])
def test_gradients(name):
    scores = SCORES[:5].clone().requires_grad_()
    settings = ClassificationLossSettings.model_validate(EQ17 | {"name": name})
    loss = classification_loss(settings)
    assert torch.autograd.gradcheck(lambda s: loss(two_class_logits(s), LABELS[:5], None), scores)


def test_instance_term_is_the_cross_entropy_of_the_own_domain():
    generator = torch.Generator().manual_seed(0)
    foreground = 3 * torch.randn(2, 5, 4, dtype=torch.float64, generator=generator)
    positive = torch.tensor([[True, False, True, False, False], [False] * 4 + [True]])
    expected = [
        -torch.log(torch.exp(row[0]) / torch.exp(row).sum()) for row in foreground[positive]
    ]
    torch.testing.assert_close(instance_loss(foreground, positive), sum(expected) / 3)
    scores = foreground.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda s: instance_loss(s, positive), scores)


def test_instance_term_without_positives_or_other_domains_is_nothing():
    foreground = torch.randn(6, 3)
    assert instance_loss(foreground, torch.zeros(6, dtype=torch.bool)) == 0
    assert instance_loss(foreground[:, :1], torch.ones(6, dtype=torch.bool)) == 0
