"""What the Snakemake workflow catalog runs and reads, and a folder as snakedeploy writes it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from alone import blind_but_for
from places import ROOT
from tiny import TINY, Repository, copy_repository

# An environment with Snakemake, its plugins and NumPy: neither torch nor this package.
PLUGINS = [d.name for d in metadata.distributions() if d.name.startswith("snakemake-")]
CATALOG = """
import importlib.util, os
sys.path[:] = [entry for entry in sys.path if not os.path.isdir(os.path.join(entry, "dslt"))]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
assert not importlib.util.find_spec("torch") and not importlib.util.find_spec("dslt")
from snakemake.cli import main
main(sys.argv[1:])
"""

RULEGRAPH = [
    *("--forceall", "-s", "workflow/Snakefile", "-d", ".test", "-c", "1", "--rulegraph"),
]

# snakedeploy's template, word for word but for names.
DEPLOYED = """\
from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare {source} as a module
module dslt:
    snakefile:
        "{source}/workflow/Snakefile"
    config:
        config


# use all rules from {source}
use rule * from dslt
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[int, str]]:
    """Runs Snakemake as the catalog does; gives its status, and what it printed."""
    script = tmp_path_factory.mktemp("catalog") / "snakemake.py"
    script.write_text(blind_but_for(["snakemake", "numpy", *PLUGINS]) + CATALOG)

    def call(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", str(script), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return call


def test_lint_needs_neither_torch_nor_the_package(catalog: Callable[..., tuple[int, str]]) -> None:
    status, text = catalog("--lint")
    assert status == 0, text


def test_the_rules_are_formatted() -> None:
    files = ["workflow/Snakefile", *map(str, Path(ROOT, "workflow/rules").glob("*.smk"))]
    command = [sys.executable, "-m", "snakefmt", "--check", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_picture_of_the_rule_graph_is_of_these_rules(
    catalog: Callable[..., tuple[int, str]],
) -> None:
    status, graph = catalog(*RULEGRAPH)
    assert status == 0, graph
    drawn = re.findall(r"<text[^>]*>([^<]+)</text>", (ROOT / "images/rulegraph.svg").read_text())
    rules = re.findall(r'label = "(\w[^"]*)"', graph)
    assert len(rules) > 10
    assert sorted(drawn) == sorted(rules), "draw it again, as CONTRIBUTING.md says"
    assert "images/rulegraph.svg" in (ROOT / "README.md").read_text()


def test_the_catalog_finds_what_it_reads() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    deployment = usage["software-stack-deployment"]
    assert set(deployment) == {"conda", "apptainer", "apptainer+conda", "report"}
    assert usage["report"] is deployment["report"] is True
    words = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in words
    assert "workflow" in words
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    assert all(len(value["description"]) > 8 for value in schema["properties"].values())
    for name in ("config/README.md", "config/config.yaml", "LICENSE", "CODE_OF_CONDUCT.md"):
        assert (ROOT / name).is_file(), name


@pytest.mark.parametrize(
    "targets",
    [
        ["quick", "results/report/data.html"],  # the default configuration, a notebook
        pytest.param(["all"], marks=pytest.mark.slow),
    ],
    ids=["quick", "all"],
)
def test_a_deployed_module_runs_the_tiny_study(targets: list[str], tmp_path: Path) -> None:
    source, deployed = copy_repository(tmp_path / "source"), tmp_path / "deployed"
    for name in ("config", "profiles"):
        shutil.copytree(source.path / name, deployed / name)
    shutil.move(source.path / "frames", deployed / "frames")
    (deployed / "workflow").mkdir()
    (deployed / "workflow" / "Snakefile").write_text(DEPLOYED.format(source=source.path))
    (deployed / "config" / "config.yaml").write_text(TINY)
    repository = Repository(deployed)
    environment = repository.environment | {"PYTHONPATH": str(source.path / "src")}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--max-jobs-per-timespan"]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*command, "1000/1s", *arguments],
            cwd=deployed,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, repository.failure(done.stderr)
        return done.stdout + done.stderr

    run(*targets)
    for target in targets:
        assert "Nothing to be done" in run("--dry-run", target)
    assert {name.split("/")[0] for name in repository.boxes()} >= {"dslt_l2", "kcf"}
    assert "workflow_report" in run("--dry-run", "--forceall", "all")
    if targets == ["all"]:
        assert (deployed / "results" / "workflow" / "report.html").is_file()
