"""Files that GitHub, Zenodo and citation tools read: their schemas, and that they say the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from dslt import __version__
from places import ROOT

GITHUB = ROOT / ".github"
SCHEMAS = {
    "vendor.github-workflows": sorted((GITHUB / "workflows").glob("*.yml")),
    "vendor.github-issue-forms": [
        GITHUB / "ISSUE_TEMPLATE" / f"{n}.yml" for n in ("bug", "number")
    ],
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_follow_their_schema(schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    command += map(str, SCHEMAS[schema])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_job_is_limited_and_runs_what_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for path in SCHEMAS["vendor.github-workflows"]:
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"], path.name
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 90
            for step in job["steps"]:
                assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/x@v1"))
                for target in re.findall(r"^make (\w+)", step.get("run", "")):
                    assert re.search(rf"^[\w $()]*\b{target}\b.*:", makefile, re.MULTILINE), target
                for tool in re.findall(r"tools/\w+\.py", step.get("run", "")):
                    assert (ROOT / tool).is_file()


def test_all_promised_pythons_are_tested() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows" / "tests.yml").read_text())
    matrix = workflow["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix == {"os": ["ubuntu-latest", "macos-latest"], "python": ["3.11", "3.12", "3.13"]}


def test_a_release_installs_what_the_package_is_built_with() -> None:
    steps = yaml.safe_load((GITHUB / "workflows" / "release.yml").read_text())["jobs"]["release"]
    runs = [step.get("run", "") for step in steps["steps"]]
    (install,) = [run for run in runs if "constraints.txt" in run]
    system = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    needed = {re.split(r"[>=<~!]", one)[0] for one in system["requires"]}
    assert needed | {"build"} <= set(install.split())  # `--no-isolation` fetches nothing itself


def test_zenodo_citation_and_package_say_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    zenodo = json.loads((ROOT / ".zenodo.json").read_text())
    assert citation["title"] == zenodo["title"]
    assert citation["license"] == zenodo["license"] == project["license"]
    assert [one["name"] for one in citation["authors"]] == [c["name"] for c in zenodo["creators"]]
    paper = citation["preferred-citation"]["doi"]
    assert [one["identifier"] for one in zenodo["related_identifiers"]] == [paper]
    assert citation["version"] == __version__


def test_a_release_needs_its_section_of_the_changelog() -> None:
    command = [sys.executable, "tools/changelog.py", "9.9.9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not version 9.9.9" in done.stderr
    code = "import sys; sys.path.insert(0, 'tools'); from changelog import section; print(section("
    code += "'# C\\n\\n## 1.1.0\\n\\n- new\\n\\n## 1.0.0\\n\\n- old\\n', '1.1.0'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "- new\n"
