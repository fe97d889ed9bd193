"""The servers that sources are read from, besides PostgreSQL's."""

from okr_pipeline_tests.mysql import mysql_server, mysql_url  # noqa: F401 - fixtures
