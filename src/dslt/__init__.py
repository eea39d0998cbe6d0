"""Reproduction of *Deep Object Tracking with Shrinkage Loss* (IEEE TPAMI 2020)."""

__version__ = "0.1.0"
