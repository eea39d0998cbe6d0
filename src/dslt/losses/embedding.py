"""The instance term of RT-MDNet: a target looks like one in its own domain, and in no other."""

from torch import Tensor
from torch.nn import functional as F


def instance_loss(foreground: Tensor, positive: Tensor) -> Tensor:
    """Return the cross-entropy of a softmax over domains, a mean over the positive boxes.

    Args:
        foreground: Scores of the target `(..., 1 + M)`, in its own domain and in `M` others.
        positive: Whether a box shows the target, `(...)`, bool.

    Returns:
        A scalar; 0 where no box is positive, or there is no other domain.
    """
    shares = F.log_softmax(foreground if foreground.itemsize > 2 else foreground.float(), dim=-1)
    chosen = positive.to(shares.dtype)
    return -(shares[..., 0] * chosen).sum() / chosen.sum().clamp(min=1)
