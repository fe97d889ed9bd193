"""The project: from `project.yaml` to the model.

Belongs here: what that file says, and reading it alone, without the models of what other files hold, for commands that
have their definitions from the store. Does not: the rules of a calendar (calendars), the other files (loading).
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from okr_pipeline.config.addresses import address_fault
from okr_pipeline.config.calendars import build_calendar, build_holidays
from okr_pipeline.config.directory import Files, read_directory
from okr_pipeline.config.document import KeyPath
from okr_pipeline.config.problem import ConfigurationError, Problem, VariableError
from okr_pipeline.config.project_keys import ProjectKeys
from okr_pipeline.config.sources import refuse_clear_secret
from okr_pipeline.config.subject import Subject
from okr_pipeline.config.variables import expand_text, has_clear_password
from okr_pipeline.model.configuration import Project

_STORE: Final[KeyPath] = ("store",)
_UNKNOWN: Final = Project("")


def load_project(directory: Path, *, environ: Mapping[str, str]) -> Project:
    """The project alone, from `project.yaml`, whatever else the directory holds.

    Raises:
        ConfigurationError: with every problem of that file.
    """
    files = read_directory(directory, only_project=True)
    problems = [*files.problems, *(problem for document in files.project for problem in document.problems)]
    project = build_project(files, environ, problems)
    if problems:
        raise ConfigurationError(problems)
    return project


def build_project(files: Files, environ: Mapping[str, str], problems: list[Problem]) -> Project:
    """The project of the first file that has one; one without a name, and problems, where it cannot be told."""
    subjects = [Subject("project", document, (), problems) for document in files.project]
    for subject in subjects:
        refuse_variables(subject, but=(_STORE,))
    return _project(subjects[0], environ) if subjects else _UNKNOWN


def refuse_variables(subject: Subject, *, but: Collection[KeyPath] = ()) -> None:
    """Adds a problem wherever a variable is written in a file, `but` where they are filled in."""
    for path in subject.document.variables:
        if path not in but:
            subject.refuse(
                path,
                "a variable ${…} is written here",
                "Variables are filled in only in 'store' of project.yaml and in sources",
                "Write the value itself",
            )


def _project(subject: Subject, environ: Mapping[str, str]) -> Project:
    document = subject.document
    if document.broken:
        return _UNKNOWN
    written = subject.mapping(document.value if document.value is not None else {}, "the project")
    keys = subject.accept(ProjectKeys, written) if written is not None else None
    if keys is None:
        return _UNKNOWN
    if "store" in (written or {}):
        _check_store(subject, keys.store, environ)
    return Project(
        name=keys.name,
        calendar=build_calendar(subject, keys, written or {}),
        store=keys.store,
        status_rule=keys.status_rule,
        mission=keys.mission,
        as_of=keys.as_of,
        history_starts=keys.history_starts,
        holidays=build_holidays(keys),
    )


def _check_store(subject: Subject, store: str, environ: Mapping[str, str]) -> None:
    if has_clear_password(store):
        refuse_clear_secret(subject, _STORE, owner="okr")
    try:
        fault = _store_fault(expand_text(store, environ))
    except VariableError as error:
        fault = error.problem.what, error.problem.why, error.problem.fix
    if fault is not None:
        subject.refuse(_STORE, *fault)


def _store_fault(address: str) -> tuple[str, str, str] | None:
    if not re.match(r"(sqlite|postgresql)(\+[a-z0-9]+)?://", address):
        return (
            "its value is not the address of a store",
            "A store is a SQLite file or a PostgreSQL database",
            "Write it as sqlite:///.okr/okr.db or postgresql://user:${PASSWORD}@host/database",
        )
    return address_fault(address)
