"""What may name a sequence or a benchmark."""

from __future__ import annotations

import re

NAME = re.compile(r"[^\s/\\.\-'\"][^\s/\\'\"]*")
