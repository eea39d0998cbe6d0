"""Trackers on sequences, and the files that a run leaves."""
