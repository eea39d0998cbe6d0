"""Videos composed on the spot: those of a benchmark, and those of training pairs."""
