"""Classification losses of the Siamese trackers (Section 4, Eq. 10 to 14 in their corrected form).

With the logit `s` of the positive class, `p = sigmoid(s)` and `z = s` for a positive, `-s` for a
negative sample, `p_t = sigmoid(z)` is the probability of the true class. Every loss is
`-f(p_t) log p_t` with a modulating factor `f`; the printed Eq. 14 has `1 - a` where `1 - p` must
stand. A label between 0 and 1 gives its share to either class:

    w1 y f(p) (-log p) + w2 (1 - y) f(1 - p) (-log(1 - p))

All of it is computed in float32 (float64 when given float64) whatever the input's precision, from
logits and not from probabilities, so that value and gradient are finite for any finite logit.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from dslt.settings.offline import ClassificationLossSettings

ClassificationLoss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def _promote(values: Tensor) -> Tensor:
    """Lift half precisions to float32."""
    return values if values.dtype == torch.float64 else values.float()


def two_class_logits(scores: Tensor) -> Tensor:
    """Turn the scores of a two-class softmax into logits of the positive class.

    The log-softmax of two scores is the log-sigmoid of their difference, so both kinds of head
    share one loss.

    Args:
        scores: Scores `(B, 2, ...)`, the negative class first.

    Returns:
        Logits `(B, ...)`, the difference of the scores.
    """
    scores = _promote(scores)
    return scores[:, 1] - scores[:, 0]


def modulation(z: Tensor, settings: ClassificationLossSettings) -> Tensor:
    """Return the modulating factor f(p_t) on the cross-entropy, by the logit `z` of the true class.

    1 for `bce`; `alpha (1 - p_t)^gamma` for `focal` (Eq. 11); `1 / (1 + exp(a (p_t - c)))` for
    `shrinkage` without (Eq. 12) and with (Eq. 13) `exp(p_t)`, or `exp(p_t)` alone.
    """
    if settings.name == "bce":
        return torch.ones_like(z)
    if settings.name == "focal":
        # A power of 1 - p_t with an exponent below 1 has no gradient at 0; its logarithm has.
        return settings.alpha * torch.exp(settings.gamma * F.logsigmoid(-z))
    p = torch.sigmoid(z)
    if settings.factor == "only_exp":
        return torch.exp(p)
    shrinkage = torch.sigmoid(settings.a * (settings.c - p))
    return shrinkage if settings.factor == "no_exp" else torch.exp(p) * shrinkage


def elementwise(z: Tensor, settings: ClassificationLossSettings) -> Tensor:
    """Return the loss of each sample, unweighted, by the logit `z` of its true class."""
    return modulation(z, settings) * -F.logsigmoid(z)


def class_weights(
    settings: ClassificationLossSettings, y: Tensor, valid: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the weights of the positive and of the negative term of every sample.

    Args:
        settings: Settings of the loss; `balance` and `fixed` are used.
        y: Labels in [0, 1].
        valid: Either 1 or 0 for each sample, of the labels' shape and type; 0: ignored.

    Returns:
        Two tensors of the labels' shape; the loss is the weighted sum over all samples. With N
        samples, N1 of them positive (soft labels: the sum of `y`) and N2 negative, a positive one
        weighs `N2 / N^2` and a negative one `N1 / N^2` by `ratio` (Eq. 10: a class counts by the
        share of the other in the batch; then the mean over all samples), `1 / (2 N1)` and
        `1 / (2 N2)` by `half`, `fixed[0] / N` and `fixed[1] / N` by `fixed`. So `ratio` is `half`
        times `2 N1 N2 / N^2`, and zero for a batch that lacks a class.
    """
    positive, negative = y * valid, (1 - y) * valid
    tiny = torch.finfo(y.dtype).tiny  # an empty class has nothing to weigh
    if settings.balance == "half":
        return (
            positive / (2 * positive.sum()).clamp_min(tiny),
            negative / (2 * negative.sum()).clamp_min(tiny),
        )
    count = valid.sum().clamp_min(1)
    if settings.balance == "fixed":
        return positive * settings.fixed[0] / count, negative * settings.fixed[1] / count
    return positive * (negative.sum() / count**2), negative * (positive.sum() / count**2)


def classification_loss(settings: ClassificationLossSettings) -> ClassificationLoss:
    """Return the loss of `settings`: `(logits, labels, mask) -> scalar`.

    Logits are `(B, ...)` of the positive class (`two_class_logits` for a softmax head); labels in
    [0, 1] and the mask have their shape. Where the mask is false a sample is ignored, whatever its
    label; None keeps all. The scalar is summed with `class_weights` over the whole batch, times
    `scale`. Nothing valid gives 0.
    """

    def loss(logits: Tensor, labels: Tensor, mask: Tensor | None = None) -> Tensor:
        s = _promote(logits)
        if settings.clamp is not None:
            s = s.clamp(-settings.clamp, settings.clamp)
        y = labels.to(s.dtype)
        valid = torch.ones_like(y) if mask is None else mask.to(s.dtype)
        positive, negative = class_weights(settings, y, valid)
        terms = positive * elementwise(s, settings) + negative * elementwise(-s, settings)
        return settings.scale * terms.sum()

    return loss
