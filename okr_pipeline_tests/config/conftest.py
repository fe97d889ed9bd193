"""A realistic configuration as files in memory, two connectors to judge it with, and ways to load an edited copy."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from okr_pipeline.config.loading import load
from okr_pipeline.config.problem import ConfigurationError
from okr_pipeline.config.sources import ConnectorSchema
from okr_pipeline.model.configuration import Configuration

PROJECT = """\
name: Harbour Air
timezone: America/New_York
week_starts: monday
fiscal_year_starts: 01-01
store: ${OKR_STORE_URL:-sqlite:///.okr/okr.db}
status_rule: pace
mission: Get people home on time.
as_of: null
history_starts: 2012-01-01
"""

SOURCES = """\
sources:
  warehouse:
    connector: sql
    url: ${WAREHOUSE_URL:-duckdb:///.okr/flights.duckdb}
    max_rows: 1000
  sheets: {connector: files, path: data/}
  crm:
    connector: crm
    instance: https://acme.example
    client_secret: ${CRM_SECRET}
"""

METRICS = """\
metrics:
  departure_delay:
    name: Average departure delay
    why: Late departures are the first thing customers complain about.
    owner: ops@harbour.example
    source: warehouse
    query: |
      SELECT period, carrier, avg(delay) AS value, count(delay) AS weight
      FROM flights WHERE at >= :window_start AND at < :window_end GROUP BY 1, 2
    dimensions: [carrier]
    grain: day
    unit: minutes
    better: lower
    rollup: weighted_mean
    kind: lagging
    category: operational
    freshness: 36h
    closes_after: 2d
    restates: 7d
    healthy: {max: 15}
    depends_on: [analytics/flights]
    labels: {tier: 1}
    expect:
      between: [-60, 300]
      complete: 0.95
      max_change: {ratio: 5, severity: warn}
      monotonic: false
      anomaly: 6
      flat: {value: 10}
      also: [{type: ExpectColumnMedianToBeBetween, min_value: 0, max_value: 60}]
  on_time:
    {source: warehouse, query: q, grain: day, unit: ratio, better: higher, rollup: weighted_mean, dimensions: [carrier]}
  flights:
    {source: warehouse, query: q, grain: day, unit: count, better: higher, rollup: sum, empty: zero}
  spend:
    {source: warehouse, query: q, grain: day, unit: "currency:USD", better: lower, rollup: sum, closes_after: 3d}
  cost_per_flight:
    name: Cost per flight
    formula: spend / flights
    grain: day
    unit: currency:USD
    better: lower
  users:
    {source: warehouse, query: q, grain: week, unit: count, better: higher, rollup: sum, additivity: distinct}
  stores:
    {source: warehouse, query: q, grain: month, unit: count, better: higher, rollup: last, dimensions: [region]}
  signups:
    source: sheets
    file: signups.csv
    columns: {period: date, value: signups, weight: null, region: region}
    dimensions: [region]
    grain: day
    unit: count
    better: higher
    rollup: sum
"""

QUARTER = """\
cycle: {id: 2013-Q2, starts: 2013-04-01, ends: 2013-06-30, check_in: weekly}
objectives:
  punctual:
    title: Become the airline people trust to leave on time
    why: Punctuality decides whether a passenger books again.
    level: company
    intent: aspirational
    horizon: strategic
    owner: coo@harbour.example
    parent: 2013/lead
    contributes: {weight: 1}
    key_results:
      delay:
        title: Cut JetBlue's average departure delay from 15 to 10 minutes
        metric: departure_delay
        where: {carrier: B6}
        measure: {reach: {from: 15, to: 10}}
        over: trailing 28 days
        pace: linear
        weight: 2
        owner: b6@harbour.example
        state: active
        initiatives: [Second tug team at JFK]
      on-time:
        title: Two points more on time
        metric: on_time
        measure: {change: {by: +2 points}}
        over: trailing 4 weeks
        owner: ops@harbour.example
      on-time-share:
        title: Four in five on time
        metric: on_time
        measure: {maintain: {share: 0.8, of: events}}
        owner: ops@harbour.example
  grow:
    title: Grow
    level: team
    intent: committed
    owner: sales@harbour.example
    parent: punctual
    key_results:
      more-flights:
        title: Fly a fifth more
        metric: flights
        measure: {accumulate: {to: +20% of previous_cycle}}
        pace: {checkpoints: [{on: 2013-05-01, value: 3000}, {on: 2013-06-01, value: 6000}]}
        owner: sales@harbour.example
      budget:
        title: Spend no more than planned
        metric: spend
        measure: {limit: {to: 120000}}
        owner: cfo@harbour.example
      cheap:
        title: Keep a flight cheap
        metric: cost_per_flight
        measure: {maintain: {max: 90, share: 0.9}}
        owner: cfo@harbour.example
      rhythm:
        title: Forty flights a week
        metric: flights
        measure: {cadence: {at_least: 40, per: week, share: 0.75}}
        owner: ops@harbour.example
      launches:
        title: Open what was promised
        measure:
          milestones:
            - {title: Search, weight: 2, due: 2013-05-10, done_on: 2013-05-02}
            - {title: Ten stores, when: {metric: stores, where: {region: east}, at_least: 10}}
        owner: cto@harbour.example
      find-out:
        title: Learn where sign-ups stand
        metric: signups
        measure: {baseline: {needs: 8}}
        owner: sales@harbour.example
        starts: 2013-04-15
        state: paused
        state_reason: The counter is being rebuilt.
      weekly-users:
        title: A quarter more users
        metric: users
        measure: {change: {by: +25%}}
        owner: sales@harbour.example
"""

YEAR = """\
cycle: {id: 2013, starts: 2013-01-01, ends: 2013-12-31}
objectives:
  lead:
    title: Lead
    level: company
    intent: aspirational
    owner: ceo@harbour.example
    key_results:
      delay:
        title: Cut the delay for the year
        metric: departure_delay
        measure: {reach: {from: at_start, to: 9}}
        over: trailing 3 months
        owner: ceo@harbour.example
"""

FILES = {
    "project.yaml": PROJECT,
    "sources/main.yaml": SOURCES,
    "metrics/main.yaml": METRICS,
    "okrs/2013-q2.yaml": QUARTER,
    "okrs/2013.yaml": YEAR,
}
ENVIRON = {"CRM_SECRET": "canary-of-the-environment"}


class SqlSettings(BaseModel):
    """A database."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr = Field(description="Where the database is")
    max_rows: int = Field(default=100, ge=1, description="Most rows of one query")


class SqlRequest(BaseModel):
    """A query."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(min_length=1, description="One SELECT", examples=["SELECT …"])


class FilesSettings(BaseModel):
    """A directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(description="Directory of the files")


class FilesRequest(BaseModel):
    """A file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(description="Its name")
    columns: dict[str, str | None] = Field(default_factory=dict, description="Columns by meaning")


class CrmSettings(BaseModel):
    """A service with a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: str
    client_secret: SecretStr
    retries: int = 3

    @model_validator(mode="after")
    def _no_plain_http(self) -> "CrmSettings":
        if self.instance.startswith("http:"):
            message = (
                "use encryption" if "quiet" in self.instance else f"refused {self.client_secret.get_secret_value()}"
            )
            raise ValueError(message)
        return self


CONNECTORS = {
    "sql": ConnectorSchema(SqlSettings, SqlRequest),
    "files": ConnectorSchema(FilesSettings, FilesRequest),
    "crm": ConnectorSchema(CrmSettings, SqlRequest),
}


class Editor:
    """Writes an edited copy of the configuration and loads it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: dict[str, str] = dict(FILES)
        self.connectors = CONNECTORS
        self.environ: dict[str, str] = dict(ENVIRON)

    def edit(self, file: str, old: str, new: str) -> "Editor":
        """Replaces the one place that reads `old`."""
        assert self.files[file].count(old) == 1, f"{old!r} stands {self.files[file].count(old)} times in {file}"
        self.files[file] = self.files[file].replace(old, new)
        return self

    def write(self, files: Mapping[str, str | bytes]) -> "Editor":
        """Adds or replaces files."""
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            self.files.pop(name, None)
        return self

    def load(self) -> Configuration:
        self.write(dict(self.files))
        return load(self.directory, connectors=self.connectors, environ=self.environ)

    def problems(self) -> list[str]:
        """The messages, with paths relative to the directory."""
        try:
            self.load()
        except ConfigurationError as error:
            return [str(problem).replace(f"{self.directory.as_posix()}/", "") for problem in error.problems]
        return []


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    return Editor(tmp_path / "config")


@pytest.fixture
def new_editor(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Editor]:
    return lambda: Editor(tmp_path_factory.mktemp("project") / "config")
