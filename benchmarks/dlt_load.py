"""The peer of `run.py`: a dlt pipeline that extracts `kpi` and merges it into PostgreSQL, and does nothing else.

Run by the Python of the peers, as `dlt_load.py SOURCE TARGET FORM STATE`, FORM being `one query` (one Arrow table, its
fastest way) or `a query per metric` (a resource each, as configurations name them).
"""

import sys
from collections.abc import Iterator

import dlt
import pyarrow as pa
import sqlalchemy as sa

ALL = "SELECT metric, day, value FROM kpi"


def main(source: str, target: str, form: str, state: str) -> None:
    """Extract, normalise and load."""
    engine = sa.create_engine(source.replace("postgresql+psycopg://", "postgresql+psycopg2://"))
    # dlt wants a password, and the benchmark's server trusts without one.
    url = sa.make_url(target).set(drivername="postgresql", password="none")
    credentials = url.render_as_string(hide_password=False)
    pipeline = dlt.pipeline(
        "peer", destination=dlt.destinations.postgres(credentials), dataset_name="peer", pipelines_dir=state
    )
    with engine.connect() as connection:
        pipeline.run(resources(connection, form))


def resources(connection: sa.Connection, form: str) -> Iterator[object]:
    """One for all metrics, or one for each."""
    if form == "one query":
        yield resource("kpi", lambda: table(connection, ALL))
        return
    for (metric,) in connection.execute(sa.text("SELECT DISTINCT metric FROM kpi ORDER BY metric")).all():
        query = f"{ALL} WHERE metric = '{metric}'"
        yield resource(metric, lambda query=query: table(connection, query), into="kpi")


def resource(name, rows, into=None):
    """Rows that are merged by metric and day."""
    return dlt.resource(
        rows,
        name=name,
        table_name=into or name,
        primary_key=("metric", "day"),
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    )


def table(connection: sa.Connection, query: str) -> Iterator[pa.Table]:
    """The answer as one Arrow table."""
    metrics, days, numbers = zip(*connection.execute(sa.text(query)).all(), strict=True)
    yield pa.table({"metric": metrics, "day": days, "value": numbers})


if __name__ == "__main__":
    main(*sys.argv[1:])
