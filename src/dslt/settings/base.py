"""Typed settings: frozen, closed, validated where they are read."""

import ast
import functools
import inspect
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dslt.core.errors import DsltError, quote

Model = TypeVar("Model", bound=BaseModel)
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]


_MOST = 20  # complaints in one message


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
        details = error.errors()
        lines = [_explain(model, detail) for detail in details[:_MOST]]
        lines += [f"and {more} more"] if (more := len(details) - _MOST) > 0 else []
        raise DsltError(f"{where}: " + "; ".join(lines)) from None


def _explain(model: type[BaseModel], detail: Any) -> str:
    """Turn one pydantic complaint into a sentence that says what the key means."""
    *above, last = detail["loc"] or ("",)
    key = ".".join(str(part) for part in detail["loc"])
    inner = _model_at(model, above)
    if detail["type"] == "extra_forbidden":
        allowed = sorted(inner.model_fields) if inner else ["(see the documentation of this key)"]
        return f"unknown key {quote(key)}; allowed: {', '.join(allowed)}"
    note = notes(inner).get(str(last), "") if inner else ""
    hint = f" ({note.rstrip('.')})" if note else ""
    if detail["type"] == "missing":
        return f"missing key {quote(key)}{hint}"
    return f"{key} = {quote(detail['input'])}: {detail['msg']}{hint}"


def _model_at(model: type[BaseModel], path: Sequence[Any]) -> type[BaseModel] | None:
    """Return the model that stands at `path` inside `model`, if a single one does."""
    for part in path:
        field = model.model_fields.get(str(part))
        found = models_in(field.annotation) if field else []
        if len(found) != 1:
            return None
        (model,) = found
    return model


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """List the models that a field's type names, itself or behind `None` and unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


@functools.cache
def notes(model: type[BaseModel]) -> dict[str, str]:
    """Read what is written below the fields of a model, in one line each.

    A field without a note of its own is described by the first line of its model.
    """
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, Settings) or base.__module__ == __name__:
            continue
        try:
            (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        except OSError:  # made by `create_model`, whose fields carry their description
            continue
        assert isinstance(body, ast.ClassDef)
        for field, below in pairwise(body.body):
            if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
                assert isinstance(field.target, ast.Name)
                found[field.target.id] = " ".join(str(ast.literal_eval(below.value)).split())
    for name, info in model.model_fields.items():
        inner = models_in(info.annotation)
        if info.description:
            found[name] = info.description
        elif name not in found and len(inner) == 1:
            found[name] = (inspect.getdoc(inner[0]) or "").partition("\n")[0]
    return found


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Make the JSON schema of a model, every property described."""
    schema = model.model_json_schema()
    waiting, described = [model], set()
    while waiting:
        one = waiting.pop()
        described.add(one)
        place = schema if one is model else schema["$defs"][one.__name__]
        for name, values in place["properties"].items():
            values["description"] = notes(one)[name]
        inner = [m for field in one.model_fields.values() for m in models_in(field.annotation)]
        waiting += [m for m in inner if m not in described]
    return schema
