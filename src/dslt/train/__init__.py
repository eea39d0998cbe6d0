"""Offline training: the loop, its state, and the weights it leaves."""
