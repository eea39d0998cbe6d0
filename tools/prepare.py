"""Prepare the environment, refuse a second run in this folder, and start Snakemake.

Standard library only up to the hand-over, because it runs before anything is installed. The file
lock is held by the kernel for the process that becomes Snakemake, so no kill can leave it behind.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKS = Path(__file__).resolve().with_name("checks.py")
CONSTRAINTS = ROOT / "envs" / "constraints.txt"
LOCKS = ROOT / "state" / "locks"
VENV = ROOT / ".venv"
STAMP = VENV / "installed"
EXTRAS = "dev,hed,study"


class LaunchError(Exception):
    """A reason not to start, in the user's words."""


def lock_file(name: str, mode: int, refusal: str) -> int:
    """Take an operating-system lock that ends with the last process that holds it.

    Args:
        name: File below `state/locks`.
        mode: `fcntl.LOCK_EX` or `fcntl.LOCK_SH`.
        refusal: What to say when another process holds it.

    Returns:
        A file descriptor that survives `exec`, so that Snakemake goes on holding the lock.

    Raises:
        LaunchError: If another process holds the lock.
    """
    LOCKS.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(LOCKS / name, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 64).decode(errors="replace").strip()
        raise LaunchError(f"{refusal} (process {holder})" if holder else refusal) from None
    except OSError as error:
        print(
            f"dslt: {LOCKS / name}: this file system has no locks ({error.strerror}); going on "
            "without: do not start a second run in this folder from another machine",
            file=sys.stderr,
        )
    os.ftruncate(descriptor, 0)  # an earlier holder's number; many may share a lock, so none then
    if mode == fcntl.LOCK_EX:
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    os.set_inheritable(descriptor, True)
    return descriptor


# `dslt.core.environment` does this for what is installed; here nothing of it can be imported yet.
def forget_other_packages() -> None:
    """Keep packages of another Python out of all that is started from here.

    Of `PYTHONPATH`, what holds this package stays.
    """
    os.environ.pop("PYTHONHOME", None)
    entries = os.environ.pop("PYTHONPATH", "").split(os.pathsep)
    kept = [entry for entry in entries if entry and Path(entry, "dslt").is_dir()]
    if kept:
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)


def find_cache() -> None:
    """Keep Snakemake's cache in this folder where there is no home that can be written."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache.mkdir(parents=True, exist_ok=True)
        if os.access(cache, os.W_OK):
            return
        reason = f"{cache} cannot be written"
    except (OSError, RuntimeError) as error:  # no home at all is a RuntimeError
        reason = str(error)
    own = ROOT / "state" / "cache"
    print(f"dslt: {reason}: caches go to {own}", file=sys.stderr)
    os.environ |= {"XDG_CACHE_HOME": str(own), "MPLCONFIGDIR": str(own / "matplotlib")}


def place() -> str:
    """Name what a virtual environment is bound to: this folder and this interpreter."""
    return f"{ROOT} {'.'.join(map(str, sys.version_info[:3]))}"


def wanted_stamp() -> str:
    """Describe the environment that the lock file and the package ask for here."""
    digest = hashlib.sha256(CONSTRAINTS.read_bytes())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    digest.update(EXTRAS.encode())
    return f"{place()}\n{digest.hexdigest()}\n"


def usable() -> bool:
    """Say whether `.venv` was completed in this place before and still starts."""
    if not STAMP.exists() or STAMP.read_text().splitlines()[:1] != [place()]:
        return False
    try:
        subprocess.run([VENV / "bin" / "python", "-c", ""], check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def build_requirements() -> list[str]:
    """Read what the package, and locked packages that come as source only, are built with."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        requirements: list[str] = tomllib.load(file)["build-system"]["requires"]
    return requirements


def require_ensurepip() -> None:
    """Check for what Debian and Ubuntu leave out of Python.

    Raises:
        LaunchError: If this Python cannot put pip into a virtual environment.
    """
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise LaunchError(
            f"{sys.executable} has no module ensurepip, so it cannot create .venv; install it "
            f"first (Debian, Ubuntu: apt install {package}), or PYTHON=... picks another Python"
        )


