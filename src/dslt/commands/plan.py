"""`dslt plan`: what a study costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import click

from dslt.commands.options import SpreadCommand
from dslt.core.definitions import config_file, read_definitions
from dslt.core.text import merge
from dslt.study.cost.costs import Costs
from dslt.study.cost.downloads import needed
from dslt.study.cost.jobs import plan_jobs
from dslt.study.cost.make import make_plan
from dslt.study.cost.speeds import (
    SPEEDS,
    Rate,
    choose_speeds,
    load_speeds,
    network_of,
    read_rates,
)
from dslt.study.cost.text import plan_text, to_json
from dslt.study.cost.work import Frames
from dslt.study.load import load_study
from dslt.study.study import Study

CONFIG = "config.yaml"
RATE = "NETWORK=NUMBER"


@click.command(cls=SpreadCommand)
@click.option(
    "--configfile", "overlays", multiple=True, metavar="FILE", help="Overlays, as for Snakemake."
)
@click.option("--target", default="all", show_default=True, help="Rule or file to make.")
@click.option("--fresh", is_flag=True, help="As if nothing had been fetched or computed.")
@click.option("--device-name", help="Entry of config/speeds.yaml; default: by the device.")
@click.option("--pairs", multiple=True, metavar=RATE, help="Training, pairs per second.")
@click.option("--frames", multiple=True, metavar=RATE, help="Tracking, frames per second.")
@click.option("--first", multiple=True, metavar=RATE, help="Seconds of the first frame.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    overlays: tuple[str, ...],
    target: str,
    fresh: bool,
    device_name: str | None,
    pairs: tuple[str, ...],
    frames: tuple[str, ...],
    first: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what a study costs: jobs, hours, disk, downloads.

    Nothing is run. Jobs are those that Snakemake plans; hours are amounts of work over measured
    speeds (config/speeds.yaml).
    """
    study = read_study(overlays)
    networks = sorted({network_of(study.cells[cell]) for cell in study.cells_run} - {""})
    given: dict[Rate, dict[str, float]] = {
        rate: read_rates(f"--{rate}", texts, networks)
        for rate, texts in zip(get_args(Rate), (pairs, frames, first), strict=True)
    }
    known = load_speeds(config_file(SPEEDS))
    speeds = replace(choose_speeds(known, study.settings.device, device_name), given=given)
    jobs = plan_jobs(target, overlays, fresh)
    costs = Costs(study, speeds, Frames(study))
    plan = make_plan(study, target, jobs, costs, needed(study, fresh))
    click.echo(to_json(plan) if as_json else plan_text(plan), nl=False)


def read_study(overlays: tuple[str, ...]) -> Study:
    """Read the study in the working directory, as the Snakefile does.

    Raises:
        DsltError: No such file, or a wrong value.
    """
    values: dict[str, Any] = {}
    for path in (CONFIG, *overlays):
        values = merge(values, read_definitions(path))
    return load_study(values)
