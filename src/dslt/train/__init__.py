"""Offline training of the Siamese trackers: the loop, its state, and the weights it leaves."""
