"""dlt merging the same rows, for benchmarks/store.py: run there, in the environment of the peers.

    python benchmarks/dlt_merge.py DESTINATION STRATEGY POSTMASTER FILE…

DESTINATION is a URL; POSTMASTER the process of its server, or 0; each FILE an Arrow file that is merged in turn. Prints
the CPU seconds of each merge as JSON. Set up as fast as it goes: Arrow tables in, no reflection of their schema, one
process; on PostgreSQL by COPY of CSV.
"""

import json
import os
import sys
import tempfile

import dlt
import pyarrow as pa
from contest import cpu_seconds
from dlt.destinations import postgres, sqlalchemy

KEY = ["series_id", "period_start"]


def main(destination: str, strategy: str, postmaster: int, files: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        is_server = destination.startswith("postgresql")
        pipeline = dlt.pipeline(
            "contest",
            destination=postgres(destination) if is_server else sqlalchemy(destination, create_primary_keys=True),
            dataset_name="contest",
            pipelines_dir=directory,
        )
        seconds = []
        for file in files:
            rows = pa.ipc.open_file(file).read_all()
            before = cpu_seconds(postmaster or None)
            pipeline.run(
                rows,
                table_name="observations",
                write_disposition={"disposition": "merge", "strategy": strategy},
                primary_key=KEY,
                loader_file_format="csv" if is_server else "parquet",
            )
            seconds.append(cpu_seconds(postmaster or None) - before)
        with pipeline.sql_client() as client:
            ((count, total),) = client.execute_sql("SELECT count(*), sum(value) FROM observations")
    print(json.dumps({"seconds": seconds, "rows": count, "sum": total}))


if __name__ == "__main__":
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
