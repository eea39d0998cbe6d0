"""What the workflow asks of the commands that draw figures and pages."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from dslt.core.definitions import WEIGHTS, config_file, read_definitions
from dslt.core.errors import DsltError
from dslt.settings.catalog import TABLES, heading
from dslt.study import confidence
from dslt.study.data import StudyData
from dslt.study.job import Job
from dslt.study.jobs import figure_jobs
from dslt.study.load import load_study
from dslt.study.sequence_pages import matrix_job, sequence_jobs
from dslt.study.settings import Figure, Table
from dslt.study.site import page_jobs
from dslt.study.study import Study
from dslt.study.tables import table_jobs
from places import ROOT

ONE_PASS = ("fig08", "fig09", "fig11", "fig13", "fig15")


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(ROOT)
    values: dict[str, Any] = yaml.safe_load(Path("config.yaml").read_text())
    return values


def with_external(values: dict[str, Any], folder: Path, more: str = "", **runs: list[str]) -> Study:
    """A study of csrt and of another tracker's results on three benchmarks, and on more."""
    raw = folder / "raw"
    raw.mkdir()
    (raw / "ants1.txt").write_text("1\n")
    truth = folder / "annotations" / "ants1" / "groundtruth.txt"
    truth.parent.mkdir(parents=True)
    truth.write_text("0,0,9,0,9,9,0,9\n")
    lines = Path(values["cells"]).read_text().splitlines()
    shown = "fig08,fig12,fig17,attributes"
    row = ["rpn", "SiamRPN", "external/default", f"results={raw}{more}", "", "0", shown, ""]
    sheet = folder / "cells.tsv"
    sheet.write_text("\n".join([*lines, "\t".join(row)]) + "\n")
    both = ["csrt", "rpn"]
    run = {"clips": both, "clips_vot": both, "VOT-2018": ["rpn"], **runs}
    benchmarks = {"VOT-2018": {"root": str(folder / "annotations")}}
    changes = {"cells": str(sheet), "run": run, "benchmarks": benchmarks}
    changes |= {"reference_cell": "csrt", "convergence": {**values["convergence"], "run": {}}}
    quick = {"benchmark": "quick", "cells": ["csrt"]}
    return load_study(values | changes | {"quick": quick})


def test_files_of_ones_own_are_a_part_of_what_is_learnt(
    configured: dict[str, Any], tmp_path: Path
) -> None:
    weights, sheet = tmp_path / "net.pth", tmp_path / "cells.tsv"
    lines = Path(configured["cells"]).read_text().splitlines()
    row = ["own", "own", "dslt/lite", f"training.backbone.weights={weights}", "", "0", "", ""]
    sheet.write_text("\n".join([*lines, "\t".join(row)]) + "\n")
    study = load_study(configured | {"cells": str(sheet)})
    before = StudyData(study).own_content
    weights.write_bytes(b"weights")
    after = StudyData(study).own_content
    assert before["own"] == ""
    assert {name for name in before if before[name] != after[name]} == {"own"}


