"""The environment files name what is there: no builder of images and no conda is needed here."""

from __future__ import annotations

import re
import tomllib

import yaml

from places import ROOT

ENVS = ROOT / "envs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONTAINER = (ENVS / "Containerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile, lines joined, without comments."""
    text = re.sub(r"^#.*\n", "", CONTAINER, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in lines]


def extras_of(requirement: str) -> set[str]:
    found = re.search(r"\[([\w,]+)\]", requirement)
    return set(found[1].split(",")) if found else set()


def test_conda_installs_from_the_lock() -> None:
    values = yaml.safe_load((ENVS / "environment.yaml").read_text())
    assert set(values) == {"name", "channels", "dependencies"}
    assert values["channels"] == ["conda-forge"]
    *plain, last = values["dependencies"]
    versions = dict(item.partition("=")[::2] for item in plain)
    assert set(versions) == {"python", "git", "make", "pip"}
    assert versions["python"] == PROJECT["requires-python"].removeprefix(">=")
    lock, package = last["pip"]
    assert (ENVS / lock.removeprefix("-c ")).is_file()
    option, _, place = package.partition(" ")
    assert option == "-e"
    assert (ENVS / place.partition("[")[0]).resolve() == ROOT
    assert {"study", "dev"} <= extras_of(package) <= set(PROJECT["optional-dependencies"])


def test_container_copies_and_installs_what_is_there() -> None:
    found = instructions()
    names = [name for name, _ in found]
    known = {"ARG", "FROM", "RUN", "COPY", "WORKDIR", "ENV", "CMD"}
    assert set(names) <= known
    assert names[:2] == ["ARG", "FROM"]
    [base] = [text for name, text in found if name == "FROM"]
    assert re.fullmatch(r"docker\.io/library/python:\$\{PYTHON\}-slim-[a-z]+", base)
    sources = [text.split()[:-1] for name, text in found if name == "COPY"]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for source in (one for group in sources for one in group):
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source
    needed = {"pyproject.toml", PROJECT["readme"], *PROJECT["license-files"], "src", "config"}
    needed |= {"hatch_build.py", "config.yaml"}
    assert needed <= {one for group in sources for one in group}
    installs = [text for name, text in found if name == "RUN" and "pip install" in text]
    assert len(installs) == 1
    assert "-c envs/constraints.txt" in installs[0]
    assert extras_of(installs[0].rpartition('".')[2]) == {"study"}


def test_container_declares_its_arguments_and_pins_its_python() -> None:
    declared = dict(text.partition("=")[::2] for name, text in instructions() if name == "ARG")
    used = set(re.findall(r"\$\{(\w+)", CONTAINER)) | set(
        re.findall(r"--build-arg (\w+)", CONTAINER)
    )
    assert used == set(declared) == {"PYTHON", "TORCH_INDEX"}
    assert declared["PYTHON"] == PROJECT["requires-python"].removeprefix(">=")
