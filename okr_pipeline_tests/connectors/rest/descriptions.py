"""Requests as a vendor's own description (OpenAPI 3.0) allows them: nothing unknown, nothing missing, all of its type.

Belongs here: judging a request that a server saw. Does not: the descriptions, which are not part of this project; they
are in the directory that OKR_VENDOR_DESCRIPTIONS names, or in `shared/specs` beside the checkout.
"""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator

from okr_pipeline_tests.connectors.http.server import Seen
from okr_pipeline_tests.docs.documents import ROOT

DIRECTORY: Final = Path(os.environ.get("OKR_VENDOR_DESCRIPTIONS", ROOT.parent / "shared" / "specs"))
LACKING: Final = (
    f"There are no descriptions of vendors' APIs in {DIRECTORY}. Name their directory in OKR_VENDOR_DESCRIPTIONS."
)


def are_there() -> bool:
    """Whether there is anything to judge by. Under CI there must be."""
    return DIRECTORY.is_dir() or bool(os.environ.get("CI"))


@cache
def description(file: str) -> "Description":
    """The one in a file, read once."""
    return Description(file)


class Description:
    """One vendor's, by the name of its file."""

    def __init__(self, file: str) -> None:
        self.document = json.loads((DIRECTORY / file).read_text())

    def faults(self, seen: Seen, below: str = "") -> list[str]:
        """What the description does not allow of a request to a path below a prefix."""
        path = seen.path.removeprefix(below)
        operation = self.document["paths"].get(path, {}).get(seen.method.lower())
        if operation is None:
            return [f"{seen.method} {path} is not described"]
        declared = [self._resolved(it) for it in operation.get("parameters", ())]
        return [*self._of_params(seen, declared), *self._of_body(seen, operation)]

    def _of_params(self, seen: Seen, declared: list[Mapping[str, Any]]) -> list[str]:
        by_name = {it["name"]: it for it in declared if it["in"] == "query"}
        given = _nested(parse_qsl(urlsplit(seen.target).query, keep_blank_values=True))
        faults = [f"the parameter {name} is not described" for name in given.keys() - by_name.keys()]
        faults += [f"{name} is missing" for name, it in by_name.items() if it.get("required") and name not in given]
        for name in given.keys() & by_name.keys():
            faults += self._of_value(name, given[name], by_name[name]["schema"])
        return faults

    def _of_value(self, name: str, value: Any, schema: Mapping[str, Any]) -> list[str]:
        """A parameter is a text: it must be right as that, or as the number or truth that it may stand for."""
        readings = [value, _typed(value)]
        errors = [list(self._validator(schema).iter_errors(reading)) for reading in readings]
        return [] if not all(errors) else [f"{name}: {errors[0][0].message}"]

    def _of_body(self, seen: Seen, operation: Mapping[str, Any]) -> list[str]:
        wanted = operation.get("requestBody")
        if wanted is None:
            return ["a body that is not described"] if seen.body else []
        kind = seen.headers.get("content-type", "")
        if kind not in wanted["content"]:
            return [f"a body of {kind!r}"]
        errors = self._validator(wanted["content"][kind]["schema"]).iter_errors(json.loads(seen.body))
        return [f"body at {error.json_path}: {error.message}" for error in errors]

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        return Draft202012Validator({**schema, "components": self.document.get("components", {})})

    def _resolved(self, it: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in it:
            return it
        found = self.document
        for part in it["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Parameters as `deepObject` writes them: `created[gte]=1` is of `created`."""
    given: dict[str, Any] = {}
    for name, value in pairs:
        match = re.fullmatch(r"([^\[\]]+)\[([^\[\]]*)\]", name)
        if match is None:
            given[name] = value
        else:
            given.setdefault(match[1], {})[match[2]] = _typed(value)
    return given


def _typed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