def test_published_weights_are_a_part_of_what_is_learnt(
    configured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> dict[str, str]:
        return StudyData(load_study(configured)).own_content

    before, known = found(), read_definitions(config_file(WEIGHTS))
    known["resnet50"] = known["resnet50"] | {"sha256": "0" * 64}
    monkeypatch.setattr("dslt.study.data.read_definitions", lambda _: known)
    changed = {name for name, sums in found().items() if sums != before[name]}
    assert "dslt_star" in changed
    assert "dslt" not in changed


def scored(job: Job) -> set[str]:
    """The benchmarks whose scores a job reads."""
    return {path.split("/")[3] for path in job.files if path.startswith("results/score")}


def test_every_figure_of_the_default_study_has_a_job(configured: dict[str, Any]) -> None:
    study = load_study(configured)
    jobs = figure_jobs(study)
    assert list(jobs) == [*study.settings.figures.make, "quick"]
    tables = table_jobs(study)
    assert list(tables) == [*TABLES]
    assert set(page_jobs(study, jobs, tables)) == set(configured["pages"])


def test_figures_take_the_benchmarks_that_have_their_scores(configured: dict[str, Any]) -> None:
    jobs = figure_jobs(load_study(configured))
    for name in ONE_PASS:
        assert scored(jobs[name]) == {"clips", "synthetic"}, name
    for name in ("fig10", "fig12"):
        assert scored(jobs[name]) == {"clips_vot", "synthetic_vot"}, name
    assert scored(jobs["attributes"]) == {"clips", "synthetic"}
    for name in ("fig01", "fig17", "fig18"):
        assert not any("_vot" in path for path in jobs[name].files), name


def test_the_papers_tables_are_inputs_where_they_are_shown(configured: dict[str, Any]) -> None:
    jobs = figure_jobs(load_study(configured))
    assert "config/paper/table2.csv" in jobs["fig12"].files
    assert "--paper" in jobs["fig12"].options
    assert "--paper" not in jobs["fig15"].options


def test_the_reference_is_named_for_the_strips_about_it(configured: dict[str, Any]) -> None:
    jobs = figure_jobs(load_study(configured))
    assert "--reference" not in jobs["fig01"].options
    options = jobs["fig18"].options
    assert options[options.index("--reference") + 1] == "dslt"
    assert options.count("--index") == 2


def test_published_boxes_are_marked(configured: dict[str, Any], tmp_path: Path) -> None:
    jobs = figure_jobs(with_external(configured, tmp_path))
    for name in ("fig08", "fig12", "attributes"):
        options = jobs[name].options
        assert options[options.index("--rescored") + 1] == "rpn"
        assert "rpn=SiamRPN" in options
    assert scored(jobs["fig12"]) == {"clips_vot", "VOT-2018"}
    assert scored(jobs["attributes"]) == {"clips", "VOT-2018"}  # those with attributes
    options = jobs["fig17"].options
    assert options[options.index("--published") + 1] == f"rpn@clips={tmp_path / 'raw'}"
    assert "--origin" not in options
    assert "rpn=SiamRPN" in options


def test_an_origin_is_told_once_for_all_benchmarks(
    configured: dict[str, Any], tmp_path: Path
) -> None:
    study = with_external(configured, tmp_path, "; box_origin=0", synthetic=["csrt", "rpn"])
    options = figure_jobs(study)["fig17"].options
    assert options.count("--published") == 2
    assert options.count("--origin") == 1
    assert "rpn=0" in options


def test_strips_need_the_reference(configured: dict[str, Any], tmp_path: Path) -> None:
    configured["figures"]["fig17"]["cells"] = ["rpn"]
    jobs = figure_jobs(with_external(configured, tmp_path))
    assert "fig17" not in jobs
    assert "fig18" in jobs


def test_strips_may_name_sequences(configured: dict[str, Any]) -> None:
    configured["figures"]["fig18"]["sequences"] = ["bikes-car", "cat-posts"]
    options = figure_jobs(load_study(configured))["fig18"].options
    assert [options[i + 1] for i, word in enumerate(options) if word == "--sequence"] == [
        "bikes-car",
        "cat-posts",
    ]
    assert "--sequences" not in options
    configured["figures"]["fig18"]["sequences"] = ["bikes-car"]
    options = figure_jobs(load_study(configured))["fig18"].options
    assert options.count("--index") == 1  # the others have none of them, or were not the first
    configured["figures"]["fig18"]["benchmarks"] = ["clips_vot"]
    options = figure_jobs(load_study(configured))["fig18"].options
    assert "results/data/clips_vot.parquet" in options
    configured["figures"]["fig18"]["benchmarks"] = []
    configured["figures"]["fig18"]["sequences"] = ["bikes-cat"]
    with pytest.raises(DsltError, match=r"sequence of figures\.fig18\.sequences 'bikes-cat'"):
        figure_jobs(load_study(configured))


@pytest.mark.parametrize(
    ("figure", "cells"),
    [("fig03", ["dslt_paper"]), ("fig14", ["siamfc_shrinkage", "siamfc_bce"])],
)
def test_a_named_sequence_is_one_of_the_benchmarks(
    configured: dict[str, Any], figure: str, cells: list[str]
) -> None:
    configured["figures"][figure] |= {"sequence": "bikes-car", "cells": cells}
    configured["figures"][figure]["benchmarks"] = ["clips"]
    assert "bikes-car" in figure_jobs(load_study(configured))[figure].options
    part = load_study(configured | {"only": ["bikes-taxi"]})
    assert "bikes-car" not in figure_jobs(part)[figure].options
    configured["figures"][figure]["sequence"] = "bikes-cat"
    with pytest.raises(DsltError, match=rf"sequence of figures\.{figure}\.sequence 'bikes-cat'"):
        figure_jobs(load_study(configured))


def test_a_part_leaves_the_names_of_the_whole_study(configured: dict[str, Any]) -> None:
    configured["training"]["validation"] |= {"benchmark": "clips", "sequences": ["bikes-car"]}
    assert load_study(configured | {"only": ["bikes-taxi"]})
    configured["run"] = {"clips": ["dslt"], "clups": ["dslt"]}
    with pytest.raises(DsltError, match=r"benchmark.*'clups'"):
        load_study(configured | {"only": ["dslt"]})


def test_offline_curves_are_those_that_the_sheet_shows(configured: dict[str, Any]) -> None:
    configured["run"] = {"synthetic": ["dslt", "dslt_paper", "siamfc_bce", "siamfc_no_exp"]}
    configured |= {"references": {}, "quick": {"benchmark": "synthetic", "cells": ["dslt"]}}
    configured["convergence"]["run"] = {}
    configured["sensitivity"] = {"pairs": [], "benchmarks": [], "changes": {}}

    def curves() -> set[str]:
        options = figure_jobs(load_study(configured))["fig16"].options
        return {word.split("@")[0] for word in options if word.endswith("validation.csv")}

    assert curves() == {"siamfc_bce"}
    configured["figures"]["fig16"]["cells"] = ["siamfc_no_exp", "dslt_paper"]
    assert curves() == {"siamfc_no_exp"}


def test_pages_get_their_own_tables(configured: dict[str, Any]) -> None:
    study = load_study(configured | {"tables": ["table2", "table3"]})
    pages = page_jobs(study, ["fig08", "fig15"], table_jobs(study))
    assert "confidence" not in pages
    assert pages["benchmarks"].files == (
        "results/tables/table2.csv",
        "results/report/figures/fig08.webp",
        "results/report/plots/fig08.js",
    )
    assert pages["benchmarks"].options == (
        *("-p", "table", "results/tables/table2.csv"),
        *("-p", "figures", "results/report/figures/fig08.webp"),
        *("-p", "figures", "results/report/plots/fig08.js"),
    )
    assert "results/tables/table3.csv" in pages["ablation"].files
    assert "results/tables/table2.csv" not in pages["ablation"].files


def test_the_data_page_lists_the_sequences_that_are_run(configured: dict[str, Any]) -> None:
    def words(*only: str) -> tuple[str, ...]:
        study = load_study(configured | {"only": [*only, "dslt"]})
        return page_jobs(study, [], table_jobs(study))["data"].options

    index = ("-p", "index", "results/data/clips.parquet")
    assert words("clips") == index
    assert words("clips", "puck", "bikes-car") == (
        *index,
        *("-p", "sequences", "bikes-car"),
        *("-p", "sequences", "puck"),
    )


def test_confidence_is_scored_of_those_who_have_one(configured: dict[str, Any]) -> None:
    study = load_study(configured | {"only": ["clips", "clips_vot", "dslt", "siamfc_bce", "csrt"]})
    assert confidence.files(study) == {
        "dslt": "results/score/dslt/confidence.json",
        "siamfc_bce": "results/score/siamfc_bce/confidence.json",
    }
    assert confidence.runs(study, "dslt") == {"clips@0": "results/track/dslt/clips/seed0"}
    assert list(confidence.runs(study, "siamfc_bce")) == ["clips@0", "clips@1", "clips@2"]
    assert confidence.indexes(study, "dslt") == ["results/data/clips.parquet"]
    assert confidence.scores(study, "siamfc_bce") == [
        f"results/score/siamfc_bce/clips/seed{seed}.json" for seed in range(3)
    ]
    assert confidence.runs(study, "csrt") == {}
    assert confidence.left_out(study) == {"csrt": "OpenCV says only whether it found the target"}
    job = table_jobs(study)["confidence"]
    assert job.files[-2:] == tuple(confidence.files(study).values())
    assert "csrt=OpenCV says only whether it found the target" in job.options
    figure = figure_jobs(study)["confidence"]
    assert figure.files == job.files[-2:]
    assert figure.options[4:6] == ("--benchmark", "clips")


def test_confidence_names_the_sequences_of_its_own_benchmarks(configured: dict[str, Any]) -> None:
    study = load_study(configured | {"only": ["clips", "synthetic", "dslt", "puck", "cat-posts"]})
    assert confidence.sequences(study, "dslt") == ["cat-posts", "puck"]
    study = load_study(configured | {"only": ["clips", "dslt", "puck", "cat-posts"]})
    assert confidence.sequences(study, "dslt") == ["puck"]
    study = load_study(configured | {"only": ["clips", "dslt"]})
    assert confidence.sequences(study, "dslt") == []


def test_without_a_confidence_nothing_is_made_of_it(configured: dict[str, Any]) -> None:
    study = load_study(configured | {"only": ["clips", "csrt", "kcf"]})
    figures, tables = figure_jobs(study), table_jobs(study)
    assert "confidence" not in {*figures, *tables, *page_jobs(study, figures, tables)}
    study = load_study(configured | {"only": ["clips_vot", "dslt", "csrt"]})
    assert confidence.files(study) == confidence.left_out(study) == {}


def test_no_two_figures_share_their_settings(configured: dict[str, Any]) -> None:
    # An overlay is merged in place, so a YAML alias would change every figure that has it.
    choices = [value for value in configured["figures"].values() if isinstance(value, dict)]
    assert len({id(value) for value in choices}) == len(choices)


def test_everything_that_can_be_made_has_a_title_and_a_caption() -> None:
    names = {*get_args(Figure), *get_args(Table)}
    assert all(heading(name) != name for name in names)
    captions = {path.stem for path in (ROOT / "workflow" / "report").glob("*.rst")}
    assert names <= captions


def given(job: Job, option: str) -> list[str]:
    """The values of an option."""
    return [value for name, value in pairwise(job.options) if name == option]


def test_the_pages_of_sequences_show_every_cell_and_seed(configured: dict[str, Any]) -> None:
    study = load_study(configured)
    jobs = sequence_jobs(study)
    assert list(jobs) == list(study.runs)
    job = jobs["clips"]
    runs = [f"{cell}@{s}" for cell in study.runs["clips"] for s in study.cells[cell].seeds]
    assert [value.partition("=")[0] for value in given(job, "--run")] == runs
    # A score file stands for the results that it was computed from.
    assert job.files == ("results/data/clips.parquet", *given(job, "--score"))
    assert given(job, "--chosen") == ["dslt", "dslt_l2", "csrt", "kcf"]
    assert "siamfc_bce=bce" in given(job, "--loss")
    assert "csrt" not in {value.partition("=")[0] for value in given(job, "--loss")}
    assert given(job, "--videos") == ["results/report/videos/clips"]
    assert not any(path.endswith(".webm") for path in job.files)
    pages = {f"{name}=results/report/sequences/{name}" for name in study.runs}
    assert set(given(matrix_job(study), "--pages")) == pages


def test_results_of_others_are_on_the_pages_and_annotations_have_no_video(
    configured: dict[str, Any], tmp_path: Path
) -> None:
    study = with_external(configured, tmp_path)
    jobs = sequence_jobs(study)
    assert f"rpn@0={tmp_path}/raw" in given(jobs["clips"], "--run")
    assert "results/score/rpn/VOT-2018/seed0.json" in jobs["VOT-2018"].files
    assert given(jobs["VOT-2018"], "--videos") == []
