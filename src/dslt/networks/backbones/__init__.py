"""Frozen feature extractors with one shallow and one deep tap."""
