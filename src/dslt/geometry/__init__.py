"""Boxes, regions and crops: every convention of coordinates."""
