"""Results as JSON, one file per sequence: a run as `otb_run` has it, or its boxes alone.

`{"res": [[x, y, w, h], ...], "type": "rect", "fps": 12.5}` is what the OTB toolkit in Python and
MDNet's write.
"""

from pathlib import Path

from dslt.core.jsonfile import read_json
from dslt.score.formats.otb_run import Run, make_run


def read_json_run(path: Path, origin: int = 1) -> Run:
    """Read the one-pass result.

    Args:
        path: A JSON file: a run, a list of runs, or a list of boxes.
        origin: 0 or 1, where the file counts pixels from.

    Raises:
        DsltError: The file is not JSON, or as `make_run`.
    """
    content = read_json(path)
    if isinstance(content, list) and content and isinstance(content[0], list):
        content = {"res": content}
    return make_run(content, str(path), origin)
