"""Where the project and its configuration are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
