"""Sequences and their frames, from image files, archives or videos."""