def install(pip_args: list[str]) -> None:
    """Create or update `.venv`; the stamp is written last, so a broken install starts afresh.

    What builds packages is installed first and used from there: pip's build isolation would fetch
    the newest one, because constraints do not reach into it.
    """
    if not usable():
        require_ensurepip()
        print("dslt: creating .venv", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    STAMP.unlink(missing_ok=True)
    print("dslt: installing the locked packages (a few minutes the first time)", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--no-input"]
    pip += ["--disable-pip-version-check", *pip_args, "-c", str(CONSTRAINTS)]
    subprocess.run([*pip, *build_requirements()], check=True)
    subprocess.run([*pip, "--no-build-isolation", "-e", f"{ROOT}[{EXTRAS}]"], check=True)
    partial = STAMP.with_suffix(".part")
    partial.write_text(wanted_stamp())
    partial.replace(STAMP)


def ensure_environment(pip_args: list[str]) -> None:
    """Install what is missing; do nothing when the stamp says that all is there.

    Raises:
        LaunchError: If the install fails, or a run is using the environment that would have to
            change.
    """
    if STAMP.exists() and STAMP.read_text() == wanted_stamp():
        return
    busy = "the environment has to be installed, but another process is using or installing it"
    lock = lock_file("environment.lock", fcntl.LOCK_EX, busy)
    try:
        install(pip_args)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LaunchError(f"the installation failed ({error}); run it again") from None
    finally:
        os.close(lock)


def enter_environment(arguments: list[str]) -> None:
    """Become the launcher again, run by the environment's own interpreter."""
    python = str(VENV / "bin" / "python")
    script = Path(__file__).resolve().with_name("launch.py")
    os.execv(python, [python, str(script), "--here", *arguments])


def program(words: list[str]) -> str:
    """Name the program or module of a command line, looking through a Python interpreter."""
    first = Path(words[0]).name if words else ""
    if not first.startswith("python") or len(words) < 2:
        return first
    if not words[1].startswith("-"):
        return Path(words[1]).name
    return words[words.index("-m") + 1] if "-m" in words[:-1] else first


def workers() -> list[str]:
    """List live Snakemake and `dslt` processes that work in this folder."""
    import psutil  # third party: present inside the environment only

    family = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        name = program(words)
        if process.pid in family or name not in {"snakemake", "dslt"} or "demo" in words:
            continue
        try:
            if Path(process.cwd()) == ROOT:
                found.append(f"{process.pid} ({name})")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def clear_stale_lock(snakemake: list[str]) -> None:
    """Remove the lock that a killed Snakemake left, unless something still works here.

    Raises:
        LaunchError: If a live process works in this folder; its late writes could mix with ours.
            If Snakemake cannot read the workflow.
    """
    alive = workers()
    if alive:
        raise LaunchError(
            f"another run, or what a killed run left, works in this folder: {', '.join(alive)}; "
            "end it, it keeps what it did, or wait, and run again"
        )
    locks = ROOT / ".snakemake" / "locks"
    if locks.is_dir() and any(locks.iterdir()):
        print("dslt: clearing the lock of a run that was killed", flush=True)
        if subprocess.run([*snakemake, "--unlock"], check=False).returncode != 0:
            raise LaunchError("the lock stays; Snakemake says above what to mend before a new run")


def run(arguments: list[str]) -> None:
    """Become Snakemake, holding the folder's lock."""
    lock_file("run.lock", fcntl.LOCK_EX, "another run works in this folder")
    lock_file("environment.lock", fcntl.LOCK_SH, "the environment is being installed")
    snakemake = [sys.executable, "-m", "snakemake", "--logger", "timeleft"]
    snakemake += ["--directory", str(ROOT)]
    os.chdir(ROOT)
    find_cache()
    clear_stale_lock(snakemake)
    os.execv(sys.executable, [*snakemake, *arguments])


def main() -> int:
    """Parse the command line and do one of the three jobs."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--here", action="store_true", help="use the running Python as it is")
    parser.add_argument("--pip-args", default="", help="more options for pip install")
    parser.add_argument("job", choices=["setup", "run", "test"])
    options, rest = parser.parse_known_args()
    forget_other_packages()
    try:
        if not options.here:
            ensure_environment(options.pip_args.split())
            if options.job != "setup":
                enter_environment([options.job, *rest])
        elif options.job == "run":
            run(rest)
        elif options.job == "test":
            lock_file("environment.lock", fcntl.LOCK_SH, "the environment is being installed")
            os.execv(sys.executable, [sys.executable, str(CHECKS), *rest])
    except LaunchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
