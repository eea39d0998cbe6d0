"""Every test and every process that it starts computes in one thread.

The number of threads decides the last bits of a training, and two workers share two cores.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
