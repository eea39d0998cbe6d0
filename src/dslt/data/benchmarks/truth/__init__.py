"""Ground truth of published benchmarks, in the layouts in which they are handed on."""
