"""JSON Schemas of the config files, for completion and checks in editors.

Belongs here: one schema (draft 2020-12) for each kind of file, made from the same keys that files are judged by.
Does not: rules across keys; `okr validate` knows more than a schema can say.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from okr_pipeline.config import scalars
from okr_pipeline.config.metric_keys import MetricKeys
from okr_pipeline.config.okr_keys import CycleKeys, ObjectiveKeys
from okr_pipeline.config.people_keys import CheckInKeys, PersonKeys
from okr_pipeline.config.project_keys import ProjectKeys
from okr_pipeline.config.sources import ConnectorSchema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = {"pattern": f"^{scalars.ID}$"}
_VARIABLE = {"type": "string", "pattern": r"\$\{[A-Za-z_]", "description": "Filled in from the environment"}


def json_schemas(connectors: Mapping[str, ConnectorSchema]) -> dict[str, dict[str, Any]]:
    """Schemas by the name of their file: one each for project, people, sources, metrics, OKRs and check-ins."""
    return {
        "project.json": _document("project", *_schema(ProjectKeys)),
        "sources.json": _sources(connectors),
        "metrics.json": _metrics(connectors),
        "okrs.json": _okrs(),
        "check_ins.json": _check_ins(),
        "people.json": _people(),
    }


def _document(title: str, schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    document = {"$schema": _DIALECT, "title": title, **{key: value for key, value in schema.items() if key != "title"}}
    return {**document, "$defs": definitions} if definitions else document


def _schema(model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A model's schema and the definitions it refers to, named after their model so that schemas can be joined."""
    name = f"{model.__module__}.{model.__qualname__}".replace(".", "-")
    schema = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}-{{model}}")
    definitions = {f"{name}-{key}": _trimmed(value) for key, value in schema.pop("$defs", {}).items()}
    return _trimmed(schema), definitions


def _trimmed(schema: Any) -> Any:
    """Without the titles that are only a key or class name again."""
    match schema:
        case dict():
            return {
                key: _trimmed(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))
            }
        case list():
            return [_trimmed(item) for item in schema]
        case _:
            return schema


def _by_id(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "propertyNames": _ID, "additionalProperties": schema}


def _closed(properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False, **more}


def _sources(connectors: Mapping[str, ConnectorSchema]) -> dict[str, Any]:
    kinds, definitions = [], {}
    for name, connector in sorted(connectors.items()):
        settings, more = _schema(connector.settings)
        definitions.update(more)
        properties = {key: _or_variable(value) for key, value in settings.get("properties", {}).items()}
        kinds.append(
            _closed(
                {"connector": {"const": name, "description": "How it is read"}, **properties},
                required=["connector", *settings.get("required", [])],
                description=settings.get("description", f"Settings of connector {name}"),
            )
        )
    source = {"type": "object", "required": ["connector"], "oneOf": kinds}
    return _document("sources", _closed({"sources": _by_id(source)}), definitions)


def _or_variable(schema: dict[str, Any]) -> dict[str, Any]:
    """A setting's schema that also takes a text with a variable, whatever its type."""
    if schema.get("type") == "string" and not schema.keys() & {"format", "pattern", "minLength", "maxLength"}:
        return schema
    described: dict[str, Any] = {key: schema[key] for key in ("description", "default", "examples") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in ("writeOnly", *described)}
    if inner.get("format") == "password":
        inner.pop("format")
    return {**described, "anyOf": [inner, _VARIABLE]}


def _metrics(connectors: Mapping[str, ConnectorSchema]) -> dict[str, Any]:
    metric, definitions = _schema(MetricKeys)
    properties = dict(metric["properties"])
    added: dict[str, list[Any]] = {}
    for _, connector in sorted(connectors.items()):
        request, more = _schema(connector.request)
        definitions.update(more)
        for key, value in request.get("properties", {}).items():
            added.setdefault(key, []).append(value)
    for key, choices in added.items():
        properties[key] = choices[0] if len(choices) == 1 else {"anyOf": choices}
    kinds = [
        {"required": ["source", "rollup"], "properties": {"source": {"type": "string"}}},
        {"required": ["formula"], "properties": {"formula": {"type": "string"}}},
        {"required": ["survey", "rollup"], "properties": {"survey": {"const": True}}},
    ]
    schema = _closed(properties, required=metric["required"], anyOf=kinds, description=metric["description"])
    return _document("metrics", _closed({"metrics": _by_id(schema)}), definitions)


def _okrs() -> dict[str, Any]:
    cycle, definitions = _schema(CycleKeys)
    objective, more = _schema(ObjectiveKeys)
    schema = _closed({"cycle": cycle, "objectives": _by_id(objective)}, required=["cycle"])
    return _document("okrs", schema, {**definitions, **more})


def _check_ins() -> dict[str, Any]:
    check_in, definitions = _schema(CheckInKeys)
    check_in["oneOf"] = [{"required": ["key_result"]}, {"required": ["metric", "value", "author"]}]
    return _document("check_ins", _closed({"check_ins": {"type": ["array", "null"], "items": check_in}}), definitions)


def _people() -> dict[str, Any]:
    person, definitions = _schema(PersonKeys)
    people = {"type": ["object", "null"], "additionalProperties": {**person, "type": ["object", "null"]}}
    return _document("people", _closed({"people": people}), definitions)
