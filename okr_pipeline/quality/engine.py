"""Great Expectations, and nothing but.

Belongs here: the only import of great_expectations, one fresh context per validation, rules and custom expectations
turned into its classes, and its answers turned into counts. Does not: thresholds, masks, sentences.

A context is never shared between validations: one that several threads validate in gives wrong counts without a word.
It lives in memory alone, sends no usage statistics, draws no progress bars and writes no files.
"""

import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final, assert_never

import pandas as pd

from okr_pipeline.model.metric import Extra
from okr_pipeline.quality.rules import Rule, columns_of
from okr_pipeline.quality.verdict import QualityError

_FORBIDDEN_ARGUMENTS: Final = frozenset({"row_condition", "condition_parser"})
"""Great Expectations hands these to an evaluator of Python text, and a config file must not be able to run code."""

_LEFT_OUT: Final = (
    "azure", "boto3", "botocore", "databricks", "google.api_core", "google.auth", "google.cloud", "google.oauth2",
    "pyathena", "pyspark", "snowflake", "sqlalchemy_bigquery", "sqlalchemy_redshift", "trino",
)  # fmt: skip
"""What Great Expectations imports for databases and buckets that it could read, wherever that is installed."""


_COUNTS: Final = {"result_format": "BASIC"}
"""The least that Great Expectations says beside success."""

_MAKING: Final = Lock()
"""Held while a kind of expectation is made: Great Expectations keeps a register of them, one per name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Great Expectations says of one expectation.

    `failed_count` and `failed_positions` are None where it judges the whole column and not rows; positions count from 0
    and are collected only for custom expectations. `error` is set where it could not be judged at all.
    """

    success: bool
    failed_count: int | None = None
    failed_positions: tuple[int, ...] | None = None
    observed: object = None
    error: str | None = None


class Engine:
    """One validation's own context."""

    def __init__(self) -> None:
        # One asset for all frames, added with its source: adding one costs more than judging it, for all that there is
        # is written down each time. Each frame is a batch of its own.
        assets = [{"type": "dataframe", "name": "frame"}]
        self._frames = fresh_context().data_sources.add_pandas("frames", assets=assets).get_asset("frame")

    def judge_rules(self, frame: pd.DataFrame, rules: Sequence[Rule]) -> dict[str, Outcome]:
        """The outcome of each rule by name.

        Raises:
            QualityError: an answer is missing.
        """
        expectations = [_expectation_of(rule) for rule in rules]
        return self._judge(frame[columns_of(rules)], expectations, [rule.name for rule in rules], _COUNTS)

    def judge_extras(self, frame: pd.DataFrame, extras: Mapping[str, Extra]) -> dict[str, Outcome]:
        """The outcome of each custom expectation by rule name; one that cannot be built is errored.

        Raises:
            QualityError: an answer is missing.
        """
        outcomes: dict[str, Outcome] = {}
        buildable = {}
        for rule, extra in extras.items():
            built = _build(rule, extra)
            if isinstance(built, str):
                outcomes[rule] = Outcome(success=False, error=built)
            else:
                buildable[rule] = built
        if buildable:
            outcomes |= self._judge(frame, list(buildable.values()), list(buildable), "COMPLETE")
        return outcomes

    def _judge(
        self, frame: pd.DataFrame, expectations: list[Any], rules: Sequence[str], result_format: str | dict[str, str]
    ) -> dict[str, Outcome]:
        from great_expectations import ExpectationSuite

        batch = self._frames.get_batch(self._frames.build_batch_request({"dataframe": frame}))
        suite = ExpectationSuite(name="rules", expectations=expectations)
        answers = batch.validate(suite, result_format=result_format).results
        # Answers do not come back in the order of the suite.
        outcomes = {answer.expectation_config.meta["rule"]: _outcome(answer) for answer in answers}
        if set(outcomes) != set(rules) or len(answers) != len(rules):
            raise QualityError(f"Great Expectations answered {sorted(outcomes)} where {sorted(rules)} were asked")
        return outcomes


def fresh_context() -> Any:
    """A context of nobody else's, in memory, silent."""
    with _frames_alone():
        import great_expectations
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    silent: Any = {"globally": False, "metric_calculations": False}
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=silent,
    )
    return great_expectations.get_context(mode="ephemeral", project_config=config)


def _expectation_of(rule: Rule) -> Any:
    meta = {"rule": rule.name}
    match rule.test:
        case "present":
            built = _kind_of_rule("ExpectColumnValuesToNotBeNull")(column=rule.column, meta=meta)
        case "absent":
            built = _kind_of_rule("ExpectColumnValuesToBeNull")(column=rule.column, meta=meta)
        case "distinct":
            built = _kind_of_rule("ExpectColumnValuesToBeUnique")(column=rule.column, meta=meta)
        case "within":
            limits = {"min_value": rule.low, "max_value": rule.high}
            built = _kind_of_rule("ExpectColumnValuesToBeBetween")(column=rule.column, **limits, meta=meta)
        case "at_least":
            built = _pair(rule.column, rule.bound, meta)
        case "at_most":
            built = _pair(rule.bound, rule.column, meta)
        case _:
            assert_never(rule.test)
    return built


