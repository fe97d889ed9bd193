"""Opening a project: its configuration, its store, its connectors, and what "now" means in it.

Belongs here: paths, the environment and defaults. Does not: any work on them.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from okr_pipeline.application.applied import applied_configuration
from okr_pipeline.application.errors import NothingApplied, UsageError
from okr_pipeline.application.secrecy import guard_logs, secrets_of_configuration, secrets_of_project
from okr_pipeline.config.addresses import address_fault, secrets_of_address
from okr_pipeline.config.projects import load_project
from okr_pipeline.config.variables import Environment, expand_text
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.secrets import Secrets
from okr_pipeline.store import Store, StoreMissing, open_store

if TYPE_CHECKING:
    from connectors.contract import AssetLoader
    from okr_pipeline.config.sources import ConnectorSchema

_BEFORE_THE_FIRST_CYCLE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened project. `config_dir` is absolute; relative paths of databases start from `project_dir`, its parent.

    `asset_loader` is what the Dagster project around it registered, if there is one.
    """

    config_dir: Path
    project_dir: Path
    configuration: Configuration
    store: Store
    asset_loader: "AssetLoader | None" = None

    @property
    def project(self) -> Project:
        return self.configuration.project

    @property
    def secrets(self) -> Secrets:
        """What no text about this project may hold, as the environment is now."""
        return secrets_of_configuration(self.configuration, connector_schemas(), Environment(os.environ))

    @property
    def scorecards_dir(self) -> Path:
        return self.project_dir / "scorecards"

    def ready_store(self) -> None:
        """Create the store where there is none yet.

        Raises:
            okr_pipeline.store.StoreError: there is one, and its schema is not this program's.
        """
        try:
            self.store.require_current()
        except StoreMissing:
            self.store.upgrade()

    def require_metrics(self, metrics: Iterable[str]) -> None:
        """Nothing, where every id is a metric that is read from a source.

        Raises:
            UsageError: one is not; the ids that are, are named.
        """
        readable = [it.id for it in self.configuration.metrics.values() if it.source]
        for metric in metrics:
            if metric not in readable:
                raise UsageError(
                    f"There is no metric '{metric}' to read. Those with a source are: {', '.join(readable)}."
                )

    def range_of_days(self, first: str, last: str) -> tuple[date, date]:
        """Two dates as written, in order and within history.

        Raises:
            UsageError: they are not.
        """
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError:
            raise UsageError(f"'{first}' to '{last}' is not a range of days. Write them like 2013-04-01.") from None
        oldest, newest = self.days_of_history()
        if not start <= end <= newest:
            raise UsageError(f"{start} to {end} is not a range of days up to {newest}. Put the earlier day first.")
        if start < oldest:
            raise UsageError(f"{start} is before {oldest}, when history starts. Begin with that day or a later one.")
        return start, end

    def days_of_history(self, now: datetime | None = None) -> tuple[date, date]:
        """The first and the newest day that a run can speak about, the running one included."""
        newest = self.project.calendar.last_date_before(self.as_of(now=now))
        if self.project.history_starts is not None:
            return self.project.history_starts, newest
        first = min((cycle.starts for cycle in self.configuration.cycles.values()), default=newest)
        return min(first, newest) - _BEFORE_THE_FIRST_CYCLE, newest

    def require_day(self, text: str | None) -> None:
        """Nothing, where a run can speak about an instant as written; None is the newest.

        Raises:
            UsageError: it is of no day of history.
        """
        day, (first, newest) = self.project.calendar.last_date_before(self.as_of(text)), self.days_of_history()
        if day < first:
            says = (
                "'history_starts' of project.yaml" if self.project.history_starts else "a year before the first cycle"
            )
            raise UsageError(f"--as-of {text} is before {first}, when history starts ({says}). Ask for a later day.")
        if day > newest and self.project.as_of:
            raise UsageError(
                f"--as-of {text} is after {newest}, the day at which 'as_of' of project.yaml makes the project stand"
                " still. Nothing is read of later days. Ask for an earlier day, or take 'as_of' out of project.yaml."
            )
        if day > newest:
            raise UsageError(
                f"--as-of {text} is after {newest}, which is today. Nothing is known of later days."
                " Ask for an earlier day."
            )

    def as_of(self, text: str | None = None, *, now: datetime | None = None) -> datetime:
        """The instant to speak about: what was asked for, else the project's fixed date, else now.

        Raises:
            UsageError: `text` is neither a date nor an instant.
        """
        if text is not None:
            return parse_instant(text, self.project)
        if self.project.as_of is not None:
            return self.project.calendar.end_of_day(self.project.as_of)
        return now or datetime.now(UTC)


