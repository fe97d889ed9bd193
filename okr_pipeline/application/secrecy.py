"""What a project must not give away, and the log that does not.

Belongs here: gathering the secrets of sources, store and environment, and hiding them in log records.
Does not: how they are hidden (model), or which parts of a text are secret (config).
"""

import logging
from collections.abc import Callable, Mapping

from okr_pipeline.config.addresses import secrets_of_address, secrets_of_environment
from okr_pipeline.config.problem import VariableError
from okr_pipeline.config.sources import ConnectorSchema, secrets_of_source
from okr_pipeline.config.variables import expand_text
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.secrets import Secrets


def secrets_of_project(project: Project, environ: Mapping[str, str]) -> Secrets:
    """Those of the environment and of the store's address."""
    try:
        return secrets_of_environment(environ) | secrets_of_address(expand_text(project.store, environ))
    except VariableError:
        return secrets_of_environment(environ)


def secrets_of_configuration(
    configuration: Configuration, connectors: Mapping[str, ConnectorSchema], environ: Mapping[str, str]
) -> Secrets:
    """Those of the project and of every source whose variables are set."""
    secrets = secrets_of_project(configuration.project, environ)
    for source in configuration.sources.values():
        schema = connectors.get(source.connector)
        try:
            secrets |= secrets_of_source(source, schema, environ) if schema is not None else Secrets()
        except VariableError:
            # What cannot be completed is never used, and the source says so when it is opened.
            continue
    return secrets


def guard_logs(secrets: Secrets) -> None:
    """From now on no log record of this process holds one of the values, whoever writes it and whatever handles it."""
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _Guarded):
        factory = _Guarded(factory)
        logging.setLogRecordFactory(factory)
    factory.learn(secrets)


class _Guarded:
    """Makes records as the factory before it did, then hides what they must not hold."""

    def __init__(self, factory: Callable[..., logging.LogRecord]) -> None:
        self._factory = factory
        self._secrets = Secrets()

    def learn(self, secrets: Secrets) -> None:
        if not set(secrets.values) <= set(self._secrets.values):
            self._secrets |= secrets

    def __call__(self, *args: object, **kwargs: object) -> logging.LogRecord:
        record = self._factory(*args, **kwargs)
        _hide(record, self._secrets)
        return record


def _hide(record: logging.LogRecord, secrets: Secrets) -> None:
    said = _message(record)
    hidden = secrets.hidden(said)
    if hidden != said:
        record.msg, record.args = hidden, None
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        secrets.hide(error)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A record whose arguments do not fit is its writer's fault, and the handler says so.
        return f"{record.msg} {record.args}"
