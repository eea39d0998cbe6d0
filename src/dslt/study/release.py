"""A trained network of the study as a folder for others: weights, ONNX, card, boxes, checksums."""

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dslt.compare.cell import CellComparison, load_comparison
from dslt.core.definitions import config_file
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, sha256_file
from dslt.core.jsonfile import read_json
from dslt.data.downloads.models import SUMS
from dslt.score.scores import Scores, load_scores
from dslt.settings.identity import RELEASED, code_of_training
from dslt.study import paths
from dslt.study.cells import Cell
from dslt.study.cost.speeds import SPEEDS, DeviceSpeeds, load_speeds
from dslt.study.study import Study

CARD, BOXES, SCORES = "README.md", "boxes.zip", "scores.json"
_COPIED = ("log.csv", "validation.csv")  # of the training


@dataclass(frozen=True)
class Release:
    """A network with what the study found out about it.

    Attributes:
        name: Its name, and that of its folder.
        cell: Its cell.
        trained: The cell that it was trained for, which others with the same training share.
        seed: Seed of its training.
        header: What `model.json` says of its training.
        sets: Definitions of its training sets.
        comparison: Scores of all seeds of the cell, with intervals.
        scores: Map from benchmarks to the scores of this seed.
        commit: Commit of the project's folder; empty where git does not tell.
        same_code: Whether the training's code is that of this version.
        speeds: What `config/speeds.yaml` says of every device.
        overlays: Overlays of the study's configuration.
        onnx_error: Greatest difference of ONNX Runtime's responses; None: no ONNX.
    """

    name: str
    cell: Cell
    trained: str
    seed: int
    header: Mapping[str, Any]
    sets: Mapping[str, Mapping[str, Any]]
    comparison: CellComparison
    scores: Mapping[str, Scores]
    commit: str
    same_code: bool
    speeds: Mapping[str, DeviceSpeeds]
    overlays: tuple[str, ...] = ()
    onnx_error: float | None = None


def load_release(study: Study, cell: str, seed: int) -> Release:
    """Read what the study found out about a network.

    Raises:
        DsltError: The cell is not trained, or has no such seed, or results are missing.
    """
    if cell not in study.offline or seed not in study.cells[cell].seeds:
        names = ", ".join(name for name in study.cells_run if name in study.offline)
        raise DsltError(f"{cell}, seed {seed}: not trained in this study; expected one of {names}")
    owner, row = study.trained_as[cell], study.cells[cell]
    trained = Path(paths.TRAINED.format(cell=owner, seed=seed))
    benchmarks = study.benchmarks_of(cell)
    scores = {b: Path(paths.SCORE.format(cell=cell, benchmark=b, seed=seed)) for b in benchmarks}
    comparison = Path(paths.COMPARISON.format(cell=cell))
    needed = [trained / "model.json", *(trained / name for name in _COPIED), comparison]
    needed += [*scores.values(), *map(Path, box_files(study, cell, seed))]
    if missing := [str(path) for path in needed if not path.is_file()]:
        raise DsltError(
            f"{cell}, seed {seed}: {len(missing)} results are missing, {missing[0]} among them; "
            f"run snakemake --cores 8 {comparison} first"
        )
    header = read_json(trained / "model.json")
    return Release(
        name=f"{cell}-seed{seed}",
        cell=row,
        trained=owner,
        seed=seed,
        header=header,
        sets=json.loads(study.offline[cell].sets),
        comparison=load_comparison(comparison),
        scores={name: load_scores(path) for name, path in scores.items()},
        commit=_commit(),
        same_code=header.get("code") == code_of_training(row.entry),
        speeds=load_speeds(config_file(SPEEDS)),
    )


def box_files(study: Study, cell: str, seed: int) -> list[str]:
    """List the files of boxes of a cell and seed."""
    return [
        path
        for benchmark in study.benchmarks_of(cell)
        for path in study.box_files(cell, benchmark, seed, ".txt")
    ]


def write_files(
    study: Study, release: Release, folder: Path, *, onnx: bool
) -> tuple[list[str], float | None]:
    """Write all files but card and checksums; an earlier run's ONNX does not stay beside them.

    Args:
        study: The study.
        release: The network.
        folder: Folder of the files.
        onnx: Whether ONNX is written, for a Siamese network.

    Returns:
        Their names, and the greatest difference of ONNX Runtime's responses from torch's; None
        where there is no ONNX.

    Raises:
        DsltError: Weights are damaged or of other settings, or a file cannot be written.
    """
    from dslt.networks.exported import SEARCH, TEMPLATE, export_siamese
    from dslt.networks.saved import read_model, write_model
    from dslt.networks.siamese import SiameseNet

    cell, seed = release.cell.id, release.seed
    trained = Path(paths.TRAINED.format(cell=release.trained, seed=seed))
    settings = release.cell.offline
    assert settings is not None  # `load_release` refuses other cells
    net = read_model(Path(paths.MODEL.format(cell=release.trained, seed=seed)), settings)
    write_model(net, release.header, folder, released=True)
    for name in _COPIED:
        with atomic_write(folder / name) as temporary:
            shutil.copyfile(trained / name, temporary)
    with atomic_write(folder / BOXES) as temporary:
        temporary.write_bytes(_zipped(box_files(study, cell, seed)))
    with atomic_write(folder / SCORES) as temporary:
        temporary.write_text(json.dumps(_scores(release), indent=1) + "\n", encoding="utf-8")
    names = [RELEASED, Path(RELEASED).with_suffix(".json").name, *_COPIED, BOXES, SCORES]
    if onnx and isinstance(net, SiameseNet):
        return [*names, TEMPLATE, SEARCH], export_siamese(net, folder)
    for name in (TEMPLATE, SEARCH):
        (folder / name).unlink(missing_ok=True)
    return names, None


def write_sums(folder: Path, names: Iterable[str]) -> None:
    """Write the checksums of some files of a folder, as `sha256sum` does and checks."""
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in sorted(names)]
    with atomic_write(folder / SUMS) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def _scores(release: Release) -> dict[str, Any]:
    """Scores of this seed, and of all seeds with intervals, as JSON."""
    return {
        "cell": release.cell.id,
        "seed": release.seed,
        "this_seed": {b: one.overall.defined() for b, one in release.scores.items()},
        "all_seeds": release.comparison.model_dump(mode="json")["benchmarks"],
    }


def _zipped(names: list[str]) -> bytes:
    """Put files into an archive, the same bytes for the same files."""
    buffer, above = io.BytesIO(), Path("results/track")
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(names):
            info = zipfile.ZipInfo(Path(name).relative_to(above).as_posix())
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, Path(name).read_bytes())
    return buffer.getvalue()


def _commit() -> str:
    """Name the commit of the working directory; empty where it is none."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
