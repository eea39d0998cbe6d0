"""The environment around the program: packages of another Python that `PYTHONPATH` brings."""

import os
import sys
from pathlib import Path


def forget_other_packages() -> None:
    """Let no package of another Python go before those of this environment.

    Other stacks (ROS, modules of a cluster) put theirs into `PYTHONPATH`, which goes before an
    environment's own. Of its folders, those with this package stay; the others go last here, and
    what this process starts is not told of them.
    """
    named = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    foreign = [entry for entry in named if not Path(entry, "dslt").is_dir()]
    if foreign:
        os.environ["PYTHONPATH"] = os.pathsep.join(entry for entry in named if entry not in foreign)
        places = {os.path.abspath(entry) for entry in foreign} | {*foreign}  # noqa: PTH100
        sys.path.sort(key=places.__contains__)
