"""The whole of a configuration, checked and resolved: what every other room is handed.

Belongs here: the project and the look-ups over its sources, metrics, cycles and objectives.
Does not: YAML, files, environment variables (config).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.holidays import Holidays
from okr_pipeline.model.metric import Metric, Source
from okr_pipeline.model.okr import Cycle, KeyResult, Objective
from okr_pipeline.model.people import Person
from okr_pipeline.model.rename import Rename


@dataclass(frozen=True, slots=True)
class Project:
    """Settings of the whole project. `store` is as written, `${VAR}` unexpanded."""

    name: str
    calendar: Calendar = Calendar()
    store: str = "${OKR_STORE_URL:-sqlite:///.okr/okr.db}"
    status_rule: str = "pace"
    mission: str | None = None
    as_of: date | None = None
    history_starts: date | None = None
    holidays: Holidays = Holidays()


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that config files say. Mappings are keyed by id; objectives by full id `<cycle>/<id>`.

    `version` identifies the content: equal definitions have equal versions, whatever their comments or file names.
    `check_ins` are what files say that people said: they define nothing, are no part of the version, and count once
    they are recorded in the store. `renames`, what files say was renamed, are no part of it either: they count until
    the store has taken them.
    """

    project: Project
    sources: Mapping[str, Source] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    check_ins: tuple[CheckIn, ...] = ()
    renames: tuple[Rename, ...] = ()
    version: str = ""

    def key_results(self) -> Iterator[KeyResult]:
        """Every key result of every cycle, in order of definition."""
        for objective in self.objectives.values():
            yield from objective.key_results

    def calendar_of(self, metric: Metric) -> Calendar:
        """The calendar that a metric's periods are of."""
        return metric.calendar_in(self.project.calendar)
