"""Entries of several kinds: their `kind` says which model they are checked against."""

from collections.abc import Mapping
from typing import Any, get_args

from dslt.core.errors import unknown
from dslt.settings.base import Model, validate


def kinds_of(models: Any) -> dict[str, Any]:
    """List the models of a union by the kinds that each of them takes."""
    return {
        kind: model
        for model in get_args(models)
        for kind in get_args(model.model_fields["kind"].annotation)
    }


def parse_kind(kinds: Mapping[Any, type[Model]], definition: Any, where: str) -> Model:
    """Check a definition against the model of its kind.

    Args:
        kinds: The models by kind.
        definition: Plain values.
        where: Names the definition in errors.

    Raises:
        DsltError: An unknown kind or key (the error lists the allowed ones), a missing key, or a
            value of the wrong type.
    """
    kind = definition.get("kind") if isinstance(definition, dict) else definition
    if not isinstance(kind, str) or kind not in kinds:
        raise unknown(f"kind of {where}:", kind, kinds)
    return validate(kinds[kind], definition, where)
