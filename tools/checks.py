"""Run every check of `make test`, all of them even when one fails, and sum up.

python tools/checks.py [--quick] [PYTEST-OPTIONS]     --quick: all but pytest
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SOURCES = ["src", "tests", "tools", "notebooks", "speed"]


def python(*arguments: str) -> list[str]:
    """Make a command of a tool that is a module of this environment."""
    return [sys.executable, "-m", *arguments]


def call(command: list[str]) -> tuple[bool, str]:
    """Run one tool in the repository's root, pass on what it prints, and keep its last line."""
    line = ""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, text=True, errors="replace") as tool:
        for line in tool.stdout or ():
            print(line, end="", flush=True)
    return tool.returncode == 0, line.rstrip()


def main() -> int:
    """Run the checks in the order of their cost."""
    options = sys.argv[1:]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    sources = [name for name in SOURCES if (ROOT / name).is_dir()]
    checks: dict[str, list[str]] = {
        "ruff check": python("ruff", "check", *sources),
        "ruff format": python("ruff", "format", "--check", *sources),
        "snakefmt": ["snakefmt", "--check", "Snakefile", "workflow"],
        "snakemake --lint": python("snakemake", "--lint"),
        "mypy": python("mypy"),
    }
    if options[:1] != ["--quick"]:
        slowest = "--durations=25"  # named, so that the whole stays short
        checks["pytest"] = python("pytest", "-n", "2", "--dist", "loadfile", slowest, *options)
    failed, closing = [], ""
    for name, command in checks.items():
        start = time.monotonic()
        print(f"== {name}", flush=True)
        passed, closing = call(command)
        if not passed:
            failed.append(name)
        print(f"   {time.monotonic() - start:.0f} s", flush=True)
    print(closing)  # pytest's counts again, where they are looked for
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
