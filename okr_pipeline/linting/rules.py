"""All rules over one configuration, and what is suppressed in it.

Belongs here: joining the rules. Does not: any of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from okr_pipeline.linting.findings import Facts, Finding
from okr_pipeline.linting.shape import lint_shape
from okr_pipeline.linting.targets import lint_targets
from okr_pipeline.linting.titles import lint_titles
from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.lint import LINT_RULES, About


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found, in no order, and what was found and is suppressed, each with its reason."""

    findings: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, str], ...]


def lint(configuration: Configuration, facts: Facts | None = None) -> Linted:
    """Every mistake in a configuration, as it is amended by now.

    Without facts the rules that need a store are silent, and so are their suppressions.
    """
    configuration = configuration_on(configuration, date.max)
    found = [*lint_titles(configuration), *lint_shape(configuration), *lint_targets(configuration, facts or Facts())]
    reasons = dict(_suppressions(configuration))
    kept = tuple(it for it in found if _place(it) not in reasons)
    suppressed = tuple((it, reasons[_place(it)]) for it in found if _place(it) in reasons)
    unused = reasons.keys() - {_place(it) for it in found}
    return Linted((*kept, *_unused(unused, with_facts=facts is not None)), suppressed)


Place = tuple[About, str, str]


def _place(finding: Finding) -> Place:
    return finding.about, finding.id, finding.rule


def _suppressions(configuration: Configuration) -> Iterator[tuple[Place, str]]:
    for metric in configuration.metrics.values():
        yield from (_each("metric", metric.id, metric.suppress))
    for objective in configuration.objectives.values():
        yield from _each("objective", objective.full_id, objective.suppress)
        for key_result in objective.key_results:
            yield from _each("key_result", key_result.full_id, key_result.suppress)


def _each(about: About, name: str, suppress: Mapping[str, str]) -> Iterator[tuple[Place, str]]:
    yield from (((about, name, rule), reason) for rule, reason in suppress.items())


def _unused(places: Iterable[Place], *, with_facts: bool) -> Iterator[Finding]:
    for about, name, rule in sorted(places):
        if with_facts or not LINT_RULES[rule].needs_store:
            what = f"suppresses {rule}, which does not occur"
            yield Finding("unused-suppression", about, name, ("suppress", rule), what, f"Remove `{rule}` from suppress")
