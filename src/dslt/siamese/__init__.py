"""Networks of the Siamese trackers and what they are trained towards."""

from dslt.siamese.make import make_network

__all__ = ["make_network"]
