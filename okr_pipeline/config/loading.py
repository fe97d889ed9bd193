"""The whole configuration: from a directory to the model.

Belongs here: the order of reading, what depends on what, and the collection of all problems.
Does not: the rules of one kind of thing (sources, metrics, okrs).

A file that cannot be read may define anything. References to what it might define are therefore not called unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any

from okr_pipeline.config.archive import version
from okr_pipeline.config.check_ins import Subjects, build_check_in, listed
from okr_pipeline.config.contributions import link_contributions
from okr_pipeline.config.directory import Files, read_directory
from okr_pipeline.config.document import Document
from okr_pipeline.config.keys import former_ids
from okr_pipeline.config.measures import KnownMetrics
from okr_pipeline.config.metrics import KnownSources, build_metric, link_metrics
from okr_pipeline.config.okrs import Okrs, add_okrs, link_objectives
from okr_pipeline.config.people import build_people
from okr_pipeline.config.problem import ConfigurationError, Problem, Refusal, shown
from okr_pipeline.config.projects import build_project, refuse_variables
from okr_pipeline.config.renames import Claim, accepted, claim_of
from okr_pipeline.config.scalars import identifier
from okr_pipeline.config.sources import ConnectorSchema, build_source
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import CHECK_INS, Metric, Source
from okr_pipeline.model.okr import Objective
from okr_pipeline.model.people import Person
from okr_pipeline.model.rename import Renamed


def load(
    directory: Path,
    *,
    connectors: Mapping[str, ConnectorSchema],
    environ: Mapping[str, str],
    now: datetime | None = None,
) -> Configuration:
    """The configuration of a directory, checked and resolved.

    Variables are filled in to be judged, and not kept. `now` is the instant after which check-ins are of the future;
    without it none is.

    Raises:
        ConfigurationError: with every problem of every file.
    """
    configuration, problems = _read(read_directory(directory), connectors, environ, now)
    if problems:
        raise ConfigurationError(problems)
    return replace(configuration, version=version(configuration))


def _read(
    files: Files,
    connectors: Mapping[str, ConnectorSchema],
    environ: Mapping[str, str],
    now: datetime | None = None,
) -> tuple[Configuration, list[Problem]]:
    """What is in order, and what is not. What was written, secrets in clear among it, is seen by nobody who raises."""
    reading = _Reading(connectors, environ, now, problems=list(files.problems))
    return reading.configuration(files), reading.problems


@dataclass(slots=True)
class _Reading:
    """One reading of a directory, with the problems found so far."""

    connectors: Mapping[str, ConnectorSchema]
    environ: Mapping[str, str]
    now: datetime | None
    problems: list[Problem] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    def configuration(self, files: Files) -> Configuration:
        for document in files.documents():
            self.problems.extend(document.problems)
        self._check_variables(files)
        project = build_project(files, self.environ, self.problems)
        sources, known_sources = self._sources(files.sources)
        metrics, known_metrics = self._metrics(files.metrics, known_sources, project.calendar.timezone)
        if any(it.is_survey for it in metrics.values()):
            sources[CHECK_INS] = Source(CHECK_INS, "check-ins")
        okrs, objectives = self._okrs(files.okrs, known_metrics)
        today = project.calendar.last_date_before(self.now) if self.now is not None else date.max
        subjects = _check_in_subjects(okrs, objectives, known_metrics, today)
        return Configuration(
            project=project,
            sources=dict(sorted(sources.items())),
            metrics=dict(sorted(metrics.items())),
            cycles={
                cycle.id: cycle for cycle in sorted(okrs.cycles.values(), key=lambda cycle: (cycle.starts, cycle.id))
            },
            objectives=objectives,
            people=self._people(files.people),
            renames=accepted([*self.claims, *okrs.claims], _defined(okrs, known_metrics)),
            check_ins=tuple(sorted(self._check_ins(files.check_ins, subjects), key=lambda it: (it.on, it.subject))),
        )

    def _check_variables(self, files: Files) -> None:
        for document in [*files.metrics, *files.okrs, *files.check_ins, *files.people]:
            refuse_variables(self._subject(document, "file"))

    def _sources(self, documents: list[Document]) -> tuple[dict[str, Source], KnownSources]:
        sources: dict[str, Source] = {}
        known: dict[str, ConnectorSchema | None] = {}
        settings: dict[str, Mapping[str, Any]] = {}
        for name, keys, subject in self._items(documents, "sources", "source"):
            connector = keys.get("connector") if isinstance(keys, dict) else None
            known[name] = self.connectors.get(connector) if isinstance(connector, str) else None
            settings[name] = keys if isinstance(keys, dict) else {}
            source = build_source(subject, name, keys, self.connectors, self.environ)
            if source is not None:
                sources[name] = source
        return sources, KnownSources(known, settings, complete=not any(document.unclear for document in documents))

    def _metrics(
        self, documents: list[Document], sources: KnownSources, zone: str
    ) -> tuple[dict[str, Metric], KnownMetrics]:
        metrics: dict[str, Metric] = {}
        subjects: dict[str, Subject] = {}
        for name, keys, subject in self._items(documents, "metrics", "metric"):
            subjects[name] = subject
            metric = build_metric(subject, name, keys, sources)
            if metric is not None:
                metrics[name] = metric
                self.claims.extend(claim_of("metric", name, former_ids(keys.get("renamed_from")), keys, subject, {}))
        complete = not any(document.unclear for document in documents)
        linked = link_metrics(metrics, subjects, zone, complete=complete)
        return linked, KnownMetrics(linked, frozenset(subjects), complete)

    def _okrs(self, documents: list[Document], metrics: KnownMetrics) -> tuple[Okrs, dict[str, Objective]]:
        okrs = Okrs()
        for document in documents:
            subject = self._subject(document, "file")
            written = self._content(subject, ("cycle", "objectives"))
            if written is not None:
                add_okrs(okrs, subject, written, metrics)
            okrs.complete = okrs.complete and not document.unclear
        return okrs, link_contributions(okrs, link_objectives(okrs), metrics)

    def _check_ins(self, documents: list[Document], known: Subjects) -> Iterator[CheckIn]:
        for document in documents:
            subject = self._subject(document, "file")
            written = self._content(subject, ("check_ins",)) or {}
            for index, keys in enumerate(listed(subject, written)):
                check_in = build_check_in(subject.inner("check-in", "check_ins", index), keys, known)
                if check_in is not None:
                    yield check_in

    def _people(self, documents: list[Document]) -> dict[str, Person]:
        people: dict[str, Person] = {}
        for document in documents[:1]:
            subject = self._subject(document, "file")
            written = (self._content(subject, ("people",)) or {}).get("people")
            if written is not None:
                mapping = subject.mapping(written, "people, each under their id", "people")
                people = build_people(subject, mapping) if mapping is not None else {}
        return dict(sorted(people.items()))

    def _items(self, documents: list[Document], key: str, kind: str) -> Iterator[tuple[str, Any, Subject]]:
        """Id, keys and subject of each source or metric; an id is given once over all files."""
        seen: dict[str, Subject] = {}
        for document in documents:
            subject = self._subject(document, "file")
            written = self._content(subject, (key,)) or {}
            if written.get(key) is None:
                continue
            items = subject.mapping(written[key], f"{key}, each under its id", key)
            for name, keys in (items or {}).items():
                inner = subject.inner(f"{kind} {shown(name)}", key, name)
                if self._is_new(inner, name, seen):
                    yield name, keys, inner

    def _is_new(self, subject: Subject, name: str, seen: dict[str, Subject]) -> bool:
        try:
            identifier(name)
        except Refusal as refusal:
            subject.refuse((), refusal.what, refusal.why, refusal.fix)
        first = seen.setdefault(name, subject)
        if first is subject:
            return True
        line, column = first.document.position(first.path, of_key=True)
        subject.refuse(
            (),
            f"is already defined in {first.document.file}:{line}:{column}",
            "One of the two would be lost",
            "Rename or remove one of them",
        )
        return False

    def _content(self, subject: Subject, known: tuple[str, ...]) -> dict[str, Any] | None:
        """The mapping of a file; an empty file has none."""
        document = subject.document
        if document.broken or document.value is None:
            return None
        written = subject.mapping(document.value, " and ".join(f"'{key}'" for key in known))
        unknown = [key for key in written or {} if key not in known]
        for key in unknown:
            subject.unknown_key((), key, known)
        items = (written or {}).get(known[-1])
        document.unclear = written is None or bool(unknown) or not isinstance(items, (dict, NoneType))
        return written

    def _subject(self, document: Document, label: str) -> Subject:
        return Subject(label, document, (), self.problems)


def _check_in_subjects(okrs: Okrs, objectives: Mapping[str, Objective], metrics: KnownMetrics, today: date) -> Subjects:
    return Subjects(
        key_results={it.full_id: it for objective in objectives.values() for it in objective.key_results},
        written=frozenset(okrs.key_results_written()),
        complete=okrs.complete,
        metrics=metrics,
        today=today,
    )


def _defined(okrs: Okrs, metrics: KnownMetrics) -> Mapping[Renamed, frozenset[str]]:
    """The ids that are written, be they in order or not."""
    return {
        "metric": metrics.written,
        "cycle": frozenset(okrs.cycles),
        "objective": frozenset(okrs.subjects),
        "key_result": frozenset(okrs.key_results_written()),
    }
