"""The peer of `run.py`: a dlt pipeline that extracts `kpi` and merges it into PostgreSQL, and does nothing else.

Run by the Python of the peers, as `dlt_load.py SOURCE TARGET FORM STATE`, FORM being `one query` (one Arrow table, its
fastest way) or `a query per metric` (an Arrow table each).
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
        rows = dlt.resource(
            kpis(connection, form),
            name="kpi",
            primary_key=("metric", "day"),
            write_disposition={"disposition": "merge", "strategy": "upsert"},
        )
        pipeline.run(rows)


def kpis(connection: sa.Connection, form: str) -> Iterator[pa.Table]:
    """All metrics at once, or one after the other."""
    if form == "one query":
        yield table(connection, ALL)
        return
    for (metric,) in connection.execute(sa.text("SELECT DISTINCT metric FROM kpi ORDER BY metric")).all():
        yield table(connection, f"{ALL} WHERE metric = '{metric}'")


def table(connection: sa.Connection, query: str) -> pa.Table:
    """The answer as one Arrow table."""
    metrics, days, numbers = zip(*connection.execute(sa.text(query)).all(), strict=True)
    return pa.table({"metric": metrics, "day": days, "value": numbers})


if __name__ == "__main__":
    main(*sys.argv[1:])