def _pair(greater: str, smaller: str, meta: dict[str, str]) -> Any:
    return _kind_of_rule("ExpectColumnPairValuesAToBeGreaterThanB")(
        column_A=greater, column_B=smaller, or_equal=True, ignore_row_if="either_value_is_missing", meta=meta
    )


def _kind_of_rule(name: str) -> Any:
    with _MAKING:
        return _counting(name)


@cache
def _counting(name: str) -> Any:
    """Great Expectations' own class of a name, which counts the rows that fail, and nothing else.

    What it would list and count besides is not looked at, and costs a third of a validation. What it holds is put into
    a configuration once: in one validation each expectation is asked for that a hundred times. Nothing changes an
    expectation of ours once it is made.
    """
    kind = getattr(_library(), name)
    from great_expectations.expectations.registry import get_metric_kwargs
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.validator import ValidationDependencies
    from pydantic.v1 import PrivateAttr

    anew = kind.configuration.fget
    count = f"{kind.map_metric}.unexpected_count"

    def configuration(self: Any) -> Any:
        if self._made is None:
            self._made = anew(self)
        return self._made

    def get_validation_dependencies(
        self: Any, *, runtime_configuration: dict[str, Any] | None = None, **_: object
    ) -> Any:
        asked = get_metric_kwargs(count, self.configuration, runtime_configuration)
        counted = MetricConfiguration(count, asked["metric_domain_kwargs"], asked["metric_value_kwargs"])
        return ValidationDependencies({count: counted}, _COUNTS)

    def _validate(_: Any, metrics: Mapping[str, int], **__: object) -> dict[str, Any]:
        return {"success": metrics[count] == 0, "result": {"unexpected_count": metrics[count]}}

    own = {
        "__module__": __name__,
        "__doc__": kind.__doc__,
        "_made": PrivateAttr(default=None),
        "configuration": property(configuration),
        "get_validation_dependencies": get_validation_dependencies,
        "_validate": _validate,
    }
    return type(kind)(f"{name}Counting", (kind,), own)


def _build(rule: str, extra: Extra) -> Any:
    """The expectation, or a sentence on why there is none."""
    kinds = _kinds()
    kind = kinds.get(extra.type)
    if kind is None:
        nearest = difflib.get_close_matches(extra.type, kinds, n=1, cutoff=0)
        return f"Great Expectations has no {extra.type}; the nearest is {nearest[0]}"
    forbidden = sorted(_FORBIDDEN_ARGUMENTS & extra.arguments.keys())
    if forbidden:
        return f"{extra.type} may not have {' and '.join(forbidden)}, which would run text as code; filter in the query"
    return _construct(kind, rule, extra)


def _construct(kind: Any, rule: str, extra: Extra) -> Any:
    from pydantic import ValidationError
    from pydantic.v1 import ValidationError as OldValidationError

    takes_column = "column" in kind.__fields__
    arguments = {**({"column": "value"} if takes_column else {}), **extra.arguments}
    try:
        return kind(**arguments, meta={"rule": rule})
    except (ValidationError, OldValidationError) as error:
        faults = "; ".join(f"{fault['loc'][0] if fault['loc'] else 'it'}: {fault['msg']}" for fault in error.errors())
        return f"the arguments of {extra.type} do not fit ({faults})"
    except (TypeError, ValueError) as error:
        return f"the arguments of {extra.type} do not fit ({error})"


def _kinds() -> dict[str, Any]:
    """The classes that a config file may name."""
    library = _library()
    classes = {name: kind for name, kind in vars(library).items() if isinstance(kind, type)}
    return {
        name: kind
        for name, kind in classes.items()
        if name.startswith("Expect") and issubclass(kind, library.Expectation)
    }


def _library() -> Any:
    with _frames_alone():
        from great_expectations import expectations

    return expectations


@contextmanager
def _frames_alone() -> Iterator[None]:
    """Let Great Expectations be imported without what it has for databases: it only judges frames here.

    The drivers of six warehouses take four times as long to import as all the rest, and one of them starts a process.
    """
    modules: dict[str, Any] = sys.modules
    left_out = [name for name in _LEFT_OUT if name not in modules]
    modules.update(dict.fromkeys(left_out))
    try:
        yield
    finally:
        for name in left_out:
            del modules[name]


def _outcome(answer: Any) -> Outcome:
    error = _error(answer.exception_info)
    if error is not None:
        return Outcome(success=False, error=error)
    result = answer.result
    count = result.get("unexpected_count")
    positions = result.get("unexpected_index_list")
    return Outcome(
        success=bool(answer.success),
        failed_count=None if count is None else int(count),
        failed_positions=None if count is None else tuple(int(position) for position in positions or ()),
        observed=result.get("observed_value"),
    )


def _error(info: Mapping[str, Any] | None) -> str | None:
    """The first exception; it comes flat, or once per metric that was computed for the expectation."""
    if not info:
        return None
    parts: Iterable[Any] = [info] if "raised_exception" in info else info.values()
    for part in parts:
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "it raised without a message")
    return None
