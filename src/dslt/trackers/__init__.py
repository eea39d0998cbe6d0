"""Trackers behind the two-method contract of `dslt.trackers.base`."""
