"""BigQuery as a source.

Belongs here: jobs of its client. Does not: translating errors.

`:window_start` and `:window_end` are bound as TIMESTAMP; compare a DATE column with `DATE(:window_start, zone)` and a
DATETIME column with `DATETIME(:window_start, zone)`. Every query is first asked about in a dry run, which costs
nothing: BigQuery itself says that it is a SELECT. No query is run that would be billed for more bytes than
`maximum_bytes_billed` of the URL.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.oauth2 import service_account
from sqlalchemy_bigquery.parse_url import parse_url

from connectors.errors import ConfigError
from connectors.sql.database import Database, Opening
from connectors.sql.warehouse import PROGRAM, Question, Warehouse, options_of, slug

_OPTIONS: Final = ("location", "credentials_path", "credentials_base64", "maximum_bytes_billed")
_MOST_BYTES_BILLED: Final = 100 * 1024**3
"""A query that would scan more is refused, unless the URL says otherwise."""
_ANSWER_SECONDS: Final = 30
_ROWS_OF_A_PAGE: Final = 10_000


def open_bigquery(opening: Opening) -> Database:
    """The project and dataset of a URL such as `bigquery://project/dataset?location=EU&credentials_path=key.json`.

    Raises:
        ConfigError: the URL has an option that is not known, or an option is no number.
    """
    options = options_of(opening, *_OPTIONS)
    billed = options.get("maximum_bytes_billed", str(_MOST_BYTES_BILLED))
    if not billed.isdecimal() or not int(billed):
        raise ConfigError(f"The url has maximum_bytes_billed={billed}, which is no number of bytes. Write one.")
    errors = (GoogleAPIError, GoogleAuthError, OSError, ValueError)
    return Warehouse("bigquery", errors, lambda: _opened(opening, int(billed)), _parameter)


def _parameter(name: str, instant: datetime) -> str:  # noqa: ARG001 - the value goes beside
    return f"@{name}"


@dataclass(slots=True, repr=False)
class _Session:
    client: bigquery.Client
    opening: Opening
    most_bytes_billed: int
    job: Any = field(default=None, init=False)

    def rows(self, question: Question) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        self.refuse_all_but_a_select(question)
        job = self.job = self.client.query(
            question.sql, job_config=self._config(question), timeout=_ANSWER_SECONDS, job_retry=None
        )
        answer = job.result(page_size=_ROWS_OF_A_PAGE, timeout=self.opening.statement_timeout.total_seconds())
        return [column.name for column in answer.schema], (row.values() for row in answer)

    def stop(self) -> None:
        with contextlib.suppress(Exception):
            if self.job is not None:
                self.job.cancel(timeout=_ANSWER_SECONDS)

    def close(self) -> None:
        self.client.close()  # type: ignore[no-untyped-call]

    def refuse_all_but_a_select(self, question: Question) -> None:
        """Raises ConfigError where BigQuery reads a statement as another one, in a dry run."""
        config = self._config(question)
        config.dry_run = True
        asked = self.client.query(question.sql, job_config=config, timeout=_ANSWER_SECONDS, job_retry=None)
        if asked.statement_type != "SELECT":
            raise ConfigError(
                f"BigQuery reads the query as {asked.statement_type}, and a metric only reads. Keep a single SELECT."
            )

    def _config(self, question: Question) -> bigquery.QueryJobConfig:
        project, dataset = self.client.project, self.opening.url.database
        return bigquery.QueryJobConfig(
            use_legacy_sql=False,
            query_parameters=[
                bigquery.ScalarQueryParameter(name, "TIMESTAMP", instant)
                for name, instant in question.parameters.items()
            ],
            maximum_bytes_billed=self.most_bytes_billed,
            job_timeout_ms=round(self.opening.statement_timeout.total_seconds() * 1_000),
            labels=_labels(question.metrics),
            **({"default_dataset": f"{project}.{dataset}"} if dataset else {}),
        )


def _opened(opening: Opening, most_bytes_billed: int) -> _Session:
    """A session that was answered once: BigQuery is told of a login only with a query, and a dry run costs nothing."""
    session = _Session(_client(opening), opening, most_bytes_billed)
    session.refuse_all_but_a_select(Question("SELECT 1", {}, []))
    return session


def _labels(metrics: Sequence[str]) -> dict[str, str]:
    """What tells a job in BigQuery's own accounts: the program, the first metric, and how many there are."""
    first = {"metric": slug(metrics[0])} if metrics else {}
    return {"program": PROGRAM, **first, "metrics": str(len(metrics))}


def _client(opening: Opening) -> bigquery.Client:
    project, location, _, _, path, encoded, *_ = parse_url(opening.url)
    return bigquery.Client(project=project, location=location, credentials=_credentials(opening, path, encoded))


def _credentials(opening: Opening, path: str | None, encoded: str | None) -> Any:
    """The service account that the URL names, or None for Google's own chain."""
    scopes = ["https://www.googleapis.com/auth/bigquery"]
    if path:
        file = str(opening.directory / path)
        return service_account.Credentials.from_service_account_file(file, scopes=scopes)  # type: ignore[no-untyped-call]
    if encoded:
        import base64
        import json

        key = json.loads(base64.b64decode(encoded))
        if not isinstance(key, dict):
            raise ConfigError("credentials_base64 of the url is no key of a service account. Encode the key's file.")
        return service_account.Credentials.from_service_account_info(key, scopes=scopes)  # type: ignore[no-untyped-call]
    return None
