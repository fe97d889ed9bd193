"""The peer of `http_observing.py`: dlt asks an API and loads what it answers. Prints wall and CPU seconds, and rows.

Run by the Python of the peers, as `dlt_http.py WAY ADDRESS COUNT CONCURRENCY DESTINATION POSTMASTER`. WAY is `dlt
rest_api`, a resource for each metric, declared to run beside each other; or `dlt, deferred requests`, one resource of
one's own that defers its requests to as many threads.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial

import dlt
from contest import cpu_seconds
from dlt.destinations import postgres, sqlalchemy
from dlt.sources.helpers import requests
from dlt.sources.rest_api import rest_api_source

KEY = ["metric", "period"]


def main(way: str, address: str, count: int, concurrency: int, destination: str, postmaster: int) -> None:
    # It insists on a password, and the benchmark's server asks for none.
    url = destination.replace("postgresql+psycopg://", "postgresql://").replace("postgres@", "postgres:none@")
    is_server = url.startswith("postgresql")
    with tempfile.TemporaryDirectory() as directory:
        pipeline = dlt.pipeline(
            "peer",
            destination=postgres(url) if is_server else sqlalchemy(url, create_primary_keys=True),
            dataset_name="peer",
            pipelines_dir=directory,
        )
        source = deferred(address, count) if way == "dlt, deferred requests" else declared(address, count)
        wall, cpu = time.perf_counter(), cpu_seconds(postmaster or None)
        pipeline.extract(
            source,
            workers=concurrency,
            max_parallel_items=concurrency,
            write_disposition={"disposition": "merge", "strategy": "upsert" if is_server else "delete-insert"},
            primary_key=KEY,
        )
        pipeline.normalize()
        pipeline.load()
        taken = time.perf_counter() - wall, cpu_seconds(postmaster or None) - cpu
        with pipeline.sql_client() as client:
            ((rows,),) = client.execute_sql("SELECT count(*) FROM kpi")
    print(json.dumps([*taken, rows]))


def declared(address: str, count: int):
    """By dlt's rest_api, all into one table."""
    resources = [
        {
            "name": f"m{number}",
            "table_name": "kpi",
            "parallelized": True,
            "endpoint": {"path": f"{number}", "data_selector": "data", "paginator": "single_page"},
            "processing_steps": [{"map": partial(named, f"m{number}")}],
        }
        for number in range(count)
    ]
    return rest_api_source({"client": {"base_url": address}, "resources": resources})


def named(metric: str, row: dict) -> dict:
    return {"metric": metric, **row}


def deferred(address: str, count: int):
    """By requests that dlt's threads make."""

    @dlt.defer
    def asked(number: int) -> list:
        return [named(f"m{number}", row) for row in requests.get(f"{address}/{number}").json()["data"]]

    @dlt.resource(name="kpi")
    def kpi() -> Iterator:
        for number in range(count):
            yield asked(number)

    return kpi


if __name__ == "__main__":
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5]), sys.argv[5], int(sys.argv[6]))
