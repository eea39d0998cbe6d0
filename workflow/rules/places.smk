# Where the workflow finds its own files, and the configuration, in whatever folder it runs.


def here_or_source(path):
    """Name a file of this folder, or where it has none, as a deployed one, of the source."""
    return path if os.path.isfile(path) else workflow.source_path(f"../../{path}")


def overlays():
    """Spell out the configuration files of the command line for another Snakemake."""
    files = [os.path.relpath(path) for path in workflow.config_settings.configfiles]
    return ["--configfile", *files] if files else []
