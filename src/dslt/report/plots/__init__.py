"""Interactive plots: what the figures draw, with every seed, as Vega-Lite and as CSV."""
