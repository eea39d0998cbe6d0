"""Typed settings, and what is known of trackers, figures and tables without running any."""
