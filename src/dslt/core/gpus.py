"""A GPU of its own for each process, where a machine has several.

Nobody hands GPUs out: a process takes the operating system's lock of one, which ends with the
process, however that ends.
"""

import os
import sys
import tempfile
from itertools import count
from pathlib import Path

from dslt.core.errors import DsltError

DRIVER = Path("/proc/driver/nvidia/gpus")
"""Where NVIDIA's driver has a folder for each GPU."""


def gpu_count() -> int:
    """Number of NVIDIA's GPUs in this machine, without a look at them."""
    return len(list(DRIVER.iterdir())) if DRIVER.is_dir() else 0


def claim_gpu() -> str:
    """Keep a GPU that no other process of this user has claimed, and hide the others from this one.

    Where all are claimed, one that the fewest share. Whoever has one GPU keeps it: by an earlier
    call, from Slurm, by `CUDA_VISIBLE_DEVICES=2`, or by its rank under `torchrun`. It has to be
    called before torch looks for GPUs.

    Returns:
        Its name in `CUDA_VISIBLE_DEVICES`; empty where there was no choice.

    Raises:
        DsltError: No lock can be had.
    """
    names = _visible()
    if len(names) < 2 or "LOCAL_RANK" in os.environ or sys.platform == "win32":
        return ""
    # On the machine's own disk, since GPUs are the machine's, whatever folder a run is in.
    folder = Path(tempfile.gettempdir(), f"dslt-gpus-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = next(
            name
            for others in count()
            for name in names
            if _lock(folder / f"{name.replace(os.sep, '-')}.{others}")
        )
    except OSError as error:
        raise DsltError(
            f"{error.filename or folder}: no lock for a GPU can be had there ({error.strerror}); "
            "let TMPDIR name a folder of this machine, or choose a GPU: CUDA_VISIBLE_DEVICES=0"
        ) from error
    os.environ["CUDA_VISIBLE_DEVICES"] = found
    print(f"GPU {found} of {', '.join(names)}", file=sys.stderr)
    return found


def _visible() -> list[str]:
    """Name the GPUs that CUDA would show this process."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        return [str(number) for number in range(gpu_count())]
    return [name.strip() for name in given.split(",") if name.strip()]


def _lock(path: Path) -> bool:
    """Take a lock that nobody holds; it is held as long as the open file, which nothing closes."""
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    return True