def open_workspace(
    config_dir: Path | str, *, store_url: str | None = None, environ: Mapping[str, str] | None = None
) -> Workspace:
    """The project of a config directory, every file checked.

    Raises:
        okr_pipeline.config.ConfigurationError: with every problem of every file.
    """
    environ = Environment(os.environ if environ is None else environ)
    configuration = check_configuration(config_dir, environ)
    directory = Path(config_dir).resolve()
    guard_logs(secrets_of_configuration(configuration, connector_schemas(), environ))
    return Workspace(
        config_dir=directory,
        project_dir=directory.parent,
        configuration=configuration,
        store=_open_store(store_url, configuration.project, directory.parent, environ),
    )


def open_for_writing(config_dir: Path | str, *, store_url: str | None = None) -> Workspace:
    """The project with its store ready: one that does not exist yet is created, an older one is refused.

    Raises:
        okr_pipeline.store.StoreError: the store's schema is not this program's.
    """
    workspace = open_workspace(config_dir, store_url=store_url)
    workspace.ready_store()
    return workspace


def open_project_store(config_dir: Path | str, *, store_url: str | None = None) -> Store:
    """The store of a project, whatever its schema; reads `project.yaml` only."""
    directory = Path(config_dir).resolve()
    environ = Environment(os.environ)
    project = load_project(Path(config_dir), environ=environ)
    return _open_store(store_url, project, directory.parent, environ)


def open_applied(
    config_dir: Path | str,
    *,
    store_url: str | None = None,
    known_at: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Workspace, datetime | None]:
    """The project as it was last applied to its store, with `known_at` as an instant; reads `project.yaml` only.

    Raises:
        NothingApplied: `okr run` has not been run with this store.
    """
    environ = Environment(os.environ if environ is None else environ)
    directory = Path(config_dir).resolve()
    project = load_project(Path(config_dir), environ=environ)
    store = _open_store(store_url, project, directory.parent, environ)
    store.require_current()
    known = parse_instant(known_at, project) if known_at else None
    applied = applied_configuration(store, known)
    if applied is None:
        when = " known by then" if known else " yet"
        raise NothingApplied(f"{store.place} holds no scores{when}. Nothing was applied to it. Run `okr run` first.")
    return Workspace(directory, directory.parent, applied, store), known


def check_configuration(config_dir: Path | str, environ: Mapping[str, str] | None = None) -> Configuration:
    """Every file of a config directory, checked; the store is not touched.

    Raises:
        okr_pipeline.config.ConfigurationError: with every problem of every file.
    """
    from okr_pipeline.config.loading import load

    environ = Environment(os.environ if environ is None else environ)
    return load(Path(config_dir), connectors=connector_schemas(), environ=environ, now=datetime.now(UTC))


def connector_schemas() -> "Mapping[str, ConnectorSchema]":
    """What config checks need to know of the installed connectors."""
    from connectors.catalogue import Each, load_connectors
    from okr_pipeline.config.sources import ConnectorSchema

    connectors = load_connectors()

    def schema(name: str) -> ConnectorSchema:
        described = connectors[name].describe()
        return ConnectorSchema(settings=described.settings, request=described.request)

    return Each(connectors, schema)


def parse_instant(text: str, project: Project) -> datetime:
    """A date (its end in the project's zone) or an ISO instant (naive ones in the project's zone), in UTC.

    Raises:
        UsageError: it is neither.
    """
    try:
        if len(text) <= len("2013-05-19"):
            return project.calendar.end_of_day(date.fromisoformat(text))
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"'{text}' is not a date or an instant. Write 2013-05-19 or 2013-05-19T12:00:00-04:00."
        ) from None
    if instant.tzinfo is not None:
        return instant.astimezone(UTC)
    try:
        return project.calendar.instant_at(instant)
    except ValueError as error:
        raise UsageError(f"{error}. Write it with its offset, as in 2013-05-19T12:00:00-04:00.") from None


def from_here(file: str) -> str:
    """A path as people would write it where they are."""
    path, here = Path(file), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else file


def anchored_url(url: str, directory: Path) -> str:
    """A database URL whose relative file path starts from a directory.

    >>> anchored_url("sqlite:///.okr/okr.db", Path("/srv/okr"))
    'sqlite:////srv/okr/.okr/okr.db'
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return url  # the store says what is wrong with it
    in_memory = parsed.database in (None, "", ":memory:")
    if parsed.get_backend_name() not in ("sqlite", "duckdb") or in_memory or Path(str(parsed.database)).is_absolute():
        return url
    return parsed.set(database=str(directory / str(parsed.database))).render_as_string(hide_password=False)


def _open_store(url: str | None, project: Project, project_dir: Path, environ: Mapping[str, str]) -> Store:
    """The store at a URL, else at the project's.

    Raises:
        UsageError: the URL would be misread.
    """
    secrets = secrets_of_project(project, environ) | secrets_of_address(url or "")
    guard_logs(secrets)
    with secrets.kept():
        return _store_at(url or expand_text(project.store, environ), project_dir)


def _store_at(url: str, project_dir: Path) -> Store:
    fault = address_fault(url)
    if fault is not None:
        raise UsageError(f"The store cannot be opened: {'. '.join(fault)}.")
    return open_store(anchored_url(url, project_dir))
