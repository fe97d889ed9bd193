"""Sources: from their YAML to the model.

Belongs here: connectors and settings, variables filled in and secrets kept out of sight.
Does not: opening a source (connectors).
"""

import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from okr_pipeline.config.addresses import address_fault, secrets_of_address
from okr_pipeline.config.document import KeyPath
from okr_pipeline.config.problem import VariableError, suggestion
from okr_pipeline.config.project_keys import SourceKeys
from okr_pipeline.config.subject import Subject
from okr_pipeline.config.variables import (
    expand_settings,
    expand_text,
    has_clear_password,
    is_clear_secret,
    is_malformed,
    leaves,
)
from okr_pipeline.config.wording import names
from okr_pipeline.model.metric import CHECK_INS, Source
from okr_pipeline.model.secrets import Secrets

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
"""Of an address only the login is secret; a key file that has addresses in it is no address."""


@dataclass(frozen=True, slots=True)
class ConnectorSchema:
    """The keys that a connector adds: `settings` to a source, secrets as `SecretStr`, and `request` to its metrics."""

    settings: type[BaseModel]
    request: type[BaseModel]


def build_source(
    subject: Subject, name: str, keys: object, connectors: Mapping[str, ConnectorSchema], environ: Mapping[str, str]
) -> Source | None:
    """A source, or None and its problems. Its settings stay as written; filled in, they are only judged."""
    written = subject.mapping(keys, "a source")
    if written is None:
        return None
    before = len(subject.problems)
    if name == CHECK_INS:
        subject.refuse(
            (), "is no free id", "It is the source of surveys: answers are kept under it", "Rename the source"
        )
    common = subject.accept(SourceKeys, written)
    settings = {key: value for key, value in written.items() if key != "connector"}
    schema = connectors.get(common.connector) if common is not None else None
    if common is None and "connector" not in written:
        _misspelt_connector(subject, settings, connectors)
    if common is not None and schema is None:
        _unknown_connector(subject, common.connector, connectors)
    secret = set(_secret_paths(schema.settings, settings)) if schema is not None else set()
    _check_secrets(subject, name, settings, secret)
    expanded = _expanded(subject, settings, environ, secret)
    if schema is not None and expanded is not None:
        subject.accept_secretly(schema.settings, settings, expanded)
    if common is None or len(subject.problems) > before:
        return None
    return Source(name, common.connector, settings)


def _unknown_connector(subject: Subject, name: str, connectors: Mapping[str, ConnectorSchema]) -> None:
    subject.refuse(
        ("connector",),
        f"there is no connector '{name}'",
        "A connector says how a source is read",
        suggestion(name, connectors, "connectors"),
    )


def _misspelt_connector(
    subject: Subject, settings: Mapping[str, Any], connectors: Mapping[str, ConnectorSchema]
) -> None:
    """Without a connector every other key may be right; a key of none of them was meant to be another."""
    known = {"connector", *(key for schema in connectors.values() for key in names(schema.settings))}
    for key in settings:
        if key not in known:
            subject.unknown_key((), key, known)


def _expanded(
    subject: Subject, settings: Mapping[str, Any], environ: Mapping[str, str], secret: set[KeyPath]
) -> dict[str, Any] | None:
    complete = True
    for path, text in leaves(settings):
        try:
            fault = address_fault(expand_text(text, environ, secret=_is_below(path, secret)))
        except VariableError as error:
            fault = error.problem.what, error.problem.why, error.problem.fix
        if fault is not None:
            complete = False
            subject.refuse(path, *fault)
    return expand_settings(settings, environ) if complete else None


def _check_secrets(subject: Subject, name: str, settings: Mapping[str, Any], secret: set[KeyPath]) -> None:
    for path, text in leaves(settings):
        hidden = _is_below(path, secret)
        if not is_malformed(text) and (is_clear_secret(text) if hidden else has_clear_password(text)):
            refuse_clear_secret(subject, path, owner=name)


def _is_below(path: KeyPath, secret: set[KeyPath]) -> bool:
    return any(path[: len(start)] == start for start in secret)


def secrets_of_source(source: Source, schema: ConnectorSchema, environ: Mapping[str, str]) -> Secrets:
    """What its settings hold that is secret: passwords in addresses, and what its connector declares to be.

    Raises:
        VariableError: a variable is not set, or is written wrongly.
    """
    secret = set(_secret_paths(schema.settings, source.settings))
    secrets = Secrets()
    for path, text in leaves(expand_settings(source.settings, environ)):
        secrets |= secrets_of_address(text)
        if not _ADDRESS.match(text) and _is_below(path, secret):
            secrets |= Secrets([text])
    return secrets


def refuse_clear_secret(subject: Subject, path: KeyPath, *, owner: str) -> None:
    """Adds the problem of a secret that everybody who reads the file would learn."""
    variable = re.sub(r"\W+", "_", "_".join([owner, *(part for part in path if isinstance(part, str))])).upper()
    subject.refuse(
        path,
        "a secret is written here in clear",
        "Configuration is shared and kept; secrets belong in the environment",
        f"Put it in an environment variable and write ${{{variable}}} in its place",
    )


def _secret_paths(model: type[BaseModel], settings: Mapping[str, Any], path: KeyPath = ()) -> Iterator[KeyPath]:
    """Paths of the settings that a connector declares to be secret."""
    for name, info in model.model_fields.items():
        key = info.alias or name
        if key not in settings:
            continue
        parts = set(_parts(info.annotation))
        if parts & {SecretStr, SecretBytes}:
            yield (*path, key)
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel) and isinstance(settings[key], dict):
                yield from _secret_paths(part, settings[key], (*path, key))


def _parts(annotation: object) -> Iterator[Any]:
    """An annotation and everything inside its brackets."""
    yield annotation
    for argument in typing.get_args(annotation):
        if not isinstance(argument, str | int | list):
            yield from _parts(argument)
