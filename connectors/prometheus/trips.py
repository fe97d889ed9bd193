"""What Prometheus is asked, and what its answers mean.

Belongs here: evaluations, labels and values of `prometheus`. Does not: its keys.

A period is half open, and an evaluation sees its own instant. So a query is evaluated one millisecond, the least that
Prometheus knows, before the end of a period: what was measured at midnight is of the day that begins. A range of the
period's length then holds the period, from its first millisecond to its last; before version 3, which leaves the first
instant of a range out, it also holds the millisecond before. A shorter range would miss midnight with version 3.

Periods of equal length that follow one another are evaluated by one request, at steps of that length.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from connectors.api.paging import Ask
from connectors.api.source import Api
from connectors.api.trips import Answer, Found, Stretch, Trip, one_by_one, periods
from connectors.contract import Flag, MetricRequest, Window
from connectors.errors import ConfigError, ConnectorError, ContractError, TransientError, metric_key, source_key
from connectors.http.meanings import refuse
from connectors.http.requests import HttpAnswer, HttpRequest, shown
from connectors.points import table
from connectors.prometheus import API_VERSION, PERIOD
from connectors.texts import number_of

if TYPE_CHECKING:
    import pandas as pd

    from connectors.prometheus import PrometheusRequest, PrometheusSettings

MOST_POINTS: Final = 1_000
"""Of each series in one answer. Prometheus allows 11,000, which of a hundred series is more than an answer may hold."""
_PASSING: Final = frozenset({"canceled", "internal", "timeout", "unavailable"})
_MEANING: Final = (
    "evaluated 1 ms before the end of each period; sees what was measured in the five minutes before, unless it looks"
    f" back further, as last_over_time(…[{PERIOD}]) does"
)
_Period = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Sample:
    """A value of a series at an instant in milliseconds."""

    labels: Mapping[str, str]
    instant: int
    value: float | str


def api(settings: "PrometheusSettings") -> Api:
    """Prometheus as a source asks it."""
    url = f"{settings.base_url}/api/{API_VERSION}"
    evaluate = HttpRequest("GET", f"{url}/query_range")

    def trip(request: MetricRequest, window: Window) -> Trip:
        query = cast("PrometheusRequest", request.options).query
        asked = periods(request, window)
        starts = {_evaluated(end): start for start, end in asked}
        return Trip(
            tuple(_stretch(evaluate, query, run) for run in _runs(asked)),
            _samples,
            lambda answer, of: _table(answer, of, starts),
            meaning=_MEANING,
            api_version=API_VERSION,
        )

    return Api(one_by_one(trip), HttpRequest("GET", f"{url}/query", params=(("query", "1"),)), judge=_judge)


def _judge(answer: HttpAnswer, now: datetime) -> None:
    """A query that cannot be evaluated is refused with status 400 or 422, and why."""
    if answer.status in (400, 422):
        raise ConfigError(
            f"Prometheus refuses the query (status {answer.status}{_said(answer)}). Correct ", metric_key("query"), "."
        )
    refuse(answer, now)


def _said(answer: HttpAnswer) -> str:
    with suppress(ConnectorError):
        document = answer.json()
        if isinstance(document, dict) and isinstance(document.get("error"), str):
            return f", it says: {shown(document['error']).rstrip('.')}"
    return ""


def _runs(asked: list[_Period]) -> Iterator[list[_Period]]:
    """Periods of one length that follow one another, as many as one answer may hold."""
    for _, same in groupby(asked, _length):
        run = list(same)
        yield from (run[at : at + MOST_POINTS] for at in range(0, len(run), MOST_POINTS))


def _stretch(evaluate: HttpRequest, query: str, run: list[_Period]) -> Stretch:
    length = f"{_length(run[0]) // timedelta(seconds=1)}"
    (start, first_end), (_, last_end) = run[0], run[-1]
    params = {
        "query": query.replace(PERIOD, f"{length}s"),
        "start": _written(_evaluated(first_end)),
        "end": _written(_evaluated(last_end)),
        "step": length,
    }
    return Stretch(start, Ask(evaluate, params, None))


def _length(period: _Period) -> timedelta:
    start, end = period
    return end - start


def _evaluated(end: datetime) -> int:
    """The last millisecond of a period."""
    return round(end.timestamp()) * 1_000 - 1


def _written(instant: int) -> str:
    return f"{instant // 1_000}.{instant % 1_000:03}"


def _samples(document: Any) -> Found:
    """The samples of an answer.

    Raises:
        ConfigError, TransientError: Prometheus says that it failed.
        ContractError: they are not there, or are no numbers.
    """
    if not isinstance(document, dict):
        _refuse_shape()
    if document.get("status") == "error":
        _refuse_failed(document)
    data = document.get("data")
    if document.get("status") != "success" or not isinstance(data, dict) or not isinstance(data.get("result"), list):
        _refuse_shape()
    flags: frozenset[Flag] = frozenset({"incomplete"} if document.get("warnings") else ())
    return Found([sample for series in data["result"] for sample in _of_series(series)], flags)


def _of_series(series: Any) -> Iterator[_Sample]:
    labels = series.get("metric") if isinstance(series, dict) else None
    if not isinstance(labels, dict) or not all(isinstance(member, str) for member in labels.values()):
        _refuse_shape()
    if series.get("histograms"):
        raise ContractError("The query gives histograms, not numbers. Take histogram_quantile() or the like of them.")
    values = series.get("values")
    if not isinstance(values, list):
        _refuse_shape()
    yield from (_sample(labels, pair) for pair in values)


def _sample(labels: Mapping[str, str], pair: Any) -> _Sample:
    match pair:
        case [int() | float() as seconds, str() as text] if not isinstance(seconds, bool):
            return _Sample(labels, round(seconds * 1_000), _number(text))
    return _refuse_shape()


def _number(text: str) -> float | str:
    """A number; what Prometheus writes of NaN and the infinite ones stays a text, which is no value.

    Raises:
        ContractError: it is neither.
    """
    number = number_of(text)
    if isinstance(number, str) and number not in ("NaN", "+Inf", "-Inf"):
        raise ContractError(f"A value is {shown(repr(text))}, which is no number. Check ", source_key("base_url"), ".")
    return number


def _table(answer: Answer, request: MetricRequest, starts: Mapping[int, datetime]) -> "pd.DataFrame":
    samples: list[_Sample] = answer.rows
    _refuse_other_instants(samples, starts)
    _refuse_unknown_labels(samples, request.dimensions)
    _refuse_many_series(samples, request.dimensions)
    return table(
        {
            "period": [starts[sample.instant] for sample in samples],
            "value": [sample.value for sample in samples],
            **{name: [sample.labels.get(name) for sample in samples] for name in request.dimensions},
        }
    )


def _refuse_other_instants(samples: list[_Sample], starts: Mapping[int, datetime]) -> None:
    """Some servers of this API align what they are asked to what they have cached."""
    for sample in samples:
        if sample.instant not in starts:
            raise ContractError(
                f"It was evaluated at {_written(sample.instant)}, which was not asked for. Let the server not align"
                " queries with their steps."
            )


def _refuse_unknown_labels(samples: list[_Sample], dimensions: tuple[str, ...]) -> None:
    """A label that some series lack is null there; one that all lack is a mistake."""
    there = sorted({name for sample in samples for name in sample.labels})
    for name in dimensions:
        if samples and name not in there:
            raise ContractError(
                f"No series of the answer has the label {name}; they have {', '.join(map(shown, there)) or 'none'}."
                f" Keep it in the query, as in sum by ({name}) (…), or correct ",
                metric_key("dimensions"),
                ".",
            )


def _refuse_many_series(samples: list[_Sample], dimensions: tuple[str, ...]) -> None:
    keys = Counter((sample.instant, *map(sample.labels.get, dimensions)) for sample in samples)
    key = next((key for key, count in keys.items() if count > 1), None)
    if key is None:
        return
    same = [sample.labels for sample in samples if (sample.instant, *map(sample.labels.get, dimensions)) == key]
    names = sorted({name for labels in same for name in labels} - set(dimensions))
    differ = [shown(name) for name in names if len({labels.get(name) for labels in same}) > 1]
    raise ContractError(
        f"The query gives {len(same)} series for one period, which differ in {', '.join(differ) or 'nothing'}."
        " Aggregate them, as in sum(…), or name these labels as dimensions of the metric."
    )


def _refuse_failed(document: Mapping[str, Any]) -> NoReturn:
    kind, said = str(document.get("errorType")), shown(str(document.get("error"))).rstrip(".")
    if kind in _PASSING:
        raise TransientError(f"Prometheus failed ({shown(kind)}): {said}. Run again later.")
    raise ConfigError(f"Prometheus refuses the query ({shown(kind)}): {said}. Correct ", metric_key("query"), ".")


def _refuse_shape() -> NoReturn:
    raise ContractError("The answer is none of Prometheus's to a range query. Check ", source_key("base_url"), ".")
