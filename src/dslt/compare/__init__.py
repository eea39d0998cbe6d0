"""Cells side by side, ours against the paper."""
