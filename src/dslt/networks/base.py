"""What all networks that learn offline share: a backbone whose parts are frozen or trained."""

from collections.abc import Iterable
from typing import Self

from torch import nn

from dslt.core.errors import DsltError
from dslt.networks.trunk import Trunk


class TrainedNet(nn.Module):
    """A backbone and a head.

    Parts of the backbone are frozen, and stay in evaluation mode, until `unfreeze` names them.

    Attributes:
        of_videos: Names of weights that belong to a training's videos, and are new in the next one.
    """

    of_videos: tuple[str, ...] = ()

    def __init__(self, backbone: Trunk):
        super().__init__()
        self.backbone = backbone
        self.unfreeze(())

    @property
    def backbone_parts(self) -> dict[str, nn.Module]:
        """The parts of the backbone, by the names that `unfreeze` takes, first to last."""
        return dict(self.backbone.named_children())

    def unfreeze(self, names: Iterable[str]) -> None:
        """Train these parts of the backbone from now on, and no others.

        Raises:
            DsltError: There is no such part.
        """
        chosen = set(names)
        if unknown := sorted(chosen - set(self.backbone_parts)):
            raise DsltError(
                f"schedule.unfreeze: {', '.join(unknown)}; expected parts of the backbone: "
                f"{', '.join(self.backbone_parts)}"
            )
        self.unfrozen = frozenset(chosen)
        self.backbone.engines.clear()  # a part that learnt may be frozen now
        for name, part in self.backbone_parts.items():
            part.requires_grad_(name in chosen)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode, frozen parts excepted: their batch norms keep their moments."""
        super().train(mode)
        for name, part in self.backbone_parts.items():
            part.train(mode and name in self.unfrozen)
        return self

    def backbone_parameters(self) -> list[nn.Parameter]:
        """List the parameters of the unfrozen parts."""
        return [value for value in self.backbone.parameters() if value.requires_grad]

    def head_parameters(self) -> list[nn.Parameter]:
        """List the parameters outside the backbone."""
        named = self.named_parameters()
        return [value for name, value in named if not name.startswith("backbone.")]
