"""Every test and every process that it starts computes in one thread.

The number of threads decides the last bits of a training, and two workers share two cores.
"""

import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"
# OpenVINO, where a test imports it by itself, tells nobody (see `import_openvino`).
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
