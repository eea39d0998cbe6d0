"""What may name a sequence or a benchmark."""

import re

NAME = re.compile(r"[^\s/\\.\-'\"][^\s/\\'\"]*")
