"""The servers that sources are read from, besides PostgreSQL's."""

from okr_pipeline_tests.connectors.judges import gcs_server, s3_server, snowflake_server  # noqa: F401 - fixtures
from okr_pipeline_tests.mysql import mysql_server, mysql_url  # noqa: F401 - fixtures
