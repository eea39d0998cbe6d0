# Shared by all stems. Parameters hold everything that can change an output, resolved to plain text,
# so the files under config/ are no inputs: an edit reruns what depends on the edited value.
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from dslt.core.environment import forget_other_packages

forget_other_packages()  # before those that it shadows are imported

from dslt.core.errors import DsltError
from dslt.core.files import sha256_file
from dslt.core.fingerprint import code_of, libraries
from dslt.core.folders import own_files, remove_halves
from dslt.settings.catalog import FIGURES as CATALOG, TABLES as TABLE_CATALOG
from dslt.study import confidence, job as jobs_of, paths
from dslt.study.data import StudyData
from dslt.study.describe import cell_info
from dslt.study.load import check_data, load_study
from dslt.study.sensitivity import all_changes, sensitivity_key, sensitivity_scores
from dslt.study.job import TOLD, assignments, found_device, gpu_jobs, growing, repeat
from dslt.study.jobs import figure_jobs
from dslt.study.tables import table_jobs


envvars:
    "PATH",


# Jobs must use this environment even where nobody activated it.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# glibc gives the memory of large tensors back to the system and asks for it again in every step, a
# tenth of a training's time on a CPU. Results are the same.
os.environ |= {
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
}

try:
    STUDY = load_study(config)
    check_data(STUDY)
    FIGURES = figure_jobs(STUDY)
    TABLES = table_jobs(STUDY)
    # What is written here must not reach a cache of DVC through a link.
    if workflow.is_main_process:
        own_files([".snakemake/metadata", "results", "data/downloads/clips"])
        own_files(Path("data/downloads").glob("*/receipt.json"))
except DsltError as error:
    raise WorkflowError(str(error)) from None

SETTINGS = STUDY.settings
CELL_SETTINGS = {name: cell.settings_json() for name, cell in STUDY.cells.items()}
CELL_TRAINING = {name: cell.training_json() for name, cell in STUDY.cells.items()}
DATA = StudyData(STUDY)
CLIPS = {name: DATA.clips(name) for name in STUDY.benchmarks_used}
PROTOCOLS = {name: STUDY.protocol(name) for name in STUDY.benchmarks_used}
SUPERVISED = {
    name: repeat("--protocol-definition", STUDY.supervision(name))
    for name in STUDY.benchmarks_used
}
CONVERGED = STUDY.records(STUDY.converged)
COMPARED = expand(paths.COMPARISON, cell=STUDY.cells_run)
TRAINED_COMPARED = [paths.TRAINING_GAINS] if STUDY.validations else []
SENSITIVITY = [
    *repeat("--pair", map("=".join, SETTINGS.sensitivity.pairs)),
    *("--key", sensitivity_key(STUDY)),
]
PAPER = sorted(str(path) for path in Path(SETTINGS.paper).glob("*.csv"))
CLAIMS = sorted(str(path) for path in Path(SETTINGS.claims).glob("*.csv"))
DRAWN = [name for name in SETTINGS.figures.make if name in FIGURES]

# What jobs run networks on, also those on other machines. Who uses a GPU asks for it; profiles/ cap.
os.environ[TOLD] = DEVICE = found_device(SETTINGS.device)
GPU = gpu_jobs(DEVICE)
LANES = f"--lanes {SETTINGS.lanes}" if SETTINGS.lanes else ""
PLACE = jobs_of.place_on(DEVICE, SETTINGS.engine, SETTINGS.precision)


wildcard_constraints:
    cell="|".join(map(re.escape, STUDY.cells)),
    benchmark="|".join(map(re.escape, STUDY.benchmarks_used)),
    download="|".join(map(re.escape, STUDY.downloads)),
    set="|".join(map(re.escape, DATA.training_sets)) or "none",
    seed=r"\d+",


def code_for(verb, *roles):
    """Make a parameter: the code of a command and of the wildcards' cell's tracker."""
    return lambda wildcards: code_of(
        f"dslt.commands.{verb}", *STUDY.cells[wildcards.cell].entry.modules(*roles)
    )


def fetched_weights(wildcards):
    """Name the files that the cell's backbone starts from. Checksums, not times, say what they are."""
    return [ancient(path) for path in DATA.backbone(wildcards.cell).files]


def folder_of(name):
    """Make a parameter: the folder of an input, whose files are what counts."""
    return lambda wildcards, input: Path(input[name][0]).parent


def sha256_if_there(path):
    """Hash a file; empty where there is none."""
    return sha256_file(path) if os.path.isfile(path) else ""


def of_unit(pattern, benchmark, unit):
    """Fill a pattern in for the sequences of a unit; cell and seed stay wildcards."""
    return expand(pattern, benchmark=benchmark, sequence=unit, allow_missing=True)


def sequences_of(wildcards, output):
    """Name a unit's sequences; what comes from the outputs is not recorded as a parameter."""
    return [Path(path).stem for path in output.boxes]
