"""Protocols that turn boxes into scores."""
