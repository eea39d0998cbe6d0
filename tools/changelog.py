"""Print the section of a version of CHANGELOG.md, and check that the package has that version.

python tools/changelog.py 1.2.3
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def section(text: str, version: str) -> str:
    """Give the text below the heading of a version; empty where there is none."""
    heading = rf"^## {re.escape(version)}(?: .*)?\n(.*?)(?=^## |\Z)"
    found = re.search(heading, text, re.DOTALL | re.MULTILINE)
    return found[1].strip() if found else ""


def main() -> None:
    """Print the section, or fail."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    version = sys.argv[1]
    package = (ROOT / "src" / "dslt" / "__init__.py").read_text(encoding="utf-8")
    if f'__version__ = "{version}"' not in package:
        raise SystemExit(f"src/dslt/__init__.py: not version {version}; change it before the tag")
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if f"## {version} (unreleased)" in text or not (found := section(text, version)):
        raise SystemExit(f"CHANGELOG.md: no section `## {version}`, or it says (unreleased)")
    print(found)


if __name__ == "__main__":
    main()
