"""Tracking targets in anybody's video: footage, targets, what is drawn, and the files of a run."""
