"""Frozen feature extractors with one shallow and one deep tap."""

from dslt.backbones.base import Backbone, build

__all__ = ["Backbone", "build"]
