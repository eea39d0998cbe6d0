"""A hook of the build: the default study, which verbs read, goes into the wheel."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DefaultStudy(BuildHookInterface[Any]):
    """Puts `config.yaml` beside the packed `config/`; an editable install finds the checkout's."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file."""
        if version == "standard":
            build_data["force_include"]["config.yaml"] = "dslt/config.yaml"
