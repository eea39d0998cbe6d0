"""`dslt plan`: what a study costs."""

import click

from dslt.commands.options import SpreadCommand
from dslt.study.cost.downloads import needed
from dslt.study.cost.hours import Hours
from dslt.study.cost.jobs import plan_jobs
from dslt.study.cost.plan import make_plan, plan_text
from dslt.study.cost.speeds import study_speeds
from dslt.study.load import read_study

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
@click.option("--lockstep", multiple=True, metavar=RATE, help="As --frames, of all in lockstep.")
@click.option("--lockstep-first", multiple=True, metavar=RATE, help="As --first, in lockstep.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    overlays: tuple[str, ...],
    target: str,
    fresh: bool,
    device_name: str | None,
    as_json: bool,
    **rates: tuple[str, ...],
) -> None:
    """Say what a study costs: jobs, hours, disk, downloads.

    Nothing is run. Jobs are those that Snakemake plans; hours are amounts of work over measured
    speeds (config/speeds.yaml).
    """
    study = read_study(overlays)
    speeds = study_speeds(study, device_name, rates)
    jobs = plan_jobs(target, overlays, fresh)
    plan = make_plan(target, jobs, Hours(study, speeds), needed(study, fresh))
    click.echo(plan.to_json() if as_json else plan_text(plan), nl=False)
