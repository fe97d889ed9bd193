"""From what pydantic finds wrong to a sentence of our own.

Belongs here: words for every kind of validation error, and which field it is about.
Does not: where it was written (subject).
"""

import re
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from okr_pipeline.config.problem import Refusal, shown, suggestion

_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_KINDS = (
    (("string", "str"), "text"),
    (("bool",), "true or false"),
    (("int",), "a whole number"),
    (("float", "decimal", "finite"), "a number"),
    (("dict", "model", "mapping", "dataclass"), "a mapping of keys"),
    (("list", "tuple", "set", "iterable", "frozen_set"), "a list"),
)
_NOT_A_KIND = ("string_pattern", "string_too_long", "string_unicode", "string_sub")
_LONGEST_WORD_SHARED = 3
_PERCENT = 100


def explained(detail: Mapping[str, Any], field: FieldInfo | None, secrets: list[str] | None) -> tuple[str, str, str]:
    """What, why and fix of one validation error.

    `secrets` are fragments of values that may not be shown; None where all may.
    """
    context = detail.get("ctx") or {}
    cause = context.get("error")
    if secrets is None and isinstance(cause, Refusal):
        return cause.what, cause.why, cause.fix
    if isinstance(cause, ValueError) and len(cause.args) == len(("what", "why", "fix")):
        what, why, fix = (_safe_message(part, secrets) for part in cause.args)
        if what and why and fix:
            return what, why, fix
    value = detail.get("input")
    text = shown(value) if secrets is None else "its value" if field is not None else "the settings"
    what, fix = _what_and_fix(str(detail["type"]), context, value if secrets is None else None, text, field)
    said = "" if cause is not None and len(cause.args) > 1 else _safe_message(cause, secrets)
    return what, said[:1].upper() + said[1:] or described(field), fix


def _what_and_fix(
    kind: str, context: Mapping[str, Any], value: object, text: str, field: FieldInfo | None
) -> tuple[str, str]:
    match kind:
        case "literal_error" | "enum":
            choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            hint = suggestion(str(value), choices, "values") if value is not None else f"Write {choices[0]}"
            return f"{text} is not one of {', '.join(choices)}", hint
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return _out_of_bounds(kind, context, value, text)
        case "string_too_short" | "too_short":
            return "is empty", f"Write something, as in {example(field)}"
        case _ if (wanted := _wanted(kind)) == "text" and isinstance(value, int | float):
            return f"{text} is not text", f"Put it in quotes: '{text}'"
        case _ if wanted:
            return f"{text} is not {wanted}", _fix_by_example(field)
        case _:
            return f"{text} cannot be used", _fix_by_example(field)


def _out_of_bounds(kind: str, context: Mapping[str, Any], value: object, text: str) -> tuple[str, str]:
    key, words = _BOUNDS[kind]
    limit = context[key]
    if limit == 1 and isinstance(value, int | float) and 1 < value <= _PERCENT:
        return f"{text} is not a share, {words} 1", f"Write {value / _PERCENT:g} for {value:g} percent"
    return f"{text} is not {words} {limit:g}", f"Write a number {words} {limit:g}"


def _safe_message(cause: object, secrets: list[str] | None) -> str:
    """A connector's own words, unless any of them is part of a value that may be secret."""
    message = " ".join(str(cause or "").split()).rstrip(".")
    if secrets is None:
        return message
    words = {word.lower() for word in re.findall(r"\w+", message)}
    lowered = message.lower()
    for fragment in secrets:
        if fragment in words or (len(fragment) > _LONGEST_WORD_SHARED and fragment in lowered):
            return ""
    return message


def fragments(value: object) -> Iterator[str]:
    """Every word of nested values, in small letters: what no message about them may hold."""
    match value:
        case dict():
            for item in value.values():
                yield from fragments(item)
        case list() | tuple():
            for item in value:
                yield from fragments(item)
        case str() | int() | float():
            text = str(value).lower()
            yield text
            yield from re.findall(r"\w+", f"{text} {unquote(text)}")
        case _:
            return


def field_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model that holds the last key of an error's location, and that key's field."""
    parent: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for index, part in enumerate(loc):
        if isinstance(part, int) or parent is None:
            continue
        field = next((info for name, info in parent.model_fields.items() if (info.alias or name) == part), None)
        if index < len(loc) - 1 and field is not None:
            parent = next(_models(field.annotation), None)
    return parent, field


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)


def names(model: type[BaseModel]) -> list[str]:
    """A model's keys as they are written."""
    return [info.alias or name for name, info in model.model_fields.items()]


def described(field: FieldInfo | None) -> str:
    """What a field is, or nothing."""
    return (field.description or "").rstrip(".") if field is not None else ""


def example(field: FieldInfo | None) -> str:
    """How a field may be written."""
    return _flow(field.examples[0]) if field is not None and field.examples else "…"


def _fix_by_example(field: FieldInfo | None) -> str:
    if field is not None and field.examples:
        return f"Write it as in {example(field)}"
    if field is not None and field.default is not None and not field.is_required():
        default = field.get_default(call_default_factory=False)
        if isinstance(default, str | int | float | Enum) and not isinstance(default, bool):
            return f"Write it as in {_flow(default)}, or leave it out"
    return "Correct it, or leave it out" if field is not None and not field.is_required() else "Correct it"


def _flow(value: object) -> str:
    match value:
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
        case Enum():
            return str(value.value)
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _wanted(kind: str) -> str:
    if kind.startswith(_NOT_A_KIND):
        return ""
    return next((words for beginnings, words in _KINDS if kind.startswith(beginnings)), "")
