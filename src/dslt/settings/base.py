"""Typed settings: frozen, closed, validated where they are read."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dslt.core.errors import DsltError

Model = TypeVar("Model", bound=BaseModel)
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]


class Settings(BaseModel):
    """Base of all settings: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def validate(model: type[Model], values: Any, where: str) -> Model:
    """Check `values` against a model.

    Raises:
        DsltError: naming `where`, the key, the value, and what is allowed.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [_explain(model, detail) for detail in error.errors()]
        raise DsltError(f"{where}: " + "; ".join(lines)) from None


def _explain(model: type[BaseModel], detail: Any) -> str:
    """Turn one pydantic complaint into a sentence."""
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        allowed = ", ".join(_fields_at(model, detail["loc"][:-1]))
        return f"unknown key {key!r}; allowed: {allowed}"
    if detail["type"] == "missing":
        return f"missing key {key!r}"
    return f"{key} = {detail['input']!r}: {detail['msg']}"


def _fields_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """List the fields of the model that stands at `path` inside `model`."""
    for part in path:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ["(see the documentation of this key)"]
        model = annotation
    return sorted(model.model_fields)
