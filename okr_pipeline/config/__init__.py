"""Configuration: a directory of YAML becomes a checked `model.Configuration`.

Belongs here: the language of the files, its rules, and every message about them.
Does not: what is done with a configuration, or how a source is opened.

Names are imported when asked for, so that those who read `project.yaml` and have definitions from the store do not load
the models of every file.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr_pipeline.config.addresses import address_fault, secrets_of_address, secrets_of_environment
    from okr_pipeline.config.archive import amendment_text, dump, restore, version
    from okr_pipeline.config.check_ins import Fault, answer_faults, check_in_faults
    from okr_pipeline.config.loading import load
    from okr_pipeline.config.places import Place, Places, read_places
    from okr_pipeline.config.problem import ConfigurationError, Problem, VariableError
    from okr_pipeline.config.projects import load_project
    from okr_pipeline.config.schemas import json_schemas
    from okr_pipeline.config.sources import ConnectorSchema, secrets_of_source
    from okr_pipeline.config.variables import Environment, expand_settings, expand_text
    from okr_pipeline.config.writing import amendment_line, history_lines, key_text, place_of

__all__ = [
    "ConfigurationError",
    "ConnectorSchema",
    "Environment",
    "Fault",
    "Place",
    "Places",
    "Problem",
    "VariableError",
    "address_fault",
    "amendment_line",
    "amendment_text",
    "answer_faults",
    "check_in_faults",
    "dump",
    "expand_settings",
    "expand_text",
    "history_lines",
    "json_schemas",
    "key_text",
    "load",
    "load_project",
    "place_of",
    "read_places",
    "restore",
    "secrets_of_address",
    "secrets_of_environment",
    "secrets_of_source",
    "version",
]

_MODULES = {
    "address_fault": "addresses",
    "secrets_of_address": "addresses",
    "secrets_of_environment": "addresses",
    "amendment_text": "archive",
    "dump": "archive",
    "restore": "archive",
    "version": "archive",
    "Fault": "check_ins",
    "answer_faults": "check_ins",
    "check_in_faults": "check_ins",
    "load": "loading",
    "Place": "places",
    "Places": "places",
    "read_places": "places",
    "ConfigurationError": "problem",
    "Problem": "problem",
    "VariableError": "problem",
    "load_project": "projects",
    "json_schemas": "schemas",
    "ConnectorSchema": "sources",
    "secrets_of_source": "sources",
    "Environment": "variables",
    "expand_settings": "variables",
    "expand_text": "variables",
    "amendment_line": "writing",
    "history_lines": "writing",
    "key_text": "writing",
    "place_of": "writing",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
