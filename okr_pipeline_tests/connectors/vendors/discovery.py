"""Requests and answers as Google's own discovery documents describe them: nothing unknown, nothing missing, all of its type.

Belongs here: judging by a document of `google-api-python-client`. Does not: the documents, or any one API.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

from okr_pipeline_tests.connectors.http.server import Seen

_TYPES = {"string": str, "integer": int, "boolean": lambda text: {"true": True, "false": False}[text]}


@cache
def discovered(name: str) -> "Discovered":
    """The API of a document, such as `sheets.v4`, read once."""
    return Discovered(name)


class Discovered:
    """One API."""

    def __init__(self, name: str) -> None:
        documents = files("googleapiclient").joinpath("discovery_cache/documents")
        self.document = json.loads(documents.joinpath(f"{name}.json").read_text(encoding="utf-8"))
        self.schemas = {key: _closed(schema) for key, schema in self.document["schemas"].items()}

    def faults(self, seen: Seen) -> list[str]:
        """What it does not allow of a request."""
        method = self._method(seen)
        if method is None:
            return [f"{seen.method} {seen.path} is not described"]
        return [*self._of_params(seen, method), *self._of_body(seen, method)]

    def faults_of_answer(self, seen: Seen, document: Any) -> list[str]:
        """What it does not allow of the answer to a request."""
        method = self._method(seen)
        return [] if method is None else self._of_schema(method["response"]["$ref"], document)

    def _method(self, seen: Seen) -> Mapping[str, Any] | None:
        path = urlsplit(seen.target).path.removeprefix("/")
        found = [it for it in _methods(self.document) if it["httpMethod"] == seen.method and _fits(it, path)]
        return found[0] if found else None

    def _of_params(self, seen: Seen, method: Mapping[str, Any]) -> list[str]:
        known = {**self.document["parameters"], **method["parameters"]}
        known = {name: it for name, it in known.items() if it["location"] == "query"}
        given = parse_qsl(urlsplit(seen.target).query, keep_blank_values=True)
        names = [name for name, _ in given]
        faults = [f"{name} is missing" for name, it in known.items() if it.get("required") and name not in names]
        faults += [f"{name} is there twice" for name in set(names) & known.keys()
                   if names.count(name) > 1 and not known[name].get("repeated")]  # fmt: skip
        for name, value in given:
            faults += _of_value(name, value, known.get(name))
        return faults

    def _of_body(self, seen: Seen, method: Mapping[str, Any]) -> list[str]:
        if "request" not in method:
            return ["a body that is not described"] if seen.body else []
        if seen.headers.get("content-type") != "application/json":
            return [f"a body of {seen.headers.get('content-type')!r}"]
        return self._of_schema(method["request"]["$ref"], json.loads(seen.body))

    def _of_schema(self, name: str, document: Any) -> list[str]:
        validator = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": self.schemas})
        return [f"{name} at {error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for below in resource.get("resources", {}).values():
        yield from _methods(below)


def _fits(method: Mapping[str, Any], path: str) -> bool:
    """Whether a path is the method's, each part of it as the document wants it to be."""
    pattern = re.sub(r"\\\{[^{}]*\\\}", "([^/:]+)", re.escape(method["flatPath"]))
    found = re.fullmatch(pattern, path)
    wanted = [it.get("pattern") for it in method["parameters"].values() if it["location"] == "path"]
    own = unquote(path).partition("/")[2].partition(":")[0]
    return found is not None and all(it is None or re.match(it.rstrip("$"), own) for it in wanted)


def _of_value(name: str, value: str, known: Mapping[str, Any] | None) -> list[str]:
    if known is None:
        return [f"the parameter {name} is not described"]
    if "enum" in known and value not in known["enum"]:
        return [f"{name} is {value!r}"]
    try:
        _TYPES[known["type"]](value)
    except (ValueError, KeyError):
        return [f"{name} is {value!r}, no {known['type']}"]
    return []


def _closed(schema: Any) -> Any:
    """A schema of the document as JSON Schema, in which nothing unknown is allowed."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type")
    made: dict[str, Any] = {} if kind == "any" else {"type": kind}
    if kind == "array":
        made["items"] = _closed(schema["items"])
    if kind == "object":
        made["properties"] = {name: _closed(it) for name, it in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties")
        made["additionalProperties"] = False if others is None else _closed(others)
    if schema.get("format") in ("int64", "uint64"):
        made["pattern"] = r"^-?[0-9]+$"
    return made | ({"enum": schema["enum"]} if "enum" in schema else {})
