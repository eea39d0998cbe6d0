"""`dslt settings`: a tracker's settings as `--settings` of other verbs reads them."""

from pathlib import Path

import click

from dslt.commands.options import OVERRIDES, PATH, PRESETS
from dslt.core.definitions import CELLS, config_file
from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.core.text import canonical
from dslt.settings.registry import parse_tracker
from dslt.study.cells import presets_of, resolve_settings


@click.command()
@click.argument("preset")
@OVERRIDES
@click.option("--training", is_flag=True, help="Of its training alone, for `dslt train`.")
@click.option(
    "--trained",
    type=PATH,
    help="model.json of a training, whose settings take the place of the preset's training.",
)
@PRESETS
def command(
    preset: str,
    overrides: tuple[str, ...],
    training: bool,
    trained: Path | None,
    trackers: Path | None,
) -> None:
    """Print the settings of PRESET (tracker/preset) with overrides, complete, as JSON.

    dslt track --settings "$(dslt settings siamfc/lite)" ...
    """
    trackers = trackers or presets_of(config_file(CELLS))
    found = resolve_settings(preset, ";".join(overrides), trackers, preset)
    if trained is not None:
        header = read_json(trained)
        if not isinstance(header, dict) or header.get("tracker") != found.tracker:
            raise DsltError(f"{trained}: expected the model.json of a {found.tracker}")
        values = found.model_dump(mode="json") | {"training": header.get("settings")}
        found = parse_tracker(values, str(trained))
    if not training:
        click.echo(canonical(found))
        return
    if found.learnt is None:
        raise DsltError(f"{preset}: learns nothing; expected a tracker that is trained")
    learnt = found.learnt.model_dump(mode="json")
    click.echo(canonical({"tracker": found.learnt.tracker, "training": learnt}))
